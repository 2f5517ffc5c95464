//! Trees to values: `ToObject<T>`, `JsonConvert.DeserializeObject<T>` and `Value<T>`.

use super::cast::cast;
use super::convert::change_type;
use super::node::{JToken, JTokenType};
use super::numbers::BigInteger;
use super::{MAX_DEPTH, edit, location, too_deep};
use crate::call::Machine;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Dictionary, Entries, HashSet, KeyComparer, Value};
use std::sync::Arc;

/// True for the types that `ToObject` converts by a cast.
fn is_primitive(ty: &Type) -> bool {
    matches!(
        ty,
        Type::Boolean
            | Type::Char
            | Type::Single
            | Type::Double
            | Type::Decimal
            | Type::String
            | Type::Named(
                "System.DateTime"
                    | "System.DateTimeOffset"
                    | "System.Guid"
                    | "System.TimeSpan"
                    | "System.Uri"
            )
    ) || ty.is_integer()
        || *ty == Type::array(Type::Byte)
}

/// `ToObject<T>()`.
///
/// # Errors
/// `ArgumentException`, `FormatException` for scalars that do not fit; `JsonSerializationException` for trees.
pub fn to_object(token: &JToken, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    if is_primitive(to.without_nullable()) {
        return cast(token, to, machine);
    }
    deserialize(token, to, 0, machine)
}

/// `JsonConvert.DeserializeObject<T>`.
///
/// # Errors
/// `JsonReaderException`, `JsonSerializationException`.
pub(super) fn deserialize(
    token: &JToken,
    to: &Type,
    depth: usize,
    machine: &mut dyn Machine,
) -> Result<Value, Exception> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    machine.budget().step()?;
    machine.budget().allocate(size_of::<Value>())?;
    match to {
        Type::Object => plain(token, machine),
        Type::Named(name) if name.starts_with("Newtonsoft.Json.Linq.") => json(token, name, machine),
        Type::Array(element) if **element != Type::Byte => elements(token, element, to, depth, machine)
            .map(|items| Value::array(Type::clone(element), items)),
        Type::Generic(name, arguments) => generic(token, to, name, arguments, depth, machine),
        _ => scalar(token, to, machine),
    }
}

fn generic(
    token: &JToken,
    to: &Type,
    name: &str,
    arguments: &[Type],
    depth: usize,
    machine: &mut dyn Machine,
) -> Result<Value, Exception> {
    let first = arguments.first().cloned().unwrap_or(Type::Object);
    let second = arguments.get(1).cloned().unwrap_or(Type::Object);
    if token.kind() == JTokenType::Null {
        return Ok(Value::Null);
    }
    match name.rsplit('.').next().unwrap_or("") {
        "List" | "IList" | "ICollection" | "IEnumerable" | "IReadOnlyCollection" | "IReadOnlyList" => {
            elements(token, &first, to, depth, machine).map(|items| Value::list(first, items))
        }
        "HashSet" | "ISet" => {
            let mut entries = Entries::default();
            for item in elements(token, &first, to, depth, machine)? {
                entries.set(item.key(KeyComparer::Default), item, Value::Null);
            }
            let comparer = KeyComparer::Default;
            Ok(Value::HashSet(Arc::new(HashSet { element: first, comparer, entries: entries.into() })))
        }
        "Dictionary" | "IDictionary" | "IReadOnlyDictionary" => {
            if token.kind() != JTokenType::Object {
                return Err(wrong_shape(token, to, "object"));
            }
            let mut entries = Entries::default();
            for (name, value) in token.properties() {
                let key = change_type(&Value::String(name), &first, machine)?;
                let value = deserialize(&value, &second, depth + 1, machine)?;
                entries.set(key.key(KeyComparer::Default), key, value);
            }
            Ok(Value::Dictionary(Arc::new(Dictionary {
                key: first,
                value: second,
                comparer: KeyComparer::Default,
                entries: entries.into(),
            })))
        }
        "KeyValuePair" => {
            let mut part = |name: &str, ty: &Type| match token.get(name) {
                Some(value) => deserialize(&value, ty, depth + 1, machine),
                None => Ok(ty.default_value()),
            };
            let (key, value) = (part("Key", &first)?, part("Value", &second)?);
            Ok(Value::pair(first, second, key, value))
        }
        _ => Err(unsupported(to)),
    }
}

fn unsupported(to: &Type) -> Exception {
    let message = format!("Values of the type '{to}' cannot be made from JSON here.");
    Exception::new("Newtonsoft.Json.JsonSerializationException", message)
}

fn elements(
    token: &JToken,
    element: &Type,
    to: &Type,
    depth: usize,
    machine: &mut dyn Machine,
) -> Result<Vec<Value>, Exception> {
    if token.kind() != JTokenType::Array {
        return Err(wrong_shape(token, to, "array"));
    }
    token.children().iter().map(|item| deserialize(item, element, depth + 1, machine)).collect()
}

fn wrong_shape(token: &JToken, to: &Type, wanted: &str) -> Exception {
    let path = location::path_of(token);
    let message = format!(
        "Cannot deserialize the current JSON into type '{to}' because the type requires a JSON {wanted} to deserialize correctly. Path '{path}'."
    );
    Exception::new("Newtonsoft.Json.JsonSerializationException", message)
}

