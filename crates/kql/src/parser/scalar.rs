//! Expressions: operators by their precedence, and what stands between them.

use super::{Parsed, Parser};
use crate::Error;
use crate::ast::{Expression, Kind};
use crate::functions::{Binary, InList, Unary};
use crate::lexer::TokenKind;

/// How many operands `and` and `or` join in one chain.
const MAX_CHAIN: usize = 500;

impl Parser {
    /// A scalar or a table, with the operators behind it.
    pub(super) fn expression(&mut self) -> Parsed<Expression> {
        self.nested(|parser| {
            let start = parser.here().start;
            let first = match parser.source()? {
                Some(source) => source,
                None => parser.or()?,
            };
            let operators = parser.operators()?;
            if operators.is_empty() {
                return Ok(first);
            }
            let span = parser.since(start);
            Ok(Expression { kind: Kind::Pipe(Box::new(first), operators), span })
        })
    }

    /// A scalar.
    pub(super) fn scalar(&mut self) -> Parsed<Expression> {
        self.nested(Self::or)
    }

    fn or(&mut self) -> Parsed<Expression> {
        self.chain("or", Binary::Or, |parser| parser.chain("and", Binary::And, Self::equality))
    }

    fn chain(
        &mut self,
        word: &str,
        operator: Binary,
        operand: impl Fn(&mut Self) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let start = self.here().start;
        let first = operand(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.take_word(word) {
            if operands.len() >= MAX_CHAIN {
                let message = format!("`{word}` joins at most {MAX_CHAIN} conditions");
                return Err(Error::new("query-too-long", self.here(), message)
                    .with_help("compare with a list: `in (…)`"));
            }
            operands.push(operand(self)?);
        }
        Ok(Expression { kind: Kind::Chain(operator, operands), span: self.since(start) })
    }

    /// `==`, `!=`, `in`, `between`, of which one stands alone.
    fn equality(&mut self) -> Parsed<Expression> {
        let start = self.here().start;
        let left = self.relation()?;
        if let Some(operator) = self.list_operator() {
            self.advance();
            let list = self.in_parentheses(Self::expression)?;
            return Ok(Expression {
                kind: Kind::In(operator, Box::new(left), list),
                span: self.since(start),
            });
        }
        if self.is_word("between") || self.is_word("!between") {
            let is_negated = self.is_word("!between");
            self.advance();
            self.expect_sign("(")?;
            let low = Box::new(self.scalar()?);
            self.expect_sign("..")?;
            let high = Box::new(self.scalar()?);
            self.expect_sign(")")?;
            let kind = Kind::Between { value: Box::new(left), low, high, is_negated };
            return Ok(Expression { kind, span: self.since(start) });
        }
        let operator = match self.kind() {
            TokenKind::Sign("==") => Binary::Equal,
            TokenKind::Sign("!=" | "<>") => Binary::NotEqual,
            TokenKind::Sign("=") => {
                return Err(self.expected("an operator").with_help("values are compared with `==`"));
            }
            _ => return Ok(left),
        };
        self.advance();
        let right = self.relation()?;
        Ok(self.binary(operator, left, right, start))
    }

    fn list_operator(&self) -> Option<InList> {
        Some(match self.word()? {
            "in" => InList::In,
            "!in" => InList::NotIn,
            "in~" => InList::InIgnoringCase,
            "!in~" => InList::NotInIgnoringCase,
            "has_any" => InList::HasAny,
            "has_all" => InList::HasAll,
            _ => return None,
        })
    }

    fn binary(&self, operator: Binary, left: Expression, right: Expression, start: usize) -> Expression {
        let kind = Kind::Binary(operator, Box::new(left), Box::new(right));
        Expression { kind, span: self.since(start) }
    }

    fn relation(&mut self) -> Parsed<Expression> {
        self.operators_of(
            |parser| match parser.kind() {
                TokenKind::Sign("<") => Some(Binary::Less),
                TokenKind::Sign("<=") => Some(Binary::LessOrEqual),
                TokenKind::Sign(">") => Some(Binary::Greater),
                TokenKind::Sign(">=") => Some(Binary::GreaterOrEqual),
                _ => None,
            },
            Self::sum,
        )
    }

    fn sum(&mut self) -> Parsed<Expression> {
        self.operators_of(
            |parser| match parser.kind() {
                TokenKind::Sign("+") => Some(Binary::Add),
                TokenKind::Sign("-") => Some(Binary::Subtract),
                _ => None,
            },
            Self::product,
        )
    }

    fn product(&mut self) -> Parsed<Expression> {
        self.operators_of(
            |parser| match parser.kind() {
                TokenKind::Sign("*") => Some(Binary::Multiply),
                TokenKind::Sign("/") => Some(Binary::Divide),
                TokenKind::Sign("%") => Some(Binary::Modulo),
                _ => None,
            },
            Self::text_operators,
        )
    }

    /// `has`, `contains` and their like bind closer than arithmetic.
    fn text_operators(&mut self) -> Parsed<Expression> {
        self.operators_of(Self::text_operator, Self::signed)
    }

    fn text_operator(&self) -> Option<Binary> {
        match self.kind() {
            TokenKind::Sign("=~") => return Some(Binary::EqualIgnoringCase),
            TokenKind::Sign("!~") => return Some(Binary::NotEqualIgnoringCase),
            TokenKind::Sign(":") if self.is_search => return Some(Binary::Has),
            _ => {}
        }
        let word = self.word()?;
        if word == "matches" {
            return (self.word_ahead(1) == Some("regex")).then_some(Binary::MatchesRegex);
        }
        TEXT_OPERATORS.iter().find(|(name, _)| *name == word).map(|(_, operator)| *operator)
    }

    /// Operators of one precedence, from left to right. Each is one level of nesting, for the tree is that deep.
    fn operators_of(
        &mut self,
        operator: impl Fn(&Self) -> Option<Binary>,
        operand: impl Fn(&mut Self) -> Parsed<Expression>,
    ) -> Parsed<Expression> {
        let start = self.here().start;
        let depth = self.depth;
        let mut left = operand(self)?;
        while let Some(found) = operator(self) {
            self.advance();
            if found == Binary::MatchesRegex {
                self.advance();
            }
            let right = self.nested(&operand);
            self.depth += 1;
            left = match right {
                Ok(right) => self.binary(found, left, right, start),
                Err(error) => {
                    self.depth = depth;
                    return Err(error);
                }
            };
        }
        self.depth = depth;
        Ok(left)
    }

    fn signed(&mut self) -> Parsed<Expression> {
        let start = self.here().start;
        let sign = match self.kind() {
            TokenKind::Sign("-") => Unary::Negate,
            TokenKind::Sign("+") => Unary::Plus,
            _ => return self.path(),
        };
        self.advance();
        let value = self.nested(Self::signed)?;
        Ok(Expression { kind: Kind::Unary(sign, Box::new(value)), span: self.since(start) })
    }
}

const TEXT_OPERATORS: [(&str, Binary); 28] = [
    ("has", Binary::Has),
    ("!has", Binary::NotHas),
    ("has_cs", Binary::HasCs),
    ("!has_cs", Binary::NotHasCs),
    ("hasprefix", Binary::HasPrefix),
    ("!hasprefix", Binary::NotHasPrefix),
    ("hasprefix_cs", Binary::HasPrefixCs),
    ("!hasprefix_cs", Binary::NotHasPrefixCs),
    ("hassuffix", Binary::HasSuffix),
    ("!hassuffix", Binary::NotHasSuffix),
    ("hassuffix_cs", Binary::HasSuffixCs),
    ("!hassuffix_cs", Binary::NotHasSuffixCs),
    ("contains", Binary::Contains),
    ("!contains", Binary::NotContains),
    ("contains_cs", Binary::ContainsCs),
    ("!contains_cs", Binary::NotContainsCs),
    ("containscs", Binary::ContainsCs),
    ("!containscs", Binary::NotContainsCs),
    ("notcontains", Binary::NotContains),
    ("notcontainscs", Binary::NotContainsCs),
    ("startswith", Binary::StartsWith),
    ("!startswith", Binary::NotStartsWith),
    ("startswith_cs", Binary::StartsWithCs),
    ("!startswith_cs", Binary::NotStartsWithCs),
    ("endswith", Binary::EndsWith),
    ("!endswith", Binary::NotEndsWith),
    ("endswith_cs", Binary::EndsWithCs),
    ("!endswith_cs", Binary::NotEndsWithCs),
];
