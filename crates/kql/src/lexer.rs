//! The words of a query.

mod literals;

use crate::{Error, Span};

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where.
    pub span: Span,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    /// A name or a keyword; also `!in`, `in~`, `!has` and their like.
    Word(String),
    /// `['name']`, which is never a keyword.
    Quoted(String),
    /// A text.
    String(String),
    /// `1` or `0x1F`.
    Long(i64),
    /// `1.5` or `1e3`.
    Real(f64),
    /// `5m`, in microseconds.
    TimeSpan(i64),
    /// `datetime(…)` and its like: the type's name and what stands between the parentheses.
    Typed(String, String),
    /// A sign such as `|` or `==`.
    Sign(&'static str),
    /// Behind the last.
    End,
}

/// The signs, longer ones before those they begin with.
const SIGNS: [&str; 31] = [
    "==", "!=", "<>", "=~", "!~", "<=", ">=", "=>", "..", "|", ";", ",", "(", ")", "[", "]", "{", "}", "=",
    "<", ">", "+", "-", "*", "/", "%", ".", ":", "!", "~", "?",
];

/// The words that begin a literal of a type when `(` follows.
const TYPED: [&str; 15] = [
    "datetime", "date", "timespan", "time", "dynamic", "guid", "bool", "boolean", "int", "long", "real",
    "double", "decimal", "string", "uniqueid",
];

/// The words of a query, the last of which is [`TokenKind::End`].
///
/// # Errors
/// When a character has no meaning, or a text or literal does not end.
pub fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let is_end = token.kind == TokenKind::End;
        tokens.push(token);
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    /// Takes what fulfils the condition.
    fn take(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|character| !accept(character)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn span(&self, start: usize) -> Span {
        Span { start, end: self.at }
    }

    fn next(&mut self) -> Result<Token, Error> {
        self.skip();
        let start = self.at;
        let kind = self.kind(start)?;
        Ok(Token { kind, span: self.span(start) })
    }

    fn skip(&mut self) {
        loop {
            self.take(|character| character.is_whitespace() || character == '\u{feff}');
            if !self.rest().starts_with("//") {
                return;
            }
            self.take(|character| character != '\n');
        }
    }

    fn kind(&mut self, start: usize) -> Result<TokenKind, Error> {
        let Some(first) = self.peek() else { return Ok(TokenKind::End) };
        let second = self.second();
        if first == '"' || first == '\'' || self.rest().starts_with("```") || self.rest().starts_with("~~~") {
            return self.string(start);
        }
        if first == '@' && matches!(second, Some('"' | '\'')) {
            return self.string(start);
        }
        if matches!(first, 'h' | 'H') && self.is_hidden() {
            self.at += 1;
            return self.string(start);
        }
        if first.is_ascii_digit() {
            return self.number(start);
        }
        if first.is_alphabetic() || first == '_' || first == '$' {
            return self.word(start);
        }
        if first == '!' && second.is_some_and(char::is_alphabetic) {
            self.at += 1;
            let word = format!("!{}", self.take(is_name));
            return Ok(TokenKind::Word(self.with_tilde(word)));
        }
        if first == '['
            && matches!(second, Some('"' | '\''))
            && let Some(name) = self.quoted_name()
        {
            return Ok(TokenKind::Quoted(name));
        }
        self.sign(start)
    }

    /// `h"…"`, `h'…'` and `h@"…"`: a text that is kept out of Kusto's own logs.
    fn is_hidden(&self) -> bool {
        let mut behind = self.rest().chars().skip(1);
        match behind.next() {
            Some('"' | '\'') => true,
            Some('@') => matches!(behind.next(), Some('"' | '\'')),
            _ => false,
        }
    }

    fn word(&mut self, start: usize) -> Result<TokenKind, Error> {
        let word = self.take(is_name);
        if TYPED.contains(&word) {
            let behind = self.rest().trim_start();
            if behind.starts_with('(') {
                self.at += self.rest().len() - behind.len();
                return self.typed(word, start);
            }
        }
        Ok(TokenKind::Word(self.with_tilde(word.to_owned())))
    }

    /// `in~` and `!in~` are one word.
    fn with_tilde(&mut self, mut word: String) -> String {
        if matches!(word.as_str(), "in" | "!in") && self.peek() == Some('~') {
            self.at += 1;
            word.push('~');
        }
        word
    }

    /// `['name']` or `["name"]`, unless it is something else, such as an index.
    fn quoted_name(&mut self) -> Option<String> {
        let start = self.at;
        self.at += 1;
        let name = match self.string(start) {
            Ok(TokenKind::String(name)) if self.peek() == Some(']') => name,
            _ => {
                self.at = start;
                return None;
            }
        };
        self.at += 1;
        Some(name)
    }

    fn sign(&mut self, start: usize) -> Result<TokenKind, Error> {
        let rest = self.rest();
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            return Ok(TokenKind::Sign(sign));
        }
        let character = self.peek().unwrap_or_default();
        self.at += character.len_utf8();
        Err(Error::new(
            "unexpected-character",
            self.span(start),
            format!("`{character}` has no meaning here"),
        ))
    }
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

#[cfg(test)]
mod tests;
