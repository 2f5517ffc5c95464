//! What follows a value: members, calls, indexers, `?.`, `++`.

use super::{MAXIMUM_CHAIN, Parser};
use crate::ast::{Expression, ExpressionKind, TypeSyntax};
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn postfix(&mut self) -> Expression {
        let first = self.primary();
        self.chain(first)
    }

    /// Members, calls and indexers after `value`. What follows `?.` or `?[` belongs to the conditional access.
    fn chain(&mut self, mut value: Expression) -> Expression {
        for link in 0..MAXIMUM_CHAIN {
            self.longest = self.longest.max(link);
            let start = value.place;
            let kind = match self.kind().clone() {
                TokenKind::Symbol(".") => {
                    self.at += 1;
                    let Some(member) = self.member(value) else { return self.error_expression() };
                    value = member;
                    continue;
                }
                TokenKind::Symbol("(") => {
                    let arguments = self.arguments("(", ")");
                    ExpressionKind::Call { target: Box::new(value), arguments }
                }
                TokenKind::Symbol("[") => {
                    let arguments = self.arguments("[", "]");
                    ExpressionKind::Index { target: Box::new(value), arguments }
                }
                TokenKind::Symbol("++") => {
                    self.at += 1;
                    ExpressionKind::Increment { target: Box::new(value), by: 1, prefix: false }
                }
                TokenKind::Symbol("--") => {
                    self.at += 1;
                    ExpressionKind::Increment { target: Box::new(value), by: -1, prefix: false }
                }
                TokenKind::Symbol("?") if self.is_symbol_at(1, ".") || self.is_symbol_at(1, "[") => {
                    return self.conditional_access(value);
                }
                _ if self.newer_suffix(&value) => ExpressionKind::Error,
                _ => return value,
            };
            value = Expression { kind, place: start.to(self.before()) };
        }
        self.mistake("the expression has too many members in a row");
        self.at = self.tokens.len().saturating_sub(1);
        value
    }

    /// `?.` or `?[` and the rest of the chain. `a ? [b] : c` does not exist in C# 7, so `?[` is always an access.
    fn conditional_access(&mut self, target: Expression) -> Expression {
        let start = target.place;
        let receiver = Expression { kind: ExpressionKind::Receiver, place: start };
        let refused = self.error_expression();
        let access = self.nested(refused, |parser| {
            parser.at += 1;
            let first = if parser.eat(".") {
                parser.member(receiver).unwrap_or_else(|| parser.error_expression())
            } else {
                let arguments = parser.arguments("[", "]");
                let place = start.to(parser.before());
                Expression { kind: ExpressionKind::Index { target: Box::new(receiver), arguments }, place }
            };
            parser.chain(first)
        });
        let place = start.to(self.before());
        let kind = ExpressionKind::ConditionalAccess { target: Box::new(target), access: Box::new(access) };
        Expression { kind, place }
    }

    /// A member's name and type arguments, after the dot.
    fn member(&mut self, target: Expression) -> Option<Expression> {
        let (name, name_place) = self.identifier()?;
        let arguments = self.expression_type_arguments();
        let place = target.place.to(self.before());
        let kind = ExpressionKind::Member { target: Box::new(target), name, name_place, arguments };
        Some(Expression { kind, place })
    }

    /// `<T>` after a name, when what follows tells that it is no comparison.
    pub(super) fn expression_type_arguments(&mut self) -> Vec<TypeSyntax> {
        if !self.is_symbol("<") {
            return Vec::new();
        }
        const FOLLOWS: &[&str] =
            &["(", ")", "]", "}", ":", ";", ",", ".", "?", "==", "!=", "|", "^", "&&", "||", "&", "[", "=>"];
        let read = self.attempt(|parser| {
            let arguments = parser.type_arguments()?;
            let follows = match parser.kind() {
                TokenKind::Symbol(symbol) => FOLLOWS.contains(symbol),
                TokenKind::End => true,
                _ => false,
            };
            follows.then_some(arguments)
        });
        read.unwrap_or_default()
    }
}
