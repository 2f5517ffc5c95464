//! `Queue<T>`.

use std::any::Any;
use std::collections::VecDeque;

use parking_lot::Mutex;

use super::{count, items};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value, release};

const NAME: &str = "System.Collections.Generic.Queue";

pub(super) static QUEUE: TypeDeclaration = TypeDeclaration::class(NAME)
    .generic(&["T"])
    .interfaces(&["System.Collections.Generic.IReadOnlyCollection<T>"])
    .members(&[
        impure("new()", |call| Ok(made(call, Vec::new()))),
        impure("new(int capacity)", |call| Ok(made(call, Vec::new()))),
        impure("new(IEnumerable<T> collection)", |call| {
            let items = call.elements(0)?;
            Ok(made(call, items))
        }),
        impure("string ToString()", super::type_text),
        impure("int Count", |call| Ok(count(this(call)?.lock().len()))),
        impure("void Enqueue(T item)", |call| {
            call.budget().allocate(size_of::<Value>())?;
            let item = call.take(0);
            this(call)?.lock().push_back(item);
            Ok(Value::Null)
        }),
        impure("T Dequeue()", |call| this(call)?.lock().pop_front().ok_or_else(empty)),
        impure("T Peek()", |call| this(call)?.lock().front().cloned().ok_or_else(empty)),
        impure("bool TryDequeue(out T result)", |call| {
            let found = this(call)?.lock().pop_front();
            tried(call, found)
        }),
        impure("bool TryPeek(out T result)", |call| {
            let found = this(call)?.lock().front().cloned();
            tried(call, found)
        }),
        impure("void Clear()", |call| {
            this(call)?.lock().clear();
            Ok(Value::Null)
        }),
        impure("bool Contains(T item)", |call| {
            let items = items::of_this(call)?;
            let wanted = call.argument(0).clone();
            Ok(Value::Boolean(items::position(&items, &wanted, call.machine())?.is_some()))
        }),
        impure("T[] ToArray()", |call| {
            let items = items::of_this(call)?;
            Ok(Value::array(call.type_argument(0), items))
        }),
        impure("void CopyTo(T[] array, int arrayIndex)", items::copy_to),
    ]);

struct Queue {
    element: Type,
    items: Mutex<VecDeque<Value>>,
}

impl Drop for Queue {
    fn drop(&mut self) {
        release(std::mem::take(self.items.get_mut()).into_iter().collect());
    }
}

impl DotnetObject for Queue {
    fn type_of(&self) -> Type {
        Type::generic(NAME, [self.element.clone()])
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.items.lock().iter().cloned().collect())
    }
}

fn made(call: &Call<'_>, items: Vec<Value>) -> Value {
    Value::object(Queue { element: call.type_argument(0), items: Mutex::new(items.into()) })
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Mutex<VecDeque<Value>>, Exception> {
    call.object::<Queue>().map(|queue| &queue.items)
}

fn empty() -> Exception {
    Exception::invalid_operation("Queue empty.")
}

/// Sets the `out` parameter and says whether there was something.
pub(super) fn tried(call: &mut Call<'_>, found: Option<Value>) -> Result<Value, Exception> {
    let is_found = found.is_some();
    let default = call.type_argument(0).default_value();
    call.set_out(0, found.unwrap_or(default));
    Ok(Value::Boolean(is_found))
}
