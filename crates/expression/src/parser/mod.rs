//! Tokens to a tree. Mistakes are collected; a tree always comes out.

mod access;
mod arguments;
mod control;
mod creation;
mod declarations;
mod expressions;
mod initializers;
mod interpolation;
mod lambdas;
mod newer;
mod patterns;
mod primary;
mod queries;
mod statements;
mod tuples;
mod types;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::ast::{Expression, ExpressionKind, Name, Place, Root};
use crate::lexer::{Mistake, Token, TokenKind, name_of, tokens};
pub(crate) use words::is_query_word;
use words::is_reserved;

/// Nested forms beyond this are refused, so that hostile text cannot exhaust the stack.
pub(crate) const MAXIMUM_DEPTH: u32 = 100;
/// Links of one chain (`a + b + c …`, `a.b.c …`).
pub(crate) const MAXIMUM_CHAIN: u32 = 250;
/// Bytes of an expression.
pub(crate) const MAXIMUM_LENGTH: usize = 256 << 10;

/// Parses `@(…)` or `@{…}`.
///
/// Gives the tree, the mistakes, and what is known of the whole.
pub(crate) fn parse(text: &str) -> (Root, Vec<Mistake>, Shape) {
    let mut mistakes = Vec::new();
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    let end = start + trimmed.len();
    let whole = Place::new(start, end);
    let nothing = || Root::Expression(Box::new(Expression { kind: ExpressionKind::Error, place: whole }));
    if text.len() > MAXIMUM_LENGTH {
        mistakes.push(Mistake::new("expression-too-long", whole, "the expression is longer than 256 KiB"));
        return (nothing(), mistakes, Shape::default());
    }
    let block = trimmed.starts_with("@{");
    if !block && !trimmed.starts_with("@(") {
        let message = "a policy expression is written `@( … )` or `@{ … }`";
        let mistake = Mistake::new("expression-syntax", whole, message);
        mistakes.push(mistake.help("put `@(` before it and `)` behind it"));
        return (nothing(), mistakes, Shape::default());
    }
    let close = if block { '}' } else { ')' };
    if trimmed.len() < 3 || !trimmed.ends_with(close) {
        let message = format!("the expression is never closed: `{close}` is missing at its end");
        let mistake = Mistake::new("expression-syntax", whole, message);
        mistakes.push(mistake.help(format!("the last character of an expression is `{close}`")));
        return (nothing(), mistakes, Shape::default());
    }
    let mut parser = Parser::new(text, start + 2, end - 1, 0);
    let unread = parser.mistakes.len();
    let root = if block {
        Root::Block(parser.statements_to_end())
    } else {
        let value = parser.expression();
        parser.expect_end();
        Root::Expression(Box::new(value))
    };
    // What follows a text that cannot be read, or a mistake inside one value, is mostly its echo.
    if unread > 0 {
        parser.mistakes.truncate(unread);
    } else if !block {
        let mut is_first = true;
        parser.mistakes.retain(|mistake| std::mem::take(&mut is_first) || mistake.code == newer::CODE);
    }
    let shape = Shape { has_functions: parser.has_functions, nesting: 4 + parser.deepest + parser.longest };
    (root, parser.mistakes, shape)
}

pub(super) struct Parser<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    mistakes: Vec<Mistake>,
    /// True once a lambda or local function was seen.
    has_functions: bool,
    /// The last value in parentheses: the tree does not keep them.
    parenthesised: Option<Place>,
    /// True right before an expression that may be `throw …`.
    may_throw: bool,
    /// How many queries are being read: some words are keywords in them.
    queries: u32,
    /// The deepest nesting and the longest chain seen.
    deepest: u32,
    longest: u32,
}

