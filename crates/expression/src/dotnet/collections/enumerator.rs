//! `IEnumerator<T>`: a walk by hand.

use std::any::Any;

use parking_lot::Mutex;

use crate::call::{Call, Machine};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Iterate, Value, iterate};

const NAME: &str = "System.Collections.Generic.IEnumerator";

/// What arrays give: the elements are objects.
pub(super) static OBJECT_ENUMERATOR: TypeDeclaration =
    TypeDeclaration::interface("System.Collections.IEnumerator").members(&[
        impure("bool MoveNext()", move_next),
        impure("object Current", current),
        impure("void Reset()", reset),
    ]);

pub(super) static ENUMERATOR: TypeDeclaration = TypeDeclaration::interface(NAME)
    .generic(&["T"])
    .interfaces(&["System.IDisposable", "System.Collections.IEnumerator"])
    .members(&[
        impure("bool MoveNext()", move_next),
        impure("T Current", current),
        impure("void Reset()", reset),
        impure("void Dispose()", |call| {
            call.object::<Enumerator>()?.state.lock().walk = None;
            Ok(Value::Null)
        }),
    ]);

/// What `GetEnumerator()` gives.
struct Enumerator {
    source: Value,
    element: Type,
    state: Mutex<State>,
}

struct State {
    /// Taken out while it moves.
    walk: Option<Box<dyn Iterate>>,
    current: Option<Value>,
    started: bool,
}

impl DotnetObject for Enumerator {
    fn type_of(&self) -> Type {
        Type::generic(NAME, [self.element.clone()])
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A new enumerator over a sequence.
pub(super) fn of(source: &Value, machine: &mut dyn Machine) -> Result<Value, Exception> {
    let element = crate::binder::element_type(&source.type_of()).unwrap_or(Type::Object);
    let state = State { walk: Some(iterate(source, machine)?), current: None, started: false };
    Ok(Value::object(Enumerator { source: source.clone(), element, state: Mutex::new(state) }))
}

fn move_next(call: &mut Call<'_>) -> Result<Value, Exception> {
    let receiver = call.receiver().clone();
    let Some(this) = receiver.downcast::<Enumerator>() else { return Err(call.mismatch(&receiver)) };
    // The lock is not held meanwhile: lambdas may look at this very enumerator.
    let walk = this.state.lock().walk.take();
    let Some(mut walk) = walk else { return Ok(Value::Boolean(false)) };
    let next = walk.next(call.machine());
    let mut state = this.state.lock();
    state.started = true;
    state.current = next?;
    let moved = state.current.is_some();
    state.walk = moved.then_some(walk);
    Ok(Value::Boolean(moved))
}

/// Before the first and behind the last element arrays throw; others give the default of their type.
fn current(call: &mut Call<'_>) -> Result<Value, Exception> {
    let this = call.object::<Enumerator>()?;
    let state = this.state.lock();
    match (&state.current, &this.source) {
        (Some(current), _) => Ok(current.clone()),
        (None, Value::Array(_) | Value::Bytes(_) | Value::String(_)) => {
            Err(Exception::invalid_operation(if state.started {
                "Enumeration already finished"
            } else {
                "Enumeration has not started. Call MoveNext"
            }))
        }
        (None, _) => Ok(this.element.default_value()),
    }
}

fn reset(call: &mut Call<'_>) -> Result<Value, Exception> {
    let receiver = call.receiver().clone();
    let Some(this) = receiver.downcast::<Enumerator>() else { return Err(call.mismatch(&receiver)) };
    if let Value::Enumerable(_) = this.source {
        return Err(Exception::not_supported("Specified method is not supported."));
    }
    let walk = iterate(&this.source, call.machine())?;
    *this.state.lock() = State { walk: Some(walk), current: None, started: false };
    Ok(Value::Null)
}
