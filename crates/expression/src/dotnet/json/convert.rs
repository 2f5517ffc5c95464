//! `Convert.ChangeType` with the invariant culture: what casts and `Value<T>` do to scalars.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::numbers::BigInteger;
use crate::call::{Call, Machine};
use crate::dotnet::registry::MemberKind;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{DateTime, DateTimeKind, DateTimeOffset, Text, Value};

/// The value as another type.
///
/// # Errors
/// `FormatException`, `OverflowException`, `InvalidCastException` as of .NET's `Convert`.
pub(super) fn change_type(value: &Value, to: &Type, machine: &mut dyn Machine) -> Result<Value, Exception> {
    if value.type_of() == *to {
        return Ok(value.clone());
    }
    match to {
        Type::Object => Ok(value.clone()),
        Type::String => match value {
            Value::Null => Ok(Value::Null),
            _ => crate::dotnet::text_of(value, machine).map(Value::String),
        },
        _ if value.is_null() => {
            let message = "Null object cannot be converted to a value type.";
            Err(Exception::new("System.InvalidCastException", message))
        }
        Type::Boolean => boolean(value),
        Type::Char => char_of(value),
        Type::Single | Type::Double => floating(value, to),
        Type::Decimal => decimal(value),
        Type::Named("System.DateTime") => date_time(value, machine),
        _ if to.is_integer() => integer(value, to),
        _ => Err(invalid(value, to)),
    }
}

/// `Invalid cast from … to …`.
fn invalid(value: &Value, to: &Type) -> Exception {
    let short = |ty: &Type| ty.to_string().rsplit('.').next().unwrap_or("").to_owned();
    let message = format!("Invalid cast from '{}' to '{}'.", short(&value.type_of()), short(to));
    Exception::new("System.InvalidCastException", message)
}

fn not_a_number() -> Exception {
    Exception::format("Input string was not in a correct format.")
}

fn out_of_range(to: &Type) -> Exception {
    let name = to.to_string();
    let name = name.rsplit('.').next().unwrap_or("");
    let article = if name.starts_with('I') || matches!(to, Type::SByte | Type::Byte) { "an" } else { "a" };
    Exception::overflow(match to {
        Type::Byte => "Value was either too large or too small for an unsigned byte.".to_owned(),
        Type::SByte => "Value was either too large or too small for a signed byte.".to_owned(),
        _ => format!("Value was either too large or too small for {article} {name}."),
    })
}

/// `Convert.ToBoolean`.
pub(super) fn truth(value: &Value) -> Result<bool, Exception> {
    Ok(matches!(boolean(value)?, Value::Boolean(true)))
}

/// `Convert.ToInt64`.
pub(super) fn long_of(value: &Value) -> Result<i64, Exception> {
    Ok(if let Value::Int64(number) = integer(value, &Type::Int64)? { number } else { 0 })
}

/// `Convert.ToDouble`.
pub(super) fn double_of(value: &Value) -> Result<f64, Exception> {
    Ok(if let Value::Double(number) = floating(value, &Type::Double)? { number } else { 0.0 })
}

/// `Convert.ToDecimal`.
pub(super) fn decimal_of(value: &Value) -> Result<Decimal, Exception> {
    Ok(if let Value::Decimal(number) = decimal(value)? { number } else { Decimal::ZERO })
}

/// A date that needs no reading.
pub(super) fn date_of(value: &Value) -> Result<DateTime, Exception> {
    match value {
        Value::DateTime(date) => Ok(*date),
        Value::DateTimeOffset(date) => Ok(DateTime { ticks: date.ticks, kind: DateTimeKind::Unspecified }),
        _ => Err(invalid(value, &Type::Named("System.DateTime"))),
    }
}

/// `Convert.ToString` of strings, numbers and Booleans.
pub(super) fn plain_text(value: &Value) -> Text {
    match value {
        Value::String(text) => text.clone(),
        Value::Char(unit) => Text::from_units(&[*unit]),
        Value::Boolean(value) => Text::from(if *value { "True" } else { "False" }),
        Value::Double(number) => Text::from(super::numbers::double_text(*number)),
        Value::Single(number) => Text::from(super::numbers::single_text(*number)),
        Value::Decimal(number) => Text::from(number.to_string()),
        Value::Object(object) => Text::from(object.to_text()),
        other => other.as_integer().map_or_else(Text::empty, |number| Text::from(number.to_string())),
    }
}

