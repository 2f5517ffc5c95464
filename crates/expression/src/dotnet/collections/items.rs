//! What lists, arrays and JArrays have in common: access by index, search, change.

use crate::call::{Call, Machine};
use crate::dotnet::json::JTokenType;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{List, Value, collect};

use super::{count, index_out_of_range};

/// The elements now, for walks during which anything may happen.
pub(super) fn snapshot(value: &Value, machine: &mut dyn Machine) -> Result<Vec<Value>, Exception> {
    let items = match value {
        Value::List(list) => list.items.lock().clone(),
        Value::Array(array) => array.items.lock().clone(),
        other => return collect(other, machine),
    };
    machine.budget().steps(items.len() as u64 / 8 + 1)?;
    Ok(items)
}

/// The receiver's elements now.
pub(super) fn of_this(call: &mut Call<'_>) -> Result<Vec<Value>, Exception> {
    let this = call.receiver().clone();
    snapshot(&this, call.machine())
}

/// The receiver as a list that can grow.
pub(super) fn list<'c>(call: &'c Call<'_>) -> Result<&'c List, Exception> {
    match call.receiver() {
        Value::List(list) => Ok(list),
        Value::Array(_) | Value::Bytes(_) => Err(Exception::not_supported("Collection was of a fixed size.")),
        other => Err(call.mismatch(other)),
    }
}

pub(super) fn length(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(match call.receiver() {
        Value::List(list) => count(list.items.lock().len()),
        Value::Array(array) => count(array.items.lock().len()),
        Value::Bytes(bytes) => count(bytes.lock().len()),
        Value::Dictionary(dictionary) => count(dictionary.entries.lock().len()),
        Value::HashSet(set) => count(set.entries.lock().len()),
        Value::Json(token) => count(token.count()),
        _ => count(of_this(call)?.len()),
    })
}

