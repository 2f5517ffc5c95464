//! `JObject`.

use super::token_members::{from_object, get, set};
use super::{PROPERTY, TOKEN, add, copied, filled, this, token_or_null, tokens, wrap};
use crate::call::Call;
use crate::dotnet::json::node::{JToken, JTokenType};
use crate::dotnet::json::{NODE_BYTES, build, edit, reader};
use crate::dotnet::linq::lazy;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

pub(super) static OBJECT: TypeDeclaration = TypeDeclaration::class("Newtonsoft.Json.Linq.JObject")
    .base("JContainer")
    .interfaces(&[
        "System.Collections.Generic.IDictionary<string, JToken>",
        "System.Collections.Generic.IEnumerable<KeyValuePair<string, JToken>>",
    ])
    .members(&[
        impure("new()", |call| {
            call.budget().allocate(2 * NODE_BYTES)?;
            Ok(Value::Json(JToken::object()))
        }),
        impure("new(JObject other)", copied),
        impure("new(params object[] content)", |call| filled(call, JToken::object())),
        impure("new(object content)", |call| filled(call, JToken::object())),
        impure("static JObject Parse(string json)", |call| {
            let text = call.text(0)?;
            reader::parse_object(&text, call.budget()).map(Value::Json)
        }),
        impure("static JObject FromObject(object o)", |call| {
            let built = from_object(call)?;
            match &built {
                Value::Json(token) if token.kind() != JTokenType::Object => {
                    let message =
                        format!("Object serialized to {:?}. JObject instance expected.", token.kind());
                    Err(Exception::argument(message, ""))
                }
                _ => Ok(built),
            }
        }),
        impure("JToken this[object key]", get),
        impure("set JToken this[object key]", set),
        impure("JToken this[string propertyName]", |call| match call.argument(0) {
            Value::Null => Err(call.null_argument(0)),
            _ => get(call),
        }),
        impure("set JToken this[string propertyName]", |call| {
            let object = this(call)?;
            let name = call.text(0)?;
            let value = token_or_null(call, 1)?;
            call.budget().allocate(2 * NODE_BYTES)?;
            build::charge_search(&object, call.machine())?;
            edit::set_named(&object, &name, value, call.machine())?;
            Ok(Value::Null)
        }),
        impure("void Add(string propertyName, JToken value)", |call| {
            let object = this(call)?;
            let name = call.text(0)?;
            let value = token_or_null(call, 1)?;
            let property = edit::new_property(name, value, call.machine())?;
            build::add(&object, object.count(), Value::Json(property), call.machine())?;
            Ok(Value::Null)
        }),
        impure("void Add(object content)", |call| {
            let object = this(call)?;
            add(call, &object, object.count(), 0)
        }),
        impure("void Remove()", super::token_members::remove),
        impure("bool Remove(string propertyName)", |call| {
            let object = this(call)?;
            let name = call.text(0)?;
            build::charge_search(&object, call.machine())?;
            let found = object.find_property(&name);
            if let Some(property) = &found {
                edit::remove(property)?;
            }
            Ok(Value::Boolean(found.is_some()))
        }),
        impure("bool ContainsKey(string propertyName)", |call| {
            let object = this(call)?;
            let name = call.text(0)?;
            build::charge_search(&object, call.machine())?;
            Ok(Value::Boolean(object.find_property(&name).is_some()))
        }),
        impure("bool TryGetValue(string propertyName, out JToken value)", |call| {
            let found = by_name(call, 0)?;
            call.set_out(1, wrap(found.clone()));
            Ok(Value::Boolean(found.is_some()))
        }),
        impure(
            "bool TryGetValue(string propertyName, StringComparison comparison, out JToken value)",
            |call| {
                let found =
                    compared(call)?.and_then(|property| property.as_property().map(|(_, value)| value));
                call.set_out(2, wrap(found.clone()));
                Ok(Value::Boolean(found.is_some()))
            },
        ),
        impure("JToken GetValue(string propertyName)", |call| by_name(call, 0).map(wrap)),
        impure("JToken GetValue(string propertyName, StringComparison comparison)", |call| {
            Ok(wrap(compared(call)?.and_then(|property| property.as_property().map(|(_, value)| value))))
        }),
        impure("JProperty Property(string name)", |call| {
            let object = this(call)?;
            let name = call.text_or_null(0);
            build::charge_search(&object, call.machine())?;
            Ok(wrap(name.and_then(|name| object.find_property(&name))))
        }),
        impure("JProperty Property(string name, StringComparison comparison)", |call| {
            compared(call).map(wrap)
        }),
        impure("IEnumerable<JProperty> Properties()", |call| {
            let object = this(call)?;
            Ok(lazy(PROPERTY, move || object.walk()))
        }),
        impure("JEnumerable<JToken> PropertyValues()", |call| {
            let object = this(call)?;
            Ok(tokens(TOKEN, move || values_of(&object)))
        }),
        impure("JToken DeepClone()", super::token_members::deep_clone),
    ]);

/// The values of an object's properties.
fn values_of(object: &JToken) -> Vec<JToken> {
    object.properties().into_iter().map(|(_, value)| value).collect()
}

fn by_name(call: &mut Call<'_>, at: usize) -> Result<Option<JToken>, Exception> {
    let object = this(call)?;
    build::charge_search(&object, call.machine())?;
    Ok(call.text_or_null(at).and_then(|name| object.get(&name)))
}

/// The property by argument 0, exactly, else in the comparison of argument 1.
fn compared(call: &mut Call<'_>) -> Result<Option<JToken>, Exception> {
    let object = this(call)?;
    let Some(name) = call.text_or_null(0) else { return Ok(None) };
    build::charge_search(&object, call.machine())?;
    if let Some(found) = object.find_property(&name) {
        return Ok(Some(found));
    }
    // The odd numbers of StringComparison ignore case.
    if call.enumeration(1) % 2 == 0 {
        return Ok(None);
    }
    let folded = name.to_uppercase();
    let same = |property: &JToken| property.name().is_some_and(|own| own.to_uppercase() == folded);
    call.budget().steps(object.count() as u64)?;
    Ok(object.children().into_iter().find(same))
}
