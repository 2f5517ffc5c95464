//! Values to bytes.

use sekisho_expression::value::{DateTimeKind, Entries, HostReference, KeyComparer, Value};

use super::tag;
use crate::cached::bytes::Writer;
use crate::cached::{MAX_DEPTH, Unkept, json, response, types};

/// Writes a value that lies `depth` deep in others.
pub(in crate::cached) fn write(value: &Value, out: &mut Writer, depth: usize) -> Result<(), Unkept> {
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
