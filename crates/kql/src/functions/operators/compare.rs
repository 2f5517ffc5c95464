//! Equality and order.
//!
//! A column against a constant stays a plain comparison of the two, so that files and row groups are skipped by it: it is the constant
//! that becomes of the column's type.

use datafusion::logical_expr::{BinaryExpr, Expr, Operator, binary_expr};

use super::{cannot, plain, present};
use crate::functions::{constant, convert};
use crate::{Error, Span, Type, Typed};

/// `left op right`. Null is not equal to what is not null, and a null string is the empty one.
///
/// # Errors
/// When the two cannot be compared.
pub(crate) fn compare(op: Operator, left: Typed, right: Typed, at: Span) -> Result<Typed, Error> {
    let (from, to) = (left.kind, right.kind);
    let Some((left, right)) = align(left, right) else {
        return Err(cannot(&written(op), from, to, at));
    };
    if constant::is_null(&left) && left.kind != Type::String
        || constant::is_null(&right) && right.kind != Type::String
    {
        return Ok(constant::null(Type::Bool));
    }
    let op = if op == Operator::NotEq { Operator::IsDistinctFrom } else { op };
    if left.kind != Type::String {
        return Ok(plain(op, left, right, Type::Bool));
    }
    let equality = matches!(op, Operator::Eq | Operator::IsDistinctFrom);
    let telling = |side: &Typed| constant::text_of(side).is_some_and(|text| !text.is_empty());
    if equality && (telling(&left) || telling(&right)) {
        return Ok(plain(op, left, right, Type::Bool));
    }
    let kind = Type::String;
    Ok(plain(op, Typed::new(present(left), kind), Typed::new(present(right), kind), Type::Bool))
}

/// `not(condition)`. What is not equal because it is null is made true, as Kusto has it, within `and` and `or` too.
pub(crate) fn negate(condition: Typed) -> Typed {
    Typed::new(negated(condition.expr), Type::Bool)
}

fn negated(expr: Expr) -> Expr {
    let expr = match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::IsDistinctFrom, right })
        }
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let op = if op == Operator::And { Operator::Or } else { Operator::And };
            binary_expr(negated(*left), op, negated(*right))
        }
        other => Expr::Not(Box::new(other)),
    };
    constant::fold(expr)
}

fn written(op: Operator) -> String {
    match op {
        Operator::Eq => "==".to_owned(),
        other => other.to_string(),
    }
}

/// Both sides as one type.
pub(crate) fn align(left: Typed, right: Typed) -> Option<(Typed, Typed)> {
    use Type::{Bool, Decimal, Dynamic, Int, Long, Real, String};
    let to = match (left.kind, right.kind) {
        (a, b) if a == b && a == Dynamic => String,
        (a, b) if a == b => return Some((left, right)),
        (String, Dynamic) | (Dynamic, String) => String,
        (Dynamic, other) | (other, Dynamic) => match other {
            Int | Long => Decimal,
            other => other,
        },
        // Application Insights has "True" and "False" where others have a Boolean, and takes either in a condition.
        (String, Bool) if is_unknown(&left) => Bool,
        (Bool, String) if is_unknown(&right) => Bool,
        (String, other) => return read(left, other).map(|left| (left, right)),
        (other, String) => return read(right, other).map(|right| (left, right)),
        (Bool, number @ (Int | Long | Real)) | (number @ (Int | Long | Real), Bool) => number,
        (Int | Long | Real | Decimal, Int | Long | Real | Decimal) => return numbers(left, right),
        _ => return None,
    };
    Some((convert(left, to), convert(right, to)))
}

/// True for a text that is no constant.
fn is_unknown(text: &Typed) -> bool {
    constant::text_of(text).is_none()
}

/// A constant text as a type, when it can be read as one.
fn read(text: Typed, kind: Type) -> Option<Typed> {
    constant::text_of(&text)?;
    let value = convert(text, kind);
    (!constant::is_null(&value)).then_some(value)
}

/// Numbers as one type: the column's, if the other is a constant that this type has.
fn numbers(left: Typed, right: Typed) -> Option<(Typed, Typed)> {
    if let Some(right) = exactly(&right, left.kind) {
        return Some((left, right));
    }
    if let Some(left) = exactly(&left, right.kind) {
        return Some((left, right));
    }
    let to = wider(left.kind, right.kind);
    Some((convert(left, to), convert(right, to)))
}

/// A constant number as another type that has the same number.
pub(super) fn exactly(number: &Typed, kind: Type) -> Option<Typed> {
    constant::of(number)?;
    let there = convert(number.clone(), kind);
    let back = convert(there.clone(), number.kind);
    (constant::of(&back) == constant::of(number)).then_some(there)
}

/// True for a type of numbers.
pub(crate) fn is_number(kind: Type) -> bool {
    matches!(kind, Type::Int | Type::Long | Type::Real | Type::Decimal)
}

/// The type that arithmetic of two numbers is done in.
pub(crate) fn wider(left: Type, right: Type) -> Type {
    match (left, right) {
        (Type::Decimal, _) | (_, Type::Decimal) => Type::Decimal,
        (Type::Real, _) | (_, Type::Real) => Type::Real,
        _ => Type::Long,
    }
}

/// A constant element of a `dynamic` array with the type that it has in JSON.
pub(crate) fn element(json: &str) -> Typed {
    use crate::functions::json::text;
    let typed = |kind| convert(constant::dynamic(json), kind);
    match text::kind_of(json) {
        "string" => typed(Type::String),
        "bool" => typed(Type::Bool),
        "long" => typed(Type::Long),
        "double" => typed(Type::Real),
        _ => constant::dynamic(json),
    }
}
