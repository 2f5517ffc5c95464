//! `JContainer` and `JConstructor`.

use super::{TOKEN, add, this, tokens};
use crate::call::Call;
use crate::dotnet::json::node::JToken;
use crate::dotnet::json::{build, edit, merge};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

pub(super) static CONTAINER: TypeDeclaration =
    TypeDeclaration::class("Newtonsoft.Json.Linq.JContainer").base("JToken").members(&[
        impure("int Count", |call| Ok(Value::Int32(i32::try_from(this(call)?.count()).unwrap_or(i32::MAX)))),
        impure("void Add(object content)", |call| {
            let container = this(call)?;
            add(call, &container, container.count(), 0)
        }),
        impure("void AddFirst(object content)", |call| {
            let container = this(call)?;
            add(call, &container, 0, 0)
        }),
        impure("void RemoveAll()", |call| {
            edit::clear(&this(call)?)?;
            Ok(Value::Null)
        }),
        impure("void ReplaceAll(object content)", |call| {
            let container = this(call)?;
            edit::clear(&container)?;
            add(call, &container, 0, 0)
        }),
        impure("void Merge(object content)", run_merge),
        impure("IEnumerable<JToken> Descendants()", |call| descendants(call, false)),
        impure("IEnumerable<JToken> DescendantsAndSelf()", |call| descendants(call, true)),
    ]);

/// Constructors such as `new Date(0)` are no part of JSON and are not read; the name is there for `is` and `as`.
pub(super) static CONSTRUCTOR: TypeDeclaration =
    TypeDeclaration::class("Newtonsoft.Json.Linq.JConstructor").base("JContainer");

fn run_merge(call: &mut Call<'_>) -> Result<Value, Exception> {
    let target = this(call)?;
    let content = match call.take(0) {
        Value::Null => return Ok(Value::Null),
        Value::Json(token) => token,
        other => build::from_value(&other, call.machine())?,
    };
    merge::merge(&target, &content, 0, call.machine())?;
    Ok(Value::Null)
}

/// All below in document order.
fn descendants(call: &mut Call<'_>, with_self: bool) -> Result<Value, Exception> {
    let token = this(call)?;
    Ok(tokens(TOKEN, move || below(&token, with_self)))
}

/// All below a token in document order.
pub(super) fn below(token: &JToken, with_self: bool) -> Vec<JToken> {
    let mut out = Vec::new();
    let mut pending = vec![token.clone()];
    while let Some(next) = pending.pop() {
        pending.extend(next.children().into_iter().rev());
        if with_self || !next.is_same(token) {
            out.push(next);
        }
    }
    out
}
