//! Conversions between scalars: what `IConvertible` does.

use std::ops::RangeInclusive;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::call::Call;
use crate::dotnet::boolean;
use crate::dotnet::format::{read_date, read_decimal, read_double, read_integer};
use crate::dotnet::number::{Midpoint, decimal_from_double, parse_error, round_decimal};
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{DateTime, DateTimeKind, Value};

/// Whether a scalar of a JSON tree has a conversion to a primitive type.
fn converts(value: &Value, target: &str) -> bool {
    match value {
        Value::DateTime(_) | Value::DateTimeOffset(_) => target == "DateTime",
        Value::Null | Value::Guid(_) | Value::TimeSpan(_) | Value::Bytes(_) => false,
        _ => true,
    }
}

/// A scalar of a JSON tree converts as the value it holds, or not at all.
fn unwrapped(value: &Value, target: &str) -> Result<Value, Exception> {
    let Value::Json(token) = value else { return Ok(value.clone()) };
    match token.as_scalar() {
        Some(scalar) if !converts(&scalar.value, target) => {
            Err(Exception::argument(format!("Can not convert {:?} to {target}.", scalar.kind), ""))
        }
        Some(scalar) => Ok(scalar.value),
        None => Ok(value.clone()),
    }
}

fn invalid(value: &Value, target: &str) -> Exception {
    let from = value.type_of();
    let primitive = from.is_numeric() || matches!(from, Type::Boolean) || matches!(value, Value::DateTime(_));
    if !primitive {
        return Exception::invalid_cast(&from, &Type::Named("System.IConvertible"));
    }
    let from = from.to_string();
    let from = from.rsplit('.').next().unwrap_or("");
    Exception::new("System.InvalidCastException", format!("Invalid cast from '{from}' to '{target}'."))
}

/// To an integer: fractions round half to even.
pub(super) fn to_integer(
    value: &Value,
    target: &str,
    range: RangeInclusive<i128>,
    too_large: &str,
) -> Result<i128, Exception> {
    let value = unwrapped(value, target)?;
    let overflow = || Exception::overflow(too_large);
    let number = match &value {
        Value::Null => 0,
        Value::Boolean(value) => i128::from(*value),
        Value::String(text) => read_integer(text).map_err(|error| parse_error(error, too_large))?,
        Value::Single(value) => whole(f64::from(*value)).ok_or_else(overflow)?,
        Value::Double(value) => whole(*value).ok_or_else(overflow)?,
        Value::Decimal(value) => {
            round_decimal(*value, 0, Midpoint::ToEven)?.to_i128().ok_or_else(overflow)?
        }
        other => other.as_integer().ok_or_else(|| invalid(other, target))?,
    };
    if range.contains(&number) { Ok(number) } else { Err(overflow()) }
}

fn whole(value: f64) -> Option<i128> {
    let rounded = value.round_ties_even();
    (rounded.abs() < 1e30).then_some(rounded as i128)
}

/// To a Double.
pub(super) fn to_double(value: &Value) -> Result<f64, Exception> {
    let value = unwrapped(value, "Double")?;
    Ok(match &value {
        Value::Null => 0.0,
        Value::Boolean(value) => f64::from(u8::from(*value)),
        Value::String(text) => read_double(text).map_err(|error| parse_error(error, ""))?,
        Value::Single(value) => f64::from(*value),
        Value::Double(value) => *value,
        // The nearest Double of the decimal text.
        Value::Decimal(value) => value.to_string().parse().unwrap_or_default(),
        Value::Char(_) => return Err(invalid(&value, "Double")),
        other => other.as_integer().ok_or_else(|| invalid(other, "Double"))? as f64,
    })
}

/// To a Decimal.
pub(super) fn to_decimal(value: &Value) -> Result<Decimal, Exception> {
    let value = unwrapped(value, "Decimal")?;
    let too_large = "Value was either too large or too small for a Decimal.";
    Ok(match &value {
        Value::Null => Decimal::ZERO,
        Value::Boolean(value) => Decimal::from(u8::from(*value)),
        Value::String(text) => read_decimal(text).map_err(|error| parse_error(error, too_large))?,
        Value::Single(value) => decimal_from_double(f64::from(*value), 7)?,
        Value::Double(value) => decimal_from_double(*value, 15)?,
        Value::Decimal(value) => *value,
        Value::Char(_) => return Err(invalid(&value, "Decimal")),
        other => {
            let number = other.as_integer().ok_or_else(|| invalid(other, "Decimal"))?;
            Decimal::try_from_i128_with_scale(number, 0).map_err(|_| Exception::overflow(too_large))?
        }
    })
}

/// To a Boolean: numbers are true unless zero.
pub(super) fn to_boolean(value: &Value) -> Result<bool, Exception> {
    let value = unwrapped(value, "Boolean")?;
    Ok(match &value {
        Value::Null => false,
        Value::Boolean(value) => *value,
        Value::String(text) => boolean::parse(text)?,
        Value::Single(value) => *value != 0.0,
        Value::Double(value) => *value != 0.0,
        Value::Decimal(value) => !value.is_zero(),
        Value::Char(_) => return Err(invalid(&value, "Boolean")),
        other => other.as_integer().ok_or_else(|| invalid(other, "Boolean"))? != 0,
    })
}

/// To a Char: a number is its code, a string must have one character.
pub(super) fn to_char(value: &Value) -> Result<u16, Exception> {
    let value = unwrapped(value, "Char")?;
    let too_large = "Value was either too large or too small for a character.";
    match &value {
        Value::Null => Ok(0),
        Value::String(text) if text.length() == 1 => Ok(text.unit_at(0).unwrap_or(0)),
        Value::String(_) => Err(Exception::format("String must be exactly one character long.")),
        other => {
            let number = other.as_integer().ok_or_else(|| invalid(other, "Char"))?;
            u16::try_from(number).map_err(|_| Exception::overflow(too_large))
        }
    }
}

/// `ToDateTime`.
pub(super) fn to_date_time(call: &mut Call<'_>) -> Result<Value, Exception> {
    let value = unwrapped(call.argument(0), "DateTime")?;
    match &value {
        Value::Null => Ok(Value::DateTime(DateTime::default())),
        Value::DateTime(_) => Ok(value),
        Value::String(text) => {
            let read = read_date(text, call.context().now_ticks());
            let message = || "String was not recognized as a valid DateTime.".to_owned();
            let read = read.ok_or_else(|| Exception::format(message()))?;
            let kind =
                if read.offset_minutes.is_some() { DateTimeKind::Local } else { DateTimeKind::Unspecified };
            let ticks = read.utc_ticks().ok_or_else(|| Exception::format(message()))?;
            Ok(Value::DateTime(DateTime { ticks, kind }))
        }
        other => Err(invalid(other, "DateTime")),
    }
}
