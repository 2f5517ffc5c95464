//! Numbers: exact widths, wrapping or checked, as C# computes.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use crate::ast::BinaryOperator as B;
use crate::dotnet::number::{decimal_arithmetic, decimal_from_double};
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

/// An operation on two values of one type; null when one is null.
pub(super) fn arithmetic(
    operator: B,
    checked: bool,
    left: &Value,
    right: &Value,
) -> Result<Value, Exception> {
    if matches!(operator, B::ShiftLeft | B::ShiftRight) {
        return Ok(shift(operator, left, right));
    }
    if let (Value::Int32(a), Value::Int32(b)) = (left, right) {
        // The usual numbers, without the detour over wider ones.
        let usual = match operator {
            B::Add => a.checked_add(*b),
            B::Subtract => a.checked_sub(*b),
            B::Multiply => a.checked_mul(*b),
            B::And => Some(a & b),
            B::Or => Some(a | b),
            _ => None,
        };
        if let Some(result) = usual {
            return Ok(Value::Int32(result));
        }
    }
    Ok(match (left, right) {
        // The quotient does not fit, and processors compute both at once.
        (Value::Int32(i32::MIN), Value::Int32(-1)) | (Value::Int64(i64::MIN), Value::Int64(-1))
            if operator == B::Remainder =>
        {
            return Err(Exception::arithmetic_overflow());
        }
        (Value::Int32(a), Value::Int32(b)) => {
            let wide = integer(operator, i128::from(*a), i128::from(*b))?;
            match i32::try_from(wide) {
                Ok(fits) => Value::Int32(fits),
                Err(_) => Value::Int32(narrow(wide, checked || operator == B::Divide, 32)? as i32),
            }
        }
        (Value::Int64(a), Value::Int64(b)) => {
            let wide = integer(operator, i128::from(*a), i128::from(*b))?;
            Value::Int64(if let Ok(fits) = i64::try_from(wide) {
                fits
            } else {
                narrow(wide, checked || operator == B::Divide, 64)? as i64
            })
        }
        (Value::UInt32(a), Value::UInt32(b)) => {
            let wide = integer(operator, i128::from(*a), i128::from(*b))?;
            Value::UInt32(if let Ok(fits) = u32::try_from(wide) {
                fits
            } else {
                narrow(wide, checked, 32)? as u32
            })
        }
        (Value::UInt64(a), Value::UInt64(b)) => {
            let wide = integer(operator, i128::from(*a), i128::from(*b))?;
            Value::UInt64(if let Ok(fits) = u64::try_from(wide) {
                fits
            } else {
                narrow(wide, checked, 64)? as u64
            })
        }
        (Value::Single(a), Value::Single(b)) => Value::Single(match operator {
            B::Add => a + b,
            B::Subtract => a - b,
            B::Multiply => a * b,
            B::Divide => a / b,
            _ => a % b,
        }),
        (Value::Double(a), Value::Double(b)) => Value::Double(match operator {
            B::Add => a + b,
            B::Subtract => a - b,
            B::Multiply => a * b,
            B::Divide => a / b,
            _ => a % b,
        }),
        (Value::Decimal(a), Value::Decimal(b)) => Value::Decimal(decimal(operator, *a, *b)?),
        (Value::Boolean(a), Value::Boolean(b)) => Value::Boolean(match operator {
            B::And => a & b,
            B::Or => a | b,
            _ => a ^ b,
        }),
        // `bool?`: one side may decide without the other.
        (Value::Boolean(false), Value::Null) | (Value::Null, Value::Boolean(false)) if operator == B::And => {
            Value::Boolean(false)
        }
        (Value::Boolean(true), Value::Null) | (Value::Null, Value::Boolean(true)) if operator == B::Or => {
            Value::Boolean(true)
        }
        (Value::Enum(a), Value::Enum(b)) => {
            let value = integer(operator, i128::from(a.value), i128::from(b.value))?;
            Value::enumeration(a.declaration, value as i64)
        }
        _ => Value::Null,
    })
}

