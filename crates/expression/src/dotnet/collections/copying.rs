//! `CopyTo` and what else writes a run of elements into an array.

use super::items;
use crate::call::Call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::Value;

/// `CopyTo(array)` and `CopyTo(array, index)`.
pub(super) fn copy_to(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = items::of_this(call)?;
    let start = if call.arguments().len() > 1 { call.int(1) } else { 0 };
    copy_into(call, 0, start, items)
}

/// Copies values into the array of argument `at`.
pub(super) fn copy_into(
    call: &mut Call<'_>,
    at: usize,
    start: i32,
    items: Vec<Value>,
) -> Result<Value, Exception> {
    let target = call.argument(at).clone();
    if target.is_null() {
        return Err(Exception::argument_null("destinationArray"));
    }
    let negative = |_| Exception::argument_out_of_range("destinationIndex", "Value has to be >= 0.");
    write_range(&target, usize::try_from(start).map_err(negative)?, items)
}

/// Writes values into an array from an index on; numbers become those of the array.
pub(super) fn write_range(target: &Value, start: usize, items: Vec<Value>) -> Result<Value, Exception> {
    let too_short = || {
        let message =
            "Destination array was not long enough. Check destIndex and length, and the array's lower bounds";
        Exception::argument(message, "destinationArray")
    };
    let end = start.checked_add(items.len()).ok_or_else(too_short)?;
    match target {
        Value::Array(array) => {
            if end > array.items.lock().len() {
                return Err(too_short());
            }
            let items = items.into_iter().map(|item| array.accept(item)).collect::<Result<Vec<_>, _>>()?;
            let mut slots = array.items.lock();
            let slots = slots.get_mut(start..end).unwrap_or_default();
            slots.iter_mut().zip(items).for_each(|(slot, item)| *slot = item);
        }
        Value::Bytes(bytes) => {
            let mut slots = bytes.lock();
            let slots = slots.get_mut(start..end).ok_or_else(too_short)?;
            for (slot, item) in slots.iter_mut().zip(items) {
                let Value::Byte(byte) = item else { return Err(Exception::array_type_mismatch()) };
                *slot = byte;
            }
        }
        other => return Err(Exception::invalid_cast(&other.type_of(), &Type::Named("System.Array"))),
    }
    Ok(Value::Null)
}
