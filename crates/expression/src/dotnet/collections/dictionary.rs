//! `Dictionary<K, V>` and the extensions of dictionaries.

use std::sync::Arc;

use super::views::{Half, view};
use super::{comparer_of, items, search};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::value::{Dictionary, Entries, Key, KeyComparer, Value};

pub(super) static DICTIONARY: TypeDeclaration =
    TypeDeclaration::class("System.Collections.Generic.Dictionary")
        .generic(&["K", "V"])
        .interfaces(&[
            "System.Collections.Generic.IDictionary<K, V>",
            "System.Collections.Generic.IReadOnlyDictionary<K, V>",
        ])
        .members(&[
            impure("new()", |call| made(call, Vec::new(), KeyComparer::Default)),
            impure("new(int capacity)", |call| created(call, Some(0), None, None)),
            impure("new(IEqualityComparer<K> comparer)", |call| created(call, None, None, Some(0))),
            impure("new(int capacity, IEqualityComparer<K> comparer)", |call| {
                created(call, Some(0), None, Some(1))
            }),
            impure("new(IDictionary<K, V> dictionary)", |call| created(call, None, Some(0), None)),
            impure("new(IDictionary<K, V> dictionary, IEqualityComparer<K> comparer)", |call| {
                created(call, None, Some(0), Some(1))
            }),
            impure("new(IEnumerable<KeyValuePair<K, V>> collection)", |call| {
                created(call, None, Some(0), None)
            }),
            impure(
                "new(IEnumerable<KeyValuePair<K, V>> collection, IEqualityComparer<K> comparer)",
                |call| created(call, None, Some(0), Some(1)),
            ),
            impure("V this[K key]", get),
            impure("set V this[K key]", set),
            impure("IEnumerator<KeyValuePair<K, V>> GetEnumerator()", items::enumerator),
            impure("string ToString()", super::type_text),
            impure("int Count", items::length),
            impure("ICollection<K> Keys", keys),
            impure("ICollection<V> Values", values),
            impure("void Add(K key, V value)", add),
            impure("bool TryAdd(K key, V value)", try_add),
            impure("void Clear()", items::clear),
            impure("bool ContainsKey(K key)", contains_key),
            impure("bool ContainsValue(V value)", |call| {
                let (_, values): (Vec<_>, Vec<_>) = pairs(call)?.into_iter().unzip();
                let wanted = call.argument(0).clone();
                Ok(Value::Boolean(search::position(&values, &wanted, call.machine())?.is_some()))
            }),
            impure("bool Remove(K key)", remove),
            impure("bool Remove(K key, out V value)", |call| {
                let index = key(call)?;
                let removed = this(call)?.entries.lock().remove(&index);
                let found = removed.is_some();
                let default = call.type_argument(1).default_value();
                call.set_out(1, removed.map_or(default, |(_, value)| value));
                Ok(Value::Boolean(found))
            }),
            impure("bool TryGetValue(K key, out V value)", try_get),
        ]);

/// .NET's `CollectionExtensions`; those of string arrays belong to `context`.
pub(super) static EXTENSIONS: TypeDeclaration = TypeDeclaration::statics(
    "System.Collections.Generic.CollectionExtensions",
)
.members(&[
    impure("static V GetValueOrDefault<K, V>(this IReadOnlyDictionary<K, V> dictionary, K key)", or_default),
    impure(
        "static V GetValueOrDefault<K, V>(this IReadOnlyDictionary<K, V> dictionary, K key, V defaultValue)",
        or_default,
    ),
]);

/// `Add` of a key that is there.
pub(in crate::dotnet) fn duplicate_key(key: &str) -> Exception {
    Exception::argument(format!("An item with the same key has already been added. Key: {key}"), "")
}

fn made(
    call: &mut Call<'_>,
    entries: Vec<(Value, Value)>,
    comparer: KeyComparer,
) -> Result<Value, Exception> {
    let mut out = Entries::default();
    for (key, value) in entries {
        if key.is_null() {
            return Err(Exception::argument_null("key"));
        }
        if !out.add(key.key(comparer), key.clone(), value) {
            return Err(duplicate_key(&call.text_of(&key)?));
        }
    }
    Ok(Value::Dictionary(Arc::new(Dictionary {
        key: call.type_argument(0),
        value: call.type_argument(1),
        comparer,
        entries: out.into(),
    })))
}

