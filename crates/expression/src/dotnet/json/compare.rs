//! `DeepEquals`, equality of scalars and their order.

use std::cmp::Ordering;

use super::node::{JContent, JToken, JTokenType, JValue};
use super::numbers::BigInteger;
use super::{MAX_DEPTH, too_deep};
use crate::exception::Exception;
use crate::value::Value;

/// `JToken.DeepEquals`: objects whatever the order of their properties.
///
/// # Errors
/// An exception that cannot be caught, when the trees are nested too deeply.
pub(super) fn deep_equals(left: &JToken, right: &JToken, depth: usize) -> Result<bool, Exception> {
    if left.is_same(right) {
        return Ok(true);
    }
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    match (left.content(), right.content()) {
        (JContent::Value(left), JContent::Value(right)) => {
            let (left, right) = (left.lock().clone(), right.lock().clone());
            Ok(scalars_equal(&left, &right))
        }
        (JContent::Array(_), JContent::Array(_)) => {
            let (left, right) = (left.children(), right.children());
            if left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(&right) {
                if !deep_equals(left, right, depth + 1)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (JContent::Object(_), JContent::Object(_)) => {
            let properties = left.children();
            if properties.len() != right.count() {
                return Ok(false);
            }
            for property in &properties {
                let Some((name, value)) = property.as_property() else { return Ok(false) };
                match right.get(name) {
                    Some(other) if deep_equals(&value, &other, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (JContent::Property { name, value }, JContent::Property { name: other_name, value: other }) => {
            let (value, other) = (value.lock().clone(), other.lock().clone());
            Ok(name == other_name && deep_equals(&value, &other, depth + 1)?)
        }
        _ => Ok(false),
    }
}

/// `JValue.Equals`: the same token type and the same value, whatever the width of numbers.
pub(super) fn scalars_equal(left: &JValue, right: &JValue) -> bool {
    left.kind == right.kind && order(left, right) == Some(Ordering::Equal)
}

/// `JValue.CompareTo`, by the type of the left one; none when the right one does not fit it.
pub(super) fn order(left: &JValue, right: &JValue) -> Option<Ordering> {
    match (&left.value, &right.value) {
        (Value::Null, Value::Null) => return Some(Ordering::Equal),
        (Value::Null, _) => return Some(Ordering::Less),
        (_, Value::Null) => return Some(Ordering::Greater),
        _ => {}
    }
    match left.kind {
        JTokenType::Integer => order_numbers(&left.value, &right.value),
        JTokenType::Float => Some(number(&left.value)?.total_cmp(&number(&right.value)?)),
        _ => order_values(&left.value, &right.value),
    }
}

fn order_numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (left.as_integer(), right.as_integer()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ if left.equals(right) => Some(Ordering::Equal),
        _ => Some(number(left)?.total_cmp(&number(right)?)),
    }
}

fn order_values(left: &Value, right: &Value) -> Option<Ordering> {
    Some(match (left, right) {
        (Value::String(left), Value::String(right)) => left.as_str().cmp(right.as_str()),
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::DateTime(left), Value::DateTime(right)) => left.ticks.cmp(&right.ticks),
        (Value::DateTimeOffset(left), Value::DateTimeOffset(right)) => {
            left.utc_ticks().cmp(&right.utc_ticks())
        }
        (Value::TimeSpan(left), Value::TimeSpan(right)) => left.cmp(right),
        (Value::Guid(left), Value::Guid(right)) => left.cmp(right),
        (Value::Bytes(left), Value::Bytes(right)) => {
            let (left, right) = (left.lock().clone(), right.lock().clone());
            left.cmp(&right)
        }
        _ if left.equals(right) => Ordering::Equal,
        _ => return None,
    })
}

/// Any number as a Double.
#[allow(clippy::cast_precision_loss)] // Comparison with a fraction has the precision of a Double in .NET, too.
fn number(value: &Value) -> Option<f64> {
    use rust_decimal::prelude::ToPrimitive;
    Some(match value {
        Value::Double(number) => *number,
        Value::Single(number) => f64::from(*number),
        Value::Decimal(number) => number.to_f64()?,
        Value::Boolean(value) => f64::from(u8::from(*value)),
        Value::String(text) => text.trim().parse().ok()?,
        _ => match value.downcast::<BigInteger>() {
            Some(big) => big.0.parse().ok()?,
            None => value.as_integer()? as f64,
        },
    })
}
