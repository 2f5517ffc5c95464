//! Filters of JSONPath: `?(@.price < 10 && @.tag == 'x')`.

use std::cmp::Ordering;

use super::{Step, select};
use crate::call::Machine;
use crate::dotnet::json::compare::order;
use crate::dotnet::json::dates;
use crate::dotnet::json::node::{JToken, JTokenType, JValue};
use crate::exception::Exception;
use crate::value::Value;

/// A filter.
pub(in crate::dotnet::json) enum Query {
    All(Vec<Query>),
    Any(Vec<Query>),
    Exists(Operand),
    Compare(Operand, Operator, Operand),
}

/// A side of a comparison.
pub(in crate::dotnet::json) enum Operand {
    Literal(JToken),
    Path { steps: Vec<Step>, from_root: bool },
}

/// A comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::dotnet::json) enum Operator {
    Equals,
    NotEquals,
    StrictEquals,
    StrictNotEquals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Query {
    /// Whether a token passes.
    pub(super) fn matches(
        &self,
        root: &JToken,
        token: &JToken,
        machine: &mut dyn Machine,
    ) -> Result<bool, Exception> {
        machine.budget().step()?;
        match self {
            Query::All(parts) => {
                for part in parts {
                    if !part.matches(root, token, machine)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Query::Any(parts) => {
                for part in parts {
                    if part.matches(root, token, machine)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Query::Exists(operand) => Ok(!operand.tokens(root, token, machine)?.is_empty()),
            Query::Compare(left, operator, right) => {
                let right = right.tokens(root, token, machine)?;
                for left in left.tokens(root, token, machine)? {
                    if right.iter().any(|right| compare(&left, *operator, right)) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }
}

impl Operand {
    fn tokens(
        &self,
        root: &JToken,
        token: &JToken,
        machine: &mut dyn Machine,
    ) -> Result<Vec<JToken>, Exception> {
        match self {
            Operand::Literal(literal) => Ok(vec![literal.clone()]),
            Operand::Path { steps, from_root } => {
                select(steps, root, if *from_root { root } else { token }, false, machine)
            }
        }
    }
}

fn compare(left: &JToken, operator: Operator, right: &JToken) -> bool {
    let (Some(left), Some(right)) = (left.as_scalar(), right.as_scalar()) else {
        return operator == Operator::NotEquals;
    };
    let ordered = |accepts: fn(Ordering) -> bool| order(&left, &right).is_some_and(accepts);
    match operator {
        Operator::Equals => equal(&left, &right),
        Operator::NotEquals => !equal(&left, &right),
        Operator::StrictEquals => strictly_equal(&left, &right),
        Operator::StrictNotEquals => !strictly_equal(&left, &right),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
    }
}

fn is_number(value: &JValue) -> bool {
    matches!(value.kind, JTokenType::Integer | JTokenType::Float)
}

fn strictly_equal(left: &JValue, right: &JValue) -> bool {
    (left.kind == right.kind || (is_number(left) && is_number(right)))
        && order(left, right) == Some(Ordering::Equal)
}

/// Dates and the like also equal their text.
fn equal(left: &JValue, right: &JValue) -> bool {
    if strictly_equal(left, right) {
        return true;
    }
    let Value::String(text) = &right.value else { return false };
    match &left.value {
        Value::DateTime(date) => dates::date_time_text(*date) == text.as_str(),
        Value::DateTimeOffset(date) => dates::date_time_offset_text(*date) == text.as_str(),
        Value::TimeSpan(ticks) => dates::time_span_text(*ticks) == text.as_str(),
        Value::Guid(bytes) => super::super::writer::guid_text(bytes) == text.as_str(),
        _ => false,
    }
}
