//! `HashSet<T>`.

use std::collections::HashMap;
use std::sync::Arc;

use super::{comparer_of, copying, items};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::{Entries, HashSet, Key, Value};

pub(super) static HASH_SET: TypeDeclaration = TypeDeclaration::class("System.Collections.Generic.HashSet")
    .generic(&["T"])
    .interfaces(&["System.Collections.Generic.ISet<T>", "System.Collections.Generic.IReadOnlyCollection<T>"])
    .members(&[
        impure("new()", |call| made(call, None, 1)),
        impure("new(int capacity)", |call| sized(call, 1)),
        impure("new(int capacity, IEqualityComparer<T> comparer)", |call| sized(call, 1)),
        impure("new(IEqualityComparer<T> comparer)", |call| made(call, None, 0)),
        impure("new(IEnumerable<T> collection)", |call| made(call, Some(0), 1)),
        impure("new(IEnumerable<T> collection, IEqualityComparer<T> comparer)", |call| {
            made(call, Some(0), 1)
        }),
        impure("IEnumerator<T> GetEnumerator()", items::enumerator),
        impure("string ToString()", super::type_text),
        impure("int Count", items::length),
        impure("bool Add(T item)", add),
        impure("void Clear()", items::clear),
        impure("bool Contains(T item)", items::contains),
        impure("bool Remove(T item)", items::remove),
        impure("int RemoveWhere(Predicate<T> match)", remove_where),
        impure("bool TryGetValue(T equalValue, out T actualValue)", |call| {
            let set = this(call)?;
            let wanted = call.argument(0).key(set.comparer);
            let found = set.entries.lock().original(&wanted).cloned();
            let is_found = found.is_some();
            let default = call.type_argument(0).default_value();
            call.set_out(1, found.unwrap_or(default));
            Ok(Value::Boolean(is_found))
        }),
        impure("void UnionWith(IEnumerable<T> other)", union_with),
        impure("void IntersectWith(IEnumerable<T> other)", intersect_with),
        impure("void ExceptWith(IEnumerable<T> other)", except_with),
        impure("void SymmetricExceptWith(IEnumerable<T> other)", symmetric_except_with),
        impure("bool IsSubsetOf(IEnumerable<T> other)", is_subset_of),
        impure("bool IsSupersetOf(IEnumerable<T> other)", is_superset_of),
        impure("bool IsProperSubsetOf(IEnumerable<T> other)", is_proper_subset_of),
        impure("bool IsProperSupersetOf(IEnumerable<T> other)", is_proper_superset_of),
        impure("bool Overlaps(IEnumerable<T> other)", overlaps),
        impure("bool SetEquals(IEnumerable<T> other)", set_equals),
        impure("void CopyTo(T[] array)", copy_to),
        impure("void CopyTo(T[] array, int arrayIndex)", copy_to),
        impure("void CopyTo(T[] array, int arrayIndex, int count)", copy_to),
        impure("void TrimExcess()", |_| Ok(Value::Null)),
    ]);

fn this<'c>(call: &'c Call<'_>) -> Result<&'c HashSet, Exception> {
    match call.receiver() {
        Value::HashSet(set) => Ok(set),
        other => Err(call.mismatch(other)),
    }
}

/// With the elements of argument `from` and the comparer of argument `at`.
fn made(call: &mut Call<'_>, from: Option<usize>, at: usize) -> Result<Value, Exception> {
    let comparer = comparer_of(call.argument(at));
    let elements = from.map_or_else(|| Ok(Vec::new()), |from| call.elements(from))?;
    let mut entries = Entries::default();
    for item in elements {
        entries.add(item.key(comparer), item, Value::Null);
    }
    Ok(Value::HashSet(Arc::new(HashSet {
        element: call.type_argument(0),
        comparer,
        entries: entries.into(),
    })))
}

fn sized(call: &mut Call<'_>, comparer: usize) -> Result<Value, Exception> {
    if call.int(0) < 0 {
        return Err(Exception::argument_out_of_range("capacity", ""));
    }
    made(call, None, comparer)
}