/// A JSON type: a copy of the tree.
fn json(token: &JToken, name: &'static str, machine: &mut dyn Machine) -> Result<Value, Exception> {
    let fits = match name {
        "Newtonsoft.Json.Linq.JToken" => true,
        "Newtonsoft.Json.Linq.JContainer" => token.is_container(),
        _ => token.type_name() == name,
    };
    if fits {
        return edit::deep_clone(token, machine).map(Value::Json);
    }
    if token.kind() == JTokenType::Null {
        return Ok(Value::Null);
    }
    Err(Exception::invalid_cast(&Type::Named(token.type_name()), &Type::Named(name)))
}

/// `object`: scalars as their values, containers as trees.
fn plain(token: &JToken, machine: &mut dyn Machine) -> Result<Value, Exception> {
    match token.as_scalar() {
        Some(scalar) => Ok(scalar.value),
        None => edit::deep_clone(token, machine).map(Value::Json),
    }
}

fn scalar(token: &JToken, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    let target = to.without_nullable();
    let path = location::path_of(token);
    let Some(scalar) = token.as_scalar() else {
        let found = if token.kind() == JTokenType::Array { "StartArray" } else { "StartObject" };
        let what = if *target == Type::String { "string" } else { "value" };
        let message = format!("Error reading {what}. Unexpected token: {found}. Path '{path}'.");
        return Err(super::reader::reader_exception(message));
    };
    if scalar.value.is_null() {
        let nullable =
            matches!(to, Type::Nullable(_) | Type::String | Type::Array(_) | Type::Named("System.Uri"));
        return if nullable { Ok(Value::Null) } else { Err(not_convertible("{null}", to, &path)) };
    }
    if let (Type::Named(_), Some(number)) = (target, scalar.value.as_integer())
        && let Some(declared) = crate::dotnet::registry().of(target).filter(|declared| declared.is_enum())
    {
        return Ok(Value::enumeration(declared.source, i64::try_from(number).unwrap_or(0)));
    }
    let is_fraction = matches!(scalar.value, Value::Double(_)) && target.is_integer();
    if is_fraction {
        let text = crate::dotnet::text_of(&scalar.value, machine)?;
        let message = format!("Input string '{text}' is not a valid integer. Path '{path}'.");
        return Err(super::reader::reader_exception(message));
    }
    if *target == Type::String {
        return text(&scalar.value, machine);
    }
    match cast(token, to, machine) {
        Ok(value) => Ok(value),
        Err(thrown) if !thrown.is_catchable() => Err(thrown),
        Err(_) if target.is_integer() && scalar.kind == JTokenType::String => {
            let text = crate::dotnet::text_of(&scalar.value, machine)?;
            let message = format!("Could not convert string to integer: {text}. Path '{path}'.");
            Err(super::reader::reader_exception(message))
        }
        Err(thrown) => {
            let text = crate::dotnet::text_of(&scalar.value, machine)?;
            let shown =
                if scalar.kind == JTokenType::String { format!("\"{text}\"") } else { text.to_string() };
            Err(not_convertible(&shown, to, &path).with_inner(thrown))
        }
    }
}

/// The text of a scalar as the reader saw it: words of JSON, not of .NET.
fn text(value: &Value, machine: &mut dyn Machine) -> Result<Value, Exception> {
    Ok(match value {
        Value::Boolean(value) => Value::from(if *value { "true" } else { "false" }),
        Value::Double(number) => Value::from(super::numbers::double_text(*number)),
        Value::DateTime(date) => Value::from(super::dates::date_time_text(*date)),
        other => Value::String(crate::dotnet::text_of(other, machine)?),
    })
}

fn not_convertible(shown: &str, to: &Type, path: &str) -> Exception {
    let message = format!("Error converting value {shown} to type '{to}'. Path '{path}'.");
    Exception::new("Newtonsoft.Json.JsonSerializationException", message)
}

/// `Value<T>()` of a token: T itself, or the scalar's value converted.
///
/// # Errors
/// `InvalidCastException` for a container; `FormatException`, `OverflowException` of the conversion.
pub(super) fn value_as(token: &JToken, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    let is_json = match to {
        Type::Object | Type::Named("Newtonsoft.Json.Linq.JToken") => true,
        Type::Named("Newtonsoft.Json.Linq.JContainer") => token.is_container(),
        Type::Named("Newtonsoft.Json.Linq.JValue") => !token.is_container(),
        Type::Named(name) => token.type_name() == *name,
        _ => false,
    };
    if is_json {
        return Ok(Value::Json(token.clone()));
    }
    let Some(scalar) = token.as_scalar() else {
        let message = format!("Cannot cast {} to Newtonsoft.Json.Linq.JToken.", token.type_name());
        return Err(Exception::new("System.InvalidCastException", message));
    };
    if scalar.value.is_null() && matches!(to, Type::Nullable(_)) {
        return Ok(Value::Null);
    }
    if let Some(big) = scalar.value.downcast::<BigInteger>()
        && *to == Type::String
    {
        return Ok(Value::from(big.0.clone()));
    }
    change_type(&scalar.value, to.without_nullable(), machine)
}
