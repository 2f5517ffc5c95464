//! The filters in the text of a JSONPath.

use super::Step;
use super::json_exception;
use super::parser::{Parser, Read};
use super::query::{Operand, Operator, Query};
use crate::dotnet::json::node::{JTokenType, JValue};
use crate::exception::Exception;
use crate::value::{Text, Value};

/// How often `&&` and `||` may alternate: every change nests the rest of the filter.
const MAX_NESTING: usize = 32;

impl Parser {
    pub(super) fn filter(&mut self, close: char, scan: bool) -> Read<Step> {
        self.at += 1;
        match self.required("Path ended with open indexer.")? {
            '(' => self.at += 1,
            found => return self.unexpected_in_indexer(found),
        }
        let query = self.query()?;
        self.at += 1;
        self.required("Path ended with open indexer.")?;
        self.skip_space();
        match self.peek() {
            Some(found) if found == close => Ok(Step::Filter { query, scan }),
            Some(found) => self.unexpected_in_indexer(found),
            None => Err(json_exception("Path ended with open indexer.")),
        }
    }

    fn open_query() -> Exception {
        json_exception("Path ended with open query.")
    }

    fn unexpected_in_query(&self) -> Exception {
        match self.peek() {
            Some(found) => json_exception(format!("Unexpected character while parsing path query: {found}")),
            None => Self::open_query(),
        }
    }

    /// Comparisons up to the closing parenthesis. There is no precedence: each change between `&&` and `||` nests what
    /// follows inside what came before.
    fn query(&mut self) -> Read<Query> {
        let first = self.comparison()?;
        let is_all = match self.peek() {
            Some(')') => return Ok(first),
            Some('&') => true,
            Some('|') => false,
            _ => return Err(Self::open_query()),
        };
        self.joined(is_all, first)
    }

    /// The comparisons of one kind of operator, from the first operator on.
    fn joined(&mut self, is_all: bool, first: Query) -> Read<Query> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(json_exception("Filters of the path are nested too deeply."));
        }
        let mut parts = vec![first];
        let (own, other) = if is_all { ("&&", '|') } else { ("||", '&') };
        loop {
            if !self.eat(own) {
                return Err(self.unexpected_in_query());
            }
            let next = self.comparison()?;
            match self.peek() {
                Some(')') => {
                    parts.push(next);
                    break;
                }
                Some(found) if found == other => {
                    parts.push(self.joined(!is_all, next)?);
                    break;
                }
                None => return Err(Self::open_query()),
                _ => parts.push(next),
            }
        }
        Ok(if is_all { Query::All(parts) } else { Query::Any(parts) })
    }

    fn comparison(&mut self) -> Read<Query> {
        let left = self.operand()?;
        if let Some(')' | '|' | '&') = self.peek() {
            return Ok(Query::Exists(left));
        }
        let operator = self.operator()?;
        let right = self.operand()?;
        Ok(Query::Compare(left, operator, right))
    }

    fn operator(&mut self) -> Read<Operator> {
        if self.look(1).is_none() {
            return Err(Self::open_query());
        }
        let operators = [
            ("===", Operator::StrictEquals),
            ("==", Operator::Equals),
            ("=~", Operator::Matches),
            ("!==", Operator::StrictNotEquals),
            ("!=", Operator::NotEquals),
            ("<>", Operator::NotEquals),
            ("<=", Operator::LessOrEqual),
            ("<", Operator::Less),
            (">=", Operator::GreaterOrEqual),
            (">", Operator::Greater),
        ];
        let found = operators.iter().find(|(text, _)| self.eat(text)).map(|(_, operator)| *operator);
        found.ok_or_else(|| json_exception("Could not read query operator."))
    }

    fn operand(&mut self) -> Read<Operand> {
        self.skip_space();
        let operand = match self.peek() {
            Some(sign @ ('$' | '@')) => {
                self.at += 1;
                let mut steps = Vec::new();
                if self.path(&mut steps, self.at, true)? {
                    return Err(Self::open_query());
                }
                Operand::Path { steps, from_root: sign == '$' }
            }
            _ => match self.literal()? {
                Some((kind, value)) => Operand::Literal(JValue { kind, value }),
                None => return Err(self.unexpected_in_query()),
            },
        };
        self.skip_space();
        self.required("Path ended with open query.")?;
        Ok(operand)
    }

    fn literal(&mut self) -> Read<Option<(JTokenType, Value)>> {
        Ok(match self.peek() {
            Some('\'') => Some((JTokenType::String, Value::from(self.quoted()?))),
            Some(first) if first.is_numeric() || first == '-' => self.number(),
            Some('t') if self.eat("true") => Some((JTokenType::Boolean, Value::Boolean(true))),
            Some('f') if self.eat("false") => Some((JTokenType::Boolean, Value::Boolean(false))),
            Some('n') if self.eat("null") => Some((JTokenType::Null, Value::Null)),
            Some('/') => Some((JTokenType::String, Value::String(self.regex()?))),
            _ => None,
        })
    }

    fn number(&mut self) -> Option<(JTokenType, Value)> {
        let start = self.at;
        while !matches!(self.peek()?, ' ' | ')') {
            self.at += 1;
        }
        let text = self.between(start, self.at);
        if text.contains(['.', 'E', 'e']) {
            let number = text.replace(',', "").parse().ok()?;
            return Some((JTokenType::Float, Value::Double(number)));
        }
        Some((JTokenType::Integer, Value::Int64(text.parse().ok()?)))
    }

    /// `/pattern/options`, as written.
    fn regex(&mut self) -> Read<Text> {
        let start = self.at;
        self.at += 1;
        while let Some(next) = self.peek() {
            match next {
                '\\' if self.look(1).is_some() => self.at += 2,
                '/' => {
                    self.at += 1;
                    while self.peek().is_some_and(char::is_alphabetic) {
                        self.at += 1;
                    }
                    return Ok(Text::from(self.between(start, self.at)));
                }
                _ => self.at += 1,
            }
        }
        Err(json_exception("Path ended with an open regex."))
    }
}
