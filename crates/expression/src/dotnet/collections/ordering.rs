//! `Sort` and `BinarySearch` of lists and arrays: by default, by a comparer, or by a `Comparison`.

use std::cmp::Ordering;
use std::ops::Range;

use super::count;
use crate::call::{Call, Machine};
use crate::dotnet::linq::{compare_with, not_comparable, sort};
use crate::exception::Exception;
use crate::value::{Delegate, Value};

/// How elements are compared.
pub(super) enum By {
    /// A comparer object; null for the default order.
    Comparer(Value),
    /// A `Comparison<T>`.
    Comparison(Delegate),
}

impl By {
    fn compare(&self, left: &Value, right: &Value, machine: &mut dyn Machine) -> Result<Ordering, Exception> {
        machine.budget().step()?;
        match self {
            By::Comparer(comparer) => compare_with(comparer, left, right, machine),
            By::Comparison(comparison) => {
                match comparison.invoke(machine, &[left.clone(), right.clone()])? {
                    Value::Int32(order) => Ok(order.cmp(&0)),
                    _ => Ok(Ordering::Equal),
                }
            }
        }
    }
}

/// Sorts; equal elements keep their order. What a comparison throws is wrapped, as in .NET.
pub(super) fn sorted(items: Vec<Value>, by: &By, machine: &mut dyn Machine) -> Result<Vec<Value>, Exception> {
    sort(items, &mut |left, right| by.compare(left, right, machine)).map_err(not_comparable)
}

/// Sorts pairs by their first part.
pub(super) fn sorted_pairs(
    items: Vec<(Value, Value)>,
    by: &By,
    machine: &mut dyn Machine,
) -> Result<Vec<(Value, Value)>, Exception> {
    sort(items, &mut |left, right| by.compare(&left.0, &right.0, machine)).map_err(not_comparable)
}

/// The place of a value in a sorted range, or the complement of the place where it would be.
pub(super) fn binary_search(
    call: &mut Call<'_>,
    items: &[Value],
    range: Range<usize>,
    wanted: &Value,
    comparer: Value,
) -> Result<Value, Exception> {
    let by = By::Comparer(comparer);
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        // The lower one of two in the middle, as .NET takes it.
        let middle = low + (high - 1 - low) / 2;
        let Some(item) = items.get(middle) else { break };
        match by.compare(item, wanted, call.machine()).map_err(not_comparable)? {
            Ordering::Equal => return Ok(count(middle)),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    Ok(Value::Int32(!i32::try_from(low).unwrap_or(i32::MAX)))
}
