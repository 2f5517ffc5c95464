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
                None => Ok(to.default_value()),
                Some(token) => to_object::deserialize(&token, &to, 0, call.machine()),
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
    let token = if mentions_string(to) {
        reader::parse_without_dates(text, call.budget())?
    } else {
        reader::parse(text, call.budget())?
    };
    let is_undefined = token.kind() == JTokenType::Undefined;
    Ok(Some(token).filter(|_| !is_undefined))
}

/// True for string and collections of strings.
fn mentions_string(ty: &Type) -> bool {
    *ty == Type::String || ty.arguments().last().is_some_and(mentions_string)
}