fn integer(operator: B, a: i128, b: i128) -> Result<i128, Exception> {
    Ok(match operator {
        B::Add => a + b,
        B::Subtract => a - b,
        // Two 64-bit numbers multiply to at most 128 bits; only the largest unsigned ones pass that by a bit.
        B::Multiply => a.wrapping_mul(b),
        B::Divide => a.checked_div(b).ok_or_else(Exception::divide_by_zero)?,
        B::Remainder => a.checked_rem(b).ok_or_else(Exception::divide_by_zero)?,
        B::And => a & b,
        B::Or => a | b,
        _ => a ^ b,
    })
}

/// A result that does not fit: an exception in checked code, else its low bits.
fn narrow(value: i128, checked: bool, bits: u32) -> Result<i128, Exception> {
    if checked {
        return Err(Exception::arithmetic_overflow());
    }
    Ok(value & ((1_i128 << bits) - 1))
}

fn decimal(operator: B, a: Decimal, b: Decimal) -> Result<Decimal, Exception> {
    if matches!(operator, B::Divide | B::Remainder) && b.is_zero() {
        return Err(Exception::divide_by_zero());
    }
    let result = match operator {
        B::Add => decimal_arithmetic::add(a, b),
        B::Subtract => decimal_arithmetic::subtract(a, b),
        B::Multiply => decimal_arithmetic::multiply(a, b),
        B::Divide => decimal_arithmetic::divide(a, b),
        _ => decimal_arithmetic::remainder(a, b),
    };
    result.ok_or_else(|| Exception::overflow("Value was either too large or too small for a Decimal."))
}

fn shift(operator: B, left: &Value, right: &Value) -> Value {
    let Value::Int32(by) = right else { return Value::Null };
    let (by32, by64) = ((by & 31).cast_unsigned(), (by & 63).cast_unsigned());
    let left_shift = operator == B::ShiftLeft;
    match left {
        Value::Int32(value) => Value::Int32(if left_shift { value << by32 } else { value >> by32 }),
        Value::UInt32(value) => Value::UInt32(if left_shift { value << by32 } else { value >> by32 }),
        Value::Int64(value) => Value::Int64(if left_shift { value << by64 } else { value >> by64 }),
        Value::UInt64(value) => Value::UInt64(if left_shift { value << by64 } else { value >> by64 }),
        _ => Value::Null,
    }
}

/// `<` and its kind; false when one side is null or NaN.
pub(super) fn compare(operator: B, left: &Value, right: &Value) -> bool {
    let order = match (left, right) {
        (Value::Int32(a), Value::Int32(b)) => Some(a.cmp(b)),
        (Value::Single(a), Value::Single(b)) => a.partial_cmp(b),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        _ => left.as_integer().zip(right.as_integer()).map(|(a, b)| a.cmp(&b)),
    };
    order.is_some_and(|order| match operator {
        B::Less => order.is_lt(),
        B::Greater => order.is_gt(),
        B::LessOrEqual => order.is_le(),
        _ => order.is_ge(),
    })
}

/// `-value`.
pub(super) fn negate(value: &Value, checked: bool) -> Result<Value, Exception> {
    Ok(match value {
        Value::Int32(number) => match number.checked_neg() {
            Some(negated) => Value::Int32(negated),
            None if checked => return Err(Exception::arithmetic_overflow()),
            None => Value::Int32(*number),
        },
        Value::Int64(number) => match number.checked_neg() {
            Some(negated) => Value::Int64(negated),
            None if checked => return Err(Exception::arithmetic_overflow()),
            None => Value::Int64(*number),
        },
        Value::Single(number) => Value::Single(-number),
        Value::Double(number) => Value::Double(-number),
        Value::Decimal(number) => Value::Decimal(-number),
        _ => Value::Null,
    })
}

/// `~value`.
pub(super) fn complement(value: &Value) -> Value {
    match value {
        Value::Int32(number) => Value::Int32(!number),
        Value::UInt32(number) => Value::UInt32(!number),
        Value::Int64(number) => Value::Int64(!number),
        Value::UInt64(number) => Value::UInt64(!number),
        Value::Enum(value) => Value::enumeration(value.declaration, !value.value),
        _ => Value::Null,
    }
}

