//! Arithmetic of numbers, times and spans. Division by zero and results that do not fit are null.

use datafusion::arrow::datatypes::i256;
use datafusion::logical_expr::{Expr, Operator};

use super::compare::{is_number, wider};
use super::{cannot, plain};
use crate::functions::cell::{Cell, Row};
use crate::functions::format::DECIMAL_ONE;
use crate::functions::kernel::{Kernel, function};
use crate::functions::parse::whole_of_real;
use crate::functions::{Unary, constant, convert};
use crate::{Error, Span, Type, Typed};

use Type::{DateTime, Decimal, Dynamic, Int, Long, Real, TimeSpan};

/// `left + right`.
///
/// # Errors
/// When they cannot be added.
pub(crate) fn add(left: Typed, right: Typed, at: Span) -> Result<Typed, Error> {
    let (left, right) = plainer(left, right);
    match (left.kind, right.kind) {
        (DateTime, TimeSpan) | (TimeSpan, DateTime) => {
            Ok(longs("add_span", left, right, DateTime, i64::checked_add))
        }
        (TimeSpan, TimeSpan) => Ok(longs("add_span", left, right, TimeSpan, i64::checked_add)),
        _ => numbers("+", Operator::Plus, left, right, at, i128::checked_add),
    }
}

/// `left - right`.
///
/// # Errors
/// When they cannot be subtracted.
pub(crate) fn subtract(left: Typed, right: Typed, at: Span) -> Result<Typed, Error> {
    let (left, right) = plainer(left, right);
    let subtract = i64::checked_sub;
    match (left.kind, right.kind) {
        (DateTime, TimeSpan) => Ok(longs("subtract_span", left, right, DateTime, subtract)),
        (DateTime, DateTime) | (TimeSpan, TimeSpan) => {
            Ok(longs("subtract_span", left, right, TimeSpan, subtract))
        }
        _ => numbers("-", Operator::Minus, left, right, at, i128::checked_sub),
    }
}

/// `left * right`.
///
/// # Errors
/// When they cannot be multiplied.
pub(crate) fn multiply(left: Typed, right: Typed, at: Span) -> Result<Typed, Error> {
    let (left, right) = plainer(left, right);
    match (left.kind, right.kind) {
        (TimeSpan, Int | Long | Real | Decimal) => Ok(scaled(left, right, "multiply_span")),
        (Int | Long | Real | Decimal, TimeSpan) => Ok(scaled(right, left, "multiply_span")),
        _ => numbers("*", Operator::Multiply, left, right, at, decimal_product),
    }
}

/// `left / right`: whole numbers give a whole number, spans a floating-point one.
///
/// # Errors
/// When they cannot be divided.
pub(crate) fn divide(left: Typed, right: Typed, at: Span) -> Result<Typed, Error> {
    let (left, right) = plainer(left, right);
    match (left.kind, right.kind) {
        (TimeSpan, TimeSpan) => {
            Ok(rows("divide_spans", left, right, Real, |row| match (row.real(0), row.real(1)) {
                (Some(left), Some(right)) if right != 0.0 => Cell::Real(left / right),
                _ => Cell::Null,
            }))
        }
        (TimeSpan, Int | Long | Real | Decimal) => Ok(scaled(left, right, "divide_span")),
        (Int | Long, Int | Long) => {
            let (left, right) = (convert(left, Long), convert(right, Long));
            match constant::long_of(&right) {
                Some(divisor) if divisor != 0 && divisor != -1 => {
                    Ok(plain(Operator::Divide, left, right, Long))
                }
                _ => Ok(longs("divide", left, right, Long, i64::checked_div)),
            }
        }
        _ => numbers("/", Operator::Divide, left, right, at, decimal_quotient),
    }
}

/// `left % right`: never negative, as Kusto has it.
///
/// # Errors
/// When they have no remainder.
pub(crate) fn modulo(left: Typed, right: Typed, at: Span) -> Result<Typed, Error> {
    let (left, right) = plainer(left, right);
    match (left.kind, right.kind) {
        (TimeSpan, TimeSpan) => Ok(longs("modulo", left, right, TimeSpan, i64::checked_rem_euclid)),
        (DateTime, TimeSpan) => Ok(longs("modulo", left, right, TimeSpan, i64::checked_rem_euclid)),
        (Int | Long, Int | Long) => {
            let (left, right) = (convert(left, Long), convert(right, Long));
            Ok(longs("modulo", left, right, Long, i64::checked_rem_euclid))
        }
        (Real, Int | Long | Real) | (Int | Long, Real) => {
            let (left, right) = (convert(left, Real), convert(right, Real));
            Ok(rows("modulo", left, right, Real, |row| match (row.real(0), row.real(1)) {
                (Some(left), Some(right)) => Cell::Real(left.rem_euclid(right)),
                _ => Cell::Null,
            }))
        }
        _ => numbers("%", Operator::Modulo, left, right, at, i128::checked_rem_euclid),
    }
}

