//! `DeepEquals`, equality of scalars and their order.

use std::cmp::Ordering;

use super::convert::{self, change_type};
use super::node::{JToken, JTokenType, JValue};
use super::numbers::order_big;
use super::tree::{Content, Id, Nodes, read_both};
use super::{MAX_DEPTH, too_deep};
use crate::budget::Budget;
use crate::call::Machine;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{DateTimeOffset, Value};

/// `JToken.DeepEquals`: objects whatever the order of their properties.
///
/// # Errors
/// An exception that cannot be caught, when the trees are nested too deeply or there are too many tokens.
pub(super) fn deep_equals(left: &JToken, right: &JToken, budget: &mut Budget) -> Result<bool, Exception> {
    if left.is_same(right) {
        return Ok(true);
    }
    read_both(&left.0, &right.0, |left, right| equal_trees(left, right, 0, budget))
}

fn equal_trees(
    left: (&Nodes, Id),
    right: (&Nodes, Id),
    depth: usize,
    budget: &mut Budget,
) -> Result<bool, Exception> {
    if depth > MAX_DEPTH {
        return Err(too_deep());
    }
    budget.step()?;
    let ((left, left_id), (right, right_id)) = (left, right);
    let mut in_order = || {
        let (ours, theirs) = (left.children(left_id), right.children(right_id));
        if ours.len() != theirs.len() {
            return Ok(false);
        }
        for (ours, theirs) in ours.iter().zip(theirs) {
            if !equal_trees((left, *ours), (right, *theirs), depth + 1, budget)? {
                return Ok(false);
            }
        }
        Ok(true)
    };
    match (left.content(left_id), right.content(right_id)) {
        (Content::Scalar(left), Content::Scalar(right)) => Ok(scalars_equal(left, right)),
        (Content::Array(_), Content::Array(_)) => in_order(),
        (Content::Constructor(ours), Content::Constructor(theirs)) => {
            Ok(ours.name == theirs.name && in_order()?)
        }
        (Content::Property { name, .. }, Content::Property { name: other, .. }) => {
            Ok(name == other && in_order()?)
        }
        (Content::Object(ours), Content::Object(theirs)) => {
            if ours.ids.len() != theirs.ids.len() {
                return Ok(false);
            }
            for property in &ours.ids {
                let other = left.name(*property).and_then(|name| right.property(right_id, name));
                match other {
                    Some(other) if equal_trees((left, *property), (right, other), depth + 1, budget)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// `JValue.Equals`: the same token type and the same value, whatever the width of numbers.
pub(super) fn scalars_equal(left: &JValue, right: &JValue) -> bool {
    left.kind == right.kind && matches!(order(left.kind, &left.value, &right.value), Ok(Ordering::Equal))
}

/// `JValue.CompareTo`: a string is compared as what the other one is.
///
/// # Errors
/// As [`order`].
pub(super) fn compare_to(
    left: &JValue,
    right: &JValue,
    machine: &mut dyn Machine,
) -> Result<Ordering, Exception> {
    let kind = if left.kind == JTokenType::String { right.kind } else { left.kind };
    let mut dated = |value: &Value| match value {
        Value::String(_) if kind == JTokenType::Date => {
            change_type(value, &Type::Named("System.DateTime"), machine)
        }
        other => Ok(other.clone()),
    };
    let (left, right) = (dated(&left.value)?, dated(&right.value)?);
    order(kind, &left, &right)
}

/// The order of two values as those of a token type.
///
/// # Errors
/// `FormatException`, `InvalidCastException`, `OverflowException` when the values do not convert to it,
/// `ArgumentException` when they must be of it.
pub(super) fn order(kind: JTokenType, left: &Value, right: &Value) -> Result<Ordering, Exception> {
    match (left, right) {
        (Value::Null, Value::Null) => return Ok(Ordering::Equal),
        (Value::Null, _) => return Ok(Ordering::Less),
        (_, Value::Null) => return Ok(Ordering::Greater),
        _ => {}
    }
    match kind {
        JTokenType::Integer => order_integers(left, right),
        JTokenType::Float => order_fractions(left, right),
        JTokenType::String | JTokenType::Comment | JTokenType::Raw => {
            Ok(utf16_order(&convert::plain_text(left), &convert::plain_text(right)))
        }
        JTokenType::Boolean => Ok(convert::truth(left)?.cmp(&convert::truth(right)?)),
        JTokenType::Date => order_dates(left, right),
        _ => order_values(kind, left, right),
    }
}

/// `string.CompareOrdinal`.
fn utf16_order(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

fn order_integers(left: &Value, right: &Value) -> Result<Ordering, Exception> {
    if let Some(order) = order_big(left, right) {
        return Ok(order);
    }
    let is_wide = |value: &Value| matches!(value, Value::UInt64(_) | Value::Decimal(_));
    let is_fraction = |value: &Value| matches!(value, Value::Single(_) | Value::Double(_));
    if is_wide(left) || is_wide(right) {
        return Ok(convert::decimal_of(left)?.cmp(&convert::decimal_of(right)?));
    }
    if is_fraction(left) || is_fraction(right) {
        return order_doubles(left, right);
    }
    Ok(convert::long_of(left)?.cmp(&convert::long_of(right)?))
}

fn order_fractions(left: &Value, right: &Value) -> Result<Ordering, Exception> {
    if let Some(order) = order_big(left, right) {
        return Ok(order);
    }
    let is_wide = |value: &Value| matches!(value, Value::UInt64(_) | Value::Decimal(_));
    if is_wide(left) || is_wide(right) {
        return Ok(convert::decimal_of(left)?.cmp(&convert::decimal_of(right)?));
    }
    order_doubles(left, right)
}

/// Numbers that differ by less than rounding are equal.
fn order_doubles(left: &Value, right: &Value) -> Result<Ordering, Exception> {
    let (left, right) = (convert::double_of(left)?, convert::double_of(right)?);
    let tolerance = (left.abs() + right.abs() + 10.0) * f64::EPSILON;
    let difference = left - right;
    let is_close = left == right || (-tolerance < difference && tolerance > difference);
    if is_close {
        return Ok(Ordering::Equal);
    }
    // `Double.CompareTo`: NaN is below everything.
    Ok(left.partial_cmp(&right).unwrap_or_else(|| right.is_nan().cmp(&left.is_nan())))
}

fn order_dates(left: &Value, right: &Value) -> Result<Ordering, Exception> {
    match (left, right) {
        (Value::DateTime(left), Value::DateTime(right)) => Ok(left.ticks.cmp(&right.ticks)),
        (Value::DateTime(left), Value::DateTimeOffset(right)) => Ok(left.ticks.cmp(&right.ticks)),
        (Value::DateTimeOffset(left), Value::DateTimeOffset(right)) => {
            Ok(left.utc_ticks().cmp(&right.utc_ticks()))
        }
        (Value::DateTimeOffset(left), Value::DateTime(right)) => Ok(left.utc_ticks().cmp(&right.ticks)),
        (Value::DateTime(left), other) => Ok(left.ticks.cmp(&convert::date_of(other)?.ticks)),
        (Value::DateTimeOffset(left), other) => {
            let other = convert::date_of(other)?;
            let other = DateTimeOffset { ticks: other.ticks, offset_minutes: 0 };
            Ok(left.utc_ticks().cmp(&other.utc_ticks()))
        }
        (other, right) => order_dates(&Value::DateTime(convert::date_of(other)?), right),
    }
}

fn order_values(kind: JTokenType, left: &Value, right: &Value) -> Result<Ordering, Exception> {
    let differs = |name: &str| Exception::argument(format!("Object must be of type {name}."), "");
    match (kind, left, right) {
        (JTokenType::TimeSpan, Value::TimeSpan(left), Value::TimeSpan(right)) => Ok(left.cmp(right)),
        // Of a Guid the first three parts are numbers, the rest are bytes: the text order is the same.
        (JTokenType::Guid, Value::Guid(left), Value::Guid(right)) => Ok(left.cmp(right)),
        (JTokenType::Bytes, Value::Bytes(left), Value::Bytes(right)) => {
            let (left, right) = (left.lock().clone(), right.lock().clone());
            Ok(left.len().cmp(&right.len()).then_with(|| left.cmp(&right)))
        }
        (JTokenType::Uri, Value::Object(left), Value::Object(right)) => {
            Ok(left.to_text().cmp(&right.to_text()))
        }
        (JTokenType::Bytes, ..) => Err(differs("byte[]")),
        (kind, ..) => Err(differs(&format!("{kind:?}"))),
    }
}
