//! One element or a fact: `First`, `Single`, `Any`, `Count`, `Contains` …

use super::comparison::compare;
use super::slice::Slice;
use super::{Source, is_true, no_elements, source};
use crate::call::{Call, Machine};
use crate::dotnet::collections::comparer_of;
use crate::exception::Exception;
use crate::value::{Delegate, KeyComparer, Value};

/// The predicate of an overload that has one.
fn predicate(call: &Call<'_>) -> Result<Option<Delegate>, Exception> {
    if call.arguments().len() > 1 { call.delegate(1).map(Some) } else { Ok(None) }
}

/// The next element that passes.
fn next(
    call: &mut Call<'_>,
    source: &mut Source,
    predicate: Option<&Delegate>,
) -> Result<Option<Value>, Exception> {
    while let Some(item) = source.next(call.machine())? {
        match predicate {
            Some(predicate) if !is_true(&call.invoke(predicate, std::slice::from_ref(&item))?) => {}
            _ => return Ok(Some(item)),
        }
    }
    Ok(None)
}

fn missing(predicate: Option<&Delegate>) -> Exception {
    match predicate {
        Some(_) => Exception::invalid_operation("Sequence contains no matching element"),
        None => no_elements(),
    }
}

/// What to do when nothing is found.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Otherwise {
    Throw,
    Default,
}

/// The element, or what its absence means.
fn found(
    call: &Call<'_>,
    item: Option<Value>,
    otherwise: Otherwise,
    predicate: Option<&Delegate>,
) -> Result<Value, Exception> {
    match item {
        Some(item) => Ok(item),
        None if otherwise == Otherwise::Default => Ok(call.type_argument(0).default_value()),
        None => Err(missing(predicate)),
    }
}

pub(super) fn first(call: &mut Call<'_>, otherwise: Otherwise) -> Result<Value, Exception> {
    let (mut walk, predicate) = (Source::new(&source(call)?), predicate(call)?);
    let item = next(call, &mut walk, predicate.as_ref())?;
    found(call, item, otherwise, predicate.as_ref())
}

pub(super) fn last(call: &mut Call<'_>, otherwise: Otherwise) -> Result<Value, Exception> {
    let (source, predicate) = (source(call)?, predicate(call)?);
    let item = match (Slice::of(&source), &predicate) {
        (Some(slice), None) => match slice.len().checked_sub(1) {
            Some(last) => slice.get(last, call.machine())?,
            None => None,
        },
        // Of lists and arrays .NET looks for it from the end.
        (Some(slice), Some(predicate)) if !matches!(source, Value::Enumerable(_)) => {
            last_accepted(call, &slice, predicate)?
        }
        _ => {
            let (mut walk, mut last) = (Source::new(&source), None);
            while let Some(item) = next(call, &mut walk, predicate.as_ref())? {
                last = Some(item);
            }
            last
        }
    };
    found(call, item, otherwise, predicate.as_ref())
}

