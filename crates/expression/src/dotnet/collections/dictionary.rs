//! `Dictionary<K, V>` and the extensions of dictionaries.

use std::sync::Arc;

use super::{comparer_of, items};
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
            impure("new(int capacity)", |call| {
                if call.int(0) < 0 {
                    return Err(Exception::argument_out_of_range("capacity", ""));
                }
                made(call, Vec::new(), KeyComparer::Default)
            }),
            impure("new(IEqualityComparer<K> comparer)", |call| compared(call, 0, None)),
            impure("new(int capacity, IEqualityComparer<K> comparer)", |call| compared(call, 1, None)),
            impure("new(IDictionary<K, V> dictionary)", |call| compared(call, 1, Some(0))),
            impure("new(IDictionary<K, V> dictionary, IEqualityComparer<K> comparer)", |call| {
                compared(call, 1, Some(0))
            }),
            impure("new(IEnumerable<KeyValuePair<K, V>> collection)", |call| compared(call, 1, Some(0))),
            impure(
                "new(IEnumerable<KeyValuePair<K, V>> collection, IEqualityComparer<K> comparer)",
                |call| compared(call, 1, Some(0)),
            ),
            impure("V this[K key]", get),
            impure("set V this[K key]", set),
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
                Ok(Value::Boolean(items::position(&values, &wanted, call.machine())?.is_some()))
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

fn made(call: &Call<'_>, entries: Vec<(Value, Value)>, comparer: KeyComparer) -> Result<Value, Exception> {
    let mut out = Entries::default();
    for (key, value) in entries {
        out.set(key.key(comparer), key, value);
    }
    Ok(Value::Dictionary(Arc::new(Dictionary {
        key: call.type_argument(0),
        value: call.type_argument(1),
        comparer,
        entries: out.into(),
    })))
}

/// With the comparer of argument `at` and the pairs of argument `from`.
fn compared(call: &mut Call<'_>, at: usize, from: Option<usize>) -> Result<Value, Exception> {
    let comparer = comparer_of(call.argument(at));
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
    let mut entries = this(call)?.entries.lock();
    if entries.contains(&index) {
        return Ok(Value::Boolean(false));
    }
    entries.set(index, key, value);
    Ok(Value::Boolean(true))
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
    let keys = pairs(call)?.into_iter().map(|(key, _)| key).collect();
    Ok(Value::list(call.type_argument(0), keys))
}

pub(super) fn values(call: &mut Call<'_>) -> Result<Value, Exception> {
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