/// Rounds to the nearest integer, halves to the even one.
fn integer(value: &Value, to: &Type) -> Result<Value, Exception> {
    let number = match value {
        Value::Boolean(value) => i128::from(*value),
        Value::Double(number) => rounded(*number, to)?,
        Value::Single(number) => rounded(f64::from(*number), to)?,
        Value::Decimal(number) => number.round().to_i128().ok_or_else(|| out_of_range(to))?,
        Value::String(text) => digits(text, to)?,
        _ => match value.downcast::<BigInteger>() {
            Some(big) => big.0.parse().map_err(|_| out_of_range(to))?,
            None => value.as_integer().ok_or_else(|| invalid(value, to))?,
        },
    };
    integer_of(number, to).ok_or_else(|| out_of_range(to))
}

#[allow(clippy::cast_possible_truncation)] // Bounds are checked before.
fn rounded(number: f64, to: &Type) -> Result<i128, Exception> {
    let whole = number.round_ties_even();
    if whole.abs() < 1e30 { Ok(whole as i128) } else { Err(out_of_range(to)) }
}

fn digits(text: &str, to: &Type) -> Result<i128, Exception> {
    let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}');
    let bare = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    if bare.is_empty() || !bare.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(not_a_number());
    }
    trimmed.parse().map_err(|_| out_of_range(to))
}

/// An integer type's value of a number that fits.
fn integer_of(number: i128, to: &Type) -> Option<Value> {
    Some(match to {
        Type::SByte => Value::SByte(number.try_into().ok()?),
        Type::Byte => Value::Byte(number.try_into().ok()?),
        Type::Int16 => Value::Int16(number.try_into().ok()?),
        Type::UInt16 => Value::UInt16(number.try_into().ok()?),
        Type::Int32 => Value::Int32(number.try_into().ok()?),
        Type::UInt32 => Value::UInt32(number.try_into().ok()?),
        Type::Int64 => Value::Int64(number.try_into().ok()?),
        Type::UInt64 => Value::UInt64(number.try_into().ok()?),
        _ => return None,
    })
}

fn boolean(value: &Value) -> Result<Value, Exception> {
    Ok(Value::Boolean(match value {
        Value::Boolean(value) => *value,
        Value::String(text) => match text.trim() {
            word if word.eq_ignore_ascii_case("true") => true,
            word if word.eq_ignore_ascii_case("false") => false,
            _ => {
                let message = "String was not recognized as a valid Boolean.";
                return Err(Exception::format(message));
            }
        },
        Value::Double(number) => *number != 0.0,
        Value::Single(number) => *number != 0.0,
        Value::Decimal(number) => !number.is_zero(),
        Value::Char(_) => return Err(invalid(value, &Type::Boolean)),
        // By way of an Int32.
        _ if value.downcast::<BigInteger>().is_some() => return Err(out_of_range(&Type::Int32)),
        _ => value.as_integer().ok_or_else(|| invalid(value, &Type::Boolean))? != 0,
    }))
}

