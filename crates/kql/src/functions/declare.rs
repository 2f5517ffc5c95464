//! How functions are declared: a name, what it takes as text, and what it does. The text is what errors and the documentation show,
//! and what arguments are checked and converted by.

use std::sync::Arc;

use super::cell::{Cell, Row};
use super::kernel::{Kernel, RowFunction};
use super::{Argument, Environment, constant, convert};
use crate::{Error, Span, Type, Typed};

/// A function of KQL.
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it takes, such as `source: string, start: long, length?: long`. A name with `?` may be left out, one with `*` stands for
    /// any number of arguments, one with `+` for at least one. Kinds: the names of types, `number`, and `any`.
    pub(crate) takes: &'static str,
    /// What it does.
    pub(crate) does: Does,
}

/// What a function does.
pub(crate) enum Does {
    /// Something with each row alone, null for null.
    Rows(Type, for<'a> fn(&Row<'_, 'a>) -> Cell<'a>),
    /// Something with each row alone that looks at nulls.
    RowsWithNulls(Type, for<'a> fn(&Row<'_, 'a>) -> Cell<'a>),
    /// An expression.
    Plan(fn(Call<'_>) -> Result<Typed, Error>),
}

/// A call whose arguments are of the kinds that the function takes.
pub(crate) struct Call<'e> {
    /// The function's name.
    pub(crate) name: &'static str,
    /// What the function takes.
    pub(crate) takes: &'static str,
    /// The arguments.
    pub(crate) arguments: Vec<Argument>,
    /// Where the call stands.
    pub(crate) at: Span,
    /// What the query is run with.
    pub(crate) environment: &'e Arc<Environment>,
}

/// What one parameter takes.
#[derive(Clone, Copy)]
struct Parameter<'t> {
    name: &'t str,
    count: Count,
    kind: &'t str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    One,
    Optional,
    Any,
    Some,
}

impl Function {
    /// The call with these arguments.
    ///
    /// # Errors
    /// When the function does not take them.
    pub(crate) fn call(
        &'static self,
        arguments: Vec<Argument>,
        at: Span,
        environment: &Arc<Environment>,
    ) -> Result<Typed, Error> {
        let arguments = accept(self.name, self.takes, arguments, at)?;
        let call = Call { name: self.name, takes: self.takes, arguments, at, environment };
        match self.does {
            Does::Rows(output, function) => Ok(call.rows(output, Arc::new(function), false)),
            Does::RowsWithNulls(output, function) => Ok(call.rows(output, Arc::new(function), true)),
            Does::Plan(plan) => plan(call),
        }
    }
}

/// The arguments as what the text says that is taken.
///
/// # Errors
/// When there are too few or too many, or one is of another type.
pub(crate) fn accept(
    name: &str,
    takes: &str,
    arguments: Vec<Argument>,
    at: Span,
) -> Result<Vec<Argument>, Error> {
    let parameters = parameters(takes);
    let count = arguments.len();
    let least = parameters.iter().filter(|one| matches!(one.count, Count::One | Count::Some)).count();
    let open = parameters.iter().any(|one| matches!(one.count, Count::Any | Count::Some));
    if count < least || (!open && count > parameters.len()) {
        return Err(wrong_count(name, takes, count, at));
    }
    let last = parameters.last().copied();
    let wanted = parameters.iter().copied().map(Some).chain(std::iter::repeat(last));
    let accepted = arguments.into_iter().zip(wanted).map(|(argument, parameter)| {
        let parameter = parameter.ok_or_else(|| wrong_count(name, takes, count, at))?;
        let (span, actual) = (argument.span, argument.value.kind);
        match as_kind(argument.value, parameter.kind) {
            Some(value) => Ok(Argument { value, span }),
            None => Err(wrong_type(name, takes, parameter, actual, span)),
        }
    });
    accepted.collect()
}

fn parameters(takes: &str) -> Vec<Parameter<'_>> {
    let declared = takes.split(", ").filter_map(|one| one.split_once(": "));
    let parameter = |(name, kind)| {
        let named = |mark: char, count| Parameter { name: str::trim_end_matches(name, mark), count, kind };
        match str::chars(name).last() {
            Some('?') => named('?', Count::Optional),
            Some('*') => named('*', Count::Any),
            Some('+') => named('+', Count::Some),
            _ => Parameter { name, count: Count::One, kind },
        }
    };
    declared.map(parameter).collect()
}

