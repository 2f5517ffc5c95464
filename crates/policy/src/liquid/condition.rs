//! Comparisons, as DotLiquid makes them: the right value is converted to the type of the left one.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use sekisho_expression::framework;

use super::Failure;
use super::lookup::whole;
use super::node::{Condition, Operator};
use super::render::Renderer;
use super::value::Value;

impl Renderer<'_> {
    /// Whether a condition holds.
    pub(super) fn holds(&mut self, condition: &Condition) -> Result<bool, Failure> {
        self.budget.step()?;
        match condition {
            Condition::Always => Ok(true),
            Condition::Not(inner) => Ok(!self.holds(inner)?),
            Condition::Truth(value) => Ok(self.evaluate(value)?.is_true()),
            Condition::And(first, rest) => Ok(self.holds(first)? && self.holds(rest)?),
            Condition::Or(first, rest) => Ok(self.holds(first)? || self.holds(rest)?),
            Condition::Compare(left, operator, right) => {
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                self.budget.steps(work(&left) + work(&right))?;
                compare(&left, *operator, &right)
            }
        }
    }
}

/// Steps that looking at a value is worth.
fn work(value: &Value) -> u64 {
    match value {
        Value::Text(text) => text.len() as u64 / 64,
        Value::Array(items) => items.len() as u64,
        Value::Range(..) => value.count().unwrap_or(0) as u64,
        Value::Hash(hash) => hash.entries().len() as u64,
        _ => 0,
    }
}

fn compare(left: &Value, operator: Operator, right: &Value) -> Result<bool, Failure> {
    Ok(match operator {
        Operator::Equal => equals(left, right),
        Operator::NotEqual => !equals(left, right),
        Operator::Less => order(left, right)?.is_some_and(Ordering::is_lt),
        Operator::Greater => order(left, right)?.is_some_and(Ordering::is_gt),
        Operator::AtMost => order(left, right)?.is_some_and(Ordering::is_le),
        Operator::AtLeast => order(left, right)?.is_some_and(Ordering::is_ge),
        Operator::Contains => match left {
            Value::Text(text) => !matches!(right, Value::Nil) && text.contains(right.to_text().as_str()),
            Value::Hash(hash) => hash.get(&right.to_text()).is_some(),
            _ => items(left).any(|item| equals(&item, right)),
        },
        Operator::StartsWith => match left {
            Value::Text(text) => text.starts_with(right.to_text().as_str()),
            _ => left.item(0).is_some_and(|first| equals(&first, right)),
        },
        Operator::EndsWith => match left {
            Value::Text(text) => text.ends_with(right.to_text().as_str()),
            _ => items(left).last().is_some_and(|last| equals(&last, right)),
        },
        Operator::HasKey => matches!(left, Value::Hash(hash) if hash.get(&right.to_text()).is_some()),
        Operator::HasValue => {
            matches!(left, Value::Hash(hash) if hash.entries().iter().any(|(_, value)| equals(value, right)))
        }
    })
}

fn items(value: &Value) -> impl Iterator<Item = Value> {
    let count =
        if matches!(value, Value::Array(_) | Value::Range(..)) { value.count().unwrap_or(0) } else { 0 };
    (0..count).map_while(|at| value.item(at))
}

/// `==`.
pub(super) fn equals(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Empty, Value::Empty) => true,
        (Value::Empty, other) | (other, Value::Empty) => other.count() == Some(0),
        (Value::Nil, Value::Nil) => true,
        (Value::Nil, _) | (_, Value::Nil) => false,
        (Value::Boolean(left), Value::Boolean(right)) => left == right,
        (Value::Date(left), Value::Date(right)) => left.ticks == right.ticks,
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(left, right)| equals(left, right))
        }
        (Value::Hash(left), Value::Hash(right)) => std::sync::Arc::ptr_eq(left, right),
        (Value::Text(left), right) => *left == right.to_text(),
        (left, right) => match (number(left), number(right)) {
            (Some(left), Some(right)) => left.equals(right),
            _ => {
                matches!(right, Value::Text(_))
                    && order(left, right).ok().flatten().is_some_and(Ordering::is_eq)
            }
        },
    }
}

/// `<` and its kin; none when one of both is nil, or has no order.
pub(super) fn order(left: &Value, right: &Value) -> Result<Option<Ordering>, Failure> {
    let wrong = || Failure::Shown("Input string was not in a correct format.".to_owned());
    Ok(match (left, right) {
        (Value::Nil, _) | (_, Value::Nil) => None,
        (Value::Integer(left), right) => Some(left.cmp(&whole(right)?)),
        (Value::Boolean(left), right) => Some(i64::from(*left).cmp(&whole(right)?)),
        (Value::Double(left), right) => {
            let right = double(right).ok_or_else(wrong)?;
            left.partial_cmp(&right)
        }
        (Value::Decimal(left), right) => match number(right).or_else(|| read(right)) {
            Some(Number::Decimal(right)) => Some(left.cmp(&right)),
            Some(Number::Double(right)) => framework::double_of(*left).partial_cmp(&right),
            None => return Err(wrong()),
        },
        (Value::Text(left), right) => Some(text_order(left, &right.to_text())),
        (Value::Date(left), Value::Date(right)) => Some(left.ticks.cmp(&right.ticks)),
        (Value::Date(left), right) => match framework::read_date(&right.to_text(), 0) {
            Some(right) => Some(left.ticks.cmp(&right.ticks)),
            None => return Err(wrong()),
        },
        _ => None,
    })
}

/// Of words that differ in case alone, the one in lower case comes first.
fn text_order(left: &str, right: &str) -> Ordering {
    left.to_lowercase().cmp(&right.to_lowercase()).then_with(|| right.cmp(left))
}

/// A number of any kind.
#[derive(Clone, Copy, Debug)]
enum Number {
    Decimal(Decimal),
    Double(f64),
}

impl Number {
    #[allow(clippy::float_cmp)] // Equality is what was asked for.
    fn equals(self, other: Number) -> bool {
        match (self, other) {
            (Number::Decimal(left), Number::Decimal(right)) => left == right,
            (left, right) => left.double() == right.double(),
        }
    }

    fn double(self) -> f64 {
        match self {
            Number::Decimal(number) => framework::double_of(number),
            Number::Double(number) => number,
        }
    }
}

fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Integer(number) => Some(Number::Decimal(Decimal::from(*number))),
        Value::Decimal(number) => Some(Number::Decimal(*number)),
        Value::Double(number) => {
            Some(framework::decimal_of(*number).map_or(Number::Double(*number), Number::Decimal))
        }
        _ => None,
    }
}

fn read(value: &Value) -> Option<Number> {
    match value {
        Value::Text(text) => framework::read_decimal(text).map(Number::Decimal),
        _ => None,
    }
}

/// `Convert.ToDouble`.
fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::Text(text) => framework::read_double(text),
        other => number(other).map(Number::double),
    }
}
