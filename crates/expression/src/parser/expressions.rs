//! Operators: assignment, conditional, binary by precedence, unary.

use super::types::is_keyword_type;
use super::words::is_query_word;
use super::{MAXIMUM_CHAIN, Parser};
use crate::ast::{BinaryOperator, Expression, ExpressionKind, TypeSyntax, TypeSyntaxKind, UnaryOperator};
use crate::lexer::TokenKind;

/// `is` and `as` bind like comparisons.
pub(super) const RELATIONAL: u8 = 7;

impl Parser<'_> {
    /// Any expression.
    pub(super) fn expression(&mut self) -> Expression {
        let refused = self.error_expression();
        self.nested(refused, Self::assignment)
    }

    /// An expression where `throw …` may stand instead.
    pub(super) fn expression_or_throw(&mut self) -> Expression {
        self.may_throw = true;
        let value = self.expression();
        self.may_throw = false;
        value
    }

    fn assignment(&mut self) -> Expression {
        let may_throw = std::mem::take(&mut self.may_throw);
        if self.is_word("throw") {
            let start = self.place();
            self.at += 1;
            let value = self.expression();
            let place = start.to(value.place);
            if !may_throw {
                self.mistake_at(start, "`throw` stands as a statement, after `??`, `?`, `:` or `=>`");
            }
            return Expression { kind: ExpressionKind::Throw(Box::new(value)), place };
        }
        if let Some(lambda) = self.lambda() {
            return lambda;
        }
        if let Some(query) = self.query() {
            return query;
        }
        let target = if self.begins_deconstruction() { self.deconstruction() } else { self.conditional() };
        let Some((operator, tokens)) = self.assignment_operator() else { return target };
        let operator_place = self.place();
        self.at += tokens;
        if operator == Some(BinaryOperator::Coalesce) {
            self.newer(operator_place, "`??=` is", "8", "`a = a ?? b`");
        }
        let value = self.expression();
        let place = target.place.to(value.place);
        let kind = ExpressionKind::Assign { operator, target: Box::new(target), value: Box::new(value) };
        Expression { kind, place }
    }

    /// The operator of an assignment (none for plain `=`) and how many tokens it takes.
    fn assignment_operator(&self) -> Option<(Option<BinaryOperator>, usize)> {
        use BinaryOperator as B;
        let TokenKind::Symbol(symbol) = *self.kind() else { return None };
        Some((
            match symbol {
                "=" => None,
                "+=" => Some(B::Add),
                "-=" => Some(B::Subtract),
                "*=" => Some(B::Multiply),
                "/=" => Some(B::Divide),
                "%=" => Some(B::Remainder),
                "&=" => Some(B::And),
                "|=" => Some(B::Or),
                "^=" => Some(B::Xor),
                "<<=" => Some(B::ShiftLeft),
                "??=" => Some(B::Coalesce),
                ">" if self.is_symbol_at(1, ">=") && self.is_adjacent() => {
                    return Some((Some(B::ShiftRight), 2));
                }
                _ => return None,
            },
            1,
        ))
    }

    /// True when no space stands between this token and the next.
    fn is_adjacent(&self) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|next| next.place.start == self.place().end)
    }

    fn conditional(&mut self) -> Expression {
        let condition = self.binary(0);
        if !self.is_symbol("?") {
            return condition;
        }
        self.at += 1;
        let then = self.expression_or_throw();
        self.expect(":");
        let otherwise = self.expression_or_throw();
        let place = condition.place.to(otherwise.place);
        let kind = ExpressionKind::Conditional {
            condition: Box::new(condition),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        };
        Expression { kind, place }
    }

    /// Binary operators that bind at least as tightly as `least`.
    pub(super) fn binary(&mut self, least: u8) -> Expression {
        let mut left = self.unary();
        for link in 0..MAXIMUM_CHAIN {
            self.longest = self.longest.max(link);
            if RELATIONAL >= least && (self.is_word("is") || self.is_word("as")) {
                left = self.type_test(left);
                continue;
            }
            let Some((operator, precedence, tokens)) = self.binary_operator() else { return left };
            if precedence < least {
                return left;
            }
            self.at += tokens;
            // `??` groups to the right, all others to the left.
            let right = if operator == BinaryOperator::Coalesce {
                let refused = self.error_expression();
                if self.is_word("throw") {
                    self.expression_or_throw()
                } else {
                    self.nested(refused, |parser| parser.binary(precedence))
                }
            } else {
                self.binary(precedence + 1)
            };
            let place = left.place.to(right.place);
            let kind = ExpressionKind::Binary(operator, Box::new(left), Box::new(right));
            left = Expression { kind, place };
        }
        self.mistake("the expression has too many operators in a row");
        self.at = self.tokens.len().saturating_sub(1);
        left
    }

    /// The operator, its precedence (higher binds tighter) and how many tokens it takes.
    fn binary_operator(&self) -> Option<(BinaryOperator, u8, usize)> {
        use BinaryOperator as B;
        let TokenKind::Symbol(symbol) = *self.kind() else { return None };
        let (operator, precedence) = match symbol {
            "??" => (B::Coalesce, 0),
            "||" => (B::OrElse, 1),
            "&&" => (B::AndAlso, 2),
            "|" => (B::Or, 3),
            "^" => (B::Xor, 4),
            "&" => (B::And, 5),
            "==" => (B::Equal, 6),
            "!=" => (B::NotEqual, 6),
            "<" => (B::Less, RELATIONAL),
            ">" if self.is_symbol_at(1, ">") && self.is_adjacent() => return Some((B::ShiftRight, 8, 2)),
            ">" if self.is_symbol_at(1, ">=") && self.is_adjacent() => return None,
            ">" => (B::Greater, RELATIONAL),
            "<=" => (B::LessOrEqual, RELATIONAL),
            ">=" => (B::GreaterOrEqual, RELATIONAL),
            "<<" => (B::ShiftLeft, 8),
            "+" => (B::Add, 9),
            "-" => (B::Subtract, 9),
            "*" => (B::Multiply, 10),
            "/" => (B::Divide, 10),
            "%" => (B::Remainder, 10),
            _ => return None,
        };
        Some((operator, precedence, 1))
    }

    /// True when the token can only begin an operand.
    pub(super) fn begins_operand(&self) -> bool {
        self.begins_operand_at(0)
    }

    pub(super) fn begins_operand_at(&self, ahead: usize) -> bool {
        match self.kind_at(ahead) {
            TokenKind::Literal(_) | TokenKind::Interpolated(_) => true,
            TokenKind::Symbol(symbol) => matches!(*symbol, "(" | "!" | "~"),
            TokenKind::Word { .. } => !self.word_at(ahead).is_some_and(|word| {
                matches!(word, "is" | "as" | "when" | "in" | "switch" | "with" | "and" | "or")
                    || (self.queries > 0 && is_query_word(word))
            }),
            TokenKind::End => false,
        }
    }

    pub(super) fn unary(&mut self) -> Expression {
        let refused = self.error_expression();
        self.nested(refused, Self::unary_inner)
    }

    fn unary_inner(&mut self) -> Expression {
        let start = self.place();
        let operator = match self.kind() {
            TokenKind::Symbol("+") => Some(UnaryOperator::Plus),
            TokenKind::Symbol("-") => Some(UnaryOperator::Minus),
            TokenKind::Symbol("!") => Some(UnaryOperator::Not),
            TokenKind::Symbol("~") => Some(UnaryOperator::Complement),
            _ => None,
        };
        if let Some(operator) = operator {
            self.at += 1;
            let operand = self.unary();
            let place = start.to(operand.place);
            return Expression { kind: ExpressionKind::Unary(operator, Box::new(operand)), place };
        }
        for (symbol, by) in [("++", 1), ("--", -1)] {
            if self.eat(symbol) {
                let target = Box::new(self.unary());
                let place = start.to(target.place);
                return Expression { kind: ExpressionKind::Increment { target, by, prefix: true }, place };
            }
        }
        if let Some(ty) = self.cast_type() {
            let operand = self.unary();
            let place = start.to(operand.place);
            return Expression { kind: ExpressionKind::Cast(ty, Box::new(operand)), place };
        }
        self.postfix()
    }

    /// `(T)` when it is a cast and no value in parentheses.
    fn cast_type(&mut self) -> Option<TypeSyntax> {
        if !self.is_symbol("(") {
            return None;
        }
        self.attempt(|parser| {
            parser.at += 1;
            let ty = parser.ty()?;
            if !parser.eat(")") {
                return None;
            }
            let certain = match &ty.kind {
                TypeSyntaxKind::Name(name, arguments) => is_keyword_type(name) || !arguments.is_empty(),
                _ => true,
            };
            let signed = ["-", "+", "++", "--"].iter().any(|symbol| parser.is_symbol(symbol));
            (parser.begins_operand() || (certain && signed)).then_some(ty)
        })
    }
}
