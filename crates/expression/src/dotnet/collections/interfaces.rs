//! The generic interfaces: their members work on whatever stands behind them.

use super::{copying, dictionary, hash_set, items, search};
use crate::members::{TypeDeclaration, impure};
use crate::value::Value;

pub(super) static ENUMERABLE: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.IEnumerable")
        .generic(&["T"])
        .interfaces(&["System.Collections.IEnumerable"])
        .members(&[impure("IEnumerator<T> GetEnumerator()", items::enumerator)]);

pub(super) static COLLECTION: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.Generic.ICollection")
        .generic(&["T"])
        .interfaces(&["System.Collections.Generic.IEnumerable<T>"])
        .members(&[
            impure("int Count", items::length),
            impure("bool IsReadOnly", |call| {
                let is_fixed =
                    matches!(call.receiver(), Value::Array(_) | Value::Bytes(_) | Value::Object(_));
                Ok(Value::Boolean(is_fixed))
            }),
            impure("void Add(T item)", items::add),
            impure("void Clear()", items::clear),
            impure("bool Contains(T item)", items::contains),
            impure("bool Remove(T item)", items::remove),
            impure("void CopyTo(T[] array, int arrayIndex)", copying::copy_to),
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
        impure("int IndexOf(T item)", |call| search::index_of(call, 0)),
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
        impure("bool Add(T item)", hash_set::add),
        impure("void UnionWith(IEnumerable<T> other)", hash_set::union_with),
        impure("void IntersectWith(IEnumerable<T> other)", hash_set::intersect_with),
        impure("void ExceptWith(IEnumerable<T> other)", hash_set::except_with),
        impure("void SymmetricExceptWith(IEnumerable<T> other)", hash_set::symmetric_except_with),
        impure("bool IsSubsetOf(IEnumerable<T> other)", hash_set::is_subset_of),
        impure("bool IsSupersetOf(IEnumerable<T> other)", hash_set::is_superset_of),
        impure("bool IsProperSubsetOf(IEnumerable<T> other)", hash_set::is_proper_subset_of),
        impure("bool IsProperSupersetOf(IEnumerable<T> other)", hash_set::is_proper_superset_of),
        impure("bool Overlaps(IEnumerable<T> other)", hash_set::overlaps),
        impure("bool SetEquals(IEnumerable<T> other)", hash_set::set_equals),
    ]);
