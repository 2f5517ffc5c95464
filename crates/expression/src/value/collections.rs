//! Collections of .NET that expressions share by reference: changes through one name are seen through all.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Value, release};
use crate::types::Type;

/// An array other than `byte[]`. Its length never changes.
#[derive(Debug)]
pub struct Array {
    /// The element type.
    pub element: Type,
    /// The elements.
    pub items: Mutex<Vec<Value>>,
}

/// `List<T>`, and `Queue<T>`, `Stack<T>` in their own families.
#[derive(Debug)]
pub struct List {
    /// The element type.
    pub element: Type,
    /// The elements.
    pub items: Mutex<Vec<Value>>,
}

/// How keys compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum KeyComparer {
    /// `Equals` and `GetHashCode`; ordinal for strings.
    #[default]
    Default,
    /// `StringComparer.OrdinalIgnoreCase` and its invariant sibling.
    IgnoreCase,
}

/// A key of a dictionary or hash set, ready to be hashed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A string, folded to upper case when case is ignored.
    Text(String),
    /// Integers, Boolean, Char, enums: kind and value.
    Number(u8, i128),
    /// Structs by their bytes or text: kind and canonical text.
    Canonical(u8, String),
    /// A tuple, pair or anonymous object.
    Composite(Vec<Key>),
    /// An object by identity.
    Reference(usize),
    /// null (only inside a composite and in sets).
    Null,
}

/// `Dictionary<K, V>`: keeps the order of insertion, as .NET does while nothing is removed.
#[derive(Debug)]
pub struct Dictionary {
    /// The key type.
    pub key: Type,
    /// The value type.
    pub value: Type,
    /// How keys compare.
    pub comparer: KeyComparer,
    /// The entries.
    pub entries: Mutex<Entries>,
}

/// Entries in insertion order with an index by key.
#[derive(Debug, Default)]
pub struct Entries {
    slots: Vec<Option<(Value, Value)>>,
    index: HashMap<Key, usize>,
}

impl Entries {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// True without entries.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// The value of a key.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.index
            .get(key)
            .and_then(|at| self.slots.get(*at))
            .and_then(|slot| slot.as_ref())
            .map(|(_, value)| value)
    }

    /// True when the key is there.
    pub fn contains(&self, key: &Key) -> bool {
        self.index.contains_key(key)
    }

    /// Sets a value; true when the key is new.
    pub fn set(&mut self, key: Key, original: Value, value: Value) -> bool {
        if let Some(slot) = self.index.get(&key).and_then(|at| self.slots.get_mut(*at)) {
            let kept = slot.take().map_or(original, |(kept, _)| kept);
            *slot = Some((kept, value));
            return false;
        }
        self.index.insert(key, self.slots.len());
        self.slots.push(Some((original, value)));
        true
    }

    /// Removes a key and gives its entry.
    pub fn remove(&mut self, key: &Key) -> Option<(Value, Value)> {
        let at = self.index.remove(key)?;
        let removed = self.slots.get_mut(at).and_then(Option::take);
        if self.index.is_empty() {
            self.slots.clear();
        }
        removed
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.slots.clear();
        self.index.clear();
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.slots.iter().flatten().map(|(key, value)| (key, value))
    }
}

/// `HashSet<T>`: entries whose value is unused.
#[derive(Debug)]
pub struct HashSet {
    /// The element type.
    pub element: Type,
    /// How elements compare.
    pub comparer: KeyComparer,
    /// The elements as keys.
    pub entries: Mutex<Entries>,
}

/// `KeyValuePair<K, V>`.
#[derive(Debug)]
pub struct KeyValuePair {
    /// `Key`.
    pub key: Value,
    /// `Value`.
    pub value: Value,
    /// Static type of the key.
    pub key_type: Type,
    /// Static type of the value.
    pub value_type: Type,
}

/// `Tuple<…>` and value tuples.
#[derive(Debug)]
pub struct Tuple {
    /// The items' types.
    pub types: Vec<Type>,
    /// The items.
    pub items: Vec<Value>,
    /// True for `(a, b)`, false for `Tuple.Create(a, b)`.
    pub is_value_tuple: bool,
}

/// `new { A = 1 }`.
#[derive(Debug)]
pub struct Anonymous {
    /// Its properties: name and type.
    pub shape: Arc<[(Arc<str>, Type)]>,
    /// The values in the same order.
    pub values: Vec<Value>,
}

impl Drop for Array {
    fn drop(&mut self) {
        release(std::mem::take(self.items.get_mut()));
    }
}

impl Drop for List {
    fn drop(&mut self) {
        release(std::mem::take(self.items.get_mut()));
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        let entries = std::mem::take(&mut self.slots).into_iter().flatten();
        release(entries.flat_map(|(key, value)| [key, value]).filter(Value::holds_values).collect());
    }
}

impl Drop for KeyValuePair {
    fn drop(&mut self) {
        if self.key.holds_values() || self.value.holds_values() {
            release(vec![std::mem::take(&mut self.key), std::mem::take(&mut self.value)]);
        }
    }
}

impl Drop for Tuple {
    fn drop(&mut self) {
        release(std::mem::take(&mut self.items));
    }
}

impl Drop for Anonymous {
    fn drop(&mut self) {
        release(std::mem::take(&mut self.values));
    }
}

impl Value {
    /// A new array. `byte[]` becomes [`Value::Bytes`] when every element is a byte.
    pub fn array(element: Type, items: Vec<Value>) -> Value {
        if element == Type::Byte {
            let bytes =
                items.iter().map(|item| if let Value::Byte(byte) = item { *byte } else { 0 }).collect();
            return Value::bytes(bytes);
        }
        Value::Array(Arc::new(Array { element, items: Mutex::new(items) }))
    }

    /// A new `string[]`.
    pub fn string_array<T: Into<super::Text>>(items: impl IntoIterator<Item = T>) -> Value {
        Value::array(Type::String, items.into_iter().map(|item| Value::String(item.into())).collect())
    }

    /// A new `byte[]`.
    pub fn bytes(bytes: Vec<u8>) -> Value {
        Value::Bytes(Arc::new(Mutex::new(bytes)))
    }

    /// A new `List<T>`.
    pub fn list(element: Type, items: Vec<Value>) -> Value {
        Value::List(Arc::new(List { element, items: Mutex::new(items) }))
    }

    /// A new `Dictionary<K, V>` from its entries; a later equal key replaces an earlier one.
    pub fn dictionary(key: Type, value: Type, entries: Vec<(Value, Value)>) -> Value {
        let mut out = Entries::default();
        for (entry_key, entry_value) in entries {
            out.set(entry_key.key(KeyComparer::Default), entry_key, entry_value);
        }
        Value::Dictionary(Arc::new(Dictionary {
            key,
            value,
            comparer: KeyComparer::Default,
            entries: Mutex::new(out),
        }))
    }

    /// A new `KeyValuePair<K, V>`.
    pub fn pair(key_type: Type, value_type: Type, key: Value, value: Value) -> Value {
        Value::KeyValuePair(Arc::new(KeyValuePair { key, value, key_type, value_type }))
    }
}