/// Between numbers, Char and enums; null stays null.
pub(crate) fn convert(value: &Value, to: &Type, checked: bool) -> Result<Value, Exception> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    match to {
        Type::Single => return Ok(Value::Single(as_double(value) as f32)),
        Type::Double => return Ok(Value::Double(as_double(value))),
        Type::Decimal => return as_decimal(value).map(Value::Decimal),
        _ => {}
    }
    let wide = match value {
        Value::Single(_) | Value::Double(_) => {
            let number = as_double(value).trunc();
            let fits = number.abs() < 1.9e19;
            if checked && !fits {
                return Err(Exception::arithmetic_overflow());
            }
            if checked { number as i128 } else { truncated(number, to) }
        }
        Value::Decimal(number) => {
            let whole = number.trunc().to_i128().unwrap_or(0);
            if from_wide(whole, to, true).is_err() {
                return Err(Exception::overflow(format!(
                    "Value was either too large or too small for an {}.",
                    short(to)
                )));
            }
            whole
        }
        _ => value.as_integer().unwrap_or(0),
    };
    from_wide(wide, to, checked)
}

/// What the processor makes of a number that is out of range: the smallest Int32 or Int64, of which narrower types
/// take the lower bits.
fn truncated(number: f64, to: &Type) -> i128 {
    let wide = |number: f64| {
        let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
        if fits { number as i64 } else { i64::MIN }
    };
    match to {
        Type::Int64 | Type::UInt32 => i128::from(wide(number)),
        Type::UInt64 if number >= 9_223_372_036_854_775_808.0 => {
            i128::from(wide(number - 9_223_372_036_854_775_808.0) ^ i64::MIN)
        }
        Type::UInt64 => i128::from(wide(number)),
        _ if (-2_147_483_648.0..2_147_483_648.0).contains(&number) => number as i128,
        _ => i128::from(i32::MIN),
    }
}

fn short(ty: &Type) -> String {
    ty.to_string().trim_start_matches("System.").to_owned()
}

fn from_wide(wide: i128, to: &Type, checked: bool) -> Result<Value, Exception> {
    macro_rules! into {
        ($variant:ident, $number:ty) => {
            match <$number>::try_from(wide) {
                Ok(fits) => Value::$variant(fits),
                Err(_) if checked => return Err(Exception::arithmetic_overflow()),
                Err(_) => Value::$variant(wide as $number),
            }
        };
    }
    Ok(match to {
        Type::SByte => into!(SByte, i8),
        Type::Byte => into!(Byte, u8),
        Type::Int16 => into!(Int16, i16),
        Type::UInt16 => into!(UInt16, u16),
        Type::Int32 => into!(Int32, i32),
        Type::UInt32 => into!(UInt32, u32),
        Type::Int64 => into!(Int64, i64),
        Type::UInt64 => into!(UInt64, u64),
        Type::Char => into!(Char, u16),
        Type::Named(name) => match crate::dotnet::registry().by_full_name(name) {
            Some(declared) if declared.is_enum() => Value::enumeration(declared.source, wide as i64),
            _ => Value::Null,
        },
        _ => Value::Null,
    })
}

fn as_double(value: &Value) -> f64 {
    match value {
        Value::Single(number) => f64::from(*number),
        Value::Double(number) => *number,
        Value::Decimal(number) => decimal_arithmetic::to_double(*number),
        _ => value.as_integer().unwrap_or(0) as f64,
    }
}

fn as_decimal(value: &Value) -> Result<Decimal, Exception> {
    let converted = match value {
        Value::Decimal(number) => Some(*number),
        Value::Single(number) => return decimal_from_double(f64::from(*number), 7),
        Value::Double(number) => return decimal_from_double(*number, 15),
        _ => value.as_integer().and_then(Decimal::from_i128),
    };
    converted.ok_or_else(|| Exception::overflow("Value was either too large or too small for a Decimal."))
}
