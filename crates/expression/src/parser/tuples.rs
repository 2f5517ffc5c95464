//! Parentheses: a value, a tuple, or what a tuple is taken apart into.

use super::Parser;
use super::arguments::inferred_if_var;
use crate::ast::{Expression, ExpressionKind, Name, TypeSyntax, TypeSyntaxKind};

impl Parser<'_> {
    /// `(a)`, `(a, b)`, `(name: a, b)`, `(T a, b)`.
    pub(super) fn parenthesised(&mut self) -> ExpressionKind {
        let start = self.place();
        self.expect("(");
        let (name, first) = self.tuple_element();
        if !self.is_symbol(",") && name.is_none() {
            if let ExpressionKind::Declaration(..) = first.kind {
                self.mistake_at(first.place, "a variable cannot be declared here");
            }
            self.expect(")");
            self.parenthesised = Some(start.to(self.before()));
            return first.kind;
        }
        let mut items = vec![(name, first)];
        while self.eat(",") {
            items.push(self.tuple_element());
        }
        if items.len() < 2 {
            self.mistake("a tuple has two elements or more");
        }
        self.expect(")");
        ExpressionKind::Tuple(items)
    }

    fn tuple_element(&mut self) -> (Option<Name>, Expression) {
        let mut name = None;
        if self.is_identifier_at(0) && self.is_symbol_at(1, ":") {
            name = self.identifier().map(|(name, _)| name);
            self.at += 1;
        }
        let start = self.place();
        if self.begins_deconstruction() {
            return (name, self.deconstruction());
        }
        let declared = self.attempt(|parser| {
            let ty = parser.ty()?;
            let variable = parser.identifier()?.0;
            (parser.is_symbol(",") || parser.is_symbol(")")).then_some((ty, variable))
        });
        let value = match declared {
            Some((ty, variable)) => Expression {
                kind: ExpressionKind::Declaration(inferred_if_var(ty), variable),
                place: start.to(self.before()),
            },
            None => self.expression(),
        };
        (name, value)
    }

    /// True at `var (a, b) =` and `var (a, b) in`.
    pub(super) fn begins_deconstruction(&self) -> bool {
        if !self.is_word("var") || !self.is_symbol_at(1, "(") {
            return false;
        }
        let mut depth = 0_usize;
        for ahead in 1..self.tokens.len() - self.at {
            if self.is_symbol_at(ahead, "(") {
                depth += 1;
            } else if self.is_symbol_at(ahead, ")") {
                depth -= 1;
            } else if !self.is_identifier_at(ahead) && !self.is_symbol_at(ahead, ",") {
                return false;
            }
            if depth == 0 {
                let assigned = self.is_symbol_at(ahead + 1, "=") || self.word_at(ahead + 1) == Some("in");
                return assigned || self.is_symbol_at(ahead + 1, ",") || self.is_symbol_at(ahead + 1, ")");
            }
        }
        false
    }

    /// `var (a, (b, _))` as a tuple of declarations.
    pub(super) fn deconstruction(&mut self) -> Expression {
        self.at += 1;
        self.designations()
    }

    fn designations(&mut self) -> Expression {
        let start = self.place();
        let refused = self.error_expression();
        self.nested(refused, |parser| {
            let mut items = Vec::new();
            parser.expect("(");
            while !parser.is_symbol(")") && !parser.is_end() {
                let place = parser.place();
                if parser.is_symbol("(") {
                    items.push((None, parser.designations()));
                } else {
                    let Some((name, _)) = parser.identifier() else { break };
                    let ty = TypeSyntax { kind: TypeSyntaxKind::Inferred, place };
                    items.push((None, Expression { kind: ExpressionKind::Declaration(ty, name), place }));
                }
                if !parser.eat(",") {
                    break;
                }
            }
            parser.expect(")");
            let place = start.to(parser.before());
            if items.len() < 2 {
                parser.mistake_at(place, "a tuple has two elements or more");
            }
            Expression { kind: ExpressionKind::Tuple(items), place }
        })
    }
}
