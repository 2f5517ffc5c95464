//! Values from bytes that anybody may have written: what is not exactly right is none.

use std::sync::Arc;

use parking_lot::Mutex;
use rust_decimal::Decimal;
use sekisho_expression::value::{
    DateTime, DateTimeKind, DateTimeOffset, Dictionary, Entries, HashSet, HostReference, KeyComparer, Value,
};

use super::tag;
use crate::cached::bytes::Reader;
use crate::cached::{MAX_DEPTH, json, response, types};

/// `DateTime.MaxValue`.
const LAST_TICKS: i64 = 3_155_378_975_999_999_999;
/// The largest offset from UTC.
const LARGEST_OFFSET: i16 = 14 * 60;

/// Reads a value that lies `depth` deep in others.
pub(in crate::cached) fn read(from: &mut Reader<'_>, depth: usize) -> Option<Value> {
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
