//! What families over text share: `char[]` arguments and checked ranges.

use std::ops::Range;

use crate::call::Call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Array, Value};

/// A `char[]` argument in UTF-16 units.
///
/// # Errors
/// `ArgumentNullException` for null.
pub(super) fn char_array(call: &Call<'_>, at: usize) -> Result<Vec<u16>, Exception> {
    match call.argument(at) {
        Value::Array(array) => Ok(array.items.lock().iter().map(unit).collect()),
        Value::Null => Err(call.null_argument(at)),
        other => Err(call.mismatch(other)),
    }
}

fn unit(value: &Value) -> u16 {
    if let Value::Char(unit) = value { *unit } else { 0 }
}

/// A new `char[]`.
pub(super) fn to_char_array(units: impl IntoIterator<Item = u16>) -> Value {
    Value::array(Type::Char, units.into_iter().map(Value::Char).collect())
}

/// `start` and `count` as a range inside `length`; none when they leave it.
pub(super) fn range(start: i32, count: i32, length: usize) -> Option<Range<usize>> {
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(count).ok()?)?;
    (end <= length).then_some(start..end)
}

/// `CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)` from the units of the receiver.
///
/// # Errors
/// `ArgumentNullException` and `ArgumentOutOfRangeException`.
pub(super) fn copy_to(call: &mut Call<'_>, units: &[u16]) -> Result<Value, Exception> {
    let outside =
        |at: usize, message: &str| Exception::argument_out_of_range(call.parameter_name(at), message);
    let Value::Array(destination) = call.argument(1) else { return Err(call.null_argument(1)) };
    if call.int(3) < 0 {
        return Err(outside(3, "Count cannot be less than zero."));
    }
    let message = "Index and count must refer to a location within the string.";
    let source = range(call.int(0), call.int(3), units.len())
        .and_then(|range| units.get(range))
        .ok_or_else(|| outside(0, message))?;
    write(destination, call.int(2), source).ok_or_else(|| outside(2, message))?;
    Ok(Value::Null)
}

/// Writes units into a `char[]` from a position; none when they do not fit.
pub(super) fn write(destination: &Array, position: i32, units: &[u16]) -> Option<()> {
    let mut items = destination.items.lock();
    let start = usize::try_from(position).ok()?;
    let slots = items.get_mut(start..start.checked_add(units.len())?)?;
    for (slot, unit) in slots.iter_mut().zip(units) {
        *slot = Value::Char(*unit);
    }
    Some(())
}

/// The part of a `char[]` argument that two further arguments, its start and length, describe.
///
/// # Errors
/// `ArgumentNullException` and `ArgumentOutOfRangeException`.
pub(super) fn part_of_array(call: &Call<'_>, at: usize) -> Result<Vec<u16>, Exception> {
    let units = char_array(call, at)?;
    let (start, count) = (call.int(at + 1), call.int(at + 2));
    for part in [at + 1, at + 2] {
        if call.int(part) < 0 {
            return Err(Exception::argument_out_of_range(
                call.parameter_name(part),
                "Non-negative number required.",
            ));
        }
    }
    let part = range(start, count, units.len()).and_then(|range| units.get(range));
    let message = "Index and count must refer to a location within the buffer.";
    part.map(<[u16]>::to_vec)
        .ok_or_else(|| Exception::argument_out_of_range(call.parameter_name(at), message))
}
