//! The numeric types, `System.Math` and `System.MidpointRounding`.

mod decimal;
pub(crate) mod decimal_arithmetic;
mod floating;
mod integer;
mod math;
mod rounding;

use rust_decimal::Decimal;

pub(crate) use rounding::{Midpoint, decimal_from_double, round_decimal};

use crate::call::Call;
use crate::dotnet::format::{Number, NumberError, format_number, number_text};
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::value::Value;

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[
    &integer::SBYTE,
    &integer::BYTE,
    &integer::INT16,
    &integer::UINT16,
    &integer::INT32,
    &integer::UINT32,
    &integer::INT64,
    &integer::UINT64,
    &floating::SINGLE,
    &floating::DOUBLE,
    &decimal::DECIMAL,
    &math::MATH,
    &rounding::MIDPOINT_ROUNDING,
];

/// A value of any numeric type as formats see it; none for other types.
pub(crate) fn number(value: &Value) -> Option<Number> {
    Some(match value {
        Value::SByte(value) => Number::Integer(i128::from(*value), 8),
        Value::Byte(value) => Number::Integer(i128::from(*value), 8),
        Value::Int16(value) => Number::Integer(i128::from(*value), 16),
        Value::UInt16(value) => Number::Integer(i128::from(*value), 16),
        Value::Int32(value) => Number::Integer(i128::from(*value), 32),
        Value::UInt32(value) => Number::Integer(i128::from(*value), 32),
        Value::Int64(value) => Number::Integer(i128::from(*value), 64),
        Value::UInt64(value) => Number::Integer(i128::from(*value), 64),
        Value::Single(value) => Number::Single(*value),
        Value::Double(value) => Number::Double(*value),
        Value::Decimal(value) => Number::Decimal(*value),
        _ => return None,
    })
}

/// `ToString()` of the receiver.
fn to_text(call: &mut Call<'_>) -> Result<Value, Exception> {
    let number = number(call.receiver()).ok_or_else(|| call.mismatch(call.receiver()))?;
    Ok(Value::from(number_text(&number)))
}

/// `ToString(format)` of the receiver.
fn to_formatted(call: &mut Call<'_>) -> Result<Value, Exception> {
    let number = number(call.receiver()).ok_or_else(|| call.mismatch(call.receiver()))?;
    let text = match call.text_or_null(0) {
        Some(format) => format_number(&number, &format)?,
        None => number_text(&number),
    };
    call.budget().allocate(text.len())?;
    Ok(Value::from(text))
}

/// What `Parse` throws.
pub(crate) fn parse_error(error: NumberError, too_large: &str) -> Exception {
    match error {
        NumberError::Format => Exception::format("Input string was not in a correct format."),
        NumberError::Overflow => Exception::overflow(too_large),
    }
}

/// The order of two floating numbers as `CompareTo` has it: NaN comes first.
fn float_order(left: f64, right: f64) -> i32 {
    match left.partial_cmp(&right) {
        Some(ordering) => ordering as i32,
        None => i32::from(right.is_nan()) - i32::from(left.is_nan()),
    }
}

/// The value of a numeric argument of `CompareTo(object)`: null comes before everything.
fn compare_to_object<T>(
    call: &Call<'_>,
    type_name: &str,
    read: fn(&Value) -> Option<T>,
    compare: impl Fn(&T, &T) -> i32,
) -> Result<Value, Exception> {
    let this = read(call.receiver()).ok_or_else(|| call.mismatch(call.receiver()))?;
    match call.argument(0) {
        Value::Null => Ok(Value::Int32(1)),
        other => match read(other) {
            Some(other) => Ok(Value::Int32(compare(&this, &other))),
            None => Err(Exception::argument(format!("Object must be of type {type_name}."), "")),
        },
    }
}

/// A Decimal receiver or argument.
fn as_decimal(value: &Value) -> Option<Decimal> {
    if let Value::Decimal(value) = value { Some(*value) } else { None }
}

#[cfg(test)]
mod tests;