/// With the arguments at these places: capacity, pairs, comparer.
fn created(
    call: &mut Call<'_>,
    capacity: Option<usize>,
    from: Option<usize>,
    comparer: Option<usize>,
) -> Result<Value, Exception> {
    if capacity.is_some_and(|at| call.int(at) < 0) {
        return Err(Exception::argument_out_of_range("capacity", ""));
    }
    let comparer = comparer.map_or(KeyComparer::Default, |at| comparer_of(call.argument(at)));
    let mut entries = Vec::new();
    if let Some(from) = from {
        let source = call.argument(from).clone();
        if source.is_null() {
            return Err(call.null_argument(from));
        }
        entries = items::pairs(&source, call.machine())?;
        call.budget().allocate(entries.len() * 3 * size_of::<Value>())?;
    }
    made(call, entries, comparer)
}

/// The pair of argument 0 is there, with this value: `ICollection<KeyValuePair<K, V>>`.
fn has_pair(call: &mut Call<'_>) -> Result<bool, Exception> {
    let Value::KeyValuePair(pair) = call.argument(0).clone() else { return Ok(false) };
    let dictionary = this(call)?;
    let found = dictionary.entries.lock().get(&pair.key.key(dictionary.comparer)).cloned();
    match found {
        Some(found) => crate::dotnet::equals(&found, &pair.value, call.machine()),
        None => Ok(false),
    }
}

pub(super) fn contains_pair(call: &mut Call<'_>) -> Result<Value, Exception> {
    has_pair(call).map(Value::Boolean)
}

pub(super) fn remove_pair(call: &mut Call<'_>) -> Result<Value, Exception> {
    let is_there = has_pair(call)?;
    if let (true, Value::KeyValuePair(pair)) = (is_there, call.argument(0)) {
        let dictionary = this(call)?;
        dictionary.entries.lock().remove(&pair.key.key(dictionary.comparer));
    }
    Ok(Value::Boolean(is_there))
}

