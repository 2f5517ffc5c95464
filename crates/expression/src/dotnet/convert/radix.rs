//! Integers as text in base 2, 8, 10 and 16.

use crate::call::Call;
use crate::dotnet::format::{NumberError, read_integer};
use crate::exception::Exception;
use crate::value::Value;

fn radix(call: &Call<'_>) -> Result<u32, Exception> {
    match call.int(1) {
        base @ (2 | 8 | 10 | 16) => Ok(base.unsigned_abs()),
        _ => Err(Exception::argument("Invalid Base.", "")),
    }
}

/// Reads the text of argument 0 in the base of argument 1 as a bit pattern of `bits` bits.
pub(super) fn read(call: &Call<'_>, bits: u32) -> Result<u64, Exception> {
    let base = radix(call)?;
    let Some(text) = call.text_or_null(0) else { return Ok(0) };
    let unsigned = call.parameter_name(0) == "value" && is_unsigned(call);
    let overflow = || {
        let (sign, wide) = (if unsigned { "a UInt" } else { "an Int" }, bits);
        Exception::overflow(match (wide, unsigned) {
            (8, true) => "Value was either too large or too small for an unsigned byte.".to_owned(),
            (8, false) => "Value was either too large or too small for a signed byte.".to_owned(),
            _ => format!("Value was either too large or too small for {sign}{wide}."),
        })
    };
    if base == 10 {
        let number = read_integer(&text).map_err(|error| match error {
            NumberError::Format => no_digits(),
            NumberError::Overflow => overflow(),
        })?;
        let range = if unsigned {
            0..=(1_i128 << bits) - 1
        } else {
            -(1_i128 << (bits - 1))..=(1_i128 << (bits - 1)) - 1
        };
        return if range.contains(&number) { Ok(number as u64) } else { Err(overflow()) };
    }
    if text.is_empty() {
        let message =
            "Index was out of range. Must be non-negative and less than the size of the collection.";
        return Err(Exception::argument_out_of_range("startIndex", message));
    }
    if text.starts_with('-') {
        return Err(Exception::argument("String cannot contain a minus sign if the base is not 10.", ""));
    }
    let unsigned_text = text.strip_prefix('+').unwrap_or(&text);
    let prefixed = unsigned_text.strip_prefix("0x").or_else(|| unsigned_text.strip_prefix("0X"));
    let digits = prefixed.filter(|_| base == 16).unwrap_or(unsigned_text);
    let valid = digits.chars().take_while(|digit| digit.is_digit(base)).count();
    if valid == 0 {
        return Err(no_digits());
    }
    if valid < digits.chars().count() {
        return Err(Exception::format("Additional non-parsable characters are at the end of the string."));
    }
    let number = u128::from_str_radix(digits, base).map_err(|_| overflow())?;
    if number >> bits == 0 { Ok(number as u64) } else { Err(overflow()) }
}

fn no_digits() -> Exception {
    Exception::format("Could not find any recognizable digits.")
}

/// True when the member gives an unsigned type.
fn is_unsigned(call: &Call<'_>) -> bool {
    use crate::types::Type;
    matches!(call.member.return_type, Type::Byte | Type::UInt16 | Type::UInt32 | Type::UInt64)
}

/// Writes argument 0 in the base of argument 1; negative numbers as their bit pattern unless in base 10.
pub(super) fn write(call: &mut Call<'_>) -> Result<Value, Exception> {
    let base = radix(call)?;
    let value = call.argument(0);
    let number = value.as_integer().unwrap_or(0);
    if base == 10 {
        return Ok(Value::from(number.to_string()));
    }
    let bits = match value {
        Value::Byte(_) => 8,
        Value::Int16(_) => 16,
        Value::Int32(_) => 32,
        _ => 64,
    };
    let pattern = number.cast_unsigned() & ((1_u128 << bits) - 1);
    Ok(Value::from(match base {
        2 => format!("{pattern:b}"),
        8 => format!("{pattern:o}"),
        _ => format!("{pattern:x}"),
    }))
}
