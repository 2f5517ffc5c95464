//! Values of expressions as bytes.

use std::sync::Arc;

use parking_lot::Mutex;
use rust_decimal::Decimal;
use sekisho_expression::context::{Context, Side};
use sekisho_expression::value::{
    DateTime, DateTimeKind, DateTimeOffset, Dictionary, Entries, HashSet, HostReference, KeyComparer,
    StoredMessage, Value,
};

use super::bytes::{Reader, Writer};
use super::{MAX_DEPTH, Unkept, json, response, types};
use crate::exchange::Exchange;

/// `DateTime.MaxValue`.
const LAST_TICKS: i64 = 3_155_378_975_999_999_999;
/// The largest offset from UTC.
const LARGEST_OFFSET: i16 = 14 * 60;

/// The tags of values. The numbers are part of the format.
mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const CHAR: u8 = 3;
    pub(super) const SBYTE: u8 = 4;
    pub(super) const BYTE: u8 = 5;
    pub(super) const INT16: u8 = 6;
    pub(super) const UINT16: u8 = 7;
    pub(super) const INT32: u8 = 8;
    pub(super) const UINT32: u8 = 9;
    pub(super) const INT64: u8 = 10;
    pub(super) const UINT64: u8 = 11;
    pub(super) const SINGLE: u8 = 12;
    pub(super) const DOUBLE: u8 = 13;
    pub(super) const DECIMAL: u8 = 14;
    pub(super) const STRING: u8 = 15;
    pub(super) const DATE_TIME: u8 = 16;
    pub(super) const DATE_TIME_OFFSET: u8 = 17;
    pub(super) const TIME_SPAN: u8 = 18;
    pub(super) const GUID: u8 = 19;
    pub(super) const BYTES: u8 = 20;
    pub(super) const ARRAY: u8 = 21;
    pub(super) const LIST: u8 = 22;
    pub(super) const DICTIONARY: u8 = 23;
    pub(super) const HASH_SET: u8 = 24;
    pub(super) const JSON: u8 = 25;
    pub(super) const RESPONSE: u8 = 26;
}

/// The value as it can be kept: `context.Response` becomes a response of its own, with the body that is in memory.
pub(crate) fn snapshot(exchange: &mut Exchange, value: Value) -> Value {
    if !matches!(value, Value::Host(HostReference::Response)) {
        return value;
    }
    let body = exchange.read_body(Side::Response, true);
    let Some(response) = &exchange.response else { return Value::Null };
    Value::Host(HostReference::Stored(Arc::new(StoredMessage {
        status: response.status,
        reason: response.reason().into(),
        headers: response.headers.clone(),
        has_body: response.view().has_body,
        body: Mutex::new(body),
    })))
}

pub(super) fn write(value: &Value, out: &mut Writer, depth: usize) -> Result<(), Unkept> {
    if depth > MAX_DEPTH {
        return Err(Unkept::TooDeep);
    }
    let mut number = |tag: u8, bytes: &[u8]| {
        out.byte(tag)?;
        out.raw(bytes)
    };
    match value {
        Value::Null => number(tag::NULL, &[]),
        Value::Boolean(false) => number(tag::FALSE, &[]),
        Value::Boolean(true) => number(tag::TRUE, &[]),
        Value::Char(value) => number(tag::CHAR, &value.to_le_bytes()),
        Value::SByte(value) => number(tag::SBYTE, &value.to_le_bytes()),
        Value::Byte(value) => number(tag::BYTE, &value.to_le_bytes()),
        Value::Int16(value) => number(tag::INT16, &value.to_le_bytes()),
        Value::UInt16(value) => number(tag::UINT16, &value.to_le_bytes()),
        Value::Int32(value) => number(tag::INT32, &value.to_le_bytes()),
        Value::UInt32(value) => number(tag::UINT32, &value.to_le_bytes()),
        Value::Int64(value) => number(tag::INT64, &value.to_le_bytes()),
        Value::UInt64(value) => number(tag::UINT64, &value.to_le_bytes()),
        Value::Single(value) => number(tag::SINGLE, &value.to_le_bytes()),
        Value::Double(value) => number(tag::DOUBLE, &value.to_le_bytes()),
        Value::TimeSpan(ticks) => number(tag::TIME_SPAN, &ticks.to_le_bytes()),
        Value::Guid(bytes) => number(tag::GUID, bytes),
        Value::Decimal(value) => {
            number(tag::DECIMAL, &value.mantissa().to_le_bytes())?;
            out.raw(&value.scale().to_le_bytes())
        }
        Value::DateTime(value) => {
            number(tag::DATE_TIME, &value.ticks.to_le_bytes())?;
            out.byte(match value.kind {
                DateTimeKind::Unspecified => 0,
                DateTimeKind::Utc => 1,
                DateTimeKind::Local => 2,
            })
        }
        Value::DateTimeOffset(value) => {
            number(tag::DATE_TIME_OFFSET, &value.ticks.to_le_bytes())?;
            out.raw(&value.offset_minutes.to_le_bytes())
        }
        other => write_object(other, out, depth),
    }
}

