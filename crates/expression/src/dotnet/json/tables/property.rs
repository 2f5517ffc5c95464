//! `JProperty`.

use super::{copied, this, token_or_null};
use crate::call::Call;
use crate::dotnet::json::node::JToken;
use crate::dotnet::json::{NODE_BYTES, build, edit};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

pub(super) static PROPERTY: TypeDeclaration =
    TypeDeclaration::class("Newtonsoft.Json.Linq.JProperty").base("JContainer").members(&[
        impure("new(JProperty other)", copied),
        impure("new(string name, object content)", make),
        impure("new(string name, params object[] content)", make),
        impure("string Name", |call| match this(call)?.as_property() {
            Some((name, _)) => Ok(Value::String(name)),
            None => Err(call.mismatch(call.receiver())),
        }),
        impure("JToken Value", |call| match this(call)?.as_property() {
            Some((_, value)) => Ok(Value::Json(value)),
            None => Err(call.mismatch(call.receiver())),
        }),
        impure("set JToken Value", |call| {
            let property = this(call)?;
            let value = token_or_null(call, 0)?;
            edit::set_at(&property, 0, value, call.machine())?;
            Ok(Value::Null)
        }),
    ]);

/// A sequence as content becomes an array.
fn make(call: &mut Call<'_>) -> Result<Value, Exception> {
    let name = call.text(0)?;
    let content = call.take(1);
    call.budget().allocate(2 * NODE_BYTES)?;
    let value = if build::is_sequence(&content) {
        let array = JToken::array();
        build::add(&array, 0, content, call.machine())?;
        array
    } else {
        build::content(content)?
    };
    edit::new_property(name, value, call.machine()).map(Value::Json)
}
