//! `OrderBy` and `ThenBy`: a sequence with its criteria, the first of which counts most.

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use super::comparison::{compare_with, not_comparable, sort};
use super::sequence::walk;
use super::source;
use crate::call::{Call, Machine};
use crate::exception::Exception;
use crate::value::{Delegate, Enumerable, Iterate, Sequence, Value, collect};

/// One `OrderBy` or `ThenBy`.
struct Criterion {
    key: Delegate,
    descending: bool,
    /// Null for the default comparison.
    comparer: Value,
}

/// A sequence in order. `ThenBy` makes another one with one more criterion.
struct Ordered {
    source: Value,
    criteria: Vec<Arc<Criterion>>,
}

impl Sequence for Ordered {
    fn iterate(&self) -> Box<dyn Iterate> {
        let (source, criteria) = (self.source.clone(), self.criteria.clone());
        let mut sorted: Option<std::vec::IntoIter<Value>> = None;
        walk(move |machine| {
            let sorted = match &mut sorted {
                Some(sorted) => sorted,
                None => sorted.insert(arranged(&source, &criteria, machine)?.into_iter()),
            };
            Ok(sorted.next())
        })
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

/// An element with its keys, one for each criterion.
struct Entry {
    keys: Vec<Value>,
    item: Value,
}

/// The elements in order. All keys of one criterion are asked for before those of the next, as in .NET.
fn arranged(
    source: &Value,
    criteria: &[Arc<Criterion>],
    machine: &mut dyn Machine,
) -> Result<Vec<Value>, Exception> {
    let items = collect(source, machine)?;
    machine.budget().allocate(items.len() * (size_of::<Entry>() + criteria.len() * size_of::<Value>()))?;
    let mut entries: Vec<Entry> =
        items.into_iter().map(|item| Entry { keys: Vec::with_capacity(criteria.len()), item }).collect();
    for criterion in criteria {
        for entry in &mut entries {
            entry.keys.push(criterion.key.invoke(machine, std::slice::from_ref(&entry.item))?);
        }
    }
    let sorted = sort(entries, &mut |left: &Entry, right: &Entry| in_order(left, right, criteria, machine));
    Ok(sorted.map_err(not_comparable)?.into_iter().map(|entry| entry.item).collect())
}

fn in_order(
    left: &Entry,
    right: &Entry,
    criteria: &[Arc<Criterion>],
    machine: &mut dyn Machine,
) -> Result<Ordering, Exception> {
    for (criterion, (left, right)) in criteria.iter().zip(left.keys.iter().zip(&right.keys)) {
        machine.budget().step()?;
        let order = compare_with(&criterion.comparer, left, right, machine)?;
        if order != Ordering::Equal {
            return Ok(if criterion.descending { order.reverse() } else { order });
        }
    }
    Ok(Ordering::Equal)
}

fn criterion(call: &Call<'_>, descending: bool) -> Result<Arc<Criterion>, Exception> {
    let (key, comparer) = (call.delegate(1)?, call.argument(2).clone());
    Ok(Arc::new(Criterion { key, descending, comparer }))
}

fn made(call: &Call<'_>, ordered: Ordered) -> Value {
    let element = call.type_argument(0);
    Value::Enumerable(Arc::new(Enumerable { element, source: Arc::new(ordered), ordered: true }))
}

pub(super) fn order_by(call: &mut Call<'_>, descending: bool) -> Result<Value, Exception> {
    let source = source(call)?;
    let criteria = vec![criterion(call, descending)?];
    Ok(made(call, Ordered { source, criteria }))
}

pub(super) fn then_by(call: &mut Call<'_>, descending: bool) -> Result<Value, Exception> {
    let source = source(call)?;
    let Value::Enumerable(sequence) = &source else { return Err(call.mismatch(&source)) };
    let before = sequence.source.as_any().and_then(<dyn Any>::downcast_ref::<Ordered>);
    let Some(before) = before else { return Err(call.mismatch(&source)) };
    let criterion = criterion(call, descending)?;
    call.budget().allocate((before.criteria.len() + 1) * size_of::<Arc<Criterion>>())?;
    let criteria = before.criteria.iter().cloned().chain([criterion]).collect();
    Ok(made(call, Ordered { source: before.source.clone(), criteria }))
}
