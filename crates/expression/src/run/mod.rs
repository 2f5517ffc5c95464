//! Runs a program.

mod arithmetic;
mod arrays;
mod evaluate;
mod fold;
mod statements;
mod text;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::ast::Name;
use crate::budget::{Budget, Limits};
use crate::call::Machine;
use crate::context::Context;
use crate::exception::Exception;
use crate::program::{Body, Code, Node, Program};
use crate::types::Type;
use crate::value::{Callable, Value, release};

pub(crate) use arithmetic::convert;
pub(crate) use fold::fold;

/// A variable that lambdas share.
type Cell = Arc<Mutex<Value>>;

/// The variables of one running function. Plain ones stay on the stack: a box would cost what they save.
#[allow(clippy::large_enum_variant)]
enum Slots {
    Plain(SmallVec<[Value; 4]>),
    Cells(Cells),
}

/// The variables of one function: shared with the functions inside it.
type Level = Arc<Vec<Cell>>;

/// The variables that a function inside another sees: see [`crate::program::slot`].
struct Cells {
    /// Those of the functions around it, outermost first.
    outer: SmallVec<[Level; 2]>,
    own: Vec<Cell>,
}

impl Cells {
    fn get(&self, slot: u32) -> Option<&Cell> {
        let (level, index) = crate::program::level_and_index(slot);
        if level == self.outer.len() { self.own.get(index) } else { self.outer.get(level)?.get(index) }
    }
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
    /// To a label of this block or one around it.
    Goto(Name),
    /// To the section of the `switch` around it that takes this value.
    GotoCase(Value),
    GotoDefault,
}

/// The context and budget of one evaluation.
struct Evaluation<'c> {
    context: &'c mut dyn Context,
    budget: Budget,
    /// Shared variables that have held a delegate: it may capture the variable and keep itself alive.
    with_delegates: Vec<Cell>,
}

impl<'c> Evaluation<'c> {
    fn new(context: &'c mut dyn Context, limits: &Limits) -> Self {
        Self { context, budget: Budget::new(limits), with_delegates: Vec::new() }
    }
}

/// Breaks the cycles between delegates and the variables they capture.
impl Drop for Evaluation<'_> {
    fn drop(&mut self) {
        for cell in &self.with_delegates {
            let mut value = cell.lock();
            let delegate =
                if matches!(*value, Value::Delegate(_)) { std::mem::take(&mut *value) } else { Value::Null };
            drop(value);
            drop(delegate);
        }
    }
}

impl Machine for Evaluation<'_> {
    fn context(&mut self) -> &mut dyn Context {
        self.context
    }

    fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    fn remember(&mut self, cell: &Arc<Mutex<Value>>) -> Result<(), Exception> {
        self.budget.allocate(size_of::<Cell>())?;
        self.with_delegates.push(Arc::clone(cell));
        Ok(())
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
        let mut evaluation = Evaluation::new(context, limits);
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
        let mut evaluation = Evaluation::new(context, limits);
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
        let mut evaluation = Evaluation::new(context, limits);
        let value = self.run(&mut evaluation)?;
        use_result(&value, &mut evaluation)
    }

    fn run(&self, machine: &mut dyn Machine) -> Result<Value, Exception> {
        let code = &self.code;
        let slots = if code.cells {
            let own = (0..code.slots).map(|_| Cell::default()).collect();
            Slots::Cells(Cells { outer: SmallVec::new(), own })
        } else {
            Slots::Plain(SmallVec::from_elem(Value::Null, code.slots))
        };
        let mut frame = Frame { code, machine, slots, caught: Vec::new() };
        frame.body(&code.body)
    }
}

impl<'f> Frame<'f> {
    fn load(&self, slot: u32) -> Value {
        match &self.slots {
            Slots::Plain(values) => values.get(slot as usize).cloned().unwrap_or(Value::Null),
            Slots::Cells(cells) => cells.get(slot).map_or(Value::Null, |cell| cell.lock().clone()),
        }
    }

    fn store(&mut self, slot: u32, value: Value) -> Result<(), Exception> {
        match &mut self.slots {
            Slots::Plain(values) => {
                if let Some(place) = values.get_mut(slot as usize) {
                    *place = value;
                }
            }
            Slots::Cells(cells) => {
                if let Some(cell) = cells.get(slot) {
                    if matches!(value, Value::Delegate(_)) {
                        self.machine.remember(cell)?;
                    }
                    let before = std::mem::replace(&mut *cell.lock(), value);
                    drop(before);
                }
            }
        }
        Ok(())
    }

    /// A variable comes into being: lambdas of an earlier loop turn keep theirs.
    fn declare(&mut self, slot: u32, value: Value) -> Result<(), Exception> {
        let (level, index) = crate::program::level_and_index(slot);
        if let Slots::Cells(cells) = &mut self.slots
            && level == cells.outer.len()
            && let Some(cell) = cells.own.get_mut(index)
        {
            *cell = Cell::default();
        }
        self.store(slot, value)
    }

    /// The cells of variables that are passed by reference.
    fn references(&self, references: &[(usize, u32)]) -> SmallVec<[(usize, Cell); 2]> {
        let Slots::Cells(cells) = &self.slots else { return SmallVec::new() };
        let cell = |(at, slot): &(usize, u32)| Some((*at, Arc::clone(cells.get(*slot)?)));
        references.iter().filter_map(cell).collect()
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
    fn captured(&self) -> SmallVec<[Level; 2]> {
        match &self.slots {
            Slots::Cells(cells) => {
                let mut seen = cells.outer.clone();
                seen.push(Arc::new(cells.own.clone()));
                seen
            }
            Slots::Plain(_) => SmallVec::new(),
        }
    }
}

/// Runs a function of the program with the variables it sees. The cells of `references` stand for its parameters
/// themselves.
fn call_function(
    code: &Arc<Code>,
    index: u32,
    seen: &[Level],
    arguments: impl Iterator<Item = Value>,
    references: &[(usize, Cell)],
    machine: &mut dyn Machine,
) -> Result<Value, Exception> {
    let Some(function) = code.functions.get(index as usize) else { return Ok(Value::Null) };
    machine.budget().enter(code.nesting)?;
    let outer = seen.iter().take(function.level).cloned().collect();
    let mut own: Vec<Cell> = Vec::with_capacity(function.slots);
    own.extend(arguments.take(function.parameters).map(|value| Arc::new(Mutex::new(value))));
    own.resize_with(function.slots.max(function.parameters), Cell::default);
    for (at, cell) in references {
        if let Some(place) = own.get_mut(*at) {
            *place = Arc::clone(cell);
        }
    }
    let slots = Slots::Cells(Cells { outer, own });
    let mut frame = Frame { code, machine, slots, caught: Vec::new() };
    let result = frame.body(&function.body);
    machine.budget().leave(code.nesting);
    result
}

/// A lambda with the variables it captured.
struct Closure {
    code: Arc<Code>,
    index: u32,
    seen: SmallVec<[Level; 2]>,
}

/// Closures may hold each other in a long chain: their variables are released without recursion.
impl Drop for Closure {
    fn drop(&mut self) {
        let cells = self.seen.drain(..).filter_map(Arc::into_inner).flatten();
        release(cells.filter_map(Arc::into_inner).map(Mutex::into_inner).collect());
    }
}

impl Callable for Closure {
    fn call(&self, machine: &mut dyn Machine, arguments: &[Value]) -> Result<Value, Exception> {
        call_function(&self.code, self.index, &self.seen, arguments.iter().cloned(), &[], machine)
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
    crate::dotnet::text_of(value, &mut Evaluation::new(context, limits))
}
