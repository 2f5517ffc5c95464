//! `JValue` and `JRaw`.

use super::this;
use crate::call::Call;
use crate::dotnet::json::node::{JToken, JTokenType, JValue};
use crate::dotnet::json::{NODE_BYTES, build, compare, edit};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

pub(super) static VALUE: TypeDeclaration = TypeDeclaration::class("Newtonsoft.Json.Linq.JValue")
    .base("JToken")
    .interfaces(&["System.IComparable", "System.IFormattable", "System.IEquatable<JValue>"])
    .members(&[
        impure("new(JValue other)", super::copied),
        impure("new(string value)", super::token_members::implicit),
        impure("new(long value)", make),
        impure("new(double value)", make),
        impure("new(bool value)", make),
        impure("new(decimal value)", make),
        impure("new(float value)", make),
        impure("new(ulong value)", make),
        impure("new(char value)", |call| Ok(Value::Json(JToken::scalar(JTokenType::String, call.take(0))))),
        impure("new(Uri value)", make),
        impure("new(DateTime value)", make),
        impure("new(DateTimeOffset value)", make),
        impure("new(Guid value)", make),
        impure("new(TimeSpan value)", make),
        impure("new(object value)", make),
        impure("static JValue CreateNull()", |_| Ok(Value::Json(JToken::null()))),
        impure("static JValue CreateUndefined()", |_| {
            Ok(Value::Json(JToken::scalar(JTokenType::Undefined, Value::Null)))
        }),
        impure("static JValue CreateComment(string value)", |call| {
            Ok(Value::Json(JToken::scalar(JTokenType::Comment, call.take(0))))
        }),
        impure("static JValue CreateString(string value)", |call| {
            Ok(Value::Json(JToken::scalar(JTokenType::String, call.take(0))))
        }),
        impure("object Value", |call| Ok(scalar(call)?.value)),
        impure("set object Value", |call| {
            let token = this(call)?;
            let Some(JValue { kind, value }) = build::scalar(call.take(0))?.as_scalar() else {
                return Err(call.mismatch(call.receiver()));
            };
            edit::set_scalar(&token, |slot| {
                // A string put into a comment or raw token keeps that type.
                let keeps =
                    matches!(slot.kind, JTokenType::Raw | JTokenType::Comment) && kind == JTokenType::String;
                *slot = JValue { kind: if keeps { slot.kind } else { kind }, value };
            });
            Ok(Value::Null)
        }),
        impure("string ToString()", super::token_members::to_text),
        impure("string ToString(string format)", |call| {
            let value = scalar(call)?.value;
            let format = call.text_or_null(0);
            call.formatted(&value, format.as_deref()).map(Value::String)
        }),
        impure("bool Equals(JValue other)", |call| {
            let equal = match call.argument(0) {
                Value::Json(other) => this(call)?.equals(other),
                _ => false,
            };
            Ok(Value::Boolean(equal))
        }),
        impure("int GetHashCode()", |call| {
            let value = scalar(call)?.value;
            crate::dotnet::hash_code(&value, call.machine()).map(Value::Int32)
        }),
        impure("int CompareTo(JValue obj)", compared),
        impure("int CompareTo(object obj)", compared),
    ]);

pub(super) static RAW: TypeDeclaration =
    TypeDeclaration::class("Newtonsoft.Json.Linq.JRaw").base("JValue").members(&[
        impure("new(JRaw other)", super::copied),
        impure("new(object rawJson)", |call| {
            let value = call.take(0);
            Ok(Value::Json(JToken::scalar(JTokenType::Raw, value)))
        }),
    ]);

fn compared(call: &mut Call<'_>) -> Result<Value, Exception> {
    let left = scalar(call)?;
    let right = match call.argument(0) {
        Value::Null => return Ok(Value::Int32(1)),
        Value::Json(other) => other.as_scalar().ok_or_else(|| call.mismatch(call.argument(0)))?,
        other => JValue { kind: left.kind, value: other.clone() },
    };
    compare::compare_to(&left, &right, call.machine()).map(|order| Value::Int32(order as i32))
}

fn make(call: &mut Call<'_>) -> Result<Value, Exception> {
    call.budget().allocate(NODE_BYTES)?;
    build::scalar(call.take(0)).map(Value::Json)
}

fn scalar(call: &Call<'_>) -> Result<JValue, Exception> {
    this(call)?.as_scalar().ok_or_else(|| call.mismatch(call.receiver()))
}
