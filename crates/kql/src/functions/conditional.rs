//! Choices and tests for null.

use datafusion::functions::core::expr_fn;
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, Operator};

use super::convert::element;
use super::declare::Does::Plan;
use super::declare::{Call, Function};
use super::operators::compare::{is_number, negate, wider};
use super::operators::{plain, present, truth};
use super::{constant, convert};
use crate::{Error, Type, Typed};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function { name: "iff", takes: IFF, does: Plan(case) },
    Function { name: "iif", takes: IFF, does: Plan(case) },
    Function { name: "case", takes: "predicate: any, then: any, else+: any", does: Plan(case) },
    Function { name: "coalesce", takes: "value: any, other+: any", does: Plan(coalesce) },
    Function { name: "isnull", takes: VALUE, does: Plan(|call| Ok(is_null(call.value(0)?))) },
    Function { name: "isnotnull", takes: VALUE, does: Plan(|call| Ok(is_not_null(call.value(0)?))) },
    Function { name: "notnull", takes: VALUE, does: Plan(|call| Ok(is_not_null(call.value(0)?))) },
    Function { name: "isempty", takes: VALUE, does: Plan(|call| Ok(is_empty(call.value(0)?, Operator::Eq))) },
    Function {
        name: "isnotempty",
        takes: VALUE,
        does: Plan(|call| Ok(is_empty(call.value(0)?, Operator::NotEq))),
    },
    Function {
        name: "notempty",
        takes: VALUE,
        does: Plan(|call| Ok(is_empty(call.value(0)?, Operator::NotEq))),
    },
    Function { name: "not", takes: "condition: bool", does: Plan(|call| Ok(negate(call.value(0)?))) },
];

const VALUE: &str = "value: any";
const IFF: &str = "predicate: bool, then: any, else: any";

/// `case(predicate, then, …, else)`.
fn case(call: Call<'_>) -> Result<Typed, Error> {
    let at = call.at;
    if call.arguments.len().is_multiple_of(2) {
        return Err(call.error(at, format!("`{}` needs a value for when no predicate holds", call.name)));
    }
    let mut conditions = Vec::new();
    let mut results = Vec::new();
    let last = call.arguments.len() - 1;
    for (position, argument) in call.arguments.iter().enumerate() {
        if position % 2 == 1 || position == last {
            results.push(argument.value.clone());
            continue;
        }
        let condition = truth(argument.value.clone()).ok_or_else(|| {
            call.mismatch(argument.span, format!("a predicate cannot be a {}", argument.value.kind.name()))
        })?;
        conditions.push(condition.expr);
    }
    let (results, kind) = unify(&call, results)?;
    let mut results = results.into_iter().map(|result| Box::new(result.expr));
    let when_then_expr = conditions.into_iter().map(Box::new).zip(results.by_ref()).collect();
    let case = Expr::Case(Case { expr: None, when_then_expr, else_expr: results.next() });
    Ok(Typed::new(constant::fold(case), kind))
}

/// The first value that is not null, or of strings the first that is not empty.
fn coalesce(call: Call<'_>) -> Result<Typed, Error> {
    let values = call.arguments.iter().map(|argument| argument.value.clone()).collect();
    let (values, kind) = unify(&call, values)?;
    let missing = |value: &Typed| match kind {
        Type::String => constant::text_of(value) == Some(""),
        _ => constant::is_null(value),
    };
    let mut present: Vec<Typed> = Vec::with_capacity(values.len());
    for value in values.into_iter().filter(|value| !missing(value)) {
        let last = constant::of(&value).is_some();
        present.push(value);
        if last {
            break;
        }
    }
    let nothing = if kind == Type::String { constant::text("") } else { constant::null(kind) };
    if present.first().is_none_or(|first| constant::of(first).is_some()) {
        return Ok(present.into_iter().next().unwrap_or(nothing));
    }
    let mut values: Vec<Expr> = match kind {
        Type::String => {
            present.into_iter().map(|value| expr_fn::nullif(value.expr, nothing.expr.clone())).collect()
        }
        _ => present.into_iter().map(|value| value.expr).collect(),
    };
    values.push(nothing.expr);
    Ok(Typed::new(expr_fn::coalesce(values), kind))
}

/// Values as one type: numbers as the wider, anything beside a `dynamic` as `dynamic`.
fn unify(call: &Call<'_>, values: Vec<Typed>) -> Result<(Vec<Typed>, Type), Error> {
    let mut kind: Option<Type> = None;
    for (value, argument) in values.iter().zip(&call.arguments) {
        kind = Some(match (kind, value.kind) {
            (None, kind) => kind,
            (Some(one), other) if one == other => one,
            (Some(one), other) if is_number(one) && is_number(other) => wider(one, other),
            (Some(Type::Dynamic), _) | (_, Type::Dynamic) => Type::Dynamic,
            (Some(one), other) => {
                let message = format!("the results are of two types, {} and {}", one.name(), other.name());
                return Err(call.mismatch(argument.span, message));
            }
        });
    }
    let kind = kind.unwrap_or(Type::String);
    let as_one = |value: Typed| match (value.kind, kind) {
        (from, Type::Dynamic) if from != Type::Dynamic => element(value),
        _ => convert(value, kind),
    };
    Ok((values.into_iter().map(as_one).collect(), kind))
}

/// A string is never null.
fn is_null(value: Typed) -> Typed {
    match value.kind {
        Type::String => constant::constant(false.into(), Type::Bool),
        _ => Typed::new(constant::fold(Expr::IsNull(Box::new(value.expr))), Type::Bool),
    }
}

fn is_not_null(value: Typed) -> Typed {
    match value.kind {
        Type::String => constant::constant(true.into(), Type::Bool),
        _ => Typed::new(constant::fold(Expr::IsNotNull(Box::new(value.expr))), Type::Bool),
    }
}

fn is_empty(value: Typed, op: Operator) -> Typed {
    match (value.kind, op) {
        (Type::String | Type::Dynamic, _) => {
            let text = Typed::new(present(convert(value, Type::String)), Type::String);
            plain(op, text, constant::text(""), Type::Bool)
        }
        (_, Operator::Eq) => is_null(value),
        _ => is_not_null(value),
    }
}
