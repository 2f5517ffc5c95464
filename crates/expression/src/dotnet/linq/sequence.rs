//! How lazy sequences are made: a closure that starts a walk, and walks that are closures.

use std::sync::Arc;

use crate::call::Machine;
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{Enumerable, Iterate, Sequence, Value, iterate};

struct Lazy<F>(F);

impl<F: Fn() -> Box<dyn Iterate> + Send + Sync> Sequence for Lazy<F> {
    fn iterate(&self) -> Box<dyn Iterate> {
        (self.0)()
    }
}

/// An `IEnumerable<T>` whose every walk is started by `start`.
pub(crate) fn lazy(element: Type, start: impl Fn() -> Box<dyn Iterate> + Send + Sync + 'static) -> Value {
    Value::Enumerable(Arc::new(Enumerable { element, source: Arc::new(Lazy(start)), ordered: false }))
}

struct Walk<F>(F);

impl<F: FnMut(&mut dyn Machine) -> Result<Option<Value>, Exception> + Send> Iterate for Walk<F> {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().step()?;
        (self.0)(machine)
    }
}

/// A walk whose every step is a call of `next`.
pub(crate) fn walk(
    next: impl FnMut(&mut dyn Machine) -> Result<Option<Value>, Exception> + Send + 'static,
) -> Box<dyn Iterate> {
    Box::new(Walk(next))
}

/// A walk over another sequence that begins with the first element asked for.
pub(crate) struct Source {
    value: Value,
    walk: Option<Box<dyn Iterate>>,
}

impl Source {
    /// A walk over `value`, not yet begun.
    pub(crate) fn new(value: &Value) -> Self {
        Self { value: value.clone(), walk: None }
    }

    /// The next element.
    pub(crate) fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        match &mut self.walk {
            Some(walk) => walk.next(machine),
            None => self.walk.insert(iterate(&self.value, machine)?).next(machine),
        }
    }
}

/// A lazy sequence whose elements are all computed when a walk begins.
pub(crate) fn computed(
    element: Type,
    compute: impl Fn(&mut dyn Machine) -> Result<Vec<Value>, Exception> + Send + Sync + 'static,
) -> Value {
    let compute = Arc::new(compute);
    lazy(element, move || {
        let compute = Arc::clone(&compute);
        let mut items: Option<std::vec::IntoIter<Value>> = None;
        walk(move |machine| {
            let items = match &mut items {
                Some(items) => items,
                None => items.insert(compute(machine)?.into_iter()),
            };
            Ok(items.next())
        })
    })
}
