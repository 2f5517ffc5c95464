//! Values of .NET to trees: content given to constructors, and `FromObject`.

use super::node::{JToken, JTokenType};
use super::numbers::BigInteger;
use super::{MAX_DEPTH, edit, too_deep, writer};
use crate::call::Machine;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Text, Value, collect};

/// The token type of a value given to `new JValue(object)`.
fn scalar_kind(value: &Value) -> Option<JTokenType> {
    Some(match value {
        Value::Null => JTokenType::Null,
        Value::String(_) => JTokenType::String,
        Value::Boolean(_) => JTokenType::Boolean,
        Value::Double(_) | Value::Single(_) | Value::Decimal(_) => JTokenType::Float,
        Value::DateTime(_) | Value::DateTimeOffset(_) => JTokenType::Date,
        Value::TimeSpan(_) => JTokenType::TimeSpan,
        Value::Guid(_) => JTokenType::Guid,
        Value::Bytes(_) => JTokenType::Bytes,
        Value::Char(_) => return None,
        Value::Object(object) if object.type_of() == Type::Named("System.Uri") => JTokenType::Uri,
        _ if value.downcast::<BigInteger>().is_some() => JTokenType::Integer,
        _ if value.as_integer().is_some() => JTokenType::Integer,
        _ => return None,
    })
}

/// `new JValue(object)`.
///
/// # Errors
/// `ArgumentException` for a value that is no scalar of JSON.
pub(super) fn scalar(value: Value) -> Result<JToken, Exception> {
    match scalar_kind(&value) {
        Some(kind) => Ok(JToken::scalar(kind, value)),
        None => {
            let message = format!("Could not determine JSON object type for type {}.", value.type_of());
            Err(Exception::argument(message, ""))
        }
    }
}

/// The implicit conversions to JToken: integers are kept as Int64.
pub(super) fn implicit(value: Value) -> Result<JToken, Exception> {
    match &value {
        Value::UInt64(_) | Value::Enum(_) | Value::Char(_) => scalar(value),
        _ => match value.as_integer().and_then(|number| i64::try_from(number).ok()) {
            Some(number) => scalar(Value::Int64(number)),
            None => scalar(value),
        },
    }
}

/// One piece of content: a token itself, else a scalar.
///
/// # Errors
/// As [`scalar`].
pub(super) fn content(value: Value) -> Result<JToken, Exception> {
    match value {
        Value::Json(token) => Ok(token),
        other => scalar(other),
    }
}

/// Whether content is a sequence whose elements are added one by one.
pub(super) fn is_sequence(value: &Value) -> bool {
    match value {
        Value::Array(_)
        | Value::List(_)
        | Value::Dictionary(_)
        | Value::HashSet(_)
        | Value::Enumerable(_) => true,
        Value::Object(object) => object.items().is_some(),
        _ => false,
    }
}

/// Adds content to a container at an index; sequences are added element by element, also nested ones.
///
/// # Errors
/// As [`scalar`] and [`edit::insert`].
pub(super) fn add(
    container: &JToken,
    index: usize,
    value: Value,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    add_nested(container, &mut index.clone(), value, 0, machine)
}

fn add_nested(
    container: &JToken,
    index: &mut usize,
    value: Value,
    depth: usize,
    machine: &mut dyn Machine,
) -> Result<(), Exception> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    machine.budget().step()?;
    if is_sequence(&value) {
        for item in collect(&value, machine)? {
            add_nested(container, index, item, depth + 1, machine)?;
        }
        return Ok(());
    }
    machine.budget().allocate(96)?;
    charge_search(container, machine)?;
    edit::insert(container, *index, content(value)?, machine)?;
    *index += 1;
    Ok(())
}

/// Names are searched one after the other: large objects cost steps.
pub(super) fn charge_search(container: &JToken, machine: &mut dyn Machine) -> Result<(), Exception> {
    machine.budget().steps(container.count() as u64 / 16)
}

/// `JToken.FromObject`: a tree without parent. null gives a Null token.
///
/// # Errors
/// `JsonSerializationException` for objects without a JSON form; what sequences throw; exceeded limits.
pub fn from_value(value: &Value, machine: &mut dyn Machine) -> Result<JToken, Exception> {
    build(value, 0, machine)
}

fn build(value: &Value, depth: usize, machine: &mut dyn Machine) -> Result<JToken, Exception> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    machine.budget().step()?;
    machine.budget().allocate(96)?;
    let member = |name: &str, value: &Value, machine: &mut dyn Machine| {
        Ok::<_, Exception>(JToken::property(Text::from(name), build(value, depth + 1, machine)?))
    };
    match value {
        Value::Json(token) => edit::deep_clone(token, 0, machine),
        Value::Char(unit) => Ok(JToken::string(Text::from_units(&[*unit]))),
        Value::Enum(number) => Ok(JToken::scalar(JTokenType::Integer, Value::Int64(number.value))),
        Value::Anonymous(object) => {
            let shape = object.shape.iter().map(|(name, _)| name);
            let properties: Result<Vec<_>, _> =
                shape.zip(&object.values).map(|(name, value)| member(name, value, machine)).collect();
            properties.map(JToken::object)
        }
        Value::KeyValuePair(pair) => Ok(JToken::object(vec![
            member("Key", &pair.key, machine)?,
            member("Value", &pair.value, machine)?,
        ])),
        Value::Tuple(tuple) => {
            let numbered = tuple.items.iter().enumerate();
            let properties: Result<Vec<_>, _> =
                numbered.map(|(at, item)| member(&format!("Item{}", at + 1), item, machine)).collect();
            properties.map(JToken::object)
        }
        Value::Dictionary(_) | Value::Host(_) => dictionary(value, depth, machine),
        _ if scalar_kind(value).is_some() => scalar(value.clone()),
        _ if is_sequence(value) => {
            let items = collect(value, machine)?;
            let items: Result<Vec<_>, _> = items.iter().map(|item| build(item, depth + 1, machine)).collect();
            items.map(JToken::array)
        }
        other => Err(without_form(other)),
    }
}

fn without_form(value: &Value) -> Exception {
    let message = format!("Objects of the type '{}' have no JSON form here.", value.type_of());
    Exception::new("Newtonsoft.Json.JsonSerializationException", message)
}

/// Pairs become properties named by their keys' text.
fn dictionary(value: &Value, depth: usize, machine: &mut dyn Machine) -> Result<JToken, Exception> {
    let pairs = match collect(value, machine) {
        Err(thrown) if thrown.type_name() == "System.InvalidCastException" => {
            return Err(without_form(value));
        }
        collected => collected?,
    };
    let mut properties = Vec::new();
    for pair in pairs {
        let Value::KeyValuePair(pair) = pair else { return Err(without_form(value)) };
        let name = match &pair.key {
            Value::Guid(bytes) => Text::from(writer::guid_text(bytes)),
            key => crate::dotnet::text_of(key, machine)?,
        };
        properties.push(JToken::property(name, build(&pair.value, depth + 1, machine)?));
    }
    Ok(JToken::object(properties))
}
