//! What `Queue<T>` and `Stack<T>` have in common: elements are added at the back and leave at one end.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{copying, count, items, queue, stack};
use crate::call::{Call, Machine};
use crate::exception::Exception;
use crate::types::Type;
use crate::value::{DotnetObject, Iterate, Value, modified, release};

/// Where elements leave, and a walk begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Front,
    Back,
}

/// A queue or stack.
struct Sequential {
    element: Type,
    end: End,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    items: VecDeque<Value>,
    version: u32,
}

impl State {
    fn changed(&mut self) -> &mut VecDeque<Value> {
        self.version = self.version.wrapping_add(1);
        &mut self.items
    }

    fn next(&self, end: End) -> Option<&Value> {
        if end == End::Front { self.items.front() } else { self.items.back() }
    }

    fn take(&mut self, end: End) -> Option<Value> {
        if self.items.is_empty() {
            return None;
        }
        let items = self.changed();
        if end == End::Front { items.pop_front() } else { items.pop_back() }
    }

    /// The element at a place counted from the end where they leave.
    fn at(&self, place: usize, end: End) -> Option<&Value> {
        match end {
            End::Front => self.items.get(place),
            End::Back => self.items.get(self.items.len().checked_sub(place + 1)?),
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        release(std::mem::take(&mut self.items).into_iter().collect());
    }
}

impl DotnetObject for Sequential {
    fn type_of(&self) -> Type {
        let name = if self.end == End::Front { queue::NAME } else { stack::NAME };
        Type::generic(name, [self.element.clone()])
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        let state = self.state.lock();
        Some(match self.end {
            End::Front => state.items.iter().cloned().collect(),
            End::Back => state.items.iter().rev().cloned().collect(),
        })
    }
    fn walk(&self) -> Option<Box<dyn Iterate>> {
        let version = self.state.lock().version;
        Some(Box::new(Walk { state: Arc::clone(&self.state), end: self.end, at: 0, version }))
    }
}

struct Walk {
    state: Arc<Mutex<State>>,
    end: End,
    at: usize,
    version: u32,
}

impl Iterate for Walk {
    fn next(&mut self, machine: &mut dyn Machine) -> Result<Option<Value>, Exception> {
        machine.budget().step()?;
        let state = self.state.lock();
        if state.version != self.version {
            return Err(modified());
        }
        let item = state.at(self.at, self.end).cloned();
        self.at += 1;
        Ok(item)
    }
}

fn made(call: &Call<'_>, end: End, items: Vec<Value>) -> Value {
    let state = State { items: items.into(), version: 0 };
    Value::object(Sequential { element: call.type_argument(0), end, state: Arc::new(Mutex::new(state)) })
}

pub(super) fn empty(call: &Call<'_>, end: End) -> Value {
    made(call, end, Vec::new())
}

pub(super) fn sized(call: &mut Call<'_>, end: End) -> Result<Value, Exception> {
    if let Err(negative) = super::range::not_negative(call, 0) {
        return Err(negative.with_actual_value(&call.int(0).to_string()));
    }
    Ok(empty(call, end))
}

pub(super) fn filled(call: &mut Call<'_>, end: End) -> Result<Value, Exception> {
    let items = call.elements(0)?;
    Ok(made(call, end, items))
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Sequential, Exception> {
    call.object::<Sequential>()
}

fn nothing(call: &Call<'_>) -> Exception {
    let is_queue = matches!(this(call), Ok(Sequential { end: End::Front, .. }));
    Exception::invalid_operation(if is_queue { "Queue empty." } else { "Stack empty." })
}

pub(super) fn length(call: &mut Call<'_>) -> Result<Value, Exception> {
    Ok(count(this(call)?.state.lock().items.len()))
}

pub(super) fn push(call: &mut Call<'_>) -> Result<Value, Exception> {
    call.budget().allocate(size_of::<Value>())?;
    let item = call.take(0);
    this(call)?.state.lock().changed().push_back(item);
    Ok(Value::Null)
}

pub(super) fn pop(call: &mut Call<'_>) -> Result<Value, Exception> {
    let this = this(call)?;
    let taken = this.state.lock().take(this.end);
    taken.ok_or_else(|| nothing(call))
}

pub(super) fn peek(call: &mut Call<'_>) -> Result<Value, Exception> {
    let this = this(call)?;
    let next = this.state.lock().next(this.end).cloned();
    next.ok_or_else(|| nothing(call))
}

pub(super) fn try_pop(call: &mut Call<'_>) -> Result<Value, Exception> {
    let this = this(call)?;
    let taken = this.state.lock().take(this.end);
    tried(call, taken)
}

pub(super) fn try_peek(call: &mut Call<'_>) -> Result<Value, Exception> {
    let this = this(call)?;
    let next = this.state.lock().next(this.end).cloned();
    tried(call, next)
}

/// Sets the `out` parameter and says whether there was something.
fn tried(call: &mut Call<'_>, found: Option<Value>) -> Result<Value, Exception> {
    let is_found = found.is_some();
    let default = call.type_argument(0).default_value();
    call.set_out(0, found.unwrap_or(default));
    Ok(Value::Boolean(is_found))
}

pub(super) fn clear(call: &mut Call<'_>) -> Result<Value, Exception> {
    let removed = std::mem::take(this(call)?.state.lock().changed());
    drop(removed);
    Ok(Value::Null)
}

pub(super) fn to_array(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = items::of_this(call)?;
    Ok(Value::array(call.type_argument(0), items))
}

/// `CopyTo(array, arrayIndex)`, whose checks are not those of lists.
pub(super) fn copy_to(call: &mut Call<'_>) -> Result<Value, Exception> {
    let items = items::of_this(call)?;
    let target = call.argument(0).clone();
    if target.is_null() {
        return Err(call.null_argument(0));
    }
    let length = items::snapshot(&target, call.machine())?.len();
    let start = usize::try_from(call.int(1)).ok().filter(|start| *start <= length);
    let start = start.ok_or_else(|| {
        Exception::argument_out_of_range(
            call.parameter_name(1),
            "Index was out of range. Must be non-negative and less than the size of the collection.",
        )
    })?;
    if items.len() > length - start {
        return Err(super::range::span_out_of_range());
    }
    copying::write_range(&target, start, items)
}
