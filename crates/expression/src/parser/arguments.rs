//! Arguments: `a`, `name: a`, `ref a`, `out a`, `out T a`.

use std::sync::Arc;

use super::Parser;
use crate::ast::{Argument, ArgumentMode, Expression, ExpressionKind, TypeSyntax, TypeSyntaxKind};

impl Parser<'_> {
    pub(super) fn arguments(&mut self, open: &str, close: &str) -> Vec<Argument> {
        let mut arguments = Vec::new();
        self.expect(open);
        while !self.is_symbol(close) && !self.is_end() {
            arguments.push(self.argument());
            if !self.eat(",") {
                break;
            }
            if self.is_symbol(close) && self.mistakes.is_empty() {
                self.mistake("an argument is missing after `,`");
            }
        }
        self.expect(close);
        arguments
    }

    fn argument(&mut self) -> Argument {
        let mut name = None;
        if self.is_identifier_at(0) && self.is_symbol_at(1, ":") {
            name = self.identifier().map(|(name, _)| name);
            self.at += 1;
        }
        if self.eat_word("ref") {
            return Argument { name, mode: ArgumentMode::Ref, value: self.expression() };
        }
        if self.eat_word("out") {
            return self.out_argument(name);
        }
        // `in x` passes like a value: the called function cannot change it.
        self.eat_word("in");
        Argument { name, mode: ArgumentMode::Value, value: self.expression() }
    }

    fn out_argument(&mut self, name: Option<crate::ast::Name>) -> Argument {
        let start = self.place();
        let declared = self.attempt(|parser| {
            let ty = parser.ty()?;
            let variable = parser.identifier()?.0;
            (parser.is_symbol(",") || parser.is_symbol(")")).then_some((ty, variable))
        });
        match declared {
            Some((ty, variable)) => {
                let ty = inferred_if_var(ty);
                let value = Expression {
                    kind: ExpressionKind::Name(Arc::clone(&variable), Vec::new()),
                    place: start.to(self.before()),
                };
                Argument { name, mode: ArgumentMode::OutDeclaration(ty, variable), value }
            }
            None => Argument { name, mode: ArgumentMode::Out, value: self.expression() },
        }
    }
}

/// `var` asks for inference.
pub(super) fn inferred_if_var(ty: TypeSyntax) -> TypeSyntax {
    match &ty.kind {
        TypeSyntaxKind::Name(name, arguments) if &**name == "var" && arguments.is_empty() => {
            TypeSyntax { kind: TypeSyntaxKind::Inferred, place: ty.place }
        }
        _ => ty,
    }
}
