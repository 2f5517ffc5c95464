//! `HashSet<T>`.

use std::collections::HashMap;
use std::sync::Arc;

use super::{comparer_of, items};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::{Entries, HashSet, Key, Value};

pub(super) static HASH_SET: TypeDeclaration = TypeDeclaration::class("System.Collections.Generic.HashSet")
    .generic(&["T"])
    .interfaces(&["System.Collections.Generic.ISet<T>", "System.Collections.Generic.IReadOnlyCollection<T>"])
    .members(&[
        impure("new()", |call| made(call, None, 1)),
        impure("new(IEqualityComparer<T> comparer)", |call| made(call, None, 0)),
        impure("new(IEnumerable<T> collection)", |call| made(call, Some(0), 1)),
        impure("new(IEnumerable<T> collection, IEqualityComparer<T> comparer)", |call| {
            made(call, Some(0), 1)
        }),
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
            let found =
                set.entries.lock().iter().find(|(item, _)| item.key(set.comparer) == wanted).map(first);
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
        impure("bool IsProperSubsetOf(IEnumerable<T> other)", |call| {
            let (own, other) = both(call)?;
            let inside = own.keys().all(|key| other.contains_key(key));
            Ok(Value::Boolean(inside && own.len() < other.len()))
        }),
        impure("bool IsProperSupersetOf(IEnumerable<T> other)", |call| {
            let (own, other) = both(call)?;
            let inside = other.keys().all(|key| own.contains_key(key));
            Ok(Value::Boolean(inside && other.len() < own.len()))
        }),
        impure("bool Overlaps(IEnumerable<T> other)", overlaps),
        impure("bool SetEquals(IEnumerable<T> other)", set_equals),
        impure("void CopyTo(T[] array)", items::copy_to),
        impure("void CopyTo(T[] array, int arrayIndex)", items::copy_to),
    ]);

fn first((item, _): (&Value, &Value)) -> Value {
    item.clone()
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c HashSet, Exception> {
    match call.receiver() {
        Value::HashSet(set) => Ok(set),
        other => Err(call.mismatch(other)),
    }
}

/// With the elements of argument `from` and the comparer of argument `at`.
fn made(call: &mut Call<'_>, from: Option<usize>, at: usize) -> Result<Value, Exception> {
    let comparer = comparer_of(call.argument(at));
    let mut entries = Entries::default();
    let elements = from.map_or_else(|| Ok(Vec::new()), |from| call.elements(from))?;
    for item in elements {
        let key = item.key(comparer);
        if !entries.contains(&key) {
            entries.set(key, item, Value::Null);
        }
    }
    Ok(Value::HashSet(Arc::new(HashSet {
        element: call.type_argument(0),
        comparer,
        entries: entries.into(),
    })))
}

/// Through `ICollection<T>` the result is thrown away.
pub(super) fn add(call: &mut Call<'_>) -> Result<Value, Exception> {
    call.budget().allocate(3 * size_of::<Value>())?;
    let item = call.take(0);
    let set = this(call)?;
    let key = item.key(set.comparer);
    let mut entries = set.entries.lock();
    Ok(Value::Boolean(!entries.contains(&key) && entries.set(key, item, Value::Null)))
}

fn remove_where(call: &mut Call<'_>) -> Result<Value, Exception> {
    let predicate = call.delegate(0)?;
    let mut removed = 0;
    for item in items::of_this(call)? {
        if let Value::Boolean(true) = call.invoke(&predicate, std::slice::from_ref(&item))? {
            let set = this(call)?;
            removed += i32::from(set.entries.lock().remove(&item.key(set.comparer)).is_some());
        }
    }
    Ok(Value::Int32(removed))
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
        let key = item.key(set.comparer);
        if !entries.contains(&key) {
            entries.set(key, item, Value::Null);
        }
    }
    Ok(Value::Null)
}

pub(super) fn intersect_with(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (own, other) = both(call)?;
    let mut entries = this(call)?.entries.lock();
    for key in own.keys().filter(|key| !other.contains_key(key)) {
        entries.remove(key);
    }
    Ok(Value::Null)
}

pub(super) fn except_with(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (_, other) = both(call)?;
    let mut entries = this(call)?.entries.lock();
    for key in other.keys() {
        entries.remove(key);
    }
    Ok(Value::Null)
}

pub(super) fn symmetric_except_with(call: &mut Call<'_>) -> Result<Value, Exception> {
    let comparer = this(call)?.comparer;
    let mut seen = std::collections::HashSet::new();
    for item in call.elements(0)? {
        let key = item.key(comparer);
        if !seen.insert(key.clone()) {
            continue;
        }
        let mut entries = this(call)?.entries.lock();
        if entries.remove(&key).is_none() {
            entries.set(key, item, Value::Null);
        }
    }
    Ok(Value::Null)
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