/// What the binder needs besides the tree.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shape {
    /// True when there are lambdas or local functions.
    pub(crate) has_functions: bool,
    /// The deepest nesting of the tree, chains included.
    pub(crate) nesting: u32,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, from: usize, to: usize, depth: u32) -> Self {
        let mut mistakes = Vec::new();
        let tokens = tokens(text, from, to, &mut mistakes);
        Self {
            text,
            tokens,
            at: 0,
            depth,
            mistakes,
            has_functions: false,
            parenthesised: None,
            may_throw: false,
            queries: 0,
            deepest: 0,
            longest: 0,
        }
    }

    fn kind(&self) -> &TokenKind {
        self.kind_at(0)
    }

    fn kind_at(&self, ahead: usize) -> &TokenKind {
        self.tokens.get(self.at + ahead).map_or(&TokenKind::End, |token| &token.kind)
    }

    fn place(&self) -> Place {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(Place::default(), |token| token.place)
    }

    /// The place of the token before.
    fn before(&self) -> Place {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(self.place(), |token| token.place)
    }

    fn word_at(&self, ahead: usize) -> Option<&'t str> {
        let token = self.tokens.get(self.at + ahead)?;
        match token.kind {
            TokenKind::Word { escaped: false } => self.text.get(token.place.range()),
            _ => None,
        }
    }

    fn is_symbol_at(&self, ahead: usize, symbol: &str) -> bool {
        matches!(self.kind_at(ahead), TokenKind::Symbol(found) if *found == symbol)
    }

    fn is_symbol(&self, symbol: &str) -> bool {
        self.is_symbol_at(0, symbol)
    }

    fn is_word(&self, word: &str) -> bool {
        self.word_at(0) == Some(word)
    }

    fn is_end(&self) -> bool {
        matches!(self.kind(), TokenKind::End)
    }

    fn bump(&mut self) {
        if !self.is_end() {
            self.at += 1;
        }
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        if found {
            self.at += 1;
        }
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.at += 1;
        }
        found
    }

    fn mistake(&mut self, message: impl Into<String>) {
        let place = self.place();
        self.mistake_at(place, message);
    }

    fn mistake_at(&mut self, place: Place, message: impl Into<String>) {
        // One mistake for each place: what follows it is mostly its echo.
        if self.mistakes.last().is_none_or(|last| last.place != place) {
            self.mistakes.push(Mistake::new("expression-syntax", place, message));
        }
    }

    fn shown(&self) -> String {
        match self.kind() {
            TokenKind::End => "the end of the expression".to_owned(),
            _ => format!("`{}`", self.text.get(self.place().range()).unwrap_or("")),
        }
    }

    fn expect(&mut self, symbol: &str) -> bool {
        let found = self.eat(symbol);
        if !found {
            let shown = self.shown();
            let message = if self.is_end() {
                format!("`{symbol}` is missing before the end of the expression")
            } else {
                format!("`{symbol}` is expected before {shown}")
            };
            self.mistake(message);
        }
        found
    }

    fn expect_end(&mut self) {
        if self.is_end() {
            return;
        }
        let shown = self.shown();
        if self.is_symbol(";") {
            let mistake = Mistake::new(
                "expression-syntax",
                self.place(),
                "`;` is not allowed in an expression `@( … )`",
            );
            self.mistakes.push(mistake.help("leave it out, or write statements as `@{ … return …; }`"));
        } else if [")", "]", "}"].iter().any(|symbol| self.is_symbol(symbol)) {
            let mistake = Mistake::new(
                "expression-syntax",
                self.place(),
                format!("{shown} closes nothing that is open"),
            );
            self.mistakes.push(mistake.help("leave it out, or open it before"));
        } else {
            self.mistake(format!("{shown} does not belong here: an operator is missing before it"));
        }
    }

    /// An identifier; keywords are refused.
    fn identifier(&mut self) -> Option<(Name, Place)> {
        let place = self.place();
        let TokenKind::Word { escaped } = *self.kind() else {
            let shown = self.shown();
            self.mistake(format!("a name is expected before {shown}"));
            return None;
        };
        let text = self.text.get(place.range()).unwrap_or("");
        if !escaped && is_reserved(text) {
            self.mistake(format!("a name is expected instead of the keyword `{text}`"));
            return None;
        }
        self.at += 1;
        Some((Arc::from(name_of(text)), place))
    }

    fn is_identifier_at(&self, ahead: usize) -> bool {
        match self.kind_at(ahead) {
            TokenKind::Word { escaped: true } => true,
            TokenKind::Word { .. } => self.word_at(ahead).is_some_and(|word| !is_reserved(word)),
            _ => false,
        }
    }

    /// True for a name that a pattern may declare here.
    fn is_designation(&self) -> bool {
        let continues =
            |word: &str| matches!(word, "when" | "and" | "or") || (self.queries > 0 && is_query_word(word));
        self.is_identifier_at(0) && !self.word_at(0).is_some_and(continues)
    }

    /// Runs `read` one level deeper; refuses hostile nesting.
    fn nested<T>(&mut self, refused: T, read: impl FnOnce(&mut Self) -> T) -> T {
        if self.depth >= MAXIMUM_DEPTH {
            self.mistake("the expression is nested too deeply");
            self.at = self.tokens.len().saturating_sub(1);
            return refused;
        }
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let out = read(self);
        self.depth -= 1;
        out
    }

    /// Tries to read; goes back when it gives none or finds a mistake.
    fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let (at, count) = (self.at, self.mistakes.len());
        let out = read(self).filter(|_| self.mistakes.len() == count);
        if out.is_none() {
            self.at = at;
            self.mistakes.truncate(count);
        }
        out
    }

    fn error_expression(&self) -> Expression {
        Expression { kind: ExpressionKind::Error, place: self.place() }
    }
}
