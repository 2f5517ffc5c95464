//! What families over text share: `char[]` arguments and checked ranges.

use std::ops::Range;

use crate::call::Call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

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