/// Adds an element; true when it was not there.
pub(super) fn add_to(set: &HashSet, item: Value) -> Result<bool, Exception> {
    Ok(set.entries.lock().add(item.key(set.comparer), item, Value::Null))
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Value, Exception> {
    call.budget().allocate(3 * size_of::<Value>())?;
    let item = call.take(0);
    add_to(this(call)?, item).map(Value::Boolean)
}

fn remove_where(call: &mut Call<'_>) -> Result<Value, Exception> {
    let predicate = call.delegate(0)?;
    let mut removed = 0;
    for item in items::of_this(call)? {
        if let Value::Boolean(true) = call.invoke(&predicate, std::slice::from_ref(&item))? {
            let set = this(call)?;
            removed += i32::from(set.entries.lock().remove_from_set(&item.key(set.comparer)));
        }
    }
    Ok(Value::Int32(removed))
}

/// `CopyTo(array[, arrayIndex[, count]])`.
fn copy_to(call: &mut Call<'_>) -> Result<Value, Exception> {
    let mut items = items::of_this(call)?;
    if call.argument(0).is_null() {
        return Err(call.null_argument(0));
    }
    let given = call.arguments().len();
    let start = if given > 1 { super::range::not_negative(call, 1)? } else { 0 };
    let count = if given > 2 { super::range::not_negative(call, 2)? } else { items.len() };
    let target = call.argument(0).clone();
    let length = items::snapshot(&target, call.machine())?.len();
    if start > length || count > length - start {
        let message = "Destination array is not long enough to copy all the items in the collection. Check array \
                       index and length.";
        return Err(Exception::argument(message, ""));
    }
    items.truncate(count);
    copying::write_range(&target, start, items)
}

/// Elements by key.
type Keyed = HashMap<Key, Value>;

/// The elements of the set and of argument 0.
fn both(call: &mut Call<'_>) -> Result<(Keyed, Keyed), Exception> {
    let other = call.elements(0)?;
    let own = items::of_this(call)?;
    call.budget().allocate((own.len() + other.len()) * 2 * size_of::<Value>())?;
    let comparer = this(call)?.comparer;
    let keyed = |items: Vec<Value>| items.into_iter().map(|item| (item.key(comparer), item)).collect();
    Ok((keyed(own), keyed(other)))
}

pub(super) fn union_with(call: &mut Call<'_>) -> Result<Value, Exception> {
    let other = call.elements(0)?;
    call.budget().allocate(other.len() * 3 * size_of::<Value>())?;
    let set = this(call)?;
    let mut entries = set.entries.lock();
    for item in other {
        entries.add(item.key(set.comparer), item, Value::Null);
    }
    Ok(Value::Null)
}

pub(super) fn intersect_with(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (_, other) = both(call)?;
    let own = items::of_this(call)?;
    let set = this(call)?;
    let mut entries = set.entries.lock();
    // In the set's own order: it decides where later elements go.
    for key in own.iter().map(|item| item.key(set.comparer)).filter(|key| !other.contains_key(key)) {
        entries.remove_from_set(&key);
    }
    Ok(Value::Null)
}

pub(super) fn except_with(call: &mut Call<'_>) -> Result<Value, Exception> {
    let other = call.elements(0)?;
    let set = this(call)?;
    let mut entries = set.entries.lock();
    for item in other {
        entries.remove_from_set(&item.key(set.comparer));
    }
    Ok(Value::Null)
}

/// Another set is gone through once; of any other sequence all new elements come first and then the common ones go.
pub(super) fn symmetric_except_with(call: &mut Call<'_>) -> Result<Value, Exception> {
    let other = call.elements(0)?;
    call.budget().allocate(other.len() * 3 * size_of::<Value>())?;
    let set = this(call)?;
    let is_set = matches!(call.argument(0), Value::HashSet(other) if other.comparer == set.comparer);
    let mut entries = set.entries.lock();
    let mut common = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for item in other {
        let key = item.key(set.comparer);
        if !seen.insert(key.clone()) {
            continue;
        }
        if !entries.contains(&key) {
            entries.set(key, item, Value::Null);
        } else if is_set {
            entries.remove_from_set(&key);
        } else {
            common.push(key);
        }
    }
    for key in common {
        entries.remove_from_set(&key);
    }
    Ok(Value::Null)
}

pub(super) fn is_proper_subset_of(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (own, other) = both(call)?;
    let inside = own.keys().all(|key| other.contains_key(key));
    Ok(Value::Boolean(inside && own.len() < other.len()))
}

pub(super) fn is_proper_superset_of(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (own, other) = both(call)?;
    let inside = other.keys().all(|key| own.contains_key(key));
    Ok(Value::Boolean(inside && other.len() < own.len()))
}

pub(super) fn is_subset_of(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (own, other) = both(call)?;
    Ok(Value::Boolean(own.keys().all(|key| other.contains_key(key))))
}

pub(super) fn is_superset_of(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (own, other) = both(call)?;
    Ok(Value::Boolean(other.keys().all(|key| own.contains_key(key))))
}

pub(super) fn overlaps(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (own, other) = both(call)?;
    Ok(Value::Boolean(other.keys().any(|key| own.contains_key(key))))
}

pub(super) fn set_equals(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (own, other) = both(call)?;
    Ok(Value::Boolean(own.len() == other.len() && own.keys().all(|key| other.contains_key(key))))
}
