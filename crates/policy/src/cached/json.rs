//! The JToken family: node by node, because JSON text would turn strings that look like dates into dates.

use std::collections::HashSet;

use sekisho_expression::dotnet::json::{JToken, JTokenType};
use sekisho_expression::value::{Text, Value};

use super::bytes::{Reader, Writer};
use super::value;
use super::{MAX_DEPTH, Unkept};

const OBJECT: u8 = 0;
const ARRAY: u8 = 1;
const SCALAR: u8 = 2;

/// Types of scalars by their number. The order is part of the format.
const SCALARS: [JTokenType; 12] = [
    JTokenType::Integer,
    JTokenType::Float,
    JTokenType::String,
    JTokenType::Boolean,
    JTokenType::Null,
    JTokenType::Undefined,
    JTokenType::Date,
    JTokenType::Raw,
    JTokenType::Bytes,
    JTokenType::Guid,
    JTokenType::TimeSpan,
    JTokenType::Comment,
];

pub(super) fn write(token: &JToken, out: &mut Writer, depth: usize) -> Result<(), Unkept> {
    if depth > MAX_DEPTH {
        return Err(Unkept::TooDeep);
    }
    match token.kind() {
        JTokenType::Object => {
            let properties = token.properties();
            out.byte(OBJECT)?;
            out.count(properties.len())?;
            for (name, value) in &properties {
                out.bytes(name.as_str().as_bytes())?;
                write(value, out, depth + 1)?;
            }
            Ok(())
        }
        JTokenType::Array => {
            let items = token.children();
            out.byte(ARRAY)?;
            out.count(items.len())?;
            items.iter().try_for_each(|item| write(item, out, depth + 1))
        }
        kind => {
            let unkept = || Unkept::Type(token.type_name().to_owned());
            let scalar = token.as_scalar().ok_or_else(unkept)?;
            let number = SCALARS.iter().position(|known| *known == kind);
            let number = number.and_then(|at| u8::try_from(at).ok()).ok_or_else(unkept)?;
            if !fits(kind, &scalar.value) {
                return Err(unkept());
            }
            out.byte(SCALAR)?;
            out.byte(number)?;
            value::write(&scalar.value, out, depth + 1)
        }
    }
}

pub(super) fn read(from: &mut Reader<'_>, depth: usize) -> Option<JToken> {
    if depth > MAX_DEPTH {
        return None;
    }
    match from.byte()? {
        OBJECT => {
            let count = from.count()?;
            let mut names = HashSet::new();
            let mut properties = Vec::new();
            for _ in 0..count {
                let name = from.text()?;
                if !names.insert(name) {
                    return None;
                }
                properties.push((Text::from(name), read(from, depth + 1)?));
            }
            Some(JToken::object_of(properties))
        }
        ARRAY => {
            let count = from.count()?;
            let items: Option<Vec<JToken>> = (0..count).map(|_| read(from, depth + 1)).collect();
            Some(JToken::array_of(items?))
        }
        SCALAR => {
            let kind = *SCALARS.get(usize::from(from.byte()?))?;
            let value = value::read(from, depth + 1)?;
            fits(kind, &value).then(|| JToken::scalar(kind, value))
        }
        _ => None,
    }
}

/// True when a scalar of this type holds such a value.
fn fits(kind: JTokenType, value: &Value) -> bool {
    match kind {
        JTokenType::Integer => value.as_integer().is_some(),
        JTokenType::Float => matches!(value, Value::Single(_) | Value::Double(_) | Value::Decimal(_)),
        JTokenType::Boolean => matches!(value, Value::Boolean(_)),
        JTokenType::Date => matches!(value, Value::DateTime(_) | Value::DateTimeOffset(_)),
        JTokenType::Bytes => matches!(value, Value::Bytes(_)),
        JTokenType::Guid => matches!(value, Value::Guid(_)),
        JTokenType::TimeSpan => matches!(value, Value::TimeSpan(_)),
        JTokenType::Null | JTokenType::Undefined => value.is_null(),
        _ => matches!(value, Value::String(_) | Value::Null),
    }
}
