//! The elements of a `List<T>`.

use super::Value;

/// The elements of a list. Every change is counted, so that a walk notices it.
#[derive(Debug, Default)]
pub struct Items {
    values: Vec<Value>,
    capacity: usize,
    version: u32,
}

impl Items {
    pub(super) fn new(values: Vec<Value>) -> Self {
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

    /// Takes all elements out of a list that is being dropped.
    pub(super) fn take(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.values)
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
