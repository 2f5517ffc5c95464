//! What lists, arrays and JArrays have in common: access by index, search, change.

use crate::call::{Call, Machine};
use crate::dotnet::json::JTokenType;
use crate::exception::Exception;
use crate::value::{List, Value, collect};

use super::range::index_out_of_range;
use super::{count, views};

/// The elements now, for walks during which anything may happen.
pub(super) fn snapshot(value: &Value, machine: &mut dyn Machine) -> Result<Vec<Value>, Exception> {
    let items = match value {
        Value::List(list) => list.items.lock().to_vec(),
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
        Value::Array(_) | Value::Bytes(_) => Err(Exception::not_supported("Collection is of a fixed size")),
        other => Err(views::unchangeable(other).unwrap_or_else(|| call.mismatch(other))),
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

/// The index of argument `at`; one that no element has when it is negative.
fn index(call: &Call<'_>, at: usize) -> usize {
    usize::try_from(call.int(at)).unwrap_or(usize::MAX)
}

/// What an index outside throws: arrays seen as lists have a text of their own.
fn outside(receiver: &Value) -> Exception {
    match receiver {
        Value::Array(_) | Value::Bytes(_) => Exception::argument_out_of_range("index", ""),
        _ => index_out_of_range("index"),
    }
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
    found.ok_or_else(|| outside(call.receiver()))
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (at, value) = (index(call, 0), call.take(1));
    let stored = match call.receiver() {
        Value::List(list) => list.items.lock().set(at, value),
        Value::Array(array) => {
            array.check(&value)?;
            array.items.lock().get_mut(at).map(|slot| *slot = value).is_some()
        }
        Value::Bytes(bytes) => {
            let byte = if let Value::Byte(byte) = value { byte } else { 0 };
            bytes.lock().get_mut(at).map(|slot| *slot = byte).is_some()
        }
        Value::Json(_) => {
            let key = call.argument(0).clone();
            return json(call, "set this[]", &[key, value]);
        }
        other => return Err(call.mismatch(other)),
    };
    if stored { Ok(Value::Null) } else { Err(outside(call.receiver())) }
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
    call.budget().allocate(size_of::<Value>())?;
    let item = call.take(0);
    match call.receiver() {
        Value::Json(_) => json(call, "Add", &[item]),
        Value::HashSet(set) => super::hash_set::add_to(set, item).map(|_| Value::Null),
        Value::Dictionary(_) => super::dictionary::add_pair(call, &item),
        _ => {
            let mut items = list(call)?.items.lock();
            items.push(item);
            Ok(Value::Null)
        }
    }
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
    if list(call)?.items.lock().insert(at, vec![item]) {
        return Ok(Value::Null);
    }
    let message = "Index must be within the bounds of the List.";
    Err(Exception::argument_out_of_range("index", message))
}

pub(super) fn remove_at(call: &mut Call<'_>) -> Result<Value, Exception> {
    if let Value::Json(_) = call.receiver() {
        let key = call.argument(0).clone();
        return json(call, "RemoveAt", &[key]);
    }
    let at = index(call, 0);
    let length = list(call)?.items.lock().len();
    call.budget().steps(length as u64 / 64)?;
    let removed = at < length && list(call)?.items.lock().remove(at..at + 1);
    if removed { Ok(Value::Null) } else { Err(index_out_of_range("index")) }
}

pub(super) fn clear(call: &mut Call<'_>) -> Result<Value, Exception> {
    match call.receiver() {
        Value::Json(_) => return json(call, "Clear", &[]),
        Value::HashSet(set) => set.entries.lock().clear(),
        Value::Dictionary(dictionary) => dictionary.entries.lock().clear(),
        Value::Array(_) | Value::Bytes(_) => return Err(Exception::not_supported("Collection is read-only")),
        _ => list(call)?.items.lock().replace(Vec::new()),
    }
    Ok(Value::Null)
}

pub(super) fn contains(call: &mut Call<'_>) -> Result<Value, Exception> {
    match call.receiver() {
        Value::HashSet(set) => {
            let key = call.argument(0).key(set.comparer);
            return Ok(Value::Boolean(set.entries.lock().contains(&key)));
        }
        Value::Dictionary(_) => return super::dictionary::contains_pair(call),
        _ => {}
    }
    let items = of_this(call)?;
    let wanted = call.argument(0).clone();
    Ok(Value::Boolean(super::search::position(&items, &wanted, call.machine())?.is_some()))
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Value, Exception> {
    match call.receiver() {
        Value::Json(_) => {
            let item = call.take(0);
            return json(call, "Remove", &[item]);
        }
        Value::HashSet(set) => {
            let key = call.argument(0).key(set.comparer);
            return Ok(Value::Boolean(set.entries.lock().remove_from_set(&key)));
        }
        Value::Dictionary(_) => return super::dictionary::remove_pair(call),
        _ => {}
    }
    list(call)?;
    let items = of_this(call)?;
    let wanted = call.argument(0).clone();
    let at = super::search::position(&items, &wanted, call.machine())?;
    if let Some(at) = at {
        list(call)?.items.lock().remove(at..at + 1);
    }
    Ok(Value::Boolean(at.is_some()))
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

/// `GetEnumerator()`.
pub(super) fn enumerator(call: &mut Call<'_>) -> Result<Value, Exception> {
    let this = call.receiver().clone();
    super::enumerator::of(&this, call.machine())
}
