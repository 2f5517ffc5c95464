//! Lambdas, anonymous methods and parameters.

use super::Parser;
use crate::ast::{
    Expression, ExpressionKind, LambdaBody, LambdaParameter, ParameterMode, TypeSyntax, TypeSyntaxKind,
};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// A lambda, when one begins here.
    pub(super) fn lambda(&mut self) -> Option<Expression> {
        let start = self.place();
        self.modifiers_of_lambda();
        let single = self.is_identifier_at(0) && self.is_symbol_at(1, "=>");
        let listed = self.is_symbol("(") && self.closes_before_arrow();
        if !single && !listed {
            return None;
        }
        let parameters = if single {
            let (name, place) = self.identifier()?;
            let ty = TypeSyntax { kind: TypeSyntaxKind::Inferred, place };
            vec![LambdaParameter { ty, name, default: None, mode: ParameterMode::Value }]
        } else {
            self.parameters(true)
        };
        self.expect("=>");
        self.has_functions = true;
        let body = self.lambda_body();
        Some(Expression { kind: ExpressionKind::Lambda { parameters, body }, place: start.to(self.before()) })
    }

    /// `async` and `static` before a lambda are reported and skipped.
    fn modifiers_of_lambda(&mut self) {
        let place = self.place();
        let begins = self.is_symbol_at(1, "(") || (self.is_identifier_at(1) && self.is_symbol_at(2, "=>"));
        if self.is_word("static") && begins {
            self.at += 1;
            self.newer(place, "static lambdas are", "9", "it without `static`");
        } else if self.is_word("async") && self.is_identifier_at(1) && self.is_symbol_at(2, "=>") {
            self.at += 1;
            self.mistake_at(place, "`async` cannot be used in a policy expression");
        }
    }

    /// After `delegate`: `(int a) {…}` or `{…}`.
    pub(super) fn anonymous_method(&mut self) -> ExpressionKind {
        self.has_functions = true;
        if self.is_symbol("{") {
            return ExpressionKind::AnonymousMethod(LambdaBody::Block(self.block()));
        }
        let parameters = self.parameters(false);
        ExpressionKind::Lambda { parameters, body: LambdaBody::Block(self.block()) }
    }

    /// An expression or a block, after `=>`.
    pub(super) fn lambda_body(&mut self) -> LambdaBody {
        if self.is_symbol("{") {
            LambdaBody::Block(self.block())
        } else {
            LambdaBody::Expression(Box::new(self.expression_or_throw()))
        }
    }

    /// True when the parenthesis here closes right before `=>`.
    fn closes_before_arrow(&self) -> bool {
        let mut depth = 0_usize;
        for ahead in 0..self.tokens.len() - self.at {
            match self.kind_at(ahead) {
                TokenKind::Symbol("(") => depth += 1,
                TokenKind::Symbol(")") => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return self.is_symbol_at(ahead + 1, "=>");
                    }
                }
                // Parameters hold names, types and commas only.
                TokenKind::Word { .. } | TokenKind::Symbol("," | "<" | ">" | "[" | "]" | "?" | ".") => {}
                _ => return false,
            }
        }
        false
    }

    /// `(int a, ref string b, …)`.
    pub(super) fn parameters(&mut self, of_lambda: bool) -> Vec<LambdaParameter> {
        let mut parameters = Vec::new();
        self.expect("(");
        while !self.is_symbol(")") && !self.is_end() {
            let Some(parameter) = self.parameter(of_lambda) else { break };
            let discards = |known: &LambdaParameter| &*known.name == "_";
            if discards(&parameter) && parameters.iter().any(discards) {
                let place = self.before();
                self.newer(place, "two parameters `_` are", "9", "different names");
            }
            parameters.push(parameter);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(")");
        parameters
    }

    /// Only a lambda may leave the type out.
    fn parameter(&mut self, of_lambda: bool) -> Option<LambdaParameter> {
        let mode = match self.word_at(0) {
            Some("ref") => ParameterMode::Ref,
            Some("out") => ParameterMode::Out,
            Some("params") => ParameterMode::Params,
            _ => ParameterMode::Value,
        };
        if mode != ParameterMode::Value || self.is_word("in") {
            self.at += 1;
        }
        let untyped =
            of_lambda && self.is_identifier_at(0) && (self.is_symbol_at(1, ",") || self.is_symbol_at(1, ")"));
        let ty = if untyped {
            TypeSyntax { kind: TypeSyntaxKind::Inferred, place: self.place() }
        } else {
            self.ty()?
        };
        let (name, _) = self.identifier()?;
        let default = if self.eat("=") { Some(self.expression()) } else { None };
        Some(LambdaParameter { ty, name, default, mode })
    }
}
