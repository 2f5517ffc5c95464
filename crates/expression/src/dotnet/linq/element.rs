//! One element or a fact: `First`, `Single`, `Any`, `Count`, `Contains` …

use super::{Source, is_true, is_value_type, no_elements, source};
use crate::call::Call;
use crate::exception::Exception;
use crate::value::{Delegate, Value};

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

pub(super) fn first(call: &mut Call<'_>, otherwise: Otherwise) -> Result<Value, Exception> {
    let (mut walk, predicate) = (Source::new(&source(call)?), predicate(call)?);
    match next(call, &mut walk, predicate.as_ref())? {
        Some(item) => Ok(item),
        None if otherwise == Otherwise::Default => Ok(call.type_argument(0).default_value()),
        None => Err(missing(predicate.as_ref())),
    }
}

pub(super) fn last(call: &mut Call<'_>, otherwise: Otherwise) -> Result<Value, Exception> {
    let (mut walk, predicate) = (Source::new(&source(call)?), predicate(call)?);
    let mut found = None;
    while let Some(item) = next(call, &mut walk, predicate.as_ref())? {
        found = Some(item);
    }
    match found {
        Some(item) => Ok(item),
        None if otherwise == Otherwise::Default => Ok(call.type_argument(0).default_value()),
        None => Err(missing(predicate.as_ref())),
    }
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
    let mut walk = Source::new(&source(call)?);
    let mut left = call.int(1);
    while left >= 0 {
        match walk.next(call.machine())? {
            Some(item) if left == 0 => return Ok(item),
            Some(_) => left -= 1,
            None => break,
        }
    }
    match otherwise {
        Otherwise::Default => Ok(call.type_argument(0).default_value()),
        Otherwise::Throw => {
            let message =
                "Index was out of range. Must be non-negative and less than the size of the collection.";
            Err(Exception::argument_out_of_range("index", message))
        }
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
    let mut walk = Source::new(&source(call)?);
    let wanted = call.argument(1).clone();
    let comparer = crate::dotnet::collections::comparer_of(call.argument(2));
    let key = wanted.key(comparer);
    while let Some(item) = walk.next(call.machine())? {
        if item.key(comparer) == key || crate::dotnet::equals(&item, &wanted, call.machine())? {
            return Ok(Value::Boolean(true));
        }
    }
    Ok(Value::Boolean(false))
}

pub(super) fn sequence_equal(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (left, right) = (call.elements(0)?, call.elements(1)?);
    let comparer = crate::dotnet::collections::comparer_of(call.argument(2));
    if left.len() != right.len() {
        return Ok(Value::Boolean(false));
    }
    for (left, right) in left.iter().zip(&right) {
        let equal = left.key(comparer) == right.key(comparer);
        if !equal && !crate::dotnet::equals(left, right, call.machine())? {
            return Ok(Value::Boolean(false));
        }
    }
    Ok(Value::Boolean(true))
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
            Some(best) => super::compare(&value, best, call.machine())? == wanted,
            None => true,
        };
        if better {
            best = Some(value);
        }
    }
    match best {
        Some(best) => Ok(best),
        None if is_value_type(&element) => Err(no_elements()),
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
            Some((best, _)) => super::compare(&key, best, call.machine())? == wanted,
            None => true,
        };
        if better {
            best = Some((key, item));
        }
    }
    match best {
        Some((_, item)) => Ok(item),
        None if is_value_type(&call.type_argument(0)) => Err(no_elements()),
        None => Ok(Value::Null),
    }
}
