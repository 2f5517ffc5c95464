//! The text of a JSONPath to its steps.

use super::query::{Operand, Operator, Query};
use super::{Step, json_exception};
use crate::dotnet::json::node::{JToken, JTokenType};
use crate::dotnet::json::numbers;
use crate::exception::Exception;
use crate::value::{Text, Value};

/// How deep filters may nest.
const MAX_NESTING: usize = 32;

/// Reads a path.
///
/// # Errors
/// `JsonException`.
pub(in crate::dotnet::json) fn parse(text: &str) -> Result<Vec<Step>, Exception> {
    let mut parser = Parser { rest: text.trim(), nesting: 0 };
    parser.eat("$");
    let steps = parser.path(false)?;
    if parser.rest.is_empty() {
        Ok(steps)
    } else {
        Err(parser.unexpected("Unexpected character while parsing path"))
    }
}

struct Parser<'t> {
    rest: &'t str,
    nesting: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn take_while(&mut self, accepts: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|next| !accepts(next)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn unexpected(&self, what: &str) -> Exception {
        match self.peek() {
            Some(found) => json_exception(format!("{what}: {found}")),
            None => json_exception("Path ended with open indexer."),
        }
    }

    /// Steps up to the end, or in a filter up to what cannot belong to a path.
    fn path(&mut self, in_query: bool) -> Result<Vec<Step>, Exception> {
        let mut steps = Vec::new();
        let mut at_start = true;
        loop {
            let mut scan = false;
            if self.eat("..") {
                scan = true;
            } else if self.eat(".") {
                // `.[` is read as `[`.
            } else if !matches!(self.peek(), Some('[' | '(')) && !at_start {
                return Ok(steps);
            }
            let dotted = !at_start || scan;
            at_start = false;
            match self.peek() {
                Some('[') => steps.push(self.indexer(']', scan)?),
                Some('(') => steps.push(self.indexer(')', scan)?),
                None if !dotted => return Ok(steps),
                None => return Err(json_exception("Unexpected end while parsing path.")),
                Some(_) => {
                    let name = self.field_name(in_query);
                    if name.is_empty() {
                        return if in_query && !dotted {
                            Ok(steps)
                        } else {
                            Err(self.unexpected("Unexpected character while parsing path"))
                        };
                    }
                    let name = (name != "*").then(|| name.to_owned());
                    steps.push(if scan { Step::Scan(name) } else { Step::Field(name) });
                }
            }
        }
    }

    fn field_name(&mut self, in_query: bool) -> &'t str {
        let stops = |next: char| {
            matches!(next, '.' | '[' | ']' | '(' | ')' | ' ')
                || (in_query && matches!(next, '=' | '<' | '>' | '!' | '|' | '&' | ','))
        };
        self.take_while(|next| !stops(next))
    }

    fn indexer(&mut self, close: char, scan: bool) -> Result<Step, Exception> {
        self.rest = self.rest.get(1..).unwrap_or("");
        self.skip_space();
        match self.peek() {
            Some('\'' | '"') => self.quoted_fields(close, scan),
            Some('?') => {
                self.rest = self.rest.get(1..).unwrap_or("");
                self.skip_space();
                if !self.eat("(") {
                    return Err(self.unexpected("Unexpected character while parsing path indexer"));
                }
                let query = self.any_of()?;
                self.skip_space();
                if !self.eat(")") {
                    return Err(self.unexpected("Unexpected character while parsing path query"));
                }
                self.close(close)?;
                Ok(Step::Filter { query, scan })
            }
            _ => self.numbers(close),
        }
    }

    fn close(&mut self, close: char) -> Result<(), Exception> {
        self.skip_space();
        if self.eat(close.encode_utf8(&mut [0; 4])) {
            return Ok(());
        }
        Err(self.unexpected("Unexpected character while parsing path indexer"))
    }

    fn quoted_fields(&mut self, close: char, scan: bool) -> Result<Step, Exception> {
        let mut names = Vec::new();
        loop {
            self.skip_space();
            names.push(self.quoted()?);
            self.skip_space();
            if !self.eat(",") {
                break;
            }
        }
        self.close(close)?;
        Ok(match (scan, names.len()) {
            (false, 1) => Step::Field(names.pop()),
            (true, 1) => Step::Scan(names.pop()),
            (false, _) => Step::Fields(names),
            (true, _) => Step::ScanFields(names),
        })
    }

    fn quoted(&mut self) -> Result<String, Exception> {
        let mut characters = self.rest.chars();
        let Some(quote @ ('\'' | '"')) = characters.next() else {
            return Err(self.unexpected("Unexpected character while parsing path indexer"));
        };
        let mut out = String::new();
        while let Some(next) = characters.next() {
            match next {
                '\\' => match characters.next() {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some('b') => out.push('\u{8}'),
                    Some('f') => out.push('\u{c}'),
                    Some(escaped) => out.push(escaped),
                    None => break,
                },
                next if next == quote => {
                    self.rest = characters.as_str();
                    return Ok(out);
                }
                next => out.push(next),
            }
        }
        Err(json_exception("Path ended with an open string."))
    }

    fn number(&mut self) -> Result<Option<i64>, Exception> {
        self.skip_space();
        let text = self.take_while(|next| next.is_ascii_digit() || next == '-');
        self.skip_space();
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| json_exception(format!("Unexpected index in path: {text}")))
    }

    fn numbers(&mut self, close: char) -> Result<Step, Exception> {
        if self.eat("*") {
            self.close(close)?;
            return Ok(Step::Index(None));
        }
        let first = self.number()?;
        if self.eat(":") {
            let end = self.number()?;
            let step = if self.eat(":") { self.number()? } else { None };
            self.close(close)?;
            return Ok(Step::Slice(first, end, step));
        }
        let Some(first) = first else {
            let message = "Array index expected.";
            return Err(if self.peek() == Some(close) {
                json_exception(message)
            } else {
                self.unexpected("Unexpected character while parsing path indexer")
            });
        };
        let mut indexes = vec![first];
        while self.eat(",") {
            indexes.push(self.number()?.ok_or_else(|| json_exception("Array index expected."))?);
        }
        self.close(close)?;
        Ok(if indexes.len() > 1 { Step::Indexes(indexes) } else { Step::Index(Some(first)) })
    }

    /// Alternatives, which bind weaker than conjunctions.
    fn any_of(&mut self) -> Result<Query, Exception> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return Err(json_exception("Filters of the path are nested too deeply."));
        }
        let mut parts = vec![self.all_of()?];
        loop {
            self.skip_space();
            if !self.eat("||") {
                break;
            }
            parts.push(self.all_of()?);
        }
        self.nesting -= 1;
        Ok(if parts.len() > 1 { Query::Any(parts) } else { parts.swap_remove(0) })
    }

    fn all_of(&mut self) -> Result<Query, Exception> {
        let mut parts = vec![self.comparison()?];
        loop {
            self.skip_space();
            if !self.eat("&&") {
                break;
            }
            parts.push(self.comparison()?);
        }
        Ok(if parts.len() > 1 { Query::All(parts) } else { parts.swap_remove(0) })
    }

    fn comparison(&mut self) -> Result<Query, Exception> {
        self.skip_space();
        if self.eat("(") {
            let inner = self.any_of()?;
            self.skip_space();
            if !self.eat(")") {
                return Err(self.unexpected("Unexpected character while parsing path query"));
            }
            return Ok(inner);
        }
        let left = self.operand()?;
        self.skip_space();
        if matches!(self.peek(), None | Some(')'))
            || self.rest.starts_with("&&")
            || self.rest.starts_with("||")
        {
            return Ok(Query::Exists(left));
        }
        let operators = [
            ("===", Operator::StrictEquals),
            ("!==", Operator::StrictNotEquals),
            ("==", Operator::Equals),
            ("!=", Operator::NotEquals),
            ("<>", Operator::NotEquals),
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        let found = operators.iter().find(|(text, _)| self.eat(text)).map(|(_, operator)| *operator);
        let Some(operator) = found else { return Err(json_exception("Could not read query operator.")) };
        self.skip_space();
        let right = self.operand()?;
        Ok(Query::Compare(left, operator, right))
    }

    fn operand(&mut self) -> Result<Operand, Exception> {
        if self.eat("@") {
            return self.path(true).map(|steps| Operand::Path { steps, from_root: false });
        }
        if self.eat("$") {
            return self.path(true).map(|steps| Operand::Path { steps, from_root: true });
        }
        if let Some('\'' | '"') = self.peek() {
            return self.quoted().map(|text| Operand::Literal(JToken::string(Text::from(text))));
        }
        let word = self.take_while(|next| next.is_ascii_alphanumeric() || matches!(next, '-' | '+' | '.'));
        let literal = match word {
            "true" | "false" => JToken::scalar(JTokenType::Boolean, Value::Boolean(word == "true")),
            "null" => JToken::null(),
            _ if !word.is_empty()
                && word.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                JToken::scalar(JTokenType::Integer, numbers::integer(word))
            }
            _ => match word.parse::<f64>() {
                Ok(number) => JToken::scalar(JTokenType::Float, Value::Double(number)),
                Err(_) => return Err(self.unexpected("Unexpected character while parsing path query")),
            },
        };
        Ok(Operand::Literal(literal))
    }
}