/// The value as a kind, where Kusto takes it as one without being asked.
fn as_kind(value: Typed, kind: &str) -> Option<Typed> {
    use Type::{Bool, DateTime, Decimal, Dynamic, Guid, Int, Long, Real, String, TimeSpan};
    let to = match (kind, value.kind) {
        ("any", from) => from,
        ("string", _) => String,
        ("long", Int | Long | Real | Decimal | Dynamic) => Long,
        ("real", Int | Long | Real | Decimal | Dynamic) => Real,
        ("number", Int | Long) => Long,
        ("number", Dynamic) => Real,
        ("number", from @ (Real | Decimal)) => from,
        ("bool", Bool | Dynamic) => Bool,
        ("datetime", DateTime | Dynamic) => DateTime,
        ("timespan", TimeSpan | Dynamic) => TimeSpan,
        ("dynamic", Dynamic) => Dynamic,
        ("guid", Guid) => Guid,
        _ => return None,
    };
    Some(convert(value, to))
}

fn wrong_count(name: &str, takes: &str, count: usize, at: Span) -> Error {
    Error::new("wrong-arguments", at, format!("`{name}` does not take {count} arguments"))
        .with_help(format!("it is called as `{name}({takes})`"))
}

fn wrong_type(name: &str, takes: &str, parameter: Parameter<'_>, actual: Type, at: Span) -> Error {
    let Parameter { name: argument, kind, .. } = parameter;
    let message = format!("`{argument}` of `{name}` is a {kind} and cannot be a {}", actual.name());
    Error::new("type-mismatch", at, message).with_help(format!("it is called as `{name}({takes})`"))
}

impl Call<'_> {
    /// A function of rows with the call's arguments.
    pub(crate) fn rows(self, output: Type, function: RowFunction, nulls: bool) -> Typed {
        let values: Vec<Typed> = self.arguments.into_iter().map(|argument| argument.value).collect();
        let inputs = values.iter().map(|value| value.kind).collect();
        let kernel = Kernel::new(self.name, inputs, output, function).limit(self.environment.value_bytes);
        if nulls { kernel.sees_nulls().call(values) } else { kernel.call(values) }
    }

    /// The argument at a position.
    ///
    /// # Errors
    /// When the call has fewer.
    pub(crate) fn argument(&self, position: usize) -> Result<&Argument, Error> {
        let count = self.arguments.len();
        self.arguments.get(position).ok_or_else(|| wrong_count(self.name, self.takes, count, self.at))
    }

    /// The argument's value at a position.
    ///
    /// # Errors
    /// When the call has fewer.
    pub(crate) fn value(&self, position: usize) -> Result<Typed, Error> {
        self.argument(position).map(|argument| argument.value.clone())
    }

    /// The text of a constant argument.
    ///
    /// # Errors
    /// When it is not a constant.
    pub(crate) fn constant_text(&self, position: usize) -> Result<&str, Error> {
        let argument = self.argument(position)?;
        constant::text_of(&argument.value).ok_or_else(|| self.not_constant(argument.span))
    }

    /// The error of an argument that has to be a constant and is not.
    pub(crate) fn not_constant(&self, at: Span) -> Error {
        Error::new("not-constant", at, format!("this argument of `{}` has to be a constant", self.name))
            .with_help("write the value itself, or a `let` that stands for one")
    }

    /// An error about the call's arguments.
    pub(crate) fn error(&self, at: Span, message: impl Into<String>) -> Error {
        Error::new("wrong-arguments", at, message)
            .with_help(format!("it is called as `{}({})`", self.name, self.takes))
    }

    /// An error about the type of an argument.
    pub(crate) fn mismatch(&self, at: Span, message: impl Into<String>) -> Error {
        Error { code: "type-mismatch", ..self.error(at, message) }
    }

    /// The call's values.
    pub(crate) fn values(self) -> Vec<Typed> {
        self.arguments.into_iter().map(|argument| argument.value).collect()
    }
}
