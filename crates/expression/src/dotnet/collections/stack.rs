//! `Stack<T>`: enumerated from the top.

use std::any::Any;

use parking_lot::Mutex;

use super::queue::tried;
use super::{count, items};
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{DotnetObject, Value, release};

const NAME: &str = "System.Collections.Generic.Stack";

pub(super) static STACK: TypeDeclaration = TypeDeclaration::class(NAME)
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
        impure("void Push(T item)", |call| {
            call.budget().allocate(size_of::<Value>())?;
            let item = call.take(0);
            this(call)?.lock().push(item);
            Ok(Value::Null)
        }),
        impure("T Pop()", |call| this(call)?.lock().pop().ok_or_else(empty)),
        impure("T Peek()", |call| this(call)?.lock().last().cloned().ok_or_else(empty)),
        impure("bool TryPop(out T result)", |call| {
            let found = this(call)?.lock().pop();
            tried(call, found)
        }),
        impure("bool TryPeek(out T result)", |call| {
            let found = this(call)?.lock().last().cloned();
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

struct Stack {
    element: Type,
    /// The top is the last one.
    items: Mutex<Vec<Value>>,
}

impl Drop for Stack {
    fn drop(&mut self) {
        release(std::mem::take(self.items.get_mut()).into_iter().collect());
    }
}

impl DotnetObject for Stack {
    fn type_of(&self) -> Type {
        Type::generic(NAME, [self.element.clone()])
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn items(&self) -> Option<Vec<Value>> {
        Some(self.items.lock().iter().rev().cloned().collect())
    }
}

fn made(call: &Call<'_>, items: Vec<Value>) -> Value {
    Value::object(Stack { element: call.type_argument(0), items: Mutex::new(items) })
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Mutex<Vec<Value>>, Exception> {
    call.object::<Stack>().map(|stack| &stack.items)
}

fn empty() -> Exception {
    Exception::invalid_operation("Stack empty.")
}
