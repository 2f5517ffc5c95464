//! Dropping deeply nested values without recursion, which would exhaust the stack.

use std::cell::RefCell;
use std::sync::Arc;

use super::{Sequence, Value};

/// Something that may hold a deep tree of values.
pub(super) enum Held {
    Values(Vec<Value>),
    Sequence(Arc<dyn Sequence>),
}

thread_local! {
    /// What waits to be dropped; none while nothing is being dropped.
    static WAITING: RefCell<Option<Vec<Held>>> = const { RefCell::new(None) };
}

/// Drops the values of a container. Called by the destructors of all containers: an inner one only queues its own
/// values for the outermost one, so that a tree of any depth takes one level of the stack.
pub(crate) fn release(values: Vec<Value>) {
    if values.iter().any(Value::holds_values) {
        drop_later(Held::Values(values));
    }
}

pub(super) fn drop_later(held: Held) {
    let mut held = Some(held);
    // While the thread ends there is no queue any more: the value is dropped where it is.
    let is_outermost = WAITING.try_with(|waiting| match &mut *waiting.borrow_mut() {
        Some(queue) => {
            queue.extend(held.take());
            false
        }
        none => {
            *none = Some(Vec::new());
            true
        }
    });
    drop(held);
    if is_outermost != Ok(true) {
        return;
    }
    let next = || WAITING.try_with(|waiting| waiting.borrow_mut().as_mut().and_then(Vec::pop)).ok().flatten();
    while let Some(next) = next() {
        match next {
            Held::Values(values) => drop(values),
            Held::Sequence(sequence) => drop(sequence),
        }
    }
    // Cannot fail: the queue was there just before.
    let _ = WAITING.try_with(|waiting| *waiting.borrow_mut() = None);
}
