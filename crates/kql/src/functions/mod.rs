//! Scalar operators and functions.
//!
//! A family of functions is a file with a table that says of each function its name, what it takes and what it does. Most are computed
//! row by row by a `kernel`; what DataFusion does in the same way is left to it. Whatever has constants alone becomes a constant
//! while the query is planned.
//!
//! - `operators`: comparison, arithmetic, operators of strings and lists
//! - [`convert()`]: conversion between types
//! - `json`: `dynamic` values and paths into them
//! - `declare`: the tables of functions, `cell` and `kernel`: functions of rows, `constant`: what is known beforehand
//! - `parse` and `format`: values from text and as text

mod arrays;
mod bins;
mod build;
pub(crate) mod cell;
mod conditional;
pub(crate) mod constant;
mod conversion;
mod convert;
mod datetime;
pub(crate) mod declare;
pub(crate) mod format;
mod format_time;
mod hash;
mod ip;
pub(crate) mod json;
pub(crate) mod kernel;
mod math;
pub(crate) mod operators;
pub(crate) mod parse;
mod regexes;
mod strings;
mod url;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use convert::convert;
pub use operators::list::{between, in_list};
pub use operators::{binary, unary};

use crate::{Error, Span, Type, Typed};
use declare::Function;
use json::path;
use json::scan::{Step, find};
use json::text;
use kernel::Kernel;

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

/// All families.
static FAMILIES: &[&[Function]] = &[
    arrays::FUNCTIONS,
    bins::FUNCTIONS,
    build::FUNCTIONS,
    conditional::FUNCTIONS,
    conversion::FUNCTIONS,
    datetime::FUNCTIONS,
    format_time::FUNCTIONS,
    hash::FUNCTIONS,
    ip::FUNCTIONS,
    math::FUNCTIONS,
    regexes::FUNCTIONS,
    strings::FUNCTIONS,
    url::FUNCTIONS,
];

fn functions() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The names of all functions.
pub fn names() -> impl Iterator<Item = &'static str> {
    functions().map(|function| function.name)
}

/// All functions with what they take, such as `source: string, start: long, length?: long`, for documentation.
pub fn signatures() -> impl Iterator<Item = (&'static str, &'static str)> {
    functions().map(|function| (function.name, function.takes))
}

/// `name(arguments)`. Names are case-sensitive, as in KQL.
///
/// # Errors
/// When there is no such function, or it does not take these arguments.
pub fn call(
    name: &str,
    arguments: Vec<Argument>,
    at: Span,
    environment: &Arc<Environment>,
) -> Result<Typed, Error> {
    match functions().find(|function| function.name == name) {
        Some(function) => function.call(arguments, at, environment),
        None => Err(Error::new("unknown-function", at, format!("there is no function `{name}`"))),
    }
}

/// `value[index]` of a `dynamic`: a name, or a position that counts from the end when negative.
///
/// # Errors
/// When the value is not dynamic, or the index neither text nor a whole number.
pub fn index(value: Argument, index: Argument, at: Span) -> Result<Typed, Error> {
    let (value, span) = (dynamic(value, at)?, index.span);
    let index = index.value;
    match index.kind {
        Type::String | Type::Dynamic | Type::Guid => {}
        Type::Int | Type::Long => {
            return Ok(match constant::long_of(&index) {
                Some(position) => path::extend(value, Step::Position(position)),
                None => by_position(value, index),
            });
        }
        other => {
            let message = format!("a {} is neither a name nor a position", other.name());
            return Err(Error::new("type-mismatch", span, message)
                .with_help("write a name such as `['name']` or a position such as `[0]`"));
        }
    }
    let index = convert(index, Type::String);
    Ok(match constant::text_of(&index) {
        Some(name) => path::extend(value, Step::Name(name.to_owned())),
        None => by_name(value, index),
    })
}

/// `value.name` of a `dynamic`.
///
/// # Errors
/// When the value is not dynamic.
pub fn member(value: Argument, name: &str, at: Span) -> Result<Typed, Error> {
    Ok(path::extend(dynamic(value, at)?, Step::Name(name.to_owned())))
}

/// `dynamic(json)`.
///
/// # Errors
/// When it is not JSON.
pub fn dynamic_literal(json: &str, at: Span) -> Result<Typed, Error> {
    if !text::is_json(json) {
        return Err(Error::new("invalid-literal", at, "what stands in `dynamic()` is not JSON")
            .with_help("names and texts stand in double quotes: `dynamic({\"a\": [1, \"b\"]})`"));
    }
    Ok(match text::compact(json).as_ref() {
        "null" => constant::null(Type::Dynamic),
        json => constant::dynamic(json),
    })
}

fn dynamic(value: Argument, at: Span) -> Result<Typed, Error> {
    if value.value.kind == Type::Dynamic {
        return Ok(value.value);
    }
    let message = format!("a {} has no properties and no elements", value.value.kind.name());
    Err(Error::new("type-mismatch", at, message).with_help("read JSON with `parse_json()` first"))
}

fn by_name(value: Typed, name: Typed) -> Typed {
    let find = kernel::function(|row| at(row.json(0), Step::Name(row.text(1).to_owned())));
    Kernel::new("json_property", vec![Type::Dynamic, Type::String], Type::Dynamic, find)
        .call(vec![value, name])
}

fn by_position(value: Typed, position: Typed) -> Typed {
    let find = kernel::function(|row| match row.long(1) {
        Some(position) => at(row.json(0), Step::Position(position)),
        None => cell::Cell::Null,
    });
    let kind = position.kind;
    Kernel::new("json_element_at", vec![Type::Dynamic, kind], Type::Dynamic, find).call(vec![value, position])
}

fn at(json: Option<&str>, step: Step) -> cell::Cell<'_> {
    match json.and_then(|json| find(json, &[step])) {
        Some(found) => text::to_cell(found, Type::Dynamic),
        None => cell::Cell::Null,
    }
}
