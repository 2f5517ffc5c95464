//! Scalar operators and functions.

use std::sync::Arc;

use crate::{Error, Span, Typed};

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
pub fn call(
    name: &str,
    _arguments: Vec<Argument>,
    at: Span,
    _environment: &Arc<Environment>,
) -> Result<Typed, Error> {
    Err(Error::new("unknown-function", at, format!("there is no function `{name}`")))
}
