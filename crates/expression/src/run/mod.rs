//! Runs a program.

mod arithmetic;
mod evaluate;
mod statements;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::budget::{Budget, Limits};
use crate::call::Machine;
use crate::context::Context;
use crate::exception::Exception;
use crate::program::{Body, Code, Node, Program};
use crate::types::Type;
use crate::value::{Callable, Value};

pub(crate) use evaluate::fold;

/// A variable that lambdas share.
type Cell = Arc<Mutex<Value>>;

/// The variables of one running function. Plain ones stay on the stack: a box would cost what they save.
#[allow(clippy::large_enum_variant)]
enum Slots {
    Plain(SmallVec<[Value; 4]>),
    Cells(Vec<Cell>),
}

/// One running function.
struct Frame<'f> {
    code: &'f Arc<Code>,
    machine: &'f mut dyn Machine,
    slots: Slots,
    /// Exceptions that the running `catch` blocks have caught.
    caught: Vec<Exception>,
}

/// How a statement ends.
enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}

/// The context and budget of one evaluation.
struct Evaluation<'c> {
    context: &'c mut dyn Context,
    budget: Budget,
}

impl Machine for Evaluation<'_> {
    fn context(&mut self) -> &mut dyn Context {
        self.context
    }

    fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }
}

impl Program {
    /// Runs it over the live call.
    ///
    /// # Errors
    /// What the expression throws and does not catch; an exceeded limit.
    pub fn evaluate(&self, context: &mut dyn Context, limits: &Limits) -> Result<Value, Exception> {
        if let Body::Expression(Node::Constant(value)) = &self.code.body {
            return Ok(value.clone());
        }
        let mut evaluation = Evaluation { context, budget: Budget::new(limits) };
        self.run(&mut evaluation)
    }

    /// Runs it and gives its text: `ToString()` of the result, or nothing for null.
    ///
    /// # Errors
    /// As [`Program::evaluate`].
    pub fn evaluate_text(
        &self,
        context: &mut dyn Context,
        limits: &Limits,
    ) -> Result<Option<crate::value::Text>, Exception> {
        let mut evaluation = Evaluation { context, budget: Budget::new(limits) };
        let value = self.run(&mut evaluation)?;
        if value.is_null() {
            return Ok(None);
        }
        crate::dotnet::text_of(&value, &mut evaluation).map(Some)
    }

    /// Runs it and hands the result to `use_result` with the machine still there, so that lazy results can be read.
    ///
    /// # Errors
    /// As [`Program::evaluate`], and what `use_result` gives.
    pub(crate) fn evaluate_with<T>(
        &self,
        context: &mut dyn Context,
        limits: &Limits,
        use_result: impl FnOnce(&Value, &mut dyn Machine) -> Result<T, Exception>,
    ) -> Result<T, Exception> {
        let mut evaluation = Evaluation { context, budget: Budget::new(limits) };
        let value = self.run(&mut evaluation)?;
        use_result(&value, &mut evaluation)
    }

    fn run(&self, machine: &mut dyn Machine) -> Result<Value, Exception> {
        let code = &self.code;
        let slots = if code.cells {
            Slots::Cells((0..code.slots).map(|_| Cell::default()).collect())
        } else {
            Slots::Plain(SmallVec::from_elem(Value::Null, code.slots))
        };
        let mut frame = Frame { code, machine, slots, caught: Vec::new() };
        let result = frame.body(&code.body);
        frame.break_cycles();
        result
    }
}

impl<'f> Frame<'f> {
    fn load(&self, slot: u32) -> Value {
        match &self.slots {
            Slots::Plain(values) => values.get(slot as usize).cloned().unwrap_or(Value::Null),
            Slots::Cells(cells) => cells.get(slot as usize).map_or(Value::Null, |cell| cell.lock().clone()),
        }
    }

    fn store(&mut self, slot: u32, value: Value) {
        match &mut self.slots {
            Slots::Plain(values) => {
                if let Some(place) = values.get_mut(slot as usize) {
                    *place = value;
                }
            }
            Slots::Cells(cells) => {
                if let Some(cell) = cells.get(slot as usize) {
                    *cell.lock() = value;
                }
            }
        }
    }

    /// A variable comes into being: lambdas of an earlier loop turn keep theirs.
    fn declare(&mut self, slot: u32, value: Value) {
        if let Slots::Cells(cells) = &mut self.slots {
            if let Some(cell) = cells.get_mut(slot as usize) {
                *cell = Arc::new(Mutex::new(value));
            }
            return;
        }
        self.store(slot, value);
    }

    fn body(&mut self, body: &'f Body) -> Result<Value, Exception> {
        match body {
            Body::Expression(node) => self.eval(node),
            Body::Block(steps) => match self.steps(steps)? {
                Flow::Return(value) => Ok(value),
                _ => Ok(Value::Null),
            },
        }
    }

    /// The cells a new lambda sees.
    fn captured(&self) -> Vec<Cell> {
        match &self.slots {
            Slots::Cells(cells) => cells.clone(),
            Slots::Plain(_) => Vec::new(),
        }
    }

    /// A delegate in a variable that it captures would keep itself alive.
    fn break_cycles(&mut self) {
        if let Slots::Cells(cells) = &self.slots {
            for cell in cells {
                let mut value = cell.lock();
                if matches!(*value, Value::Delegate(_)) {
                    *value = Value::Null;
                }
            }
        }
    }
}

/// Runs a function of the program with the cells it sees.
fn call_function(
    code: &Arc<Code>,
    index: u32,
    seen: &[Cell],
    arguments: impl Iterator<Item = Value>,
    machine: &mut dyn Machine,
) -> Result<Value, Exception> {
    let Some(function) = code.functions.get(index as usize) else { return Ok(Value::Null) };
    machine.budget().enter(code.nesting)?;
    let mut cells: Vec<Cell> = seen.iter().take(function.captured).cloned().collect();
    cells.resize_with(function.captured, Cell::default);
    cells.extend(arguments.take(function.parameters).map(|value| Arc::new(Mutex::new(value))));
    cells.resize_with(function.slots.max(function.captured + function.parameters), Cell::default);
    let mut frame = Frame { code, machine, slots: Slots::Cells(cells), caught: Vec::new() };
    let result = frame.body(&function.body);
    machine.budget().leave(code.nesting);
    result
}

/// A lambda with the variables it captured.
struct Closure {
    code: Arc<Code>,
    index: u32,
    cells: Vec<Cell>,
}

impl Callable for Closure {
    fn call(&self, machine: &mut dyn Machine, arguments: &[Value]) -> Result<Value, Exception> {
        call_function(&self.code, self.index, &self.cells, arguments.iter().cloned(), machine)
    }

    fn type_of(&self) -> Type {
        self.code.functions.get(self.index as usize).map_or(Type::Object, |function| function.ty.clone())
    }
}

/// `ToString()` of a value that an earlier evaluation gave; empty for null.
///
/// # Errors
/// What the type's `ToString` throws; an exceeded limit.
pub fn to_text(
    value: &Value,
    context: &mut dyn Context,
    limits: &Limits,
) -> Result<crate::value::Text, Exception> {
    crate::dotnet::text_of(value, &mut Evaluation { context, budget: Budget::new(limits) })
}
