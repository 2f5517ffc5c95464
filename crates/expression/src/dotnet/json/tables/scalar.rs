//! `JValue` and `JRaw`.

use super::{this, token};
use crate::call::Call;
use crate::dotnet::json::node::{JContent, JToken, JTokenType, JValue};
use crate::dotnet::json::{build, compare};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::{Text, Value};

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
        impure("new(char value)", |call| Ok(Value::Json(JToken::string(Text::from_units(&[call.char(0)]))))),
        impure("new(DateTime value)", make),
        impure("new(DateTimeOffset value)", make),
        impure("new(Guid value)", make),
        impure("new(TimeSpan value)", make),
        impure("new(object value)", make),
        impure("static JValue CreateNull()", |_| Ok(Value::Json(JToken::null()))),
        impure("static JValue CreateUndefined()", |_| {
            Ok(Value::Json(JToken::scalar(JTokenType::Undefined, Value::Null)))
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
            if let JContent::Value(slot) = token.content() {
                // A string put into a comment or raw token keeps that type.
                let mut slot = slot.lock();
                let keeps =
                    matches!(slot.kind, JTokenType::Raw | JTokenType::Comment) && kind == JTokenType::String;
                *slot = JValue { kind: if keeps { slot.kind } else { kind }, value };
            }
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
        impure("int CompareTo(JValue obj)", |call| match call.argument(0) {
            Value::Null => Ok(Value::Int32(1)),
            _ => {
                let (left, right) = (scalar(call)?, token(call, 0)?);
                let Some(right) = right.as_scalar() else { return Err(call.mismatch(call.argument(0))) };
                match compare::order(&left, &right) {
                    Some(order) => Ok(Value::Int32(order as i32)),
                    None => {
                        Err(Exception::argument(format!("Object must be of type {:?}.", left.kind), "value"))
                    }
                }
            }
        }),
    ]);

pub(super) static RAW: TypeDeclaration =
    TypeDeclaration::class("Newtonsoft.Json.Linq.JRaw").base("JValue").members(&[
        impure("new(JRaw other)", super::copied),
        impure("new(object rawJson)", |call| {
            let value = call.take(0);
            let text = call.text_of(&value)?;
            Ok(Value::Json(JToken::scalar(JTokenType::Raw, Value::String(text))))
        }),
    ]);

fn make(call: &mut Call<'_>) -> Result<Value, Exception> {
    call.budget().allocate(96)?;
    build::scalar(call.take(0)).map(Value::Json)
}

fn scalar(call: &Call<'_>) -> Result<JValue, Exception> {
    this(call)?.as_scalar().ok_or_else(|| call.mismatch(call.receiver()))
}
