//! Delegate types that lambdas convert to, and what `+` and `-` do with delegates.

use crate::call::{Call, Machine};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure};
use crate::types::Type;
use crate::value::{Callable, Delegate, Value};

static ACTION: TypeDeclaration = TypeDeclaration::delegate("System.Action", &[]);
static FUNC: TypeDeclaration = TypeDeclaration::delegate("System.Func", &["TResult"]);
static PREDICATE: TypeDeclaration = TypeDeclaration::delegate("System.Predicate", &["T"]);
static COMPARISON: TypeDeclaration = TypeDeclaration::delegate("System.Comparison", &["T"]);
static CONVERTER: TypeDeclaration = TypeDeclaration::delegate("System.Converter", &["TInput", "TOutput"]);
static MATCH_EVALUATOR: TypeDeclaration =
    TypeDeclaration::delegate("System.Text.RegularExpressions.MatchEvaluator", &[]);

/// The operators `+` and `-` of delegates are these methods.
static DELEGATE: TypeDeclaration = TypeDeclaration::class("System.Delegate").members(&[
    impure("static Delegate Combine(Delegate a, Delegate b)", combine),
    impure("static Delegate Remove(Delegate source, Delegate value)", remove),
]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] =
    &[&ACTION, &FUNC, &PREDICATE, &COMPARISON, &CONVERTER, &MATCH_EVALUATOR, &DELEGATE];

/// Several delegates that are invoked one after the other; never fewer than two, and none of them combined itself.
struct Combined(Vec<Delegate>);

impl Callable for Combined {
    fn call(&self, machine: &mut dyn Machine, arguments: &[Value]) -> Result<Value, Exception> {
        let mut last = Value::Null;
        for part in &self.0 {
            last = part.invoke(machine, arguments)?;
        }
        Ok(last)
    }

    fn type_of(&self) -> Type {
        self.0.first().map_or(Type::Null, Delegate::type_of)
    }

    fn parts(&self) -> Option<&[Delegate]> {
        Some(&self.0)
    }
}

/// A delegate of so many parts; null for none.
fn of_parts(mut parts: Vec<Delegate>) -> Value {
    match parts.len() {
        0 => Value::Null,
        1 => parts.pop().map_or(Value::Null, Value::Delegate),
        _ => Value::Delegate(Delegate::new(Combined(parts))),
    }
}

/// Null adds nothing.
fn combine(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (first, second) = (call.take(0), call.take(1));
    let (first, second) = match (first, second) {
        (Value::Delegate(first), Value::Delegate(second)) => (first, second),
        (Value::Null, other) | (other, Value::Null) => return Ok(other),
        (other, _) => return Err(call.mismatch(&other)),
    };
    let count = first.parts().len() + second.parts().len();
    call.budget().allocate(count * size_of::<Delegate>())?;
    Ok(of_parts(first.parts().iter().chain(second.parts()).cloned().collect()))
}

/// Takes the last occurrence of all parts of `value` in a row out of `source`.
fn remove(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (Value::Delegate(source), Value::Delegate(value)) = (call.argument(0), call.argument(1)) else {
        return Ok(call.take(0));
    };
    let (parts, removed) = (source.parts(), value.parts());
    let is_there = |window: &[Delegate]| window.iter().zip(removed).all(|(a, b)| a.is_same(b));
    let Some(at) = parts.windows(removed.len()).rposition(is_there) else {
        return Ok(call.argument(0).clone());
    };
    let mut left = parts.to_vec();
    left.drain(at..at + removed.len());
    call.budget().steps(left.len() as u64)?;
    Ok(of_parts(left))
}
