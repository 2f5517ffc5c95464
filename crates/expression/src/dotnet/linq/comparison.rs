//! The default comparison, comparers, and a stable sort that may fail.

use std::cmp::Ordering;

use crate::call::Machine;
use crate::dotnet::string::compare::Comparison;
use crate::dotnet::string::comparer::StringComparer;
use crate::dotnet::virtual_call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

/// What one tuple inside another costs of [`crate::Limits::depth`] while they are compared.
const NESTING: u32 = 4;

/// `Comparer<T>.Default`: null first, strings by the invariant culture, others by their `CompareTo`.
///
/// # Errors
/// `ArgumentException` for values without an order.
pub(crate) fn compare(left: &Value, right: &Value, machine: &mut dyn Machine) -> Result<Ordering, Exception> {
    match (left, right) {
        (Value::Null, Value::Null) => return Ok(Ordering::Equal),
        (Value::Null, _) => return Ok(Ordering::Less),
        (_, Value::Null) => return Ok(Ordering::Greater),
        (Value::String(left), Value::String(right)) => return Ok(Comparison::CULTURE.compare(left, right)),
        (Value::Tuple(left), Value::Tuple(right)) if left.types == right.types => {
            machine.budget().enter(NESTING)?;
            let order = compare_parts(&left.items, &right.items, machine);
            machine.budget().leave(NESTING);
            return order;
        }
        _ => {}
    }
    if let Some(order) = scalar_order(left, right) {
        return Ok(order);
    }
    for parameter in [Type::Object, left.type_of()] {
        let compared = virtual_call(left, "CompareTo", &[parameter], &mut [right.clone()], machine)?;
        if let Some(Value::Int32(order)) = compared {
            return Ok(order.cmp(&0));
        }
    }
    Err(Exception::argument("At least one object must implement IComparable.", ""))
}

/// The first parts that differ decide.
fn compare_parts(left: &[Value], right: &[Value], machine: &mut dyn Machine) -> Result<Ordering, Exception> {
    for (left, right) in left.iter().zip(right) {
        let order = compare(left, right, machine)?;
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

/// The order of two values of one simple type.
fn scalar_order(left: &Value, right: &Value) -> Option<Ordering> {
    // NaN comes before every number.
    let floats = |left: f64, right: f64| {
        left.partial_cmp(&right).unwrap_or_else(|| right.is_nan().cmp(&left.is_nan()))
    };
    Some(match (left, right) {
        (Value::Boolean(left), Value::Boolean(right)) => left.cmp(right),
        (Value::Double(left), Value::Double(right)) => floats(*left, *right),
        (Value::Single(left), Value::Single(right)) => floats(f64::from(*left), f64::from(*right)),
        (Value::Decimal(left), Value::Decimal(right)) => left.cmp(right),
        (Value::DateTime(left), Value::DateTime(right)) => left.ticks.cmp(&right.ticks),
        (Value::DateTimeOffset(left), Value::DateTimeOffset(right)) => {
            left.utc_ticks().cmp(&right.utc_ticks())
        }
        (Value::TimeSpan(left), Value::TimeSpan(right)) => left.cmp(right),
        (Value::Guid(left), Value::Guid(right)) => left.cmp(right),
        (left, right) if left.type_of() == right.type_of() => left.as_integer()?.cmp(&right.as_integer()?),
        _ => return None,
    })
}

/// By a comparer object, or by default.
///
/// # Errors
/// As [`compare`].
pub(crate) fn compare_with(
    comparer: &Value,
    left: &Value,
    right: &Value,
    machine: &mut dyn Machine,
) -> Result<Ordering, Exception> {
    match (comparer.downcast::<StringComparer>(), left, right) {
        (Some(comparer), Value::String(left), Value::String(right)) => Ok(comparer.0.compare(left, right)),
        _ => compare(left, right, machine),
    }
}

/// What sorting throws when two elements have no order.
pub(crate) fn not_comparable(thrown: Exception) -> Exception {
    if !thrown.is_catchable() {
        return thrown;
    }
    Exception::invalid_operation("Failed to compare two elements in the array.").with_inner(thrown)
}

/// A stable merge sort. The comparison may fail and need not be consistent.
///
/// # Errors
/// What the comparison gives.
pub(crate) fn sort<T>(
    mut items: Vec<T>,
    compare: &mut dyn FnMut(&T, &T) -> Result<Ordering, Exception>,
) -> Result<Vec<T>, Exception> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let left = sort(items, compare)?;
    let right = sort(right, compare)?;
    let mut out = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let take_right = compare(first, second)? == Ordering::Greater;
        out.extend(if take_right { right.next() } else { left.next() });
    }
    out.extend(left);
    out.extend(right);
    Ok(out)
}
