//! `JsonConvert`: the two methods that policies may use.

use super::token_members::written;
use crate::call::Call;
use crate::dotnet::json::node::{JToken, JTokenType};
use crate::dotnet::json::writer::Formatting;
use crate::dotnet::json::{build, reader, to_object};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::Value;

pub(super) static CONVERT: TypeDeclaration =
    TypeDeclaration::statics("Newtonsoft.Json.JsonConvert").members(&[
        impure("static string SerializeObject(object value)", |call| serialize(call, Formatting::None)),
        impure("static string SerializeObject(object value, Formatting formatting)", |call| {
            let formatting = Formatting::of(call.enumeration(1));
            serialize(call, formatting)
        }),
        impure("static object DeserializeObject(string value)", |call| {
            let text = call.text(0)?;
            match read(call, &Type::Object, &text)? {
                None => Ok(Value::Null),
                Some(token) => Ok(token.as_scalar().map_or(Value::Json(token), |scalar| scalar.value)),
            }
        }),
        impure("static T DeserializeObject<T>(string value)", |call| {
            let to = call.type_argument(0);
            let text = call.text(0)?;
            match read(call, &to, &text)? {
                None if to_object::takes_null(&to) => Ok(Value::Null),
                None => {
                    let message = format!("No JSON content found and type '{to}' is not nullable. Path ''.");
                    Err(Exception::new("Newtonsoft.Json.JsonSerializationException", message))
                }
                Some(token) => to_object::deserialize(&token, &to, call.machine()),
            }
        }),
    ]);

fn serialize(call: &mut Call<'_>, formatting: Formatting) -> Result<Value, Exception> {
    let token = match call.take(0) {
        Value::Json(token) => token,
        value => build::from_value(&value, call.machine())?,
    };
    written(call, &token, formatting)
}

/// The tree of a text; none when the text is empty. Strings become dates only where the type leaves it open.
fn read(call: &mut Call<'_>, to: &Type, text: &str) -> Result<Option<JToken>, Exception> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let is_object = text.trim_start().starts_with('{');
    let unfinished = |open: usize| {
        // Trees are copied by a writer, other values are filled by the serialiser itself.
        let copies = match to {
            Type::Object => !is_object || open > 1,
            _ => matches!(to, Type::Named(name) if name.starts_with("Newtonsoft.Json.Linq.")),
        };
        if copies {
            return Exception::new(
                "Newtonsoft.Json.JsonWriterException",
                "Unexpected end when reading token.",
            );
        }
        let what = if is_object { "object" } else { "array" };
        let message = format!("Unexpected end when deserializing {what}.");
        Exception::new("Newtonsoft.Json.JsonSerializationException", message)
    };
    let token = reader::parse_to_convert(text, call.budget(), !keeps_text(to), unfinished)?;
    let is_undefined = token.kind() == JTokenType::Undefined;
    Ok(Some(token).filter(|_| !is_undefined))
}

/// True for string and DateTimeOffset, which would lose its offset, and collections of them.
fn keeps_text(ty: &Type) -> bool {
    match ty {
        Type::String | Type::Named("System.DateTimeOffset") => true,
        Type::Array(element) | Type::Nullable(element) => keeps_text(element),
        _ => ty.arguments().last().is_some_and(keeps_text),
    }
}
