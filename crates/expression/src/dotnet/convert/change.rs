//! `System.TypeCode` and the conversions that it names.

use super::scalar::{to_boolean, to_char, to_date_time, to_decimal, to_double, to_integer};
use crate::call::Call;
use crate::dotnet::reflection::type_argument;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::value::{EnumValue, Value};

pub(super) static TYPE_CODE: TypeDeclaration = TypeDeclaration::enumeration(
    "System.TypeCode",
    &[
        ("Empty", 0),
        ("Object", 1),
        ("DBNull", 2),
        ("Boolean", 3),
        ("Char", 4),
        ("SByte", 5),
        ("Byte", 6),
        ("Int16", 7),
        ("UInt16", 8),
        ("Int32", 9),
        ("UInt32", 10),
        ("Int64", 11),
        ("UInt64", 12),
        ("Single", 13),
        ("Double", 14),
        ("Decimal", 15),
        ("DateTime", 16),
        ("String", 18),
    ],
);

/// `GetTypeCode`.
pub(super) fn type_code(value: &Value) -> Value {
    Value::enumeration(
        &TYPE_CODE,
        match value {
            Value::Null => 0,
            Value::Boolean(_) => 3,
            Value::Char(_) => 4,
            Value::SByte(_) => 5,
            Value::Byte(_) => 6,
            Value::Int16(_) => 7,
            Value::UInt16(_) => 8,
            Value::Int32(_) | Value::Enum(_) => 9,
            Value::UInt32(_) => 10,
            Value::Int64(_) => 11,
            Value::UInt64(_) => 12,
            Value::Single(_) => 13,
            Value::Double(_) => 14,
            Value::Decimal(_) => 15,
            Value::DateTime(_) => 16,
            Value::String(_) => 18,
            _ => 1,
        },
    )
}

fn whole<T: TryFrom<i128>>(
    value: &Value,
    target: &str,
    article: &str,
    range: (i128, i128),
    wrap: fn(T) -> Value,
) -> Result<Value, Exception> {
    let too_large = format!("Value was either too large or too small for {article}.");
    let number = to_integer(value, target, range.0..=range.1, &too_large)?;
    T::try_from(number).map(wrap).map_err(|_| Exception::overflow(too_large))
}

/// The code of the type of argument 1, which is a code itself or a type.
fn code_argument(call: &Call<'_>, value: &Value) -> Result<i64, Exception> {
    if let Value::Enum(code) = call.argument(1) {
        return Ok(code.value);
    }
    let ty = type_argument(call, 1)?;
    if value.type_of() == *ty {
        return Ok(OBJECT);
    }
    let named = TYPE_CODE.values.iter().find(|(name, _)| {
        ty.declaration_name()
            .and_then(|full| full.strip_prefix("System."))
            .is_some_and(|short| short == *name)
    });
    let code = named.map(|(_, code)| *code);
    // A value stays what it is only when its type is the wanted one.
    let plain = !matches!(type_code(value), Value::Enum(EnumValue { value: 0 | OBJECT, .. }));
    match code {
        Some(code) if plain || value.is_null() => Ok(code),
        _ if value.is_null() => Ok(if ty.is_value_type() { EVERY_VALUE } else { OBJECT }),
        _ if plain => Err(Exception::invalid_cast(&value.type_of(), ty)),
        _ => Err(Exception::new("System.InvalidCastException", "Object must implement IConvertible.")),
    }
}

/// `TypeCode.Object`.
const OBJECT: i64 = 1;
/// A value type, which null does not become.
const EVERY_VALUE: i64 = 3;

/// `ChangeType`, by a code or by a type.
pub(super) fn change_type(call: &mut Call<'_>) -> Result<Value, Exception> {
    let value = call.argument(0).clone();
    let code = code_argument(call, &value)?;
    if value.is_null() {
        let message = "Object must implement IConvertible.";
        let allowed = matches!(code, 0 | 1 | 18);
        return if allowed {
            Ok(Value::Null)
        } else {
            Err(Exception::new("System.InvalidCastException", message))
        };
    }
    match code {
        0 => Err(Exception::new("System.InvalidCastException", "Object cannot be cast to Empty.")),
        1 => Ok(value),
        2 => Err(Exception::new("System.InvalidCastException", "Object cannot be cast to DBNull.")),
        3 => to_boolean(&value).map(Value::Boolean),
        4 => to_char(&value).map(Value::Char),
        5 => whole(&value, "SByte", "a signed byte", (i8::MIN.into(), i8::MAX.into()), Value::SByte),
        6 => whole(&value, "Byte", "an unsigned byte", (0, u8::MAX.into()), Value::Byte),
        7 => whole(&value, "Int16", "an Int16", (i16::MIN.into(), i16::MAX.into()), Value::Int16),
        8 => whole(&value, "UInt16", "a UInt16", (0, u16::MAX.into()), Value::UInt16),
        9 => whole(&value, "Int32", "an Int32", (i32::MIN.into(), i32::MAX.into()), Value::Int32),
        10 => whole(&value, "UInt32", "a UInt32", (0, u32::MAX.into()), Value::UInt32),
        11 => whole(&value, "Int64", "an Int64", (i64::MIN.into(), i64::MAX.into()), Value::Int64),
        12 => whole(&value, "UInt64", "a UInt64", (0, u64::MAX.into()), Value::UInt64),
        13 => to_double(&value).map(|number| Value::Single(number as f32)),
        14 => to_double(&value).map(Value::Double),
        15 => to_decimal(&value).map(Value::Decimal),
        16 => to_date_time(call),
        18 => call.text_of(&value).map(Value::String),
        _ => Err(Exception::argument("Unknown TypeCode value.", "")),
    }
}
