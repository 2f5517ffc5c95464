//! Queries as they are written, with the place of every part.
//!
//! KQL does not tell scalars from tables by syntax: `let x = T;` may be either. There is one [`Expression`] for both, and the
//! binder finds out which it is.

mod operators;

pub use operators::{
    Column, Expand, Join, Operator, OperatorKind, Ordering, Parse, Pattern, Piece, Render, Search, Series,
    Source, Table, Union,
};

use crate::functions::{Binary, InList, Unary};
use crate::{Span, Type};

/// A query: its statements, the last of which is the table that it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// `let …;` and their like.
    pub statements: Vec<Statement>,
    /// What the query gives.
    pub result: Expression,
    /// What `render` at its end says.
    pub render: Option<Render>,
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name, without brackets and quotes.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// A statement before the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The name it makes.
    pub name: Name,
    /// What the name means.
    pub value: Value,
}

/// What `let` gives a name to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A scalar or a table.
    Expression(Expression),
    /// A function of the query.
    Function(Function),
}

/// `(parameters) { statements; body }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// The names it makes inside.
    pub statements: Vec<Statement>,
    /// What it gives.
    pub body: Expression,
}

/// A parameter of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// What it takes.
    pub kind: ParameterKind,
    /// What it is when a call does not say.
    pub default: Option<Expression>,
}

/// What a parameter takes.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterKind {
    /// A scalar of this type.
    Scalar(Type),
    /// A table with at least these columns.
    Table(Vec<(Name, Type)>),
}

/// A scalar or a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A value that is written out.
    Literal(Literal),
    /// A column, a variable, or a table.
    Name(String),
    /// `*`, on the left of an operator or as an argument.
    Star,
    /// `a or b or …` and `a and b and …`: the operands of one chain.
    Chain(Binary, Vec<Expression>),
    /// Another operator between two.
    Binary(Binary, Box<Expression>, Box<Expression>),
    /// A sign.
    Unary(Unary, Box<Expression>),
    /// `value in (list)` and its like.
    In(InList, Box<Expression>, Vec<Expression>),
    /// `value between (low .. high)`.
    Between {
        /// What is compared.
        value: Box<Expression>,
        /// From here, inclusively.
        low: Box<Expression>,
        /// To here, inclusively.
        high: Box<Expression>,
        /// `!between`.
        is_negated: bool,
    },
    /// `value[index]`.
    Index(Box<Expression>, Box<Expression>),
    /// `value.name`.
    Member(Box<Expression>, Name),
    /// `name(arguments)`.
    Call(Name, Vec<Argument>),
    /// `typeof(type)`, as the last argument of a call.
    TypeOf(Type),
    /// `source | operator | …`.
    Pipe(Box<Expression>, Vec<Operator>),
    /// A table that is made by the query.
    Source(Box<Source>),
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its name, where the call gives it.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expression,
}

/// A value that is written out.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `true`.
    Bool(bool),
    /// `1`, a `long`.
    Long(i64),
    /// `1.5`, a `real`.
    Real(f64),
    /// `"text"`.
    String(String),
    /// `5m`, in microseconds.
    TimeSpan(i64),
    /// `datetime(text)`, `guid(text)` and their like; without a text, null.
    Typed(Type, Option<String>),
}
