//! The entries of a `Dictionary<K, V>` or `HashSet<T>`.

use std::collections::HashMap;

use super::{Key, Value, release};

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

impl Drop for Entries {
    fn drop(&mut self) {
        let entries = std::mem::take(&mut self.slots).into_iter().flatten();
        release(entries.flat_map(|(key, value)| [key, value]).filter(Value::holds_values).collect());
    }
}
