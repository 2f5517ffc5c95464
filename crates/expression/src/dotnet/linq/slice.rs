//! Parts of lists, arrays and ranges whose elements are reached by place: as in .NET, `Skip`, `Take`, `ElementAt` and
//! `Last` on them run no selector for an element that nobody asks for.

use std::any::Any;
use std::sync::Arc;

use super::walk;
use crate::call::Machine;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Delegate, Enumerable, Iterate, Sequence, Value, iterate};

/// What the elements come from.
#[derive(Clone)]
enum Base {
    /// An array, `byte[]` or list.
    Items(Value),
    /// So many numbers from the first on.
    Range(i32, usize),
}

/// A window of the elements, seen through selectors.
#[derive(Clone)]
pub(super) struct Slice {
    base: Base,
    start: usize,
    /// The place behind the last one; it may lie behind the end of the elements.
    end: usize,
    selectors: Vec<Delegate>,
}

impl Slice {
    /// A list, an array, or what an operator made of one.
    pub(super) fn of(value: &Value) -> Option<Slice> {
        match value {
            Value::Array(_) | Value::Bytes(_) | Value::List(_) => Some(Slice {
                base: Base::Items(value.clone()),
                start: 0,
                end: usize::MAX,
                selectors: Vec::new(),
            }),
            Value::Enumerable(sequence) => sequence.source.as_any()?.downcast_ref::<Slice>().cloned(),
            _ => None,
        }
    }

    /// `Enumerable.Range`.
    pub(super) fn range(start: i32, count: usize) -> Slice {
        Slice { base: Base::Range(start, count), start: 0, end: count, selectors: Vec::new() }
    }

    /// The same seen through one more selector.
    pub(super) fn select(
        mut self,
        selector: Delegate,
        machine: &mut dyn Machine,
    ) -> Result<Slice, Exception> {
        machine.budget().allocate((self.selectors.len() + 1) * size_of::<Delegate>())?;
        self.selectors.push(selector);
        Ok(self)
    }

    /// The same without the first ones.
    pub(super) fn skip(mut self, count: usize) -> Slice {
        self.start = self.start.saturating_add(count).min(self.end);
        self
    }

    /// The first ones of it.
    pub(super) fn take(mut self, count: usize) -> Slice {
        self.end = self.end.min(self.start.saturating_add(count));
        self
    }

    /// The sequence of these elements.
    pub(super) fn into_value(self, element: Type) -> Value {
        Value::Enumerable(Arc::new(Enumerable { element, source: Arc::new(self), ordered: false }))
    }

    /// How many there are now.
    pub(super) fn len(&self) -> usize {
        let length = match &self.base {
            Base::Items(Value::Array(array)) => array.items.lock().len(),
            Base::Items(Value::Bytes(bytes)) => bytes.lock().len(),
            Base::Items(Value::List(list)) => list.items.lock().len(),
            Base::Items(_) => 0,
            Base::Range(_, count) => *count,
        };
        self.end.min(length).saturating_sub(self.start)
    }

    /// The element at a place.
    pub(super) fn get(&self, at: usize, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().step()?;
        let place = self.start.saturating_add(at);
        if place >= self.end {
            return Ok(None);
        }
        let found = match &self.base {
            Base::Items(Value::Array(array)) => array.items.lock().get(place).cloned(),
            Base::Items(Value::Bytes(bytes)) => bytes.lock().get(place).map(|byte| Value::Byte(*byte)),
            Base::Items(Value::List(list)) => list.items.lock().get(place).cloned(),
            Base::Items(_) => None,
            Base::Range(first, count) => {
                let offset = i32::try_from(place).ok().filter(|_| place < *count);
                offset.map(|offset| Value::Int32(first.wrapping_add(offset)))
            }
        };
        found.map(|item| self.through_selectors(item, machine)).transpose()
    }

    fn through_selectors(&self, mut item: Value, machine: &mut dyn Machine) -> Result<Value, Exception> {
        for selector in &self.selectors {
            item = selector.invoke(machine, &[item])?;
        }
        Ok(item)
    }

    /// The whole of a list or array: its own walk notices changes, which a window does not.
    fn whole(&self) -> Option<&Value> {
        match &self.base {
            Base::Items(value) if self.start == 0 && self.end == usize::MAX => Some(value),
            _ => None,
        }
    }
}

impl Sequence for Slice {
    fn iterate(&self) -> Box<dyn Iterate> {
        let slice = self.clone();
        let mut inner: Option<Box<dyn Iterate>> = None;
        let mut at = 0;
        walk(move |machine| {
            let Some(whole) = slice.whole() else {
                at += 1;
                return slice.get(at - 1, machine);
            };
            let walk = match &mut inner {
                Some(walk) => walk,
                None => inner.insert(iterate(whole, machine)?),
            };
            let item = walk.next(machine)?;
            item.map(|item| slice.through_selectors(item, machine)).transpose()
        })
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}
