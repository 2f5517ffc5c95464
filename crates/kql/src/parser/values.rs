//! Values with their members and indices, literals and calls.

use super::{Parsed, Parser};
use crate::ast::{Argument, Expression, Kind, Literal, Name};
use crate::lexer::TokenKind;

impl Parser {
    /// A value with its members and indices.
    pub(super) fn path(&mut self) -> Parsed<Expression> {
        let start = self.here().start;
        let depth = self.depth;
        let mut value = self.primary()?;
        while self.is_step() {
            let step = self.nested(|parser| parser.step(value));
            match step {
                Ok(kind) => value = Expression { kind, span: self.since(start) },
                Err(error) => {
                    self.depth = depth;
                    return Err(error);
                }
            }
            self.depth += 1;
        }
        self.depth = depth;
        Ok(value)
    }

    fn is_step(&self) -> bool {
        match self.kind() {
            TokenKind::Sign("." | "[") => true,
            TokenKind::Quoted(_) => self.since(0).end == self.here().start,
            _ => false,
        }
    }

    /// `.name`, `['name']` or `[index]` behind a value.
    fn step(&mut self, value: Expression) -> Parsed<Kind> {
        let token = self.advance();
        match token.kind {
            TokenKind::Quoted(text) => {
                let index = Expression { kind: Kind::Literal(Literal::String(text)), span: token.span };
                Ok(Kind::Index(Box::new(value), Box::new(index)))
            }
            TokenKind::Sign("[") => {
                let index = self.scalar()?;
                self.expect_sign("]")?;
                Ok(Kind::Index(Box::new(value), Box::new(index)))
            }
            _ => {
                let name = self.name()?;
                if self.is_sign("(") {
                    // `database('x').table('y')`: what is left of the dot says where Kusto finds it.
                    return Ok(Kind::Call(name, self.arguments()?));
                }
                Ok(Kind::Member(Box::new(value), name))
            }
        }
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let token = self.token().clone();
        let literal = |literal| Kind::Literal(literal);
        let kind = match token.kind {
            TokenKind::String(text) => literal(Literal::String(self.texts(text))),
            TokenKind::Long(value) => literal(Literal::Long(value)),
            TokenKind::Real(value) => literal(Literal::Real(value)),
            TokenKind::TimeSpan(value) => literal(Literal::TimeSpan(value)),
            TokenKind::Typed(name, text) => literal(typed(&name, text)),
            TokenKind::Sign("*") => Kind::Star,
            TokenKind::Quoted(name) => Kind::Name(name),
            TokenKind::Sign("(") => return self.parenthesised(),
            TokenKind::Word(word) => return self.word_expression(&word),
            _ => return Err(self.expected("a value")),
        };
        self.advance();
        Ok(Expression { kind, span: token.span })
    }

    /// Texts that follow each other are one.
    fn texts(&mut self, mut text: String) -> String {
        while let TokenKind::String(next) = &self.ahead(1).kind {
            text.push_str(next);
            self.advance();
        }
        text
    }

    fn parenthesised(&mut self) -> Parsed<Expression> {
        self.expect_sign("(")?;
        let inner = self.expression()?;
        self.expect_sign(")")?;
        Ok(inner)
    }

    fn word_expression(&mut self, word: &str) -> Parsed<Expression> {
        let span = self.here();
        if word.starts_with('!') {
            return Err(self.expected("a value"));
        }
        self.advance();
        if self.is_sign("(") {
            if word == "typeof" {
                return self.type_of(span.start);
            }
            let name = Name { text: word.to_owned(), span };
            let arguments = self.nested(Self::arguments)?;
            return Ok(Expression { kind: Kind::Call(name, arguments), span: self.since(span.start) });
        }
        let kind = match word {
            "true" | "True" | "TRUE" => Kind::Literal(Literal::Bool(true)),
            "false" | "False" | "FALSE" => Kind::Literal(Literal::Bool(false)),
            _ => Kind::Name(word.to_owned()),
        };
        Ok(Expression { kind, span })
    }

    fn type_of(&mut self, start: usize) -> Parsed<Expression> {
        self.expect_sign("(")?;
        let kind = self.kind_of_value()?;
        self.expect_sign(")")?;
        Ok(Expression { kind: Kind::TypeOf(kind), span: self.since(start) })
    }

    pub(super) fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        self.in_parentheses(|parser| {
            let is_named = matches!(parser.kind(), TokenKind::Word(_) | TokenKind::Quoted(_))
                && parser.is_sign_ahead(1, "=");
            let name = if is_named { Some(parser.name()?) } else { None };
            if name.is_some() {
                parser.advance();
            }
            Ok(Argument { name, value: parser.expression()? })
        })
    }
}

/// `bool(true)` and its like; what is empty or `null` is null.
fn typed(name: &str, text: String) -> Literal {
    let kind = super::type_of(name).unwrap_or(crate::Type::String);
    Literal::Typed(kind, Some(text).filter(|text| !text.is_empty() && text != "null"))
}
