//! Order: the default comparison, a stable sort that may fail, `OrderBy` and `ThenBy`.

use std::cell::Cell;
use std::cmp::Ordering;
use std::sync::Arc;

use super::sequence::walk;
use super::source;
use crate::call::{Call, Machine};
use crate::dotnet::string::compare::Comparison;
use crate::dotnet::string::comparer::StringComparer;
use crate::dotnet::virtual_call;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Delegate, Enumerable, Iterate, Sequence, Tuple, Value, collect};

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

/// The order of two values of one simple type.
fn scalar_order(left: &Value, right: &Value) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (left.as_integer(), right.as_integer()) {
        return Some(left.cmp(&right));
    }
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
        _ => return None,
    })
}

/// A stable merge sort. The comparison may fail and need not be consistent.
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

/// A sequence in the order of a key.
struct Ordered {
    source: Value,
    key: Delegate,
    descending: bool,
    /// Null for the default comparison.
    comparer: Value,
    /// True when the source is ordered already and stays so.
    continues: bool,
}

thread_local! {
    /// Asks the next walk over an [`Ordered`] for pairs of rank and element. Elements that the order leaves equal
    /// share a rank: this is how `ThenBy` learns what it may still order. A walk over a sequence has no other
    /// channel for it.
    static RANKED: Cell<bool> = const { Cell::new(false) };
}

impl Sequence for Ordered {
    fn iterate(&self) -> Box<dyn Iterate> {
        let ranked = RANKED.take();
        let (source, key, comparer) = (self.source.clone(), self.key.clone(), self.comparer.clone());
        let (descending, continues) = (self.descending, self.continues);
        let mut sorted: Option<std::vec::IntoIter<Value>> = None;
        walk(move |machine| {
            let sorted = match &mut sorted {
                Some(sorted) => sorted,
                None => {
                    let entries = entries(&source, &key, continues, machine)?;
                    let out = arrange(entries, descending, &comparer, ranked, machine)?;
                    sorted.insert(out.into_iter())
                }
            };
            Ok(sorted.next())
        })
    }
}

/// An element with its rank in the order so far and its key.
struct Entry {
    rank: i32,
    key: Value,
    item: Value,
}

fn entries(
    source: &Value,
    key: &Delegate,
    continues: bool,
    machine: &mut dyn Machine,
) -> Result<Vec<Entry>, Exception> {
    let mut out = Vec::new();
    let mut take = |rank: i32, item: Value, machine: &mut dyn Machine| {
        machine.budget().allocate(size_of::<Entry>())?;
        let key = key.invoke(machine, std::slice::from_ref(&item))?;
        out.push(Entry { rank, key, item });
        Ok::<_, Exception>(())
    };
    let Value::Enumerable(sequence) = source else {
        for item in collect(source, machine)? {
            take(0, item, machine)?;
        }
        return Ok(out);
    };
    RANKED.set(continues);
    let mut walk = sequence.source.iterate();
    RANKED.set(false);
    while let Some(item) = walk.next(machine)? {
        match &item {
            Value::Tuple(pair) if continues => {
                let [Value::Int32(rank), item] = pair.items.as_slice() else { continue };
                take(*rank, item.clone(), machine)?;
            }
            _ => take(0, item, machine)?,
        }
    }
    Ok(out)
}

fn arrange(
    entries: Vec<Entry>,
    descending: bool,
    comparer: &Value,
    ranked: bool,
    machine: &mut dyn Machine,
) -> Result<Vec<Value>, Exception> {
    let order = |left: &Entry, right: &Entry, machine: &mut dyn Machine| {
        machine.budget().step()?;
        let ranks = left.rank.cmp(&right.rank);
        if ranks != Ordering::Equal {
            return Ok(ranks);
        }
        let keys = compare_with(comparer, &left.key, &right.key, machine).map_err(not_comparable)?;
        Ok::<_, Exception>(if descending { keys.reverse() } else { keys })
    };
    let sorted = sort(entries, &mut |left, right| order(left, right, machine))?;
    if !ranked {
        return Ok(sorted.into_iter().map(|entry| entry.item).collect());
    }
    let mut ranks = Vec::with_capacity(sorted.len());
    let mut rank = 0;
    for (at, entry) in sorted.iter().enumerate() {
        let previous = at.checked_sub(1).and_then(|at| sorted.get(at));
        if let Some(previous) = previous
            && order(previous, entry, machine)? != Ordering::Equal
        {
            rank += 1;
        }
        ranks.push(rank);
    }
    let pair = |(entry, rank): (Entry, i32)| {
        let items = vec![Value::Int32(rank), entry.item];
        Value::Tuple(Arc::new(Tuple { types: Vec::new(), items, is_value_tuple: true }))
    };
    Ok(sorted.into_iter().zip(ranks).map(pair).collect())
}

/// What sorting throws when two elements have no order.
pub(crate) fn not_comparable(thrown: Exception) -> Exception {
    if !thrown.is_catchable() {
        return thrown;
    }
    Exception::invalid_operation("Failed to compare two elements in the array.").with_inner(thrown)
}

/// By a comparer object, or by default.
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

fn ordered(call: &mut Call<'_>, descending: bool, continues: bool) -> Result<Value, Exception> {
    let source = source(call)?;
    let key = call.delegate(1)?;
    let comparer = call.argument(2).clone();
    let element = call.type_argument(0);
    let ordered = Ordered { source, key, descending, comparer, continues };
    Ok(Value::Enumerable(Arc::new(Enumerable { element, source: Arc::new(ordered), ordered: true })))
}

pub(super) fn order_by(call: &mut Call<'_>) -> Result<Value, Exception> {
    ordered(call, false, false)
}

pub(super) fn order_by_descending(call: &mut Call<'_>) -> Result<Value, Exception> {
    ordered(call, true, false)
}

pub(super) fn then_by(call: &mut Call<'_>) -> Result<Value, Exception> {
    ordered(call, false, true)
}

pub(super) fn then_by_descending(call: &mut Call<'_>) -> Result<Value, Exception> {
    ordered(call, true, true)
}