fn last_accepted(
    call: &mut Call<'_>,
    slice: &Slice,
    predicate: &Delegate,
) -> Result<Option<Value>, Exception> {
    for at in (0..slice.len()).rev() {
        if let Some(item) = slice.get(at, call.machine())?
            && is_true(&call.invoke(predicate, std::slice::from_ref(&item))?)
        {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

pub(super) fn single(call: &mut Call<'_>, otherwise: Otherwise) -> Result<Value, Exception> {
    let (mut walk, predicate) = (Source::new(&source(call)?), predicate(call)?);
    let Some(item) = next(call, &mut walk, predicate.as_ref())? else {
        return match otherwise {
            Otherwise::Default => Ok(call.type_argument(0).default_value()),
            Otherwise::Throw => Err(missing(predicate.as_ref())),
        };
    };
    if next(call, &mut walk, predicate.as_ref())?.is_some() {
        let what = if predicate.is_some() { "matching element" } else { "element" };
        return Err(Exception::invalid_operation(format!("Sequence contains more than one {what}")));
    }
    Ok(item)
}

pub(super) fn element_at(call: &mut Call<'_>, otherwise: Otherwise) -> Result<Value, Exception> {
    let source = source(call)?;
    let index = usize::try_from(call.int(1)).ok();
    let item = match (index, Slice::of(&source)) {
        (None, _) => None,
        (Some(index), Some(slice)) => slice.get(index, call.machine())?,
        (Some(index), None) => {
            let mut walk = Source::new(&source);
            let mut item = walk.next(call.machine())?;
            for _ in 0..index {
                if item.is_none() {
                    break;
                }
                item = walk.next(call.machine())?;
            }
            item
        }
    };
    match item {
        Some(item) => Ok(item),
        None if otherwise == Otherwise::Default => Ok(call.type_argument(0).default_value()),
        // A list is asked for its element and answers itself.
        None if matches!(source, Value::List(_)) => {
            let message =
                "Index was out of range. Must be non-negative and less than the size of the collection.";
            Err(Exception::argument_out_of_range("index", message))
        }
        None => Err(Exception::argument_out_of_range("index", "")),
    }
}

pub(super) fn any(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (mut walk, predicate) = (Source::new(&source(call)?), predicate(call)?);
    Ok(Value::Boolean(next(call, &mut walk, predicate.as_ref())?.is_some()))
}

pub(super) fn all(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (mut walk, predicate) = (Source::new(&source(call)?), call.delegate(1)?);
    while let Some(item) = walk.next(call.machine())? {
        if !is_true(&call.invoke(&predicate, &[item])?) {
            return Ok(Value::Boolean(false));
        }
    }
    Ok(Value::Boolean(true))
}

fn counted(call: &mut Call<'_>) -> Result<i64, Exception> {
    let (mut walk, predicate) = (Source::new(&source(call)?), predicate(call)?);
    let mut count = 0;
    while next(call, &mut walk, predicate.as_ref())?.is_some() {
        count += 1;
    }
    Ok(count)
}

pub(super) fn count(call: &mut Call<'_>) -> Result<Value, Exception> {
    i32::try_from(counted(call)?).map(Value::Int32).map_err(|_| Exception::arithmetic_overflow())
}

pub(super) fn long_count(call: &mut Call<'_>) -> Result<Value, Exception> {
    counted(call).map(Value::Int64)
}

pub(super) fn contains(call: &mut Call<'_>) -> Result<Value, Exception> {
    let source = source(call)?;
    let wanted = call.argument(1).clone();
    if call.arguments().len() < 3
        && let Value::HashSet(set) = &source
    {
        // A set is asked, and compares in its own way.
        return Ok(Value::Boolean(set.entries.lock().contains(&wanted.key(set.comparer))));
    }
    let mut walk = Source::new(&source);
    let comparer = comparer_of(call.argument(2));
    while let Some(item) = walk.next(call.machine())? {
        if same(&item, &wanted, comparer, call.machine())? {
            return Ok(Value::Boolean(true));
        }
    }
    Ok(Value::Boolean(false))
}

/// Whether two elements are the same to a comparer.
fn same(
    left: &Value,
    right: &Value,
    comparer: KeyComparer,
    machine: &mut dyn Machine,
) -> Result<bool, Exception> {
    if comparer == KeyComparer::Default {
        return crate::dotnet::equals(left, right, machine);
    }
    Ok(left.key(comparer) == right.key(comparer))
}

pub(super) fn sequence_equal(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (first, second) = (source(call)?, call.argument(1).clone());
    if second.is_null() {
        return Err(call.null_argument(1));
    }
    let comparer = comparer_of(call.argument(2));
    let (mut first, mut second) = (Source::new(&first), Source::new(&second));
    loop {
        let left = first.next(call.machine())?;
        let right = second.next(call.machine())?;
        match (left, right) {
            (None, None) => return Ok(Value::Boolean(true)),
            (Some(left), Some(right)) if same(&left, &right, comparer, call.machine())? => {}
            _ => return Ok(Value::Boolean(false)),
        }
    }
}

/// `Min` and `Max`: null for an empty sequence of a type that has it. Nulls are passed over.
pub(super) fn extreme(call: &mut Call<'_>, wanted: std::cmp::Ordering) -> Result<Value, Exception> {
    let (mut walk, selector) = (Source::new(&source(call)?), predicate(call)?);
    let element = call.type_argument(usize::from(selector.is_some()));
    let mut best: Option<Value> = None;
    while let Some(item) = walk.next(call.machine())? {
        let value = match &selector {
            Some(selector) => call.invoke(selector, &[item])?,
            None => item,
        };
        if value.is_null() {
            continue;
        }
        let better = match &best {
            Some(best) => compare(&value, best, call.machine())? == wanted,
            None => true,
        };
        if better {
            best = Some(value);
        }
    }
    match best {
        Some(best) => Ok(best),
        None if element.is_value_type() => Err(no_elements()),
        None => Ok(Value::Null),
    }
}

/// `MinBy` and `MaxBy`: the element whose key is the extreme one.
pub(super) fn extreme_by(call: &mut Call<'_>, wanted: std::cmp::Ordering) -> Result<Value, Exception> {
    let (mut walk, selector) = (Source::new(&source(call)?), call.delegate(1)?);
    let mut best: Option<(Value, Value)> = None;
    while let Some(item) = walk.next(call.machine())? {
        let key = call.invoke(&selector, std::slice::from_ref(&item))?;
        let better = match &best {
            Some((best, _)) => compare(&key, best, call.machine())? == wanted,
            None => true,
        };
        if better {
            best = Some((key, item));
        }
    }
    match best {
        Some((_, item)) => Ok(item),
        None if call.type_argument(0).is_value_type() => Err(no_elements()),
        None => Ok(Value::Null),
    }
}