/// The index of argument `at`.
fn index(call: &Call<'_>, at: usize) -> usize {
    usize::try_from(call.int(at)).unwrap_or(usize::MAX)
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, Exception> {
    let at = index(call, 0);
    let found = match call.receiver() {
        Value::List(list) => list.items.lock().get(at).cloned(),
        Value::Array(array) => array.items.lock().get(at).cloned(),
        Value::Bytes(bytes) => bytes.lock().get(at).copied().map(Value::Byte),
        Value::Json(token) => token.child(at).map(Value::Json),
        _ => of_this(call)?.get(at).cloned(),
    };
    found.ok_or_else(|| index_out_of_range("index"))
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (at, value) = (index(call, 0), call.take(1));
    let stored = match call.receiver() {
        Value::List(list) => list.items.lock().get_mut(at).map(|slot| *slot = value),
        Value::Array(array) => array.items.lock().get_mut(at).map(|slot| *slot = value),
        Value::Bytes(bytes) => {
            let byte = if let Value::Byte(byte) = value { byte } else { 0 };
            bytes.lock().get_mut(at).map(|slot| *slot = byte)
        }
        Value::Json(_) => {
            let key = call.argument(0).clone();
            return json(call, "set this[]", &[key, value]);
        }
        other => return Err(call.mismatch(other)),
    };
    stored.map(|()| Value::Null).ok_or_else(|| index_out_of_range("index"))
}

/// A member of a JArray or JObject by name: their own family knows the rules.
pub(super) fn json(call: &mut Call<'_>, name: &str, arguments: &[Value]) -> Result<Value, Exception> {
    let receiver = call.receiver().clone();
    let declared = crate::dotnet::registry().of(&receiver.type_of());
    let (name, setter) = match name.strip_prefix("set ") {
        Some(name) => (name, true),
        None => (name, false),
    };
    let found = declared.and_then(|declared| {
        declared.named(name).find(|member| {
            let is_setter = member.kind == crate::dotnet::registry::MemberKind::IndexSetter;
            let keys = member.parameters.len();
            is_setter == setter && (keys == arguments.len() || (setter && keys + 1 == arguments.len()))
        })
    });
    let Some(member) = found else { return Err(call.mismatch(&receiver)) };
    let mut arguments = arguments.to_vec();
    let machine = call.machine();
    let mut inner = Call { receiver, arguments: &mut arguments, type_arguments: &[], member, machine };
    (member.member.run)(&mut inner)
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Value, Exception> {
    if let Value::Json(_) = call.receiver() {
        let item = call.take(0);
        return json(call, "Add", &[item]);
    }
    if let Value::HashSet(_) = call.receiver() {
        return super::hash_set::add(call);
    }
    call.budget().allocate(size_of::<Value>())?;
    let item = call.take(0);
    list(call)?.items.lock().push(item);
    Ok(Value::Null)
}

pub(super) fn insert(call: &mut Call<'_>) -> Result<Value, Exception> {
    call.budget().allocate(size_of::<Value>())?;
    let (at, item) = (index(call, 0), call.take(1));
    if let Value::Json(_) = call.receiver() {
        let key = call.argument(0).clone();
        return json(call, "Insert", &[key, item]);
    }
    let length = list(call)?.items.lock().len();
    call.budget().steps(length as u64 / 64)?;
    let mut items = list(call)?.items.lock();
    if at > items.len() {
        let message = "Index must be within the bounds of the List.";
        return Err(Exception::argument_out_of_range("index", message));
    }
    items.insert(at, item);
    Ok(Value::Null)
}

pub(super) fn remove_at(call: &mut Call<'_>) -> Result<Value, Exception> {
    if let Value::Json(_) = call.receiver() {
        let key = call.argument(0).clone();
        return json(call, "RemoveAt", &[key]);
    }
    let at = index(call, 0);
    let length = list(call)?.items.lock().len();
    call.budget().steps(length as u64 / 64)?;
    let mut items = list(call)?.items.lock();
    if at >= items.len() {
        return Err(index_out_of_range("index"));
    }
    items.remove(at);
    Ok(Value::Null)
}

pub(super) fn clear(call: &mut Call<'_>) -> Result<Value, Exception> {
    match call.receiver() {
        Value::Json(_) => json(call, "Clear", &[]),
        Value::HashSet(set) => {
            set.entries.lock().clear();
            Ok(Value::Null)
        }
        Value::Dictionary(dictionary) => {
            dictionary.entries.lock().clear();
            Ok(Value::Null)
        }
        _ => {
            list(call)?.items.lock().clear();
            Ok(Value::Null)
        }
    }
}

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

fn found(at: Option<usize>) -> Value {
    at.map_or(Value::Int32(-1), count)
}

/// `IndexOf(item)`, `IndexOf(item, index)`, `IndexOf(item, index, count)` on the receiver.
pub(super) fn index_of(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = of_this(call)?;
    index_in(call, &items, 0)
}

/// The search itself; the item is argument `first`.
pub(super) fn index_in(call: &mut Call<'_>, items: &[Value], first: usize) -> Result<Value, Exception> {
    let given = call.arguments().len();
    let start = if given > first + 1 { index(call, first + 1) } else { 0 };
    let Some(rest) = items.get(start..) else { return Err(index_out_of_range("index")) };
    let rest = if given > first + 2 {
        rest.get(..index(call, first + 2)).ok_or_else(|| Exception::argument_out_of_range("count", ""))?
    } else {
        rest
    };
    let wanted = call.argument(first).clone();
    Ok(found(position(rest, &wanted, call.machine())?.map(|at| at + start)))
}

pub(super) fn last_index_of(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = of_this(call)?;
    last_index_in(call, &items, 0)
}

pub(super) fn last_index_in(call: &mut Call<'_>, items: &[Value], first: usize) -> Result<Value, Exception> {
    let wanted = call.argument(first).clone();
    for (at, item) in items.iter().enumerate().rev() {
        call.budget().step()?;
        if crate::dotnet::equals(item, &wanted, call.machine())? {
            return Ok(count(at));
        }
    }
    Ok(Value::Int32(-1))
}

pub(super) fn contains(call: &mut Call<'_>) -> Result<Value, Exception> {
    if let Value::HashSet(set) = call.receiver() {
        let key = call.argument(0).key(set.comparer);
        return Ok(Value::Boolean(set.entries.lock().contains(&key)));
    }
    let items = of_this(call)?;
    let wanted = call.argument(0).clone();
    Ok(Value::Boolean(position(&items, &wanted, call.machine())?.is_some()))
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Value, Exception> {
    match call.receiver() {
        Value::Json(_) => {
            let item = call.take(0);
            return json(call, "Remove", &[item]);
        }
        Value::HashSet(set) => {
            let key = call.argument(0).key(set.comparer);
            return Ok(Value::Boolean(set.entries.lock().remove(&key).is_some()));
        }
        _ => {}
    }
    let items = of_this(call)?;
    let wanted = call.argument(0).clone();
    let at = position(&items, &wanted, call.machine())?;
    if let Some(at) = at {
        let mut items = list(call)?.items.lock();
        if at < items.len() {
            items.remove(at);
        }
    }
    Ok(Value::Boolean(at.is_some()))
}

/// `CopyTo(array)` and `CopyTo(array, index)`.
pub(super) fn copy_to(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = of_this(call)?;
    let start = if call.arguments().len() > 1 { index(call, 1) } else { 0 };
    let target = call.argument(0).clone();
    if target.is_null() {
        return Err(call.null_argument(0));
    }
    write_range(&target, start, items)
}

/// Writes values into an array from an index on.
pub(super) fn write_range(target: &Value, start: usize, items: Vec<Value>) -> Result<Value, Exception> {
    let too_short = || {
        let message = "Destination array was not long enough. Check the destination index, length, and the array's \
                       lower bounds.";
        Exception::argument(message, "destinationArray")
    };
    let end = start.checked_add(items.len()).ok_or_else(too_short)?;
    match target {
        Value::Array(array) => {
            let mut slots = array.items.lock();
            let slots = slots.get_mut(start..end).ok_or_else(too_short)?;
            slots.iter_mut().zip(items).for_each(|(slot, item)| *slot = item);
        }
        Value::Bytes(bytes) => {
            let mut slots = bytes.lock();
            let slots = slots.get_mut(start..end).ok_or_else(too_short)?;
            for (slot, item) in slots.iter_mut().zip(items) {
                *slot = if let Value::Byte(byte) = item { byte } else { 0 };
            }
        }
        other => return Err(Exception::invalid_cast(&other.type_of(), &Type::Named("System.Array"))),
    }
    Ok(Value::Null)
}

/// The pairs of a dictionary or of a JObject seen as one.
pub(super) fn pairs(value: &Value, machine: &mut dyn Machine) -> Result<Vec<(Value, Value)>, Exception> {
    if let Value::Json(token) = value
        && token.kind() == JTokenType::Object
    {
        let properties = token.properties().into_iter();
        return Ok(properties.map(|(name, value)| (Value::String(name), Value::Json(value))).collect());
    }
    let mut out = Vec::new();
    for item in collect(value, machine)? {
        match item {
            Value::KeyValuePair(pair) => out.push((pair.key.clone(), pair.value.clone())),
            other => return Err(Exception::invalid_cast(&other.type_of(), &value.type_of())),
        }
    }
    Ok(out)
}

/// `GetEnumerator()`: the elements of now.
pub(super) fn enumerator(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = of_this(call)?;
    Ok(Value::object(super::interfaces::Enumerator::new(call.type_argument(0), items)))
}
