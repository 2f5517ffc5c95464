//! Collections of .NET that expressions share by reference: changes through one name are seen through all.
//!
//! They count their owners and no one looks for cycles: a collection that was put into itself, directly or through
//! others, is never freed. Measured: 220 bytes for a list that holds nothing but itself; one evaluation loses at most
//! what [`crate::Limits::allocated_bytes`] lets it allocate. Real policies have no use for such collections.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Value, release};
use crate::exception::Exception;
use crate::types::Type;

/// An array other than `byte[]`. Its length never changes.
#[derive(Debug)]
pub struct Array {
    /// The element type.
    pub element: Type,
    /// The elements.
    pub items: Mutex<Vec<Value>>,
}

/// `List<T>`.
#[derive(Debug)]
pub struct List {
    /// The element type.
    pub element: Type,
    /// The elements.
    pub items: Mutex<Items>,
}

/// The elements of a list. Every change is counted, so that a walk notices it.
#[derive(Debug, Default)]
pub struct Items {
    values: Vec<Value>,
    capacity: usize,
    version: u32,
}

impl Items {
    fn new(values: Vec<Value>) -> Self {
        Self { capacity: values.len(), values, version: 0 }
    }

    /// How many changes there were.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// `Capacity`, as .NET would have it: what is allocated here is another matter.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Sets `Capacity`, which is never less than the length.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity.max(self.values.len());
    }

    /// Appends one element.
    pub fn push(&mut self, value: Value) {
        self.values.push(value);
        self.changed();
    }

    /// Inserts elements; false when the place is behind the end.
    pub fn insert(&mut self, at: usize, values: Vec<Value>) -> bool {
        if at > self.values.len() {
            return false;
        }
        self.values.splice(at..at, values);
        self.changed();
        true
    }

    /// Removes a range; false when it reaches behind the end.
    pub fn remove(&mut self, range: std::ops::Range<usize>) -> bool {
        if range.start > range.end || range.end > self.values.len() {
            return false;
        }
        self.values.drain(range);
        self.changed();
        true
    }

    /// Replaces one element; false when there is none at the place.
    pub fn set(&mut self, at: usize, value: Value) -> bool {
        let Some(slot) = self.values.get_mut(at) else { return false };
        *slot = value;
        self.changed();
        true
    }

    /// Replaces all elements: sorted, filtered, none.
    pub fn replace(&mut self, values: Vec<Value>) {
        self.values = values;
        self.changed();
    }

    /// Counts a change. An array that is too short doubles, as in .NET.
    fn changed(&mut self) {
        self.version = self.version.wrapping_add(1);
        if self.values.len() > self.capacity {
            let doubled = if self.capacity == 0 { 4 } else { self.capacity.saturating_mul(2) };
            self.capacity = doubled.max(self.values.len());
        }
    }
}

impl std::ops::Deref for Items {
    type Target = [Value];
    fn deref(&self) -> &[Value] {
        &self.values
    }
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

/// `Dictionary<K, V>`.
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

/// Entries in the order in which .NET walks over them: that of insertion, but a new entry takes the place of the one
/// that was removed last. Every change is counted, so that a walk notices it.
#[derive(Debug, Default)]
pub struct Entries {
    slots: Vec<Option<(Value, Value)>>,
    index: HashMap<Key, usize>,
    /// Places of removed entries; the last one is used first.
    free: Vec<usize>,
    version: u32,
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

    /// How many changes there were.
    pub fn version(&self) -> u32 {
        self.version
    }

    fn slot(&self, key: &Key) -> Option<&(Value, Value)> {
        self.index.get(key).and_then(|at| self.slots.get(*at)).and_then(Option::as_ref)
    }

    /// The value of a key.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.slot(key).map(|(_, value)| value)
    }

    /// The key as it was inserted.
    pub fn original(&self, key: &Key) -> Option<&Value> {
        self.slot(key).map(|(original, _)| original)
    }

    /// True when the key is there.
    pub fn contains(&self, key: &Key) -> bool {
        self.index.contains_key(key)
    }

    /// Sets a value; true when the key is new.
    pub fn set(&mut self, key: Key, original: Value, value: Value) -> bool {
        self.version = self.version.wrapping_add(1);
        if let Some(slot) = self.index.get(&key).and_then(|at| self.slots.get_mut(*at)) {
            let kept = slot.take().map_or(original, |(kept, _)| kept);
            *slot = Some((kept, value));
            return false;
        }
        let at = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(at) {
            Some(slot) => *slot = Some((original, value)),
            None => self.slots.push(Some((original, value))),
        }
        self.index.insert(key, at);
        true
    }

    /// Adds an entry unless its key is there; true when it was added.
    pub fn add(&mut self, key: Key, original: Value, value: Value) -> bool {
        !self.contains(&key) && self.set(key, original, value)
    }

    /// Removes a key and gives its entry.
    pub fn remove(&mut self, key: &Key) -> Option<(Value, Value)> {
        let at = self.index.remove(key)?;
        self.version = self.version.wrapping_add(1);
        self.free.push(at);
        self.slots.get_mut(at).and_then(Option::take)
    }

    /// As [`Entries::remove`]; a set that became empty begins anew, while a dictionary goes on filling its gaps.
    pub fn remove_from_set(&mut self, key: &Key) -> bool {
        let removed = self.remove(key).is_some();
        if removed && self.index.is_empty() {
            self.slots.clear();
            self.free.clear();
        }
        removed
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.version = self.version.wrapping_add(1);
        self.slots.clear();
        self.index.clear();
        self.free.clear();
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> {
        self.slots.iter().flatten().map(|(key, value)| (key, value))
    }

    /// The first entry at a place or behind it, with its place.
    pub fn next_from(&self, at: usize) -> Option<(usize, &Value, &Value)> {
        let rest = self.slots.get(at..)?;
        let found =
            rest.iter().enumerate().find_map(|(offset, slot)| slot.as_ref().map(|slot| (offset, slot)));
        found.map(|(offset, (key, value))| (at + offset, key, value))
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

impl Array {
    /// Refuses a value that is none of the elements: a `string[]` may be seen as `object[]`.
    ///
    /// # Errors
    /// `ArrayTypeMismatchException`.
    pub fn check(&self, value: &Value) -> Result<(), Exception> {
        let is_plain = matches!(
            (&self.element, value),
            (Type::Object, _)
                | (_, Value::Null)
                | (Type::String, Value::String(_))
                | (Type::Int32, Value::Int32(_))
        );
        // The compiler has seen to it that a number is stored as the array's own.
        let fits =
            is_plain || self.element.is_value_type() || crate::binder::is_instance(value, &self.element);
        if fits { Ok(()) } else { Err(Exception::array_type_mismatch()) }
    }

    /// A value of another array as one of this: numbers widen.
    ///
    /// # Errors
    /// `ArrayTypeMismatchException`.
    pub fn accept(&self, value: Value) -> Result<Value, Exception> {
        if !self.element.is_value_type() {
            return self.check(&value).map(|()| value);
        }
        let from = value.type_of();
        if from == self.element {
            return Ok(value);
        }
        if from.widens_to(&self.element) {
            return crate::run::convert(&value, &self.element, false);
        }
        Err(Exception::array_type_mismatch())
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        release(std::mem::take(self.items.get_mut()));
    }
}

impl Drop for List {
    fn drop(&mut self) {
        release(std::mem::take(&mut self.items.get_mut().values));
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
        Value::List(Arc::new(List { element, items: Mutex::new(Items::new(items)) }))
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
