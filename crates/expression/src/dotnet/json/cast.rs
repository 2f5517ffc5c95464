//! The explicit conversions of JToken: `(int)token`, `(string)token`, `(bool?)token` …

use base64::Engine as _;

use super::convert::{call_static, change_type, date_time_offset};
use super::node::{JToken, JTokenType, JValue};
use crate::call::{Call, Machine};
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

use JTokenType as K;

const NUMBERS: &[K] = &[K::Integer, K::Float, K::String, K::Comment, K::Raw, K::Boolean];
const STRINGS: &[K] = &[
    K::Date,
    K::Integer,
    K::Float,
    K::String,
    K::Comment,
    K::Raw,
    K::Boolean,
    K::Bytes,
    K::Guid,
    K::TimeSpan,
    K::Uri,
];
const CHARS: &[K] = &[K::Integer, K::Float, K::String, K::Comment, K::Raw];
const DATES: &[K] = &[K::Date, K::String, K::Comment, K::Raw];
const GUIDS: &[K] = &[K::String, K::Comment, K::Raw, K::Guid, K::Bytes];
const SPANS: &[K] = &[K::String, K::Comment, K::Raw, K::TimeSpan];
const URIS: &[K] = &[K::String, K::Comment, K::Raw, K::Uri];
const BYTES: &[K] = &[K::Bytes, K::String, K::Comment, K::Raw];

/// The token types that convert to `to`.
fn accepted(to: &Type) -> &'static [JTokenType] {
    match to {
        Type::String => STRINGS,
        Type::Char => CHARS,
        Type::Named("System.DateTime" | "System.DateTimeOffset") => DATES,
        Type::Named("System.Guid") => GUIDS,
        Type::Named("System.TimeSpan") => SPANS,
        Type::Named("System.Uri") => URIS,
        Type::Array(_) => BYTES,
        _ => NUMBERS,
    }
}

/// `Can not convert … to …`.
fn cannot(kind: JTokenType, to: &Type) -> Exception {
    let full = to.to_string();
    let name = match to {
        Type::Array(_) => "byte array",
        _ => full.rsplit('.').next().unwrap_or(""),
    };
    Exception::argument(format!("Can not convert {kind:?} to {name}."), "")
}

/// True for types whose null is allowed.
fn takes_null(to: &Type) -> bool {
    matches!(to, Type::String | Type::Array(_) | Type::Named("System.Uri"))
}

/// Runs the conversion of argument 0 to the declared return type.
pub(super) fn explicit(call: &mut Call<'_>) -> Result<Value, Exception> {
    let to = &call.member.return_type;
    match call.argument(0) {
        Value::Null => match to {
            Type::Nullable(_) => Ok(Value::Null),
            other if takes_null(other) => Ok(Value::Null),
            _ => Err(Exception::argument_null("value")),
        },
        Value::Json(token) => match (token.scalar_or_kind(), to) {
            // The usual ones.
            (Ok(JValue { kind: K::String, value: text @ Value::String(_) }), Type::String) => Ok(text),
            (Ok(JValue { kind: K::Boolean, value }), Type::Boolean) => Ok(value),
            (Ok(JValue { kind: K::Integer, value: value @ Value::Int64(_) }), Type::Int64) => Ok(value),
            (scalar, _) => convert(scalar, to, call.machine()),
        },
        other => Err(call.mismatch(other)),
    }
}

/// The token as a primitive type or `T?` of one.
///
/// # Errors
/// `ArgumentException` for a token of an unfit type; `FormatException`, `OverflowException` of its value.
pub(super) fn cast(token: &JToken, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    convert(token.scalar_or_kind(), to, machine)
}

fn convert(
    scalar: Result<JValue, JTokenType>,
    to: &Type,
    machine: &mut dyn Machine,
) -> Result<Value, Exception> {
    let target = to.without_nullable();
    let scalar = scalar.map_err(|kind| cannot(kind, target))?;
    if matches!(scalar.kind, K::Null | K::Undefined) {
        let nullable =
            matches!(to, Type::Nullable(_)) || matches!(target, Type::String | Type::Named("System.Uri"));
        return if nullable { Ok(Value::Null) } else { Err(cannot(scalar.kind, target)) };
    }
    if !accepted(target).contains(&scalar.kind) {
        return Err(cannot(scalar.kind, target));
    }
    if scalar.value.is_null() && (matches!(to, Type::Nullable(_)) || takes_null(target)) {
        return Ok(Value::Null);
    }
    let text = std::slice::from_ref(&scalar.value);
    match (target, &scalar.value) {
        (Type::String, Value::Bytes(bytes)) => {
            Ok(Value::from(base64::engine::general_purpose::STANDARD.encode(&*bytes.lock())))
        }
        (Type::Array(_), Value::String(text)) => base64::engine::general_purpose::STANDARD
            .decode(text.replace([' ', '\t', '\r', '\n'], ""))
            .map(Value::bytes)
            .map_err(|_| {
                Exception::format(
                    "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two \
                     padding characters, or an illegal character among the padding characters.",
                )
            }),
        (Type::Named("System.DateTimeOffset"), value) => date_time_offset(value, machine),
        (Type::Named(name @ ("System.Guid" | "System.TimeSpan")), Value::String(_)) => {
            call_static(name, "Parse", text, machine)
        }
        (Type::Named(name @ "System.Uri"), Value::String(_)) => call_static(name, "new", text, machine),
        (_, Value::Null) => change_of_null(target),
        (_, value) => change_type(value, target, machine),
    }
}

/// `Convert.ToInt32(null)` and its siblings give zero; a string without text converts so.
fn change_of_null(target: &Type) -> Result<Value, Exception> {
    Ok(target.default_value())
}