fn char_of(value: &Value) -> Result<Value, Exception> {
    match value {
        Value::String(text) if text.length() == 1 => Ok(Value::Char(text.unit_at(0).unwrap_or(0))),
        Value::String(_) => Err(Exception::format("String must be exactly one character long.")),
        _ if value.downcast::<BigInteger>().is_some() => Err(out_of_range(&Type::UInt16)),
        _ => match value.as_integer() {
            Some(number) => u16::try_from(number)
                .map(Value::Char)
                .map_err(|_| Exception::overflow("Value was either too large or too small for a character.")),
            None => Err(invalid(value, &Type::Char)),
        },
    }
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // Conversions of .NET round likewise.
fn floating(value: &Value, to: &Type) -> Result<Value, Exception> {
    let number = match value {
        Value::Boolean(value) => f64::from(u8::from(*value)),
        Value::Double(number) => *number,
        Value::Single(number) => f64::from(*number),
        Value::Decimal(number) => number.to_f64().unwrap_or(0.0),
        Value::String(text) => {
            let plain = text.trim().replace(',', "");
            let is_number = plain.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))
                || ["NaN", "Infinity"].iter().any(|name| plain.eq_ignore_ascii_case(name));
            plain.parse().ok().filter(|_| is_number).ok_or_else(not_a_number)?
        }
        Value::Char(_) => return Err(invalid(value, to)),
        _ => match value.downcast::<BigInteger>() {
            Some(big) => big.0.parse().unwrap_or(f64::INFINITY),
            None => value.as_integer().ok_or_else(|| invalid(value, to))? as f64,
        },
    };
    Ok(if *to == Type::Single { Value::Single(number as f32) } else { Value::Double(number) })
}

fn decimal(value: &Value) -> Result<Value, Exception> {
    let beyond = || Exception::overflow("Value was either too large or too small for a Decimal.");
    Ok(Value::Decimal(match value {
        Value::Decimal(number) => *number,
        Value::Boolean(value) => Decimal::from(u8::from(*value)),
        // .NET keeps 15 significant digits of a Double.
        Value::Double(number) => Decimal::from_f64(*number).ok_or_else(beyond)?,
        Value::Single(number) => Decimal::from_f32(*number).ok_or_else(beyond)?,
        Value::String(text) => {
            let plain = text.trim().replace(',', "");
            let valid = plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+'));
            plain.parse().ok().filter(|_| valid).ok_or_else(not_a_number)?
        }
        Value::Char(_) => return Err(invalid(value, &Type::Decimal)),
        _ => match value.downcast::<BigInteger>() {
            Some(big) => big.0.parse().map_err(|_| beyond())?,
            None => {
                let number = value.as_integer().ok_or_else(|| invalid(value, &Type::Decimal))?;
                Decimal::from_i128(number).ok_or_else(beyond)?
            }
        },
    }))
}

fn date_time(value: &Value, machine: &mut dyn Machine) -> Result<Value, Exception> {
    match value {
        Value::DateTimeOffset(date) => {
            Ok(Value::DateTime(DateTime { ticks: date.ticks, kind: DateTimeKind::Unspecified }))
        }
        Value::String(_) => call_static("System.DateTime", "Parse", std::slice::from_ref(value), machine),
        _ => Err(invalid(value, &Type::Named("System.DateTime"))),
    }
}

/// As a DateTimeOffset: a DateTime is taken as UTC, the local zone.
pub(super) fn date_time_offset(value: &Value, machine: &mut dyn Machine) -> Result<Value, Exception> {
    match value {
        Value::DateTimeOffset(_) => Ok(value.clone()),
        Value::DateTime(date) => {
            Ok(Value::DateTimeOffset(DateTimeOffset { ticks: date.ticks, offset_minutes: 0 }))
        }
        Value::String(_) => {
            call_static("System.DateTimeOffset", "Parse", std::slice::from_ref(value), machine)
        }
        _ => Err(invalid(value, &Type::Named("System.DateTimeOffset"))),
    }
}

/// A static method (or the constructor, `new`) of another family, by the types of its arguments.
pub(super) fn call_static(
    type_name: &str,
    method: &str,
    arguments: &[Value],
    machine: &mut dyn Machine,
) -> Result<Value, Exception> {
    let found = crate::dotnet::registry().by_full_name(type_name).and_then(|declared| {
        declared.named(method).find(|member| {
            matches!(member.kind, MemberKind::Method | MemberKind::Constructor)
                && member.is_static
                && member.parameters.len() == arguments.len()
                && member.parameters.iter().zip(arguments).all(|(of, given)| of.ty == given.type_of())
        })
    });
    let Some(member) = found else {
        return Err(Exception::not_supported(format!("{type_name} cannot be read from text here")));
    };
    let mut arguments = arguments.to_vec();
    let mut call =
        Call { receiver: Value::Null, arguments: &mut arguments, type_arguments: &[], member, machine };
    (member.member.run)(&mut call)
}
