//! `join`, `lookup`, `union`, and `render`.

use super::{Parsed, Parser};
use crate::Error;
use crate::ast::{Join, Render, Union};
use crate::lexer::TokenKind;

impl Parser {
    /// Behind `join` or `lookup`.
    pub(super) fn join(&mut self) -> Parsed<Join> {
        self.skip_hints();
        let kind = if self.take_word("kind") {
            self.expect_sign("=")?;
            Some(self.name()?)
        } else {
            None
        };
        self.skip_hints();
        let right = self.expression_without_pipe()?;
        self.expect_word("on")
            .map_err(|error| error.with_help("say by what rows belong together: `on column`"))?;
        Ok(Join { kind, right, on: self.list(Self::scalar)? })
    }

    /// Behind `union`.
    pub(super) fn union(&mut self) -> Parsed<Union> {
        let mut union = Union { is_inner: false, source: None, is_fuzzy: false, tables: Vec::new() };
        loop {
            self.skip_hints();
            let is_parameter = self.is_sign_ahead(1, "=");
            match self.word() {
                Some("kind") if is_parameter => {
                    let kind = self.parameter_name()?;
                    union.is_inner = match kind.text.as_str() {
                        "inner" => true,
                        "outer" => false,
                        _ => {
                            return Err(Error::new("syntax", kind.span, "a union is `inner` or `outer`"));
                        }
                    };
                }
                Some("withsource" | "with_source") if is_parameter => {
                    union.source = Some(self.parameter_name()?)
                }
                Some("isfuzzy") if is_parameter => union.is_fuzzy = self.parameter_name()?.text == "true",
                _ => break,
            }
        }
        union.tables = self.list(Self::table)?;
        Ok(union)
    }

    fn parameter_name(&mut self) -> Parsed<crate::ast::Name> {
        self.advance();
        self.expect_sign("=")?;
        self.name()
    }

    /// `| render kind with (name = value, …)`; the older form has no `with` and no commas.
    pub(super) fn render(&mut self) -> Parsed<Render> {
        self.advance();
        self.expect_word("render")?;
        let mut render = Render { kind: self.name()?.text, ..Render::default() };
        let is_parenthesised = self.take_word("with");
        if is_parenthesised {
            self.expect_sign("(")?;
        }
        while matches!(self.kind(), TokenKind::Word(_)) {
            let name = self.name()?.text;
            self.expect_sign("=")?;
            let value = self.property()?;
            if name == "title" {
                render.title = Some(value);
            } else {
                render.properties.push((name, value));
            }
            self.take_sign(",");
        }
        if is_parenthesised {
            self.expect_sign(")")?;
        }
        Ok(render)
    }

    /// A text, a number, or names between commas: `ycolumns = a, b`.
    fn property(&mut self) -> Parsed<String> {
        let mut value = String::new();
        loop {
            let token = self.token().clone();
            match token.kind {
                TokenKind::String(text) | TokenKind::Word(text) | TokenKind::Quoted(text) => {
                    value.push_str(&text)
                }
                TokenKind::Long(number) => value.push_str(&number.to_string()),
                TokenKind::Real(number) => value.push_str(&number.to_string()),
                TokenKind::Typed(_, text) => value.push_str(&text),
                _ => return Err(self.expected("a value")),
            }
            self.advance();
            let is_list = self.is_sign(",") && self.word_ahead(1).is_some() && !self.is_sign_ahead(2, "=");
            if !is_list {
                return Ok(value);
            }
            self.advance();
            value.push(',');
        }
    }
}
