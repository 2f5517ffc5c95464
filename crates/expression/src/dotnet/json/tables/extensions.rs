//! `Newtonsoft.Json.Linq.Extensions` and `JEnumerable<T>`.

use super::token_members::{child, converted, is_of_class};
use super::{PROPERTY, TOKEN, container, tokens};
use crate::call::Call;
use crate::dotnet::json::node::{JContent, JToken};
use crate::dotnet::json::to_object::value_as;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

/// What `Children()` gives: a sequence.
pub(super) static JSON_ENUMERABLE: TypeDeclaration =
    TypeDeclaration::interface("Newtonsoft.Json.Linq.JEnumerable")
        .generic(&["T"])
        .interfaces(&["System.Collections.Generic.IEnumerable<T>"]);

pub(super) static EXTENSIONS: TypeDeclaration = TypeDeclaration::statics("Newtonsoft.Json.Linq.Extensions")
    .members(&[
        impure("static U Value<U>(this IEnumerable<JToken> value)", |call| match call.argument(0).clone() {
            Value::Json(token) => {
                let to = call.type_argument(0);
                value_as(&token, &to, call.machine())
            }
            Value::Null => Err(call.null_argument(0)),
            _ => Err(Exception::argument("Source value must be a JToken.", "")),
        }),
        impure("static IEnumerable<JToken> Values(this IEnumerable<JToken> source)", |call| {
            let found = each(call, values)?;
            Ok(tokens(TOKEN, move || found.clone()))
        }),
        impure("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source)", |call| {
            let found = each(call, values)?;
            Ok(converted(call.type_argument(0), move || found.clone()))
        }),
        impure("static IEnumerable<JToken> Values(this IEnumerable<JToken> source, object key)", |call| {
            let found = by_key(call)?;
            Ok(tokens(TOKEN, move || found.clone()))
        }),
        impure("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source, object key)", |call| {
            let found = by_key(call)?;
            Ok(converted(call.type_argument(0), move || found.clone()))
        }),
        impure("static IEnumerable<JToken> Children(this IEnumerable<JToken> source)", |call| {
            let found = each(call, JToken::children)?;
            Ok(tokens(TOKEN, move || found.clone()))
        }),
        impure("static IEnumerable<U> Children<U>(this IEnumerable<JToken> source)", |call| {
            let class = call.type_argument(0);
            let found = each(call, JToken::children)?;
            Ok(tokens(class.clone(), move || {
                found.iter().filter(|child| is_of_class(child, &class)).cloned().collect()
            }))
        }),
        impure("static IEnumerable<JProperty> Properties(this IEnumerable<JObject> source)", |call| {
            let found = each(call, JToken::children)?;
            Ok(tokens(PROPERTY, move || found.clone()))
        }),
        impure("static IEnumerable<JToken> Descendants<T>(this IEnumerable<T> source)", |call| {
            let found = each(call, |token| container::below(token, false))?;
            Ok(tokens(TOKEN, move || found.clone()))
        }),
        impure("static IEnumerable<JToken> Ancestors<T>(this IEnumerable<T> source)", |call| {
            let found = each(call, |token| std::iter::successors(token.parent(), JToken::parent).collect())?;
            Ok(tokens(TOKEN, move || found.clone()))
        }),
        impure("static IEnumerable<JToken> AsJEnumerable(this IEnumerable<JToken> source)", |call| {
            Ok(call.take(0))
        }),
    ]);

/// What each token of the source gives.
fn each(call: &mut Call<'_>, give: impl Fn(&JToken) -> Vec<JToken>) -> Result<Vec<JToken>, Exception> {
    let mut out = Vec::new();
    for value in call.elements(0)? {
        if let Value::Json(token) = value {
            out.extend(give(&token));
        }
    }
    call.budget().allocate(out.len() * size_of::<JToken>())?;
    Ok(out)
}

/// The children of a token; a scalar itself.
fn values(token: &JToken) -> Vec<JToken> {
    match token.content() {
        JContent::Value(_) => vec![token.clone()],
        _ => token.children(),
    }
}

/// The children with a key.
fn by_key(call: &mut Call<'_>) -> Result<Vec<JToken>, Exception> {
    let key = call.argument(1).clone();
    if key.is_null() {
        return each(call, values);
    }
    let mut out = Vec::new();
    for value in call.elements(0)? {
        if let Value::Json(token) = value {
            out.extend(child(&token, &key, call)?);
        }
    }
    Ok(out)
}
