//! Filters of JSONPath: `?(@.price < 10 && @.tag == 'x')`.

use std::cmp::Ordering;

use base64::Engine as _;

use super::{Step, select};
use crate::call::Machine;
use crate::dotnet::json::compare::{compare_to, order, scalars_equal};
use crate::dotnet::json::convert::call_static;
use crate::dotnet::json::node::{JToken, JTokenType, JValue};
use crate::dotnet::json::{dates, writer};
use crate::exception::Exception;
use crate::value::{Text, Value};

/// A filter.
pub(in crate::dotnet::json) enum Query {
    All(Vec<Query>),
    Any(Vec<Query>),
    Exists(Operand),
    Compare(Operand, Operator, Operand),
}

/// A side of a comparison.
pub(in crate::dotnet::json) enum Operand {
    Literal(JValue),
    Path { steps: Vec<Step>, from_root: bool },
}

/// A comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::dotnet::json) enum Operator {
    Equals,
    NotEquals,
    StrictEquals,
    StrictNotEquals,
    Matches,
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
            Query::Exists(operand) => Ok(!operand.scalars(root, token, machine)?.is_empty()),
            Query::Compare(left, operator, right) => {
                let lefts = left.scalars(root, token, machine)?;
                if lefts.is_empty() {
                    return Ok(false);
                }
                let rights = right.scalars(root, token, machine)?;
                for left in &lefts {
                    for right in &rights {
                        machine.budget().step()?;
                        if compare(left.as_ref(), *operator, right.as_ref(), machine)? {
                            return Ok(true);
                        }
                    }
                }
                Ok(false)
            }
        }
    }
}

impl Operand {
    /// What it stands for: none for each container.
    fn scalars(
        &self,
        root: &JToken,
        token: &JToken,
        machine: &mut dyn Machine,
    ) -> Result<Vec<Option<JValue>>, Exception> {
        match self {
            Operand::Literal(literal) => Ok(vec![Some(literal.clone())]),
            Operand::Path { steps, from_root } => {
                let start = if *from_root { root } else { token };
                let found = select(steps, root, start, false, machine)?;
                Ok(found.iter().map(JToken::as_scalar).collect())
            }
        }
    }
}

fn compare(
    left: Option<&JValue>,
    operator: Operator,
    right: Option<&JValue>,
    machine: &mut dyn Machine,
) -> Result<bool, Exception> {
    let (Some(left), Some(right)) = (left, right) else { return Ok(operator == Operator::NotEquals) };
    let mut ordered = |accepts: fn(Ordering) -> bool| compare_to(left, right, machine).map(accepts);
    match operator {
        Operator::Equals => equal(left, right),
        Operator::NotEquals => Ok(!equal(left, right)?),
        Operator::StrictEquals => strictly_equal(left, right),
        Operator::StrictNotEquals => Ok(!strictly_equal(left, right)?),
        Operator::Less => ordered(Ordering::is_lt),
        Operator::LessOrEqual => ordered(Ordering::is_le),
        Operator::Greater => ordered(Ordering::is_gt),
        Operator::GreaterOrEqual => ordered(Ordering::is_ge),
        Operator::Matches => matches(left, right, machine),
    }
}

/// One is an integer, the other a fraction.
fn are_mixed_numbers(left: &JValue, right: &JValue) -> bool {
    matches!(
        (left.kind, right.kind),
        (JTokenType::Integer, JTokenType::Float) | (JTokenType::Float, JTokenType::Integer)
    )
}

fn strictly_equal(left: &JValue, right: &JValue) -> Result<bool, Exception> {
    if are_mixed_numbers(left, right) {
        return order(left.kind, &left.value, &right.value).map(Ordering::is_eq);
    }
    Ok(scalars_equal(left, right))
}

/// Dates and the like also equal their text.
fn equal(left: &JValue, right: &JValue) -> Result<bool, Exception> {
    if strictly_equal(left, right)? {
        return Ok(true);
    }
    let (JTokenType::String, Value::String(text)) = (right.kind, &right.value) else { return Ok(false) };
    let own = match &left.value {
        Value::DateTime(date) => dates::date_time_text(*date),
        Value::DateTimeOffset(date) => dates::date_time_offset_text(*date),
        Value::TimeSpan(ticks) => dates::time_span_text(*ticks),
        Value::Guid(bytes) => writer::guid_text(bytes),
        Value::Bytes(bytes) => base64::engine::general_purpose::STANDARD.encode(&*bytes.lock()),
        Value::Object(object) if left.kind == JTokenType::Uri => object.to_text(),
        _ => return Ok(false),
    };
    Ok(own == text.as_str())
}

/// `=~ /pattern/options`.
fn matches(left: &JValue, right: &JValue, machine: &mut dyn Machine) -> Result<bool, Exception> {
    let both = (left.kind == JTokenType::String && right.kind == JTokenType::String)
        .then_some((&left.value, &right.value));
    let Some((Value::String(input), Value::String(written))) = both else { return Ok(false) };
    let Some((pattern, options)) = written.get(1..).and_then(|rest| rest.rsplit_once('/')) else {
        return Ok(false);
    };
    let inline: String = options
        .chars()
        .filter_map(|option| match option {
            'i' | 'm' | 's' => Some(option),
            // `ExplicitCapture`
            'x' => Some('n'),
            _ => None,
        })
        .collect();
    let pattern = if inline.is_empty() { pattern.to_owned() } else { format!("(?{inline}){pattern}") };
    let arguments = [Value::String(input.clone()), Value::String(Text::from(pattern))];
    let found = call_static("System.Text.RegularExpressions.Regex", "IsMatch", &arguments, machine)?;
    Ok(matches!(found, Value::Boolean(true)))
}