fn write_object(value: &Value, out: &mut Writer, depth: usize) -> Result<(), Unkept> {
    match value {
        Value::String(text) => {
            out.byte(tag::STRING)?;
            out.bytes(text.as_str().as_bytes())
        }
        Value::Bytes(bytes) => {
            out.byte(tag::BYTES)?;
            out.bytes(&bytes.lock())
        }
        Value::Json(token) => {
            out.byte(tag::JSON)?;
            json::write(token, out, depth + 1)
        }
        Value::Host(HostReference::Stored(message)) => {
            out.byte(tag::RESPONSE)?;
            response::write_message(message, out)
        }
        // Elements are taken out first: a collection that holds itself must not be locked twice.
        Value::Array(array) => {
            let items = array.items.lock().clone();
            out.byte(tag::ARRAY)?;
            types::write(&array.element, out, depth)?;
            write_all(items.iter(), items.len(), out, depth)
        }
        Value::List(list) => {
            let items = list.items.lock().to_vec();
            out.byte(tag::LIST)?;
            types::write(&list.element, out, depth)?;
            write_all(items.iter(), items.len(), out, depth)
        }
        Value::Dictionary(dictionary) => {
            let entries = pairs(&dictionary.entries.lock());
            out.byte(tag::DICTIONARY)?;
            types::write(&dictionary.key, out, depth)?;
            types::write(&dictionary.value, out, depth)?;
            write_comparer(dictionary.comparer, out)?;
            out.count(entries.len())?;
            entries.iter().try_for_each(|(key, value)| {
                write(key, out, depth + 1)?;
                write(value, out, depth + 1)
            })
        }
        Value::HashSet(set) => {
            let entries = pairs(&set.entries.lock());
            out.byte(tag::HASH_SET)?;
            types::write(&set.element, out, depth)?;
            write_comparer(set.comparer, out)?;
            write_all(entries.iter().map(|(item, _)| item), entries.len(), out, depth)
        }
        other => Err(Unkept::Type(other.type_of().to_string())),
    }
}

fn pairs(entries: &Entries) -> Vec<(Value, Value)> {
    entries.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn write_all<'v>(
    mut items: impl Iterator<Item = &'v Value>,
    count: usize,
    out: &mut Writer,
    depth: usize,
) -> Result<(), Unkept> {
    out.count(count)?;
    items.try_for_each(|item| write(item, out, depth + 1))
}

fn write_comparer(comparer: KeyComparer, out: &mut Writer) -> Result<(), Unkept> {
    out.byte(u8::from(comparer == KeyComparer::IgnoreCase))
}

