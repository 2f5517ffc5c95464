//! What a serialiser makes of a tree, type by type.

use std::sync::Arc;

use super::cast::cast;
use super::convert::{call_static, plain_text};
use super::node::{JToken, JTokenType, JValue};
use super::reader::reader_exception;
use super::to_object::{enumeration, is_enum, is_of_class, takes_null};
use super::{MAX_DEPTH, dates, edit, location, numbers, too_deep};
use crate::call::Machine;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::types::Type;
use crate::value::{Entries, HashSet, KeyComparer, Text, Tuple, Value};

/// Reads values out of a tree.
pub(super) struct Deserializer<'m> {
    /// A reader of text is stricter with numbers than one of a tree.
    pub(super) from_text: bool,
    pub(super) machine: &'m mut dyn Machine,
}

impl Deserializer<'_> {
    pub(super) fn value(&mut self, token: &JToken, to: &Type, depth: usize) -> Result<Value, Exception> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        self.machine.budget().step()?;
        self.machine.budget().allocate(size_of::<Value>())?;
        let no_value = token.as_scalar().is_some_and(|scalar| match &scalar.value {
            Value::Null => true,
            Value::String(text) => text.is_empty() && !matches!(to, Type::String | Type::Array(_)),
            _ => false,
        });
        match to {
            Type::Object => plain(token, self.machine),
            Type::Named(name) if name.starts_with("Newtonsoft.Json.Linq.J") => {
                json(token, name, self.machine)
            }
            _ if no_value && takes_null(to) => Ok(Value::Null),
            Type::Array(element) if **element != Type::Byte || token.kind() == JTokenType::Array => {
                let is_empty_text = token.as_scalar().is_some_and(|scalar| shown(&scalar) == "\"\"");
                if is_empty_text {
                    return Ok(Value::Null);
                }
                let items = self.elements(token, element, to, depth)?;
                Ok(Value::array(Type::clone(element), items))
            }
            Type::Generic(name, arguments) => self.generic(token, to, name, arguments, depth),
            _ => self.scalar(token, to),
        }
    }

    fn generic(
        &mut self,
        token: &JToken,
        to: &Type,
        name: &str,
        arguments: &[Type],
        depth: usize,
    ) -> Result<Value, Exception> {
        let first = arguments.first().cloned().unwrap_or(Type::Object);
        let second = arguments.get(1).cloned().unwrap_or(Type::Object);
        match name.rsplit('.').next().unwrap_or("") {
            "List" | "IList" | "ICollection" | "IEnumerable" | "IReadOnlyCollection" | "IReadOnlyList" => {
                self.elements(token, &first, to, depth).map(|items| Value::list(first, items))
            }
            "HashSet" | "ISet" => {
                let mut entries = Entries::default();
                for item in self.elements(token, &first, to, depth)? {
                    entries.set(item.key(KeyComparer::Default), item, Value::Null);
                }
                let comparer = KeyComparer::Default;
                Ok(Value::HashSet(Arc::new(HashSet { element: first, comparer, entries: entries.into() })))
            }
            "Dictionary" | "IDictionary" | "IReadOnlyDictionary" => {
                if token.kind() != JTokenType::Object {
                    return Err(wrong_shape(token, to, "object"));
                }
                let mut entries = Vec::new();
                for (name, value) in token.properties() {
                    let key = self.key(&name, &first, &value)?;
                    entries.push((key, self.value(&value, &second, depth + 1)?));
                }
                Ok(Value::dictionary(first, second, entries))
            }
            "KeyValuePair" if token.kind() != JTokenType::Object => Err(wrong_shape(token, to, "object")),
            "KeyValuePair" => {
                let mut part = |name: &str, ty: &Type| match token.get(name) {
                    Some(value) => self.value(&value, ty, depth + 1),
                    None => Ok(ty.default_value()),
                };
                let (key, value) = (part("Key", &first)?, part("Value", &second)?);
                Ok(Value::pair(first, second, key, value))
            }
            "Tuple" | "ValueTuple" => {
                let mut items = Vec::new();
                for (at, ty) in arguments.iter().enumerate() {
                    items.push(match token.get(&format!("Item{}", at + 1)) {
                        Some(value) => self.value(&value, ty, depth + 1)?,
                        None => ty.default_value(),
                    });
                }
                let is_value_tuple = name.ends_with("ValueTuple");
                Ok(Value::Tuple(Arc::new(Tuple { types: arguments.to_vec(), items, is_value_tuple })))
            }
            _ => Err(unsupported(to)),
        }
    }

    fn elements(
        &mut self,
        token: &JToken,
        element: &Type,
        to: &Type,
        depth: usize,
    ) -> Result<Vec<Value>, Exception> {
        if token.kind() != JTokenType::Array {
            return Err(wrong_shape(token, to, "array"));
        }
        token.children().iter().map(|item| self.value(item, element, depth + 1)).collect()
    }

    /// The name of a property as key of a dictionary.
    fn key(&mut self, name: &Text, to: &Type, value: &JToken) -> Result<Value, Exception> {
        let name_token = JToken::string(name.clone());
        let read = match to {
            Type::Object => Ok(Value::String(name.clone())),
            _ if is_enum(to) => self.scalar(&name_token, to),
            _ => cast(&name_token, to, self.machine),
        };
        match read {
            Err(thrown) if thrown.is_catchable() => {
                let path = location::path_of(value);
                let message = format!(
                    "Could not convert string '{name}' to dictionary key type '{to}'. Create a TypeConverter to convert \
                     from the string to the key type object. Path '{path}'."
                );
                let failure = Exception::new("Newtonsoft.Json.JsonSerializationException", message);
                Err(failure.with_inner(thrown))
            }
            read => read,
        }
    }

    fn scalar(&mut self, token: &JToken, to: &Type) -> Result<Value, Exception> {
        let target = to.without_nullable();
        let path = location::path_of(token);
        let word = reader_word(target);
        let Some(scalar) = token.as_scalar() else {
            let found = if token.kind() == JTokenType::Array { "StartArray" } else { "StartObject" };
            return match word {
                Some(word) => {
                    let message = format!("Error reading {word}. Unexpected token: {found}. Path '{path}'.");
                    Err(reader_exception(message))
                }
                None => Err(wrong_shape(token, to, "primitive value")),
            };
        };
        let is_empty_text = matches!(&scalar.value, Value::String(text) if text.is_empty());
        let reads_empty_as_null = word.is_some_and(|word| !matches!(word, "string" | "bytes"));
        if scalar.value.is_null() || (is_empty_text && reads_empty_as_null) {
            return if takes_null(to) { Ok(Value::Null) } else { Err(not_convertible("{null}", to, &path)) };
        }
        if let Some(declaration) = enumeration(target) {
            return self
                .enumeration(&scalar, declaration)
                .ok_or_else(|| not_convertible(&shown(&scalar), to, &path));
        }
        if *target == Type::String {
            return self.text(&scalar.value);
        }
        if let Some(refused) = self.refused(&scalar, target, word, &path) {
            return Err(refused);
        }
        let read = match (target, &scalar.value) {
            (Type::Named(name @ "System.Uri"), Value::String(_)) => {
                let either = crate::dotnet::registry().by_full_name("System.UriKind");
                let kind = either.map_or(Value::Null, |kind| Value::enumeration(kind.source, 0));
                call_static(name, "new", &[scalar.value.clone(), kind], self.machine)
            }
            // An integer beyond 64 bits is not zero.
            (Type::Boolean, Value::Object(_)) => Ok(Value::Boolean(true)),
            (Type::Array(_), Value::String(text)) if text.len() == 36 => {
                match call_static("System.Guid", "Parse", std::slice::from_ref(&scalar.value), self.machine) {
                    Ok(Value::Guid(bytes)) => Ok(Value::bytes(mixed_endian(bytes))),
                    _ => cast(token, to, self.machine),
                }
            }
            _ => cast(token, to, self.machine),
        };
        match read {
            Ok(value) => Ok(value),
            Err(thrown) if !thrown.is_catchable() || word == Some("bytes") => Err(thrown),
            Err(thrown) => Err(match (word, &scalar.value) {
                (Some(word), Value::String(text)) => {
                    let word = if word == "date" { "DateTime" } else { word };
                    let message = format!("Could not convert string to {word}: {text}. Path '{path}'.");
                    reader_exception(message)
                }
                (Some(word), _) if !matches!(target, Type::Int16 | Type::Byte) => {
                    let digits = shown(&scalar);
                    reader_exception(format!("Could not convert to {word}: {digits}. Path '{path}'."))
                }
                _ => not_convertible(&shown(&scalar), to, &path),
            }
            .with_inner(thrown)),
        }
    }

    /// What a reader for the type does not take, although it could be converted.
    fn refused(&self, scalar: &JValue, to: &Type, word: Option<&str>, path: &str) -> Option<Exception> {
        use JTokenType as K;
        let word = word?;
        let takes = matches!(
            (word, scalar.kind),
            ("integer" | "double" | "decimal" | "boolean", K::Integer | K::Float | K::String)
                | ("boolean", K::Boolean)
                | ("date", K::Date | K::String)
                | ("bytes", K::String | K::Bytes | K::Guid)
        );
        if !takes {
            let found = scalar.kind;
            let message = format!("Error reading {word}. Unexpected token: {found:?}. Path '{path}'.");
            return Some(reader_exception(message));
        }
        let is_fraction = matches!(scalar.value, Value::Double(_)) && to.is_integer();
        if is_fraction && self.from_text {
            let text = shown(scalar);
            let message = format!("Input string '{text}' is not a valid integer. Path '{path}'.");
            return Some(reader_exception(message));
        }
        None
    }

    /// A value of an enum by number, or by name whatever its case.
    fn enumeration(&mut self, scalar: &JValue, declaration: &'static TypeDeclaration) -> Option<Value> {
        let number = match &scalar.value {
            Value::String(text) => {
                let wanted = text.trim();
                let by_name = declaration.values.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                match by_name {
                    Some((_, number)) => *number,
                    None => wanted.parse().ok()?,
                }
            }
            other => i64::try_from(other.as_integer()?).ok()?,
        };
        Some(Value::enumeration(declaration, number))
    }

    /// The text of a scalar as the reader saw it: words of JSON, not of .NET.
    fn text(&mut self, value: &Value) -> Result<Value, Exception> {
        Ok(match value {
            Value::Boolean(value) => Value::from(if *value { "true" } else { "false" }),
            Value::Double(number) => Value::from(numbers::double_text(*number)),
            Value::DateTime(date) => Value::from(dates::date_time_text(*date)),
            other => Value::String(crate::dotnet::text_of(other, self.machine)?),
        })
    }
}