/// Adds a pair.
pub(super) fn add_pair(call: &mut Call<'_>, pair: &Value) -> Result<Value, Exception> {
    let Value::KeyValuePair(pair) = pair else { return Err(call.mismatch(pair)) };
    if pair.key.is_null() {
        return Err(Exception::argument_null("key"));
    }
    call.budget().allocate(3 * size_of::<Value>())?;
    let dictionary = this(call)?;
    let index = pair.key.key(dictionary.comparer);
    if dictionary.entries.lock().add(index, pair.key.clone(), pair.value.clone()) {
        return Ok(Value::Null);
    }
    Err(duplicate_key(&call.text_of(&pair.key)?))
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Dictionary, Exception> {
    match call.receiver() {
        Value::Dictionary(dictionary) => Ok(dictionary),
        other => Err(call.mismatch(other)),
    }
}

/// The key of argument 0.
fn key(call: &Call<'_>) -> Result<Key, Exception> {
    let value = call.argument(0);
    if value.is_null() {
        return Err(Exception::argument_null("key"));
    }
    Ok(value.key(this(call)?.comparer))
}

/// The pairs of the receiver.
fn pairs(call: &mut Call<'_>) -> Result<Vec<(Value, Value)>, Exception> {
    let this = call.receiver().clone();
    let pairs = items::pairs(&this, call.machine())?;
    call.budget().allocate(pairs.len() * size_of::<Value>())?;
    Ok(pairs)
}

/// The value of the key of argument 0; of a JObject seen as dictionary, too.
fn find(call: &mut Call<'_>) -> Result<Option<Value>, Exception> {
    match call.receiver() {
        Value::Json(token) => Ok(token.get(&call.text(0)?).map(Value::Json)),
        Value::Dictionary(_) => {
            let index = key(call)?;
            let found = this(call)?.entries.lock().get(&index).cloned();
            Ok(found)
        }
        _ => {
            let wanted = call.argument(0).key(KeyComparer::Default);
            let found = pairs(call)?.into_iter().find(|(key, _)| key.key(KeyComparer::Default) == wanted);
            Ok(found.map(|(_, value)| value))
        }
    }
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Value, Exception> {
    match find(call)? {
        Some(value) => Ok(value),
        None if matches!(call.receiver(), Value::Json(_)) => Ok(Value::Null),
        None => {
            let key = call.argument(0).clone();
            Err(Exception::key_not_found(&call.text_of(&key)?))
        }
    }
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Value, Exception> {
    if let Value::Json(_) = call.receiver() {
        let arguments = call.arguments().to_vec();
        return items::json(call, "set this[]", &arguments);
    }
    call.budget().allocate(3 * size_of::<Value>())?;
    let index = key(call)?;
    let (key, value) = (call.take(0), call.take(1));
    this(call)?.entries.lock().set(index, key, value);
    Ok(Value::Null)
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Value, Exception> {
    if let Value::Json(_) = call.receiver() {
        let arguments = call.arguments().to_vec();
        return items::json(call, "Add", &arguments);
    }
    if is_true(&try_add(call)?) {
        return Ok(Value::Null);
    }
    let key = call.argument(0).clone();
    Err(duplicate_key(&call.text_of(&key)?))
}

fn is_true(value: &Value) -> bool {
    matches!(value, Value::Boolean(true))
}

fn try_add(call: &mut Call<'_>) -> Result<Value, Exception> {
    call.budget().allocate(3 * size_of::<Value>())?;
    let index = key(call)?;
    let (key, value) = (call.argument(0).clone(), call.argument(1).clone());
    let added = this(call)?.entries.lock().add(index, key, value);
    Ok(Value::Boolean(added))
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Value, Exception> {
    if let Value::Json(_) = call.receiver() {
        let arguments = call.arguments().to_vec();
        return items::json(call, "Remove", &arguments);
    }
    let index = key(call)?;
    Ok(Value::Boolean(this(call)?.entries.lock().remove(&index).is_some()))
}

pub(super) fn contains_key(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(Value::Boolean(find(call)?.is_some()))
}

pub(super) fn try_get(call: &mut Call<'_>) -> Result<Value, Exception> {
    let found = find(call)?;
    let is_found = found.is_some();
    let default = call.type_argument(1).default_value();
    call.set_out(1, found.unwrap_or(default));
    Ok(Value::Boolean(is_found))
}

pub(super) fn keys(call: &mut Call<'_>) -> Result<Value, Exception> {
    if let Value::Dictionary(dictionary) = call.receiver() {
        return Ok(view(dictionary, Half::Keys));
    }
    let keys = pairs(call)?.into_iter().map(|(key, _)| key).collect();
    Ok(Value::list(call.type_argument(0), keys))
}

pub(super) fn values(call: &mut Call<'_>) -> Result<Value, Exception> {
    if let Value::Dictionary(dictionary) = call.receiver() {
        return Ok(view(dictionary, Half::Values));
    }
    let values = pairs(call)?.into_iter().map(|(_, value)| value).collect();
    Ok(Value::list(call.type_argument(1), values))
}

/// The dictionary is argument 0, the key argument 1.
fn or_default(call: &mut Call<'_>) -> Result<Value, Exception> {
    let dictionary = call.argument(0).clone();
    let wanted = call.argument(1).clone();
    if dictionary.is_null() {
        return Err(call.null_argument(0));
    }
    if wanted.is_null() {
        return Err(call.null_argument(1));
    }
    let found = match &dictionary {
        Value::Dictionary(dictionary) => {
            dictionary.entries.lock().get(&wanted.key(dictionary.comparer)).cloned()
        }
        other => {
            let wanted = wanted.key(KeyComparer::Default);
            let pairs = items::pairs(other, call.machine())?;
            pairs.into_iter().find(|(key, _)| key.key(KeyComparer::Default) == wanted).map(|(_, value)| value)
        }
    };
    let default =
        if call.arguments().len() > 2 { call.take(2) } else { call.type_argument(1).default_value() };
    Ok(found.unwrap_or(default))
}
