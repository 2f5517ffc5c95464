//! Scalar operators and functions.

use std::sync::Arc;

use crate::{Error, Span, Type, Typed};

/// What a query is run with, the same for all its parts.
#[derive(Clone, Debug)]
pub struct Environment {
    /// `now()`: microseconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// How much memory one `make_list` or one string may take, in bytes.
    pub value_bytes: usize,
}

/// An argument of a function.
#[derive(Clone, Debug)]
pub struct Argument {
    /// Its value.
    pub value: Typed,
    /// Where it stands.
    pub span: Span,
}

/// A binary operator of scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Each is the operator of that name.
pub enum Binary {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    /// `=~`
    EqualIgnoringCase,
    /// `!~`
    NotEqualIgnoringCase,
    Has,
    NotHas,
    HasCs,
    NotHasCs,
    HasPrefix,
    NotHasPrefix,
    HasPrefixCs,
    NotHasPrefixCs,
    HasSuffix,
    NotHasSuffix,
    HasSuffixCs,
    NotHasSuffixCs,
    Contains,
    NotContains,
    ContainsCs,
    NotContainsCs,
    StartsWith,
    NotStartsWith,
    StartsWithCs,
    NotStartsWithCs,
    EndsWith,
    NotEndsWith,
    EndsWithCs,
    NotEndsWithCs,
    MatchesRegex,
}

/// An operator that compares with a list: `in`, `has_any` and their like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Each is the operator of that name.
pub enum InList {
    In,
    NotIn,
    /// `in~`
    InIgnoringCase,
    /// `!in~`
    NotInIgnoringCase,
    HasAny,
    HasAll,
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// `-`
    Negate,
    /// `+`
    Plus,
}

/// `name(arguments)`. Names are case-sensitive, as in KQL.
///
/// # Errors
/// When there is no such function, or it does not take these arguments.
pub fn call(name: &str, _arguments: Vec<Argument>, at: Span, _environment: &Arc<Environment>) -> Result<Typed, Error> {
    Err(Error::new("unknown-function", at, format!("there is no function `{name}`")))
}

/// `left op right`.
///
/// # Errors
/// When the operator does not take these types.
pub fn binary(
    _op: Binary,
    _left: Argument,
    _right: Argument,
    at: Span,
    _environment: &Arc<Environment>,
) -> Result<Typed, Error> {
    Err(Error::new("unknown-operator", at, "there is no such operator"))
}

/// `op value`.
///
/// # Errors
/// When the operator does not take this type.
pub fn unary(_op: Unary, _value: Argument, at: Span) -> Result<Typed, Error> {
    Err(Error::new("unknown-operator", at, "there is no such operator"))
}

/// `value op (list)`; a list of one `dynamic` is the array's elements.
///
/// # Errors
/// When the operator does not take these types.
pub fn in_list(
    _op: InList,
    _value: Argument,
    _list: Vec<Argument>,
    at: Span,
    _environment: &Arc<Environment>,
) -> Result<Typed, Error> {
    Err(Error::new("unknown-operator", at, "there is no such operator"))
}

/// `value between (low .. high)`, and `!between` when negated; both ends belong to the range.
///
/// # Errors
/// When the three cannot be compared.
pub fn between(
    _value: Argument,
    _low: Argument,
    _high: Argument,
    _negated: bool,
    at: Span,
    _environment: &Arc<Environment>,
) -> Result<Typed, Error> {
    Err(Error::new("unknown-operator", at, "there is no such operator"))
}

/// `value[index]` of a `dynamic`: a name, or a position that counts from the end when negative.
///
/// # Errors
/// When the value is not dynamic, or the index neither text nor a whole number.
pub fn index(_value: Argument, _index: Argument, at: Span) -> Result<Typed, Error> {
    Err(Error::new("unknown-operator", at, "there is no such operator"))
}

/// `value.name` of a `dynamic`.
///
/// # Errors
/// When the value is not dynamic.
pub fn member(_value: Argument, _name: &str, at: Span) -> Result<Typed, Error> {
    Err(Error::new("unknown-operator", at, "there is no such operator"))
}

/// The value as another type, as `tostring()`, `tolong()` and their like do: null where it cannot be.
pub fn convert(value: Typed, to: Type) -> Typed {
    Typed::new(value.expr, to)
}

/// `dynamic(json)`.
///
/// # Errors
/// When it is not JSON.
pub fn dynamic_literal(_json: &str, at: Span) -> Result<Typed, Error> {
    Err(Error::new("invalid-literal", at, "this is not JSON"))
}

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::empty()
}
