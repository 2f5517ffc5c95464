//! What a path finds.

use super::Failure;
use super::node::{Expression, Step};
use super::render::Renderer;
use super::value::{Loop, Value};

impl Renderer<'_> {
    /// The value of an expression; nil for what is not there.
    pub(super) fn evaluate(&mut self, expression: &Expression) -> Result<Value, Failure> {
        self.budget.step()?;
        match expression {
            Expression::Constant(value) => Ok(value.clone()),
            Expression::Range(from, to) => {
                let (from, to) = (self.evaluate(from)?, self.evaluate(to)?);
                Ok(Value::Range(whole(&from)?, whole(&to)?))
            }
            Expression::Path(first, rest) => {
                let mut found = match &**first {
                    Step::Name(name) => self.root(name)?,
                    Step::Index(inner) => {
                        let name = self.evaluate(inner)?.to_text();
                        self.root(&name)?
                    }
                };
                for step in rest {
                    found = match step {
                        Step::Name(name) => member(&found, name).unwrap_or_default(),
                        Step::Index(inner) => {
                            let index = self.evaluate(inner)?;
                            indexed(&found, &index).unwrap_or_default()
                        }
                    };
                }
                Ok(found)
            }
        }
    }

    /// The number of an expression; none when it is not there.
    pub(super) fn number(&mut self, expression: &Expression) -> Result<Option<i64>, Failure> {
        match self.evaluate(expression)? {
            Value::Nil => Ok(None),
            other => whole(&other).map(Some),
        }
    }
}

/// `Convert.ToInt32`; nil is 0.
pub(super) fn whole(value: &Value) -> Result<i64, Failure> {
    let read = match value {
        Value::Nil => Some(0),
        Value::Boolean(flag) => Some(i64::from(*flag)),
        Value::Integer(number) => Some(*number),
        Value::Double(number) if number.is_finite() => {
            #[allow(clippy::cast_possible_truncation)] // `as` saturates.
            Some(number.round_ties_even() as i64)
        }
        Value::Decimal(number) => i64::try_from(number.round()).ok(),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    read.ok_or_else(|| Failure::Shown("Input string was not in a correct format.".to_owned()))
}

/// `value.name`: a member, or `size`, `first` and `last` of a collection that has no such member.
fn member(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Hash(hash) if hash.get(name).is_some() => return hash.get(name).cloned(),
        Value::Loop(turn) => return turn.member(name),
        Value::Pair(pair) => {
            return match name {
                "Key" | "key" => Some(Value::Text(pair.0.clone())),
                "Value" | "value" => Some(pair.1.clone()),
                _ if *pair.0 == *name => Some(pair.1.clone()),
                _ => None,
            };
        }
        _ => {}
    }
    let count = value.count()?;
    match name {
        "size" => i64::try_from(count).ok().map(Value::Integer),
        "first" => value.item(0),
        "last" => value.item(count.checked_sub(1)?),
        _ => None,
    }
}

/// `value[index]`.
fn indexed(value: &Value, index: &Value) -> Option<Value> {
    match (value, index) {
        (Value::Hash(hash), Value::Text(name)) => hash.get(name).cloned(),
        (Value::Hash(hash), other) => hash.get(&other.to_text()).cloned(),
        (Value::Pair(pair), Value::Integer(0)) => Some(Value::Text(pair.0.clone())),
        (Value::Pair(pair), Value::Integer(1)) => Some(pair.1.clone()),
        (Value::Array(_) | Value::Range(..), Value::Integer(at)) => value.item(usize::try_from(*at).ok()?),
        _ => None,
    }
}

impl Loop {
    fn member(&self, name: &str) -> Option<Value> {
        let Loop { length, index, .. } = *self;
        let number = match (name, self.column) {
            ("name", _) => return Some(Value::Text(self.name.clone())),
            ("first", _) => return Some(Value::Boolean(index == 0)),
            ("last", _) => return Some(Value::Boolean(index == length - 1)),
            ("col_first", Some((column, _))) => return Some(Value::Boolean(column == 0)),
            ("col_last", Some((column, columns))) => return Some(Value::Boolean(column == columns - 1)),
            ("length", _) => length,
            ("index", _) => index + 1,
            ("index0", _) => index,
            ("rindex", _) => length - index,
            ("rindex0", _) => length - index - 1,
            ("col", Some((column, _))) => column + 1,
            ("col0", Some((column, _))) => column,
            _ => return None,
        };
        Some(Value::Integer(number))
    }
}
