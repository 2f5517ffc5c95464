//! From text to [`Query`]: recursive descent, with a limit on everything that nests.

mod combine;
mod operators;
mod scalar;
mod series;
mod sources;
mod statements;
mod values;

pub use operators::OPERATORS;

use crate::ast::{Name, Pattern, Query};
use crate::lexer::{Token, TokenKind, tokens};
use crate::{Error, Span, Type, deep, near};

/// The longest query, in bytes.
pub const MAX_LENGTH: usize = 256 * 1024;
/// How deep parts of a query may nest.
const MAX_DEPTH: usize = 100;

/// Reads a query.
///
/// # Errors
/// What is wrong with it: at most one error for each of its statements.
pub fn parse(text: &str) -> Result<Query, Vec<Error>> {
    if text.len() > MAX_LENGTH {
        let end = Span { start: MAX_LENGTH, end: text.len() };
        return Err(vec![Error::new(
            "query-too-long",
            end,
            format!("a query has at most {MAX_LENGTH} bytes"),
        )]);
    }
    let tokens = tokens(text).map_err(|error| vec![error])?;
    Parser { tokens, at: 0, depth: 0, is_search: false }.query()
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// Inside the predicate of `search`, where `column:"text"` means `column has "text"`.
    is_search: bool,
}

type Parsed<T> = Result<T, Error>;

impl Parser {
    fn token(&self) -> &Token {
        self.ahead(0)
    }

    fn ahead(&self, count: usize) -> &Token {
        static END: Token = Token { kind: TokenKind::End, span: Span { start: 0, end: 0 } };
        self.tokens.get(self.at + count).or(self.tokens.last()).unwrap_or(&END)
    }

    fn kind(&self) -> &TokenKind {
        &self.token().kind
    }

    fn here(&self) -> Span {
        self.token().span
    }

    /// From there to the end of what was taken last.
    fn since(&self, start: usize) -> Span {
        let end = self
            .at
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(start, |token| token.span.end);
        Span { start, end: end.max(start) }
    }

    fn advance(&mut self) -> Token {
        let token = self.token().clone();
        self.at = (self.at + 1).min(self.tokens.len().saturating_sub(1));
        token
    }

    /// True when the token that many ahead stands right behind the one before it.
    fn is_adjacent(&self, count: usize) -> bool {
        count > 0 && self.ahead(count - 1).span.end == self.ahead(count).span.start
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.kind(), TokenKind::Sign(found) if *found == sign)
    }

    fn is_sign_ahead(&self, count: usize, sign: &str) -> bool {
        matches!(&self.ahead(count).kind, TokenKind::Sign(found) if *found == sign)
    }

    fn word(&self) -> Option<&str> {
        self.word_ahead(0)
    }

    fn word_ahead(&self, count: usize) -> Option<&str> {
        match &self.ahead(count).kind {
            TokenKind::Word(word) => Some(word),
            _ => None,
        }
    }

    fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let is_there = self.is_sign(sign);
        if is_there {
            self.advance();
        }
        is_there
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is_there = self.is_word(word);
        if is_there {
            self.advance();
        }
        is_there
    }

    fn expect_sign(&mut self, sign: &str) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.expected(&format!("`{sign}`"))) }
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.take_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"))) }
    }

    fn expected(&self, what: &str) -> Error {
        let found = match self.kind() {
            TokenKind::End => "the query ends".to_owned(),
            TokenKind::Word(word) | TokenKind::Quoted(word) => format!("`{word}` stands"),
            TokenKind::Sign(sign) => format!("`{sign}` stands"),
            TokenKind::String(_) => "a text stands".to_owned(),
            TokenKind::Long(_) | TokenKind::Real(_) => "a number stands".to_owned(),
            TokenKind::TimeSpan(_) => "a timespan stands".to_owned(),
            TokenKind::Typed(name, _) => format!("`{name}(…)` stands"),
        };
        Error::new("syntax", self.here(), format!("{found} where {what} is expected"))
    }

    /// Runs a part that may nest.
    fn nested<T>(&mut self, part: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth >= MAX_DEPTH {
            let message = format!("parts of a query nest at most {MAX_DEPTH} deep");
            return Err(Error::new("query-too-deep", self.here(), message).with_help("name parts with `let`"));
        }
        self.depth += 1;
        let result = deep(|| part(self));
        self.depth -= 1;
        result
    }

    /// A name: a word, or `['anything']`.
    fn name(&mut self) -> Parsed<Name> {
        match self.kind() {
            TokenKind::Word(text) | TokenKind::Quoted(text) if !text.starts_with('!') => {
                let (text, span) = (text.clone(), self.here());
                self.advance();
                Ok(Name { text, span })
            }
            _ => Err(self.expected("a name")),
        }
    }

    /// A name in which `*` stands for anything: words and stars without a space between.
    fn pattern(&mut self) -> Parsed<Pattern> {
        if let TokenKind::Quoted(text) = self.kind() {
            let (text, span) = (text.clone(), self.here());
            self.advance();
            return Ok(Pattern { text, span });
        }
        let start = self.here().start;
        let mut text = String::new();
        loop {
            match self.kind() {
                TokenKind::Word(word) => text.push_str(word),
                TokenKind::Long(number) if !text.is_empty() => text.push_str(&number.to_string()),
                TokenKind::Sign("*") => text.push('*'),
                _ => break,
            }
            self.advance();
            let is_next =
                matches!(self.kind(), TokenKind::Word(_) | TokenKind::Long(_) | TokenKind::Sign("*"));
            if !is_next || self.since(start).end != self.here().start {
                break;
            }
        }
        if text.is_empty() {
            return Err(self.expected("a name"));
        }
        Ok(Pattern { text, span: self.since(start) })
    }

    /// The name of a type.
    fn kind_of_value(&mut self) -> Parsed<Type> {
        let span = self.here();
        let name = self.name()?;
        type_of(&name.text).ok_or_else(|| {
            let error = Error::new("unknown-type", span, format!("there is no type `{}`", name.text));
            near::hint(error, &name.text, TYPES.iter().map(|(name, _)| *name))
        })
    }

    /// Items between commas, at least one.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.take_sign(",") {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// `(item, item)`, perhaps none.
    fn in_parentheses<T>(&mut self, item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.expect_sign("(")?;
        if self.take_sign(")") {
            return Ok(Vec::new());
        }
        let items = self.list(item)?;
        self.expect_sign(")")?;
        Ok(items)
    }

    /// `hint.strategy=broadcast` and its like, which say how Kusto should distribute its work.
    fn skip_hints(&mut self) {
        while self.word().is_some_and(|word| word == "hint") && self.is_sign_ahead(1, ".") {
            let is_assigned = self.is_sign_ahead(3, "=");
            for _ in 0..if is_assigned { 5 } else { 3 } {
                self.advance();
            }
        }
    }
}

const TYPES: [(&str, Type); 15] = [
    ("bool", Type::Bool),
    ("boolean", Type::Bool),
    ("int", Type::Int),
    ("long", Type::Long),
    ("real", Type::Real),
    ("double", Type::Real),
    ("decimal", Type::Decimal),
    ("string", Type::String),
    ("datetime", Type::DateTime),
    ("date", Type::DateTime),
    ("timespan", Type::TimeSpan),
    ("time", Type::TimeSpan),
    ("dynamic", Type::Dynamic),
    ("guid", Type::Guid),
    ("uniqueid", Type::Guid),
];

/// The type of that name.
pub(crate) fn type_of(name: &str) -> Option<Type> {
    TYPES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests;
