//! Filters of arrays, and `Size` and `Slice`, which take texts too.

use std::cmp::Ordering;

use sekisho_expression::value::Text;

use super::{Call, text_parameter};
use crate::liquid::Failure;
use crate::liquid::condition::{equals, order};
use crate::liquid::value::Value;

type Filtered = Result<Value, Failure>;

/// What `Flatten` does: arrays in arrays become one; a value alone is an array of it.
fn flat(call: &mut Call<'_, '_>) -> Result<Vec<Value>, Failure> {
    fn push(value: &Value, out: &mut Vec<Value>, call: &mut Call<'_, '_>) -> Result<(), Failure> {
        let count = if matches!(value, Value::Text(_)) { None } else { value.count() };
        let Some(count) = count else {
            out.push(value.clone());
            return call.allocate(size_of::<Value>());
        };
        call.renderer.budget.steps(1 + count as u64)?;
        for item in (0..count).map_while(|at| value.item(at)) {
            match item {
                Value::Array(_) => push(&item, out, call)?,
                other => {
                    out.push(other);
                    call.allocate(size_of::<Value>())?;
                }
            }
        }
        Ok(())
    }
    let input = call.input.clone();
    let mut out = Vec::new();
    push(&input, &mut out, call)?;
    Ok(out)
}

/// The elements of the input; none for what has none.
fn items(call: &mut Call<'_, '_>) -> Result<Option<Vec<Value>>, Failure> {
    if let Value::Text(text) = &call.input {
        return call.renderer.letters(&text.clone()).map(Some);
    }
    let Some(count) = call.input.count() else { return Ok(None) };
    call.renderer.budget.steps(count as u64)?;
    call.allocate(count.saturating_mul(size_of::<Value>()))?;
    Ok(Some((0..count).map_while(|at| call.input.item(at)).collect()))
}

/// `Compact`: without nil.
pub(super) fn compact(call: &mut Call<'_, '_>) -> Filtered {
    if matches!(call.input, Value::Nil) {
        return Ok(Value::Nil);
    }
    let mut found = flat(call)?;
    found.retain(|item| !matches!(item, Value::Nil));
    Ok(Value::array(found))
}

/// `First`.
pub(super) fn first(call: &mut Call<'_, '_>) -> Filtered {
    Ok(call.input.item(0).unwrap_or_default())
}

/// `Last`.
pub(super) fn last(call: &mut Call<'_, '_>) -> Filtered {
    let last = call.input.count().and_then(|count| count.checked_sub(1));
    Ok(last.and_then(|at| call.input.item(at)).unwrap_or_default())
}

/// `Join`: with a blank when nothing is said.
pub(super) fn join(call: &mut Call<'_, '_>) -> Filtered {
    let glue = match call.arguments.first() {
        None => Text::from(" "),
        Some(given) => text_parameter(given)?.unwrap_or_else(Text::empty),
    };
    let Some(items) = items(call)? else { return Ok(Value::Nil) };
    let mut out = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(&glue);
        }
        let text = item.to_text();
        call.allocate(text.len() + glue.len())?;
        call.renderer.check_length(out.len() + text.len())?;
        out.push_str(&text);
    }
    Ok(Value::text(out))
}

/// `Map`: a member of each element.
pub(super) fn map(call: &mut Call<'_, '_>) -> Filtered {
    let name = call.text(0)?.unwrap_or_else(Text::empty);
    let Some(items) = items(call)? else { return Ok(Value::Nil) };
    let member = |item: Value| match item {
        Value::Hash(hash) => hash.get(&name).cloned().unwrap_or_default(),
        _ => Value::Nil,
    };
    Ok(Value::array(items.into_iter().map(member).collect()))
}

/// `Size`.
pub(super) fn size(call: &mut Call<'_, '_>) -> Filtered {
    Ok(Value::Integer(i64::try_from(call.input.count().unwrap_or(0)).unwrap_or(i64::MAX)))
}

/// `Slice`: one letter or element, or as many as are said; negative places count from the end.
pub(super) fn slice(call: &mut Call<'_, '_>) -> Filtered {
    let (mut start, mut length) = (call.int(0, 0)?, call.int(1, 1)?);
    let is_text = matches!(call.input, Value::Text(_));
    let Some(count) = call.input.count().filter(|_| !matches!(call.input, Value::Hash(_))) else {
        return Ok(call.input.clone());
    };
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    if start > count && is_text {
        return Ok(Value::Nil);
    }
    if start < 0 {
        start = start.saturating_add(count);
        if start < 0 {
            length = length.saturating_add(start).max(0);
            start = 0;
        }
    }
    let start = start.min(count);
    let length = length.clamp(0, count - start);
    let (Ok(start), Ok(length)) = (usize::try_from(start), usize::try_from(length)) else {
        return Ok(Value::Nil);
    };
    call.allocate(length.saturating_mul(size_of::<Value>()))?;
    match &call.input {
        Value::Text(text) => Ok(Value::Text(text.substring(start, length).unwrap_or_else(Text::empty))),
        other => Ok(Value::array((start..start + length).map_while(|at| other.item(at)).collect())),
    }
}

/// `Sort`: without looking at case; by a member of each element when one is named.
pub(super) fn sort(call: &mut Call<'_, '_>) -> Filtered {
    if matches!(call.input, Value::Nil) {
        return Ok(Value::Nil);
    }
    let member = call.text(0)?.filter(|name| !name.is_empty());
    let mut found = flat(call)?;
    call.renderer
        .budget
        .steps(found.len() as u64 * u64::from(found.len().checked_ilog2().unwrap_or(0) + 1))?;
    let Some(name) = member else {
        found.sort_by(by_value);
        return Ok(Value::array(found));
    };
    let key = |item: &Value| match item {
        Value::Hash(hash) => hash.get(&name).cloned().unwrap_or_default(),
        _ => Value::Nil,
    };
    if found.iter().any(|item| matches!(item, Value::Hash(hash) if hash.get(&name).is_some())) {
        found.sort_by(|left, right| by_value(&key(left), &key(right)));
    }
    Ok(Value::array(found))
}

fn by_value(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Nil, Value::Nil) => Ordering::Equal,
        (Value::Nil, _) => Ordering::Less,
        (_, Value::Nil) => Ordering::Greater,
        (Value::Text(left), Value::Text(right)) => left.to_uppercase().cmp(&right.to_uppercase()),
        (Value::Integer(_), Value::Double(_) | Value::Decimal(_)) => by_value(right, left).reverse(),
        _ => order(left, right).ok().flatten().unwrap_or(Ordering::Equal),
    }
}

/// `Uniq`: the first of equal elements.
pub(super) fn uniq(call: &mut Call<'_, '_>) -> Filtered {
    if matches!(call.input, Value::Nil) {
        return Ok(Value::Nil);
    }
    let mut out: Vec<Value> = Vec::new();
    for item in flat(call)? {
        call.renderer.budget.steps(1 + out.len() as u64 / 4)?;
        let is_known = |known: &Value| {
            std::mem::discriminant(known) == std::mem::discriminant(&item) && equals(known, &item)
        };
        if !out.iter().any(is_known) {
            out.push(item);
        }
    }
    Ok(Value::array(out))
}
