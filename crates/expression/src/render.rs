//! Results as `sekisho eval` prints them: type and value.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value as Json};

use crate::call::Machine;
use crate::dotnet::{formatted, text_of};
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{HostReference, Value, collect};

/// A result.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The full .NET name of the run-time type; none for null.
    pub type_name: Option<String>,
    /// The value.
    pub value: Json,
}

impl crate::Program {
    /// Runs the program and renders its result.
    ///
    /// # Errors
    /// As [`crate::Program::evaluate`]; also what a lazy result throws while it is read.
    pub fn evaluate_rendered(
        &self,
        context: &mut dyn crate::context::Context,
        limits: &crate::Limits,
    ) -> Result<Rendered, Exception> {
        self.evaluate_with(context, limits, |value, machine| render(value, machine, limits.output_bytes))
    }
}

/// Renders a value.
fn render(value: &Value, machine: &mut dyn Machine, limit: usize) -> Result<Rendered, Exception> {
    let type_name = match value.type_of() {
        Type::Null => None,
        Type::Generic("System.Linq.IOrderedEnumerable", arguments) => {
            let element = arguments.first().cloned().unwrap_or(Type::Object);
            Some(Type::enumerable(element).to_string())
        }
        ty => Some(ty.to_string()),
    };
    let value = json(value, machine, true, 0)?;
    if value.as_str().is_some_and(|text| text.len() > limit) {
        return Err(Exception::limit("the result is too large"));
    }
    Ok(Rendered { type_name, value })
}

/// `ToString(option)`, where the option asks for text without added white space.
fn compact(value: &Value, option: &str, number: i64, machine: &mut dyn Machine) -> Result<Json, Exception> {
    let mut found = None;
    if let Some(declared) = crate::dotnet::registry().by_name(option) {
        let types = [Type::Named(declared.source.full_name)];
        let mut arguments = [Value::enumeration(declared.source, number)];
        found = crate::dotnet::virtual_call(value, "ToString", &types, &mut arguments, machine)?;
    }
    Ok(match found {
        Some(Value::String(compact)) => text(&compact),
        _ => text(&text_of(value, machine)?),
    })
}

/// A value as JSON; numbers are text at the top and numbers inside.
fn json(value: &Value, machine: &mut dyn Machine, top: bool, depth: u32) -> Result<Json, Exception> {
    machine.budget().step()?;
    if depth > 64 {
        return Err(Exception::limit("the result is nested too deeply"));
    }
    Ok(match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::Double(_) | Value::Single(_) => number(formatted(value, Some("R"), machine)?.to_string(), top),
        Value::SByte(_)
        | Value::Byte(_)
        | Value::Int16(_)
        | Value::UInt16(_)
        | Value::Int32(_)
        | Value::UInt32(_)
        | Value::Int64(_)
        | Value::UInt64(_)
        | Value::Decimal(_) => number(text_of(value, machine)?.to_string(), top),
        Value::DateTime(_) | Value::DateTimeOffset(_) => text(&formatted(value, Some("o"), machine)?),
        Value::TimeSpan(_) => text(&formatted(value, Some("c"), machine)?),
        Value::Bytes(bytes) => Json::String(STANDARD.encode(&*bytes.lock())),
        // Formatting.None
        Value::Json(_) => compact(value, "Formatting", 0, machine)?,
        Value::Host(HostReference::Url(_)) => text(&text_of(value, machine)?),
        Value::Host(
            HostReference::Stored(_)
            | HostReference::Response
            | HostReference::Body(_)
            | HostReference::StoredBody(_),
        ) => Json::Null,
        Value::Dictionary(dictionary) => {
            let entries: Vec<(Value, Value)> =
                dictionary.entries.lock().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            let mut out = Map::new();
            for (key, value) in entries {
                out.insert(text_of(&key, machine)?.to_string(), json(&value, machine, false, depth + 1)?);
            }
            Json::Object(out)
        }
        Value::Anonymous(object) => {
            let mut out = Map::new();
            for ((name, _), item) in object.shape.iter().zip(&object.values) {
                out.insert(name.to_string(), json(item, machine, false, depth + 1)?);
            }
            Json::Object(out)
        }
        Value::KeyValuePair(pair) => {
            let mut out = Map::new();
            out.insert("Key".to_owned(), json(&pair.key, machine, false, depth + 1)?);
            out.insert("Value".to_owned(), json(&pair.value, machine, false, depth + 1)?);
            Json::Object(out)
        }
        Value::Array(_) | Value::List(_) | Value::HashSet(_) | Value::Enumerable(_) => {
            let mut out = Vec::new();
            for item in collect(value, machine)? {
                out.push(json(&item, machine, false, depth + 1)?);
            }
            Json::Array(out)
        }
        Value::Object(object) => match object.type_of() {
            Type::Named("Jwt" | "Authorization" | "BasicAuthCredentials") => Json::Null,
            // SaveOptions.DisableFormatting
            Type::Named("System.Xml.Linq.XElement" | "System.Xml.Linq.XDocument") => {
                compact(value, "SaveOptions", 1, machine)?
            }
            _ => match object.items() {
                Some(items) => {
                    let mut out = Vec::new();
                    for item in items {
                        out.push(json(&item, machine, false, depth + 1)?);
                    }
                    Json::Array(out)
                }
                None => text(&text_of(value, machine)?),
            },
        },
        _ => text(&text_of(value, machine)?),
    })
}

fn text(text: &str) -> Json {
    Json::String(text.to_owned())
}

fn number(text: String, top: bool) -> Json {
    if top {
        return Json::String(text);
    }
    let parsed = text.parse::<i64>().map(Number::from).ok();
    let parsed = parsed.or_else(|| text.parse::<u64>().map(Number::from).ok());
    let parsed = parsed.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64));
    parsed.map_or(Json::String(text), Json::Number)
}
