//! The generic interfaces: their members work on whatever stands behind them.

use std::any::Any;

use parking_lot::Mutex;

use super::{dictionary, items};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value};

const NAMESPACE_ENUMERATOR: &str = "System.Collections.Generic.IEnumerator";

pub(super) static ENUMERABLE: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.IEnumerable")
        .generic(&["T"])
        .interfaces(&["System.Collections.IEnumerable"])
        .members(&[impure("IEnumerator<T> GetEnumerator()", items::enumerator)]);

pub(super) static ENUMERATOR: TypeDeclaration = TypeDeclaration::interface(NAMESPACE_ENUMERATOR)
    .generic(&["T"])
    .interfaces(&["System.IDisposable"])
    .members(&[
        impure("bool MoveNext()", |call| {
            let mut state = call.object::<Enumerator>()?.state.lock();
            state.current = state.rest.next();
            Ok(Value::Boolean(state.current.is_some()))
        }),
        impure("T Current", |call| {
            let current = call.object::<Enumerator>()?.state.lock().current.clone();
            let message = "Enumeration has either not started or has already finished.";
            current.ok_or_else(|| Exception::invalid_operation(message))
        }),
        impure("void Dispose()", |_| Ok(Value::Null)),
    ]);

/// What `GetEnumerator()` gives.
pub(super) struct Enumerator {
    element: Type,
    state: Mutex<State>,
}

struct State {
    current: Option<Value>,
    rest: std::vec::IntoIter<Value>,
}

impl Enumerator {
    pub(super) fn new(element: Type, items: Vec<Value>) -> Self {
        Self { element, state: Mutex::new(State { current: None, rest: items.into_iter() }) }
    }
}

impl DotnetObject for Enumerator {
    fn type_of(&self) -> Type {
        Type::generic(NAMESPACE_ENUMERATOR, [self.element.clone()])
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

pub(super) static COLLECTION: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.ICollection")
        .generic(&["T"])
        .interfaces(&["System.Collections.Generic.IEnumerable<T>"])
        .members(&[
            impure("int Count", items::length),
            impure("bool IsReadOnly", |call| Ok(Value::Boolean(matches!(call.receiver(), Value::Array(_))))),
            impure("void Add(T item)", items::add),
            impure("void Clear()", items::clear),
            impure("bool Contains(T item)", items::contains),
            impure("bool Remove(T item)", items::remove),
            impure("void CopyTo(T[] array, int arrayIndex)", items::copy_to),
        ]);

pub(super) static READ_ONLY_COLLECTION: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.IReadOnlyCollection")
        .generic(&["T"])
        .interfaces(&["System.Collections.Generic.IEnumerable<T>"])
        .members(&[impure("int Count", items::length)]);

pub(super) static LIST: TypeDeclaration = TypeDeclaration::interface("System.Collections.Generic.IList")
    .generic(&["T"])
    .interfaces(&["System.Collections.Generic.ICollection<T>"])
    .members(&[
        impure("T this[int index]", items::get),
        impure("set T this[int index]", items::set),
        impure("int IndexOf(T item)", items::index_of),
        impure("void Insert(int index, T item)", items::insert),
        impure("void RemoveAt(int index)", items::remove_at),
    ]);

pub(super) static READ_ONLY_LIST: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.IReadOnlyList")
        .generic(&["T"])
        .interfaces(&["System.Collections.Generic.IReadOnlyCollection<T>"])
        .members(&[impure("T this[int index]", items::get)]);

pub(super) static DICTIONARY: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.IDictionary")
        .generic(&["K", "V"])
        .interfaces(&["System.Collections.Generic.ICollection<KeyValuePair<K, V>>"])
        .members(&[
            impure("V this[K key]", dictionary::get),
            impure("set V this[K key]", dictionary::set),
            impure("ICollection<K> Keys", dictionary::keys),
            impure("ICollection<V> Values", dictionary::values),
            impure("void Add(K key, V value)", dictionary::add),
            impure("bool ContainsKey(K key)", dictionary::contains_key),
            impure("bool Remove(K key)", dictionary::remove),
            impure("bool TryGetValue(K key, out V value)", dictionary::try_get),
        ]);

pub(super) static READ_ONLY_DICTIONARY: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.IReadOnlyDictionary")
        .generic(&["K", "V"])
        .interfaces(&["System.Collections.Generic.IReadOnlyCollection<KeyValuePair<K, V>>"])
        .members(&[
            impure("V this[K key]", dictionary::get),
            impure("IEnumerable<K> Keys", dictionary::keys),
            impure("IEnumerable<V> Values", dictionary::values),
            impure("bool ContainsKey(K key)", dictionary::contains_key),
            impure("bool TryGetValue(K key, out V value)", dictionary::try_get),
        ]);

pub(super) static SET: TypeDeclaration = TypeDeclaration::interface("System.Collections.Generic.ISet")
    .generic(&["T"])
    .interfaces(&["System.Collections.Generic.ICollection<T>"])
    .members(&[
        impure("bool Add(T item)", super::hash_set::add),
        impure("void UnionWith(IEnumerable<T> other)", super::hash_set::union_with),
        impure("void IntersectWith(IEnumerable<T> other)", super::hash_set::intersect_with),
        impure("void ExceptWith(IEnumerable<T> other)", super::hash_set::except_with),
        impure("void SymmetricExceptWith(IEnumerable<T> other)", super::hash_set::symmetric_except_with),
        impure("bool IsSubsetOf(IEnumerable<T> other)", super::hash_set::is_subset_of),
        impure("bool IsSupersetOf(IEnumerable<T> other)", super::hash_set::is_superset_of),
        impure("bool Overlaps(IEnumerable<T> other)", super::hash_set::overlaps),
        impure("bool SetEquals(IEnumerable<T> other)", super::hash_set::set_equals),
    ]);
