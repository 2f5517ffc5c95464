//! Patterns: what follows `is` and `case`.

use super::Parser;
use super::expressions::RELATIONAL;
use super::types::is_keyword_type;
use crate::ast::{Expression, ExpressionKind, Pattern, TypeSyntax, TypeSyntaxKind};
use crate::lexer::TokenKind;

impl Parser<'_> {
    pub(super) fn type_test(&mut self, value: Expression) -> Expression {
        let is = self.is_word("is");
        self.at += 1;
        let start = value.place;
        let kind = if is {
            ExpressionKind::Is(Box::new(value), self.pattern())
        } else {
            match self.tested_type() {
                Some(ty) => ExpressionKind::As(Box::new(value), ty),
                None => ExpressionKind::Error,
            }
        };
        Expression { kind, place: start.to(self.before()) }
    }

    /// A type after `is` or `as`: `x is int ? a : b` is a conditional, not `int?`.
    fn tested_type(&mut self) -> Option<TypeSyntax> {
        let with_suffix = self.attempt(|parser| {
            let ty = parser.ty()?;
            let nullable = matches!(ty.kind, TypeSyntaxKind::Nullable(_));
            let signed = ["-", "+", "++", "--"].iter().any(|symbol| parser.is_symbol(symbol));
            let goes_on = signed || parser.begins_operand();
            (!(nullable && goes_on)).then_some(ty)
        });
        with_suffix.or_else(|| self.ty_without_suffix())
    }

    pub(super) fn pattern(&mut self) -> Pattern {
        let refused = Pattern::Constant(Box::new(self.error_expression()));
        self.nested(refused, Self::pattern_inner)
    }

    fn pattern_inner(&mut self) -> Pattern {
        if self.newer_pattern() {
            return Pattern::Constant(Box::new(self.error_expression()));
        }
        if self.is_word("var") && self.is_identifier_at(1) {
            self.at += 1;
            if let Some((name, _)) = self.identifier() {
                return Pattern::Var(name);
            }
        }
        let typed = self.attempt(Self::type_pattern);
        // A constant may be a name too: the binder tells a type from a constant.
        let pattern = typed.unwrap_or_else(|| self.constant_pattern());
        self.newer_pattern_suffix();
        pattern
    }

    fn constant_pattern(&mut self) -> Pattern {
        let value = self.binary(RELATIONAL + 1);
        if let ExpressionKind::Tuple(_) = value.kind {
            self.newer(value.place, "positional patterns are", "8", "a comparison of the parts");
        }
        Pattern::Constant(Box::new(value))
    }

    fn type_pattern(&mut self) -> Option<Pattern> {
        if self.is_symbol("(") {
            return None;
        }
        let ty = self.tested_type()?;
        if self.is_designation() {
            let name = self.identifier()?.0;
            return Some(Pattern::Type(ty, Some(name)));
        }
        let certain = match &ty.kind {
            TypeSyntaxKind::Name(name, arguments) => is_keyword_type(name) || !arguments.is_empty(),
            _ => true,
        };
        let member = self.is_symbol(".") || self.is_symbol("(") || self.is_symbol("[");
        (!member && (certain || self.ends_pattern())).then_some(Pattern::Type(ty, None))
    }

    fn ends_pattern(&self) -> bool {
        match self.kind() {
            TokenKind::Symbol(symbol) => matches!(
                *symbol,
                ")" | "&&"
                    | "||"
                    | ":"
                    | "?"
                    | "??"
                    | ";"
                    | ","
                    | "]"
                    | "}"
                    | "=="
                    | "!="
                    | "{"
                    | "&"
                    | "|"
                    | "^"
            ),
            TokenKind::End => true,
            TokenKind::Word { .. } => !self.is_designation(),
            _ => false,
        }
    }
}
