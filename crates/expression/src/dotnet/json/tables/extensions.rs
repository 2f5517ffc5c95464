//! `Newtonsoft.Json.Linq.Extensions`, `IJEnumerable<T>` and `JEnumerable<T>`.

use super::token_members::child;
use super::{PROPERTY, TOKEN};
use crate::call::{Call, Machine};
use crate::dotnet::json::node::JToken;
use crate::dotnet::json::to_object::value_as;
use crate::dotnet::linq::computed;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{Value, collect};

/// A sequence of tokens whose indexer goes one level down.
pub(super) static INTERFACE: TypeDeclaration =
    TypeDeclaration::interface("Newtonsoft.Json.Linq.IJEnumerable")
        .generic(&["T"])
        .interfaces(&["System.Collections.Generic.IEnumerable<T>"])
        .members(&[impure("IJEnumerable<JToken> this[object key]", |call| {
            let key = call.argument(0).clone();
            let source = call.receiver().clone();
            by_key(source, key, TOKEN, call)
        })]);

/// What `Children()` gives.
pub(super) static JSON_ENUMERABLE: TypeDeclaration =
    TypeDeclaration::interface("Newtonsoft.Json.Linq.JEnumerable")
        .generic(&["T"])
        .interfaces(&["Newtonsoft.Json.Linq.IJEnumerable<T>"]);

pub(super) static EXTENSIONS: TypeDeclaration = TypeDeclaration::statics("Newtonsoft.Json.Linq.Extensions")
    .members(&[
        impure("static U Value<U>(this IEnumerable<JToken> value)", |call| value(call, 0)),
        impure("static U Value<T, U>(this IEnumerable<T> value)", |call| value(call, 1)),
        impure("static IJEnumerable<JToken> Values(this IEnumerable<JToken> source)", |call| {
            each(call, TOKEN, values)
        }),
        impure("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source)", |call| {
            let to = call.type_argument(0);
            each(call, to, values)
        }),
        impure("static IJEnumerable<JToken> Values(this IEnumerable<JToken> source, object key)", |call| {
            let (source, key) = (source(call)?, call.argument(1).clone());
            by_key(source, key, TOKEN, call)
        }),
        impure("static IEnumerable<U> Values<U>(this IEnumerable<JToken> source, object key)", |call| {
            let (source, key) = (source(call)?, call.argument(1).clone());
            let to = call.type_argument(0);
            by_key(source, key, to, call)
        }),
        impure("static IJEnumerable<JToken> Children<T>(this IEnumerable<T> source)", |call| {
            each(call, TOKEN, JToken::children)
        }),
        impure("static IEnumerable<U> Children<T, U>(this IEnumerable<T> source)", |call| {
            let to = call.type_argument(1);
            each(call, to, JToken::children)
        }),
        impure("static IJEnumerable<JProperty> Properties(this IEnumerable<JObject> source)", |call| {
            each(call, PROPERTY, JToken::children)
        }),
        impure("static IJEnumerable<JToken> Descendants(this IEnumerable<JContainer> source)", |call| {
            each(call, TOKEN, |token| token.descendants(false))
        }),
        impure(
            "static IJEnumerable<JToken> DescendantsAndSelf(this IEnumerable<JContainer> source)",
            |call| each(call, TOKEN, |token| token.descendants(true)),
        ),
        impure("static IJEnumerable<JToken> Ancestors(this IEnumerable<JToken> source)", |call| {
            each(call, TOKEN, |token| std::iter::successors(token.parent(), JToken::parent).collect())
        }),
        impure("static IJEnumerable<JToken> AncestorsAndSelf(this IEnumerable<JToken> source)", |call| {
            each(call, TOKEN, |token| std::iter::successors(Some(token.clone()), JToken::parent).collect())
        }),
        impure(
            "static IJEnumerable<T> AsJEnumerable<T>(this IEnumerable<T> source)",
            |call| Ok(call.take(0)),
        ),
    ]);

/// The one token that a `JToken` seen as a sequence is.
fn value(call: &mut Call<'_>, at: usize) -> Result<Value, Exception> {
    match call.argument(0).clone() {
        Value::Json(token) => {
            let to = call.type_argument(at);
            value_as(&token, &to, call.machine())
        }
        Value::Null => Err(call.null_argument(0)),
        _ => Err(Exception::argument("Source value must be a JToken.", "")),
    }
}

fn source(call: &Call<'_>) -> Result<Value, Exception> {
    match call.argument(0) {
        Value::Null => Err(call.null_argument(0)),
        source => Ok(source.clone()),
    }
}

/// The tokens of a sequence; other elements are left out.
fn tokens_of(source: &Value, machine: &mut dyn Machine) -> Result<Vec<JToken>, Exception> {
    let token = |value| if let Value::Json(token) = value { Some(token) } else { None };
    Ok(collect(source, machine)?.into_iter().filter_map(token).collect())
}

/// What each token of the source gives, converted as `Value<T>` does; when walked over.
fn each(
    call: &mut Call<'_>,
    to: Type,
    give: impl Fn(&JToken) -> Vec<JToken> + Send + Sync + 'static,
) -> Result<Value, Exception> {
    let source = source(call)?;
    Ok(computed(to.clone(), move |machine| {
        let mut out = Vec::new();
        for token in tokens_of(&source, machine)? {
            for found in give(&token) {
                machine.budget().step()?;
                machine.budget().allocate(size_of::<Value>())?;
                out.push(value_as(&found, &to, machine)?);
            }
        }
        Ok(out)
    }))
}

/// The children of a token; a scalar itself.
fn values(token: &JToken) -> Vec<JToken> {
    if token.is_container() { token.children() } else { vec![token.clone()] }
}

/// The children with a key, converted as `Value<T>` does.
fn by_key(source: Value, key: Value, to: Type, call: &mut Call<'_>) -> Result<Value, Exception> {
    let found = tokens_of(&source, call.machine())?;
    let mut out = Vec::new();
    for token in found {
        let children =
            if key.is_null() { values(&token) } else { child(&token, &key, call)?.into_iter().collect() };
        for child in children {
            out.push(value_as(&child, &to, call.machine())?);
        }
    }
    call.budget().allocate(out.len() * size_of::<Value>())?;
    Ok(computed(to, move |_| Ok(out.clone())))
}