pub(super) fn read(from: &mut Reader<'_>, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match from.byte()? {
        tag::NULL => Value::Null,
        tag::FALSE => Value::Boolean(false),
        tag::TRUE => Value::Boolean(true),
        tag::CHAR => Value::Char(u16::from_le_bytes(from.array()?)),
        tag::SBYTE => Value::SByte(i8::from_le_bytes(from.array()?)),
        tag::BYTE => Value::Byte(from.byte()?),
        tag::INT16 => Value::Int16(i16::from_le_bytes(from.array()?)),
        tag::UINT16 => Value::UInt16(u16::from_le_bytes(from.array()?)),
        tag::INT32 => Value::Int32(i32::from_le_bytes(from.array()?)),
        tag::UINT32 => Value::UInt32(u32::from_le_bytes(from.array()?)),
        tag::INT64 => Value::Int64(from.ticks()?),
        tag::UINT64 => Value::UInt64(u64::from_le_bytes(from.array()?)),
        tag::SINGLE => Value::Single(f32::from_le_bytes(from.array()?)),
        tag::DOUBLE => Value::Double(f64::from_le_bytes(from.array()?)),
        tag::DECIMAL => {
            let mantissa = i128::from_le_bytes(from.array()?);
            let scale = u32::from_le_bytes(from.array()?);
            Value::Decimal(Decimal::try_from_i128_with_scale(mantissa, scale).ok()?)
        }
        tag::DATE_TIME => {
            let ticks = date_ticks(from)?;
            let kind = match from.byte()? {
                0 => DateTimeKind::Unspecified,
                1 => DateTimeKind::Utc,
                2 => DateTimeKind::Local,
                _ => return None,
            };
            Value::DateTime(DateTime { ticks, kind })
        }
        tag::DATE_TIME_OFFSET => {
            let ticks = date_ticks(from)?;
            let offset_minutes = i16::from_le_bytes(from.array()?);
            let offset = DateTimeOffset { ticks, offset_minutes };
            let is_valid = (-LARGEST_OFFSET..=LARGEST_OFFSET).contains(&offset_minutes)
                && (0..=LAST_TICKS).contains(&offset.utc_ticks());
            return is_valid.then_some(Value::DateTimeOffset(offset));
        }
        tag::TIME_SPAN => Value::TimeSpan(from.ticks()?),
        tag::GUID => Value::Guid(from.array()?),
        other => return read_object(other, from, depth),
    })
}

fn date_ticks(from: &mut Reader<'_>) -> Option<i64> {
    from.ticks().filter(|ticks| (0..=LAST_TICKS).contains(ticks))
}

fn read_object(tag: u8, from: &mut Reader<'_>, depth: usize) -> Option<Value> {
    Some(match tag {
        tag::STRING => Value::from(from.text()?),
        tag::BYTES => Value::bytes(from.bytes()?.to_vec()),
        tag::JSON => Value::Json(json::read(from, depth + 1)?),
        tag::RESPONSE => Value::Host(HostReference::Stored(Arc::new(response::read_message(from)?))),
        tag::ARRAY => {
            let element = types::read(from, depth)?;
            Value::array(element, read_all(from, depth)?)
        }
        tag::LIST => {
            let element = types::read(from, depth)?;
            Value::list(element, read_all(from, depth)?)
        }
        tag::DICTIONARY => {
            let (key, value) = (types::read(from, depth)?, types::read(from, depth)?);
            let comparer = read_comparer(from)?;
            let mut entries = Entries::default();
            for _ in 0..from.count()? {
                let (key, value) = (read(from, depth + 1)?, read(from, depth + 1)?);
                entries.set(key.key(comparer), key, value);
            }
            Value::Dictionary(Arc::new(Dictionary { key, value, comparer, entries: Mutex::new(entries) }))
        }
        tag::HASH_SET => {
            let element = types::read(from, depth)?;
            let comparer = read_comparer(from)?;
            let mut entries = Entries::default();
            for item in read_all(from, depth)? {
                entries.set(item.key(comparer), item, Value::Null);
            }
            Value::HashSet(Arc::new(HashSet { element, comparer, entries: Mutex::new(entries) }))
        }
        _ => return None,
    })
}

fn read_all(from: &mut Reader<'_>, depth: usize) -> Option<Vec<Value>> {
    (0..from.count()?).map(|_| read(from, depth + 1)).collect()
}

fn read_comparer(from: &mut Reader<'_>) -> Option<KeyComparer> {
    match from.byte()? {
        0 => Some(KeyComparer::Default),
        1 => Some(KeyComparer::IgnoreCase),
        _ => None,
    }
}

/// A value alone, at most `limit` bytes.
#[cfg(test)]
pub(super) fn to_bytes(value: &Value, limit: usize) -> Result<bytes::Bytes, Unkept> {
    let mut out = Writer::new(limit);
    write(value, &mut out, 0)?;
    Ok(out.finish())
}
