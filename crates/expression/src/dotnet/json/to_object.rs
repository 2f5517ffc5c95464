//! Trees to values: `ToObject<T>`, `JsonConvert.DeserializeObject<T>` and `Value<T>`.

use std::sync::Arc;

use super::cast::cast;
use super::convert::change_type;
use super::node::{JToken, JTokenType, JValue};
use super::{MAX_DEPTH, edit, location, too_deep};
use crate::call::Machine;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, TypeKind};
use crate::types::Type;
use crate::value::{Entries, HashSet, KeyComparer, Text, Tuple, Value};

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
    let target = to.without_nullable();
    if is_primitive(target) && *target != Type::array(Type::Byte) {
        return cast(token, to, machine);
    }
    let mut reading = Deserializer { from_text: false, machine };
    let read = reading.value(token, to, 0);
    match (read, token.as_scalar()) {
        (Err(thrown), Some(JValue { value: Value::String(text), .. })) if is_enum(target) => {
            let name = target.to_string();
            let name = name.rsplit('.').next().unwrap_or("");
            Err(Exception::argument(format!("Could not convert '{text}' to {name}."), "").with_inner(thrown))
        }
        (read, _) => read,
    }
}

/// `JsonConvert.DeserializeObject<T>` of a text that was read.
///
/// # Errors
/// `JsonReaderException`, `JsonSerializationException`.
pub(super) fn deserialize(token: &JToken, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    Deserializer { from_text: true, machine }.value(token, to, 0)
}

/// True for `T?` and classes.
pub(super) fn takes_null(to: &Type) -> bool {
    match to {
        Type::Nullable(_) | Type::String | Type::Object | Type::Array(_) => true,
        Type::Named(_) | Type::Generic(..) => crate::dotnet::registry()
            .of(to)
            .is_none_or(|declared| !matches!(declared.source.kind, TypeKind::Struct | TypeKind::Enum)),
        _ => false,
    }
}

fn is_enum(ty: &Type) -> bool {
    enumeration(ty).is_some()
}

fn enumeration(ty: &Type) -> Option<&'static TypeDeclaration> {
    let declared = matches!(ty, Type::Named(_)).then(|| crate::dotnet::registry().of(ty))??;
    declared.is_enum().then_some(declared.source)
}

struct Deserializer<'m> {
    /// A reader of text is stricter with numbers than one of a tree.
    from_text: bool,
    machine: &'m mut dyn Machine,
}

impl Deserializer<'_> {
    fn value(&mut self, token: &JToken, to: &Type, depth: usize) -> Result<Value, Exception> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        self.machine.budget().step()?;
        self.machine.budget().allocate(size_of::<Value>())?;
        match to {
            Type::Object => plain(token, self.machine),
            Type::Named(name) if name.starts_with("Newtonsoft.Json.Linq.J") => {
                json(token, name, self.machine)
            }
            Type::Array(element) if **element != Type::Byte || token.kind() == JTokenType::Array => {
                if token.kind() == JTokenType::Null {
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
        if token.kind() == JTokenType::Null && takes_null(to) {
            return Ok(Value::Null);
        }
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
                    Err(super::reader::reader_exception(message))
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
        match cast(token, to, self.machine) {
            Ok(value) => Ok(value),
            Err(thrown) if !thrown.is_catchable() => Err(thrown),
            Err(thrown) => Err(match (word, &scalar.value) {
                (Some(word), Value::String(text)) => {
                    let word = if word == "date" { "DateTime" } else { word };
                    let message = format!("Could not convert string to {word}: {text}. Path '{path}'.");
                    super::reader::reader_exception(message)
                }
                (Some("integer"), _) if self.from_text && matches!(target, Type::Int32) => {
                    let digits = shown(&scalar);
                    super::reader::reader_exception(format!(
                        "JSON integer {digits} is too large or small for an Int32. Path '{path}'."
                    ))
                }
                _ => not_convertible(&shown(&scalar), to, &path),
            }
            .with_inner(thrown)),
        }
    }

    /// What a reader for the type does not take, although it could be converted.
    fn refused(&self, scalar: &JValue, to: &Type, word: Option<&str>, path: &str) -> Option<Exception> {
        let word = word?;
        let text = shown(scalar);
        let is_fraction = matches!(scalar.value, Value::Double(_));
        if is_fraction && word == "integer" && self.from_text {
            let message = format!("Input string '{text}' is not a valid integer. Path '{path}'.");
            return Some(super::reader::reader_exception(message));
        }
        let is_boolean = matches!(scalar.value, Value::Boolean(_));
        if is_boolean && *to != Type::Boolean {
            let message = format!("Error reading {word}. Unexpected token: Boolean. Path '{path}'.");
            return Some(super::reader::reader_exception(message));
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
            Value::Double(number) => Value::from(super::numbers::double_text(*number)),
            Value::DateTime(date) => Value::from(super::dates::date_time_text(*date)),
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

/// A scalar in a message.
fn shown(scalar: &JValue) -> String {
    let text = super::convert::plain_text(&scalar.value);
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

/// Whether a token is of a class of the family.
pub(super) fn is_of_class(token: &JToken, name: &str) -> bool {
    match name {
        "Newtonsoft.Json.Linq.JToken" => true,
        "Newtonsoft.Json.Linq.JContainer" => token.is_container(),
        "Newtonsoft.Json.Linq.JValue" => !token.is_container(),
        _ => token.type_name() == name,
    }
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

/// `Value<T>()` of a token: T itself, or the scalar's value converted.
///
/// # Errors
/// `InvalidCastException` for a container; `FormatException`, `OverflowException` of the conversion.
pub(super) fn value_as(token: &JToken, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    let is_json = match to {
        Type::String => false,
        Type::Object => true,
        Type::Named(name) => is_of_class(token, name),
        _ => false,
    };
    if is_json {
        return Ok(Value::Json(token.clone()));
    }
    let Some(scalar) = token.as_scalar() else {
        let message = format!("Cannot cast {} to Newtonsoft.Json.Linq.JToken.", token.type_name());
        return Err(Exception::new("System.InvalidCastException", message));
    };
    if scalar.value.is_null() && takes_null(to) {
        return Ok(Value::Null);
    }
    let target = to.without_nullable();
    if scalar.value.type_of() != *target && !is_convertible(&scalar.value) {
        return Err(Exception::new("System.InvalidCastException", "Object must implement IConvertible."));
    }
    change_type(&scalar.value, target, machine)
}

/// Whether the type has conversions to others.
fn is_convertible(value: &Value) -> bool {
    !matches!(
        value,
        Value::Guid(_) | Value::TimeSpan(_) | Value::DateTimeOffset(_) | Value::Bytes(_) | Value::Object(_)
    )
}