/// `-value` and `+value`.
///
/// # Errors
/// When it is not a number or a span.
pub(crate) fn unary(op: Unary, value: Typed, at: Span) -> Result<Typed, Error> {
    let value = if value.kind == Dynamic { convert(value, Real) } else { value };
    if !matches!(value.kind, Int | Long | Real | Decimal | TimeSpan) {
        let message = format!("a {} has no sign", value.kind.name());
        return Err(
            Error::new("type-mismatch", at, message).with_help("convert it with `tolong()` or its like")
        );
    }
    let kind = value.kind;
    Ok(match op {
        Unary::Plus => value,
        Unary::Negate if kind == TimeSpan => {
            longs("subtract_span", constant::timespan(0), value, kind, i64::checked_sub)
        }
        Unary::Negate => Typed::new(constant::fold(Expr::Negative(Box::new(value.expr))), kind),
    })
}

/// A `dynamic` side as what the other side needs.
fn plainer(left: Typed, right: Typed) -> (Typed, Typed) {
    let beside = |other: Type| match other {
        Decimal | DateTime | TimeSpan => other,
        _ => Real,
    };
    match (left.kind, right.kind) {
        (Dynamic, Dynamic) => (convert(left, Real), convert(right, Real)),
        (Dynamic, other) => (convert(left, beside(other)), right),
        (other, Dynamic) => (left, convert(right, beside(other))),
        _ => (left, right),
    }
}

fn numbers(
    written: &'static str,
    op: Operator,
    left: Typed,
    right: Typed,
    at: Span,
    decimals: fn(i128, i128) -> Option<i128>,
) -> Result<Typed, Error> {
    if !is_number(left.kind) || !is_number(right.kind) {
        let error = cannot(written, left.kind, right.kind, at);
        let texts = written == "+" && (left.kind == Type::String || right.kind == Type::String);
        return Err(if texts { error.with_help("texts are joined by `strcat()`") } else { error });
    }
    let kind = wider(left.kind, right.kind);
    let (left, right) = (convert(left, kind), convert(right, kind));
    if kind != Decimal {
        return Ok(plain(op, left, right, kind));
    }
    let name = match op {
        Operator::Plus => "add_decimals",
        Operator::Minus => "subtract_decimals",
        Operator::Multiply => "multiply_decimals",
        Operator::Divide => "divide_decimals",
        _ => "modulo_decimals",
    };
    Ok(rows(name, left, right, kind, move |row| match (row.decimal(0), row.decimal(1)) {
        (Some(left), Some(right)) => decimals(left, right).filter(|value| fits(*value)).into(),
        _ => Cell::Null,
    }))
}

/// True for a decimal of no more than 38 digits.
fn fits(value: i128) -> bool {
    value.unsigned_abs() < 10u128.pow(38)
}

fn decimal_product(left: i128, right: i128) -> Option<i128> {
    rounded(i256::from_i128(left).checked_mul(i256::from_i128(right))?, DECIMAL_ONE)
}

fn decimal_quotient(left: i128, right: i128) -> Option<i128> {
    rounded(i256::from_i128(left).checked_mul(i256::from_i128(DECIMAL_ONE))?, right)
}

/// A quotient rounded half away from zero.
fn rounded(value: i256, by: i128) -> Option<i128> {
    let by = i256::from_i128(by);
    let quotient = value.checked_div(by)?;
    let rest = value.checked_sub(quotient.checked_mul(by)?)?;
    let twice = rest.wrapping_abs().checked_add(rest.wrapping_abs())?;
    let up = if twice < by.wrapping_abs() {
        i256::ZERO
    } else if (value < i256::ZERO) == (by < i256::ZERO) {
        i256::ONE
    } else {
        i256::MINUS_ONE
    };
    quotient.checked_add(up)?.to_i128()
}

/// A span by a number.
fn scaled(span: Typed, number: Typed, name: &'static str) -> Typed {
    let times = name == "multiply_span";
    if matches!(number.kind, Int | Long) {
        let by = if times { i64::checked_mul } else { i64::checked_div };
        return longs(name, span, convert(number, Long), TimeSpan, by);
    }
    rows(name, span, convert(number, Real), TimeSpan, move |row| match (row.real(0), row.real(1)) {
        (Some(span), Some(number)) if times => whole_of_real((span * number).round()).into(),
        (Some(span), Some(number)) => whole_of_real((span / number).round()).into(),
        _ => Cell::Null,
    })
}

fn longs(
    name: &'static str,
    left: Typed,
    right: Typed,
    kind: Type,
    op: fn(i64, i64) -> Option<i64>,
) -> Typed {
    rows(name, left, right, kind, move |row| match (row.long(0), row.long(1)) {
        (Some(left), Some(right)) => op(left, right).into(),
        _ => Cell::Null,
    })
}

fn rows<F>(name: &'static str, left: Typed, right: Typed, kind: Type, op: F) -> Typed
where
    F: for<'a> Fn(&Row<'_, 'a>) -> Cell<'a> + Send + Sync + 'static,
{
    Kernel::new(name, vec![left.kind, right.kind], kind, function(op)).call(vec![left, right])
}