/// What a reader calls the types it reads itself; others are converted afterwards.
fn reader_word(ty: &Type) -> Option<&'static str> {
    Some(match ty {
        Type::Int32 | Type::Int16 | Type::Byte => "integer",
        Type::Double | Type::Single => "double",
        Type::Decimal => "decimal",
        Type::Boolean => "boolean",
        Type::String => "string",
        Type::Named("System.DateTime" | "System.DateTimeOffset") => "date",
        Type::Array(_) => "bytes",
        _ => return None,
    })
}

/// `Guid.ToByteArray`: the first three parts are little-endian.
fn mixed_endian(bytes: [u8; 16]) -> Vec<u8> {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes;
    [[d, c, b, a, f, e, h, g], rest].concat()
}

/// A scalar in a message.
fn shown(scalar: &JValue) -> String {
    let text = plain_text(&scalar.value);
    if scalar.kind == JTokenType::String { format!("\"{text}\"") } else { text.to_string() }
}

fn unsupported(to: &Type) -> Exception {
    let message = format!("Values of the type '{to}' cannot be made from JSON here.");
    Exception::new("Newtonsoft.Json.JsonSerializationException", message)
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
    if is_of_class(token, name) {
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

fn not_convertible(shown: &str, to: &Type, path: &str) -> Exception {
    let message = format!("Error converting value {shown} to type '{to}'. Path '{path}'.");
    Exception::new("Newtonsoft.Json.JsonSerializationException", message)
}
