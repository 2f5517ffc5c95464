//! Operators of scalars.
//!
//! - [`arithmetic`]: numbers, times and spans
//! - [`compare`]: equality and order
//! - [`text`]: `has`, `contains` and their like
//! - [`list`]: `in`, `has_any` and their like, `between`

pub(crate) mod arithmetic;
pub(crate) mod compare;
pub(crate) mod list;
pub(crate) mod text;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use datafusion::logical_expr::{Expr, Operator};

use super::{Argument, Binary, Environment, Unary, constant, convert};
use crate::{Error, Span, Type, Typed};

/// `left op right`.
///
/// # Errors
/// When the operator does not take these types.
pub fn binary(
    op: Binary,
    left: Argument,
    right: Argument,
    at: Span,
    _environment: &Arc<Environment>,
) -> Result<Typed, Error> {
    if let Some(test) = text::test(op) {
        return Ok(text::binary(test, left.value, right.value));
    }
    let (left, right) = (left.value, right.value);
    match op {
        Binary::And => logic(Operator::And, left, right, at),
        Binary::Or => logic(Operator::Or, left, right, at),
        Binary::Equal => compare::compare(Operator::Eq, left, right, at),
        Binary::NotEqual => compare::compare(Operator::NotEq, left, right, at),
        Binary::Less => compare::compare(Operator::Lt, left, right, at),
        Binary::LessOrEqual => compare::compare(Operator::LtEq, left, right, at),
        Binary::Greater => compare::compare(Operator::Gt, left, right, at),
        Binary::GreaterOrEqual => compare::compare(Operator::GtEq, left, right, at),
        Binary::Add => arithmetic::add(left, right, at),
        Binary::Subtract => arithmetic::subtract(left, right, at),
        Binary::Multiply => arithmetic::multiply(left, right, at),
        Binary::Divide => arithmetic::divide(left, right, at),
        Binary::Modulo => arithmetic::modulo(left, right, at),
        _ => text::regex(left, right, at),
    }
}

/// `op value`.
///
/// # Errors
/// When the operator does not take this type.
pub fn unary(op: Unary, value: Argument, at: Span) -> Result<Typed, Error> {
    arithmetic::unary(op, value.value, at)
}

fn logic(op: Operator, left: Typed, right: Typed, at: Span) -> Result<Typed, Error> {
    let (Some(left), Some(right)) = (truth(left.clone()), truth(right.clone())) else {
        return Err(cannot(&op.to_string().to_lowercase(), left.kind, right.kind, at));
    };
    Ok(plain(op, left, right, Type::Bool))
}

/// The value as a condition.
pub(crate) fn truth(value: Typed) -> Option<Typed> {
    matches!(value.kind, Type::Bool | Type::Dynamic).then(|| convert(value, Type::Bool))
}

/// DataFusion's own operator.
pub(crate) fn plain(op: Operator, left: Typed, right: Typed, kind: Type) -> Typed {
    let expr = datafusion::logical_expr::binary_expr(left.expr, op, right.expr);
    Typed::new(constant::fold(expr), kind)
}

/// A string that is never null.
pub(crate) fn present(value: Typed) -> Expr {
    match constant::text_of(&value) {
        Some(text) => constant::text(text).expr,
        None => datafusion::functions::core::expr_fn::coalesce(vec![value.expr, constant::text("").expr]),
    }
}

fn cannot(op: &str, left: Type, right: Type, at: Span) -> Error {
    let message = format!("`{op}` does not go between a {} and a {}", left.name(), right.name());
    Error::new("type-mismatch", at, message)
        .with_help("convert one side with `tostring()`, `tolong()`, `todatetime()` or their like")
}
