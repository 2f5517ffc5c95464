//! Values that nothing joins: literals, names, parentheses, and what keywords begin.

use super::Parser;
use super::types::is_keyword_type;
use super::words::is_query_word;
use crate::ast::{Expression, ExpressionKind, Place};
use crate::lexer::{Mistake, TokenKind};
use crate::value::Value;

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Expression {
        let place = self.place();
        let kind = match self.kind().clone() {
            TokenKind::Literal(value) => {
                self.at += 1;
                ExpressionKind::Literal(value)
            }
            TokenKind::Interpolated(parts) => {
                self.at += 1;
                self.interpolation(parts)
            }
            TokenKind::Symbol("(") => self.parenthesised(),
            TokenKind::Word { escaped } => match self.word_at(0) {
                Some(word) if !escaped && super::is_reserved(word) => self.keyword(word),
                Some("nameof") if self.is_symbol_at(1, "(") => self.nameof(),
                Some("await") if self.is_identifier_at(1) => {
                    self.at += 1;
                    let message = "`await` cannot be used in a policy expression: nothing in it waits";
                    let mistake = Mistake::new("expression-syntax", place, message);
                    self.mistakes.push(mistake.help("leave out `await`"));
                    self.unary().kind
                }
                _ => self.name(),
            },
            _ => self.newer_prefix().unwrap_or_else(|| {
                let shown = self.shown();
                self.mistake(format!("a value is expected before {shown}"));
                ExpressionKind::Error
            }),
        };
        Expression { kind, place: place.to(self.before()) }
    }

    fn name(&mut self) -> ExpressionKind {
        if self.is_word("global") && self.is_symbol_at(1, "::") {
            self.at += 2;
        }
        if self.queries > 0
            && let Some(word) = self.word_at(0).filter(|word| is_query_word(word))
        {
            self.mistake(format!("`{word}` is a keyword inside a query: a name would be `@{word}`"));
            self.at += 1;
            return ExpressionKind::Error;
        }
        match self.identifier() {
            Some((name, _)) => ExpressionKind::Name(name, self.expression_type_arguments()),
            None => ExpressionKind::Error,
        }
    }

    fn keyword(&mut self, word: &str) -> ExpressionKind {
        if is_keyword_type(word) {
            return self.ty_without_suffix().map_or(ExpressionKind::Error, ExpressionKind::TypeName);
        }
        self.at += 1;
        match word {
            "true" => ExpressionKind::Literal(Value::Boolean(true)),
            "false" => ExpressionKind::Literal(Value::Boolean(false)),
            "null" => ExpressionKind::Literal(Value::Null),
            "new" => self.creation(),
            "delegate" => self.anonymous_method(),
            "checked" | "unchecked" => {
                self.expect("(");
                let value = self.expression();
                self.expect(")");
                ExpressionKind::Checked(word == "checked", Box::new(value))
            }
            "typeof" | "sizeof" => {
                self.expect("(");
                let ty = self.ty();
                self.expect(")");
                let made = if word == "typeof" { ExpressionKind::TypeOf } else { ExpressionKind::SizeOf };
                ty.map_or(ExpressionKind::Error, made)
            }
            "default" if self.eat("(") => {
                let ty = self.ty();
                self.expect(")");
                ExpressionKind::Default(ty)
            }
            "default" => ExpressionKind::Default(None),
            "ref" => ExpressionKind::Ref(Box::new(self.unary())),
            _ => {
                let place = self.before();
                self.refused_word(word, place);
                ExpressionKind::Error
            }
        }
    }

    fn refused_word(&mut self, word: &str, place: Place) {
        let begins_statement = matches!(
            word,
            "return"
                | "if"
                | "for"
                | "foreach"
                | "while"
                | "do"
                | "switch"
                | "try"
                | "break"
                | "continue"
                | "const"
                | "using"
                | "lock"
                | "goto"
        );
        let (message, help) = if begins_statement {
            let message = format!("`{word}` is a statement, and a value is wanted here");
            (message, Some("statements stand in `@{ … }`, which ends with `return …;`"))
        } else if word == "this" || word == "base" {
            let message = format!("`{word}` does not exist in a policy expression: it belongs to no object");
            (message, Some("the call is `context`"))
        } else {
            (format!("`{word}` cannot be used in a policy expression"), None)
        };
        let mistake = Mistake::new("expression-syntax", place, message);
        self.mistakes.push(match help {
            Some(help) => mistake.help(help),
            None => mistake,
        });
    }

    /// `nameof(a.b)` is the last name.
    fn nameof(&mut self) -> ExpressionKind {
        self.at += 2;
        let argument = self.expression();
        if self.parenthesised == Some(argument.place) {
            self.mistake_at(argument.place, "`nameof` takes a name without parentheses");
        }
        self.expect(")");
        ExpressionKind::NameOf(Box::new(argument))
    }
}
