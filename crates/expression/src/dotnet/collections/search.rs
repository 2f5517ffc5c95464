//! Searches in lists and arrays: by value, by predicate, and what becomes of all elements.

use super::{count, items, range};
use crate::call::{Call, Machine};
use crate::exception::Exception;
use crate::value::Value;

/// The first place of a value between two indexes.
pub(super) fn position(
    items: &[Value],
    wanted: &Value,
    machine: &mut dyn Machine,
) -> Result<Option<usize>, Exception> {
    for (at, item) in items.iter().enumerate() {
        machine.budget().step()?;
        if crate::dotnet::equals(item, wanted, machine)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// A place, or -1.
fn found(at: Option<usize>) -> Value {
    at.map_or(Value::Int32(-1), count)
}

/// The elements that a member works on: the receiver's, or of `System.Array`'s members those of argument 0. Its own
/// arguments begin at `first`.
pub(super) fn subject(call: &mut Call<'_>, first: usize) -> Result<Vec<Value>, Exception> {
    if first == 0 {
        return items::of_this(call);
    }
    let array = call.argument(0).clone();
    if array.is_null() {
        return Err(call.null_argument(0));
    }
    let items = items::snapshot(&array, call.machine())?;
    call.budget().allocate(items.len() * size_of::<Value>())?;
    Ok(items)
}

/// `IndexOf(item)`, with `index` and `count` or without.
pub(super) fn index_of(call: &mut Call<'_>, first: usize) -> Result<Value, Exception> {
    let items = subject(call, first)?;
    let range = range::forward(call, first + 1, items.len())?;
    let (start, wanted) = (range.start, call.argument(first).clone());
    let part = items.get(range).unwrap_or_default();
    Ok(found(position(part, &wanted, call.machine())?.map(|at| at + start)))
}

/// `LastIndexOf(item)`, with `index` and `count` or without.
pub(super) fn last_index_of(call: &mut Call<'_>, first: usize) -> Result<Value, Exception> {
    let items = subject(call, first)?;
    let range = range::backward(call, first + 1, items.len())?;
    let wanted = call.argument(first).clone();
    for at in range.rev() {
        call.budget().step()?;
        if let Some(item) = items.get(at)
            && crate::dotnet::equals(item, &wanted, call.machine())?
        {
            return Ok(count(at));
        }
    }
    Ok(Value::Int32(-1))
}

/// The first or the last element that the predicate accepts, which is the last argument; with its place.
pub(super) fn find(
    call: &mut Call<'_>,
    first: usize,
    from_end: bool,
) -> Result<Option<(usize, Value)>, Exception> {
    let items = subject(call, first)?;
    let last = call.arguments().len().saturating_sub(1);
    let range = if from_end {
        range::backward_among(call, first, items.len(), last)?
    } else {
        range::forward_among(call, first, items.len(), last)?
    };
    let predicate = call.delegate(last)?;
    let places: Vec<usize> = if from_end { range.rev().collect() } else { range.collect() };
    for at in places {
        let Some(item) = items.get(at) else { break };
        if let Value::Boolean(true) = call.invoke(&predicate, std::slice::from_ref(item))? {
            return Ok(Some((at, item.clone())));
        }
    }
    Ok(None)
}

/// [`find`]: the element, or the default of its type.
pub(super) fn found_item(call: &mut Call<'_>, first: usize, from_end: bool) -> Result<Value, Exception> {
    let default = call.type_argument(0).default_value();
    Ok(find(call, first, from_end)?.map_or(default, |(_, item)| item))
}

/// [`find`]: the place, or -1.
pub(super) fn found_index(call: &mut Call<'_>, first: usize, from_end: bool) -> Result<Value, Exception> {
    Ok(found(find(call, first, from_end)?.map(|(at, _)| at)))
}

/// All elements that the predicate accepts.
pub(super) fn filtered(call: &mut Call<'_>, first: usize) -> Result<Vec<Value>, Exception> {
    let items = subject(call, first)?;
    let predicate = call.delegate(first)?;
    let mut out = Vec::new();
    for item in items {
        if let Value::Boolean(true) = call.invoke(&predicate, std::slice::from_ref(&item))? {
            out.push(item);
        }
    }
    Ok(out)
}

/// All elements through the converter.
pub(super) fn converted(call: &mut Call<'_>, first: usize) -> Result<Vec<Value>, Exception> {
    let items = subject(call, first)?;
    let converter = call.delegate(first)?;
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        out.push(call.invoke(&converter, &[item])?);
    }
    Ok(out)
}

/// Whether the predicate accepts every element.
pub(super) fn true_for_all(call: &mut Call<'_>, first: usize) -> Result<Value, Exception> {
    let items = subject(call, first)?;
    let predicate = call.delegate(first)?;
    for item in items {
        if !matches!(call.invoke(&predicate, &[item])?, Value::Boolean(true)) {
            return Ok(Value::Boolean(false));
        }
    }
    Ok(Value::Boolean(true))
}
