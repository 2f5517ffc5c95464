//! Local variables, constants and functions.

use super::Parser;
use super::arguments::inferred_if_var;
use crate::ast::{
    Expression, ExpressionKind, LambdaBody, Name, Statement, StatementKind, TypeSyntax, TypeSyntaxKind,
};

impl Parser<'_> {
    /// A local variable, constant or function, when one begins here.
    pub(super) fn local_declaration(&mut self) -> Option<StatementKind> {
        let awaits = self.is_word("await") && self.is_identifier_at(1) && !self.is_symbol_at(2, "=");
        if awaits || self.begins_deconstruction() {
            return None;
        }
        let is_const = self.eat_word("const");
        if self.is_word("static") && !is_const {
            let place = self.place();
            self.at += 1;
            self.newer(place, "static local functions are", "8", "it without `static`");
        }
        let head = self.attempt(|parser| {
            let ty = parser.ty()?;
            let declares = ["=", ";", ",", "("].iter().any(|symbol| parser.is_symbol_at(1, symbol));
            let generic = parser.is_symbol_at(1, "<") && parser.begins_generic_function();
            (parser.is_identifier_at(0) && (declares || generic)).then_some(ty)
        });
        let Some(ty) = head else {
            if is_const {
                self.mistake("a constant needs a type and a name");
            }
            return None;
        };
        if self.is_symbol_at(1, "(") || self.is_symbol_at(1, "<") {
            return self.local_function(ty);
        }
        let kind = self.variables(inferred_if_var(ty), is_const);
        self.end_statement();
        Some(kind)
    }

    /// True at `Name<T, U>(`.
    fn begins_generic_function(&self) -> bool {
        let mut ahead = 2;
        while self.is_identifier_at(ahead) {
            if self.is_symbol_at(ahead + 1, ">") {
                return self.is_symbol_at(ahead + 2, "(");
            }
            if !self.is_symbol_at(ahead + 1, ",") {
                return false;
            }
            ahead += 2;
        }
        false
    }

    /// After the type of its result.
    fn local_function(&mut self, result: TypeSyntax) -> Option<StatementKind> {
        let (name, _) = self.identifier()?;
        let mut type_parameters = Vec::new();
        if self.eat("<") {
            while let Some((name, _)) = self.identifier() {
                type_parameters.push(name);
                if !self.eat(",") {
                    break;
                }
            }
            self.expect(">");
        }
        let parameters = self.parameters(false);
        self.skip_constraints();
        self.has_functions = true;
        let body = if self.eat("=>") {
            let body = LambdaBody::Expression(Box::new(self.expression_or_throw()));
            self.end_statement();
            body
        } else {
            LambdaBody::Block(self.block())
        };
        Some(StatementKind::LocalFunction { result, name, type_parameters, parameters, body })
    }

    /// `where T : class`: says nothing about what the function does.
    fn skip_constraints(&mut self) {
        while self.is_word("where") && self.is_identifier_at(1) && self.is_symbol_at(2, ":") {
            self.at += 3;
            while !self.is_symbol("{") && !self.is_symbol("=>") && !self.is_word("where") && !self.is_end() {
                self.bump();
            }
        }
    }

    pub(super) fn variables(&mut self, ty: TypeSyntax, is_const: bool) -> StatementKind {
        let mut variables = Vec::new();
        while let Some((name, place)) = self.identifier() {
            let value = if self.eat("=") { Some(self.initial_value(&ty)) } else { None };
            variables.push((name, place, value));
            if !self.eat(",") {
                break;
            }
        }
        StatementKind::Local { ty, is_const, variables }
    }

    /// After `=`: braces make an array of the declared type.
    fn initial_value(&mut self, ty: &TypeSyntax) -> Expression {
        let start = self.place();
        if !self.is_symbol("{") {
            return self.expression();
        }
        let kind = match &ty.kind {
            TypeSyntaxKind::Array(element) => {
                let items = Some(self.array_items(false));
                ExpressionKind::NewArray { element: Some((**element).clone()), length: None, items }
            }
            TypeSyntaxKind::Matrix(element, rank) => ExpressionKind::NewMatrix {
                element: Some((**element).clone()),
                rank: *rank,
                lengths: Vec::new(),
                items: Some(self.array_items(true)),
            },
            _ => {
                self.array_items(false);
                let place = start.to(self.before());
                self.mistake_at(place, "braces alone make a value only for a variable declared as an array");
                ExpressionKind::Error
            }
        };
        Expression { kind, place: start.to(self.before()) }
    }

    /// `ref T name = ref variable;`
    pub(super) fn ref_local(&mut self) -> StatementKind {
        self.at += 1;
        self.eat_word("readonly");
        let head = self.ty().map(inferred_if_var);
        let named = self.identifier();
        let (Some(ty), Some((name, place))) = (head, named) else {
            self.skip_statement();
            return StatementKind::Empty;
        };
        if self.is_symbol("(") {
            self.mistake_at(place, "functions that give a reference are not supported in policy expressions");
            self.skip_statement();
            return StatementKind::Empty;
        }
        self.expect("=");
        let of = self.expression();
        self.end_statement();
        StatementKind::RefLocal { ty, name, place, of }
    }

    pub(super) fn using_statement(&mut self) -> StatementKind {
        let start = self.place();
        self.at += 1;
        if !self.is_symbol("(") {
            return self.newer_using(start);
        }
        self.expect("(");
        let start = self.place();
        let declared = self.attempt(|parser| {
            let ty = parser.ty()?;
            (parser.is_identifier_at(0) && parser.is_symbol_at(1, "=")).then_some(ty)
        });
        let kind = match declared {
            Some(ty) => self.variables(inferred_if_var(ty), false),
            None => StatementKind::Expression(self.expression()),
        };
        let resource = Box::new(Statement { kind, place: start.to(self.before()) });
        self.expect(")");
        StatementKind::Using { resource, body: self.boxed_statement() }
    }

    /// `using var x = …;` or `using System;`
    fn newer_using(&mut self, start: crate::ast::Place) -> StatementKind {
        let count = self.mistakes.len();
        let declares = self.local_declaration().is_some();
        self.mistakes.truncate(count);
        let place = start.to(self.before());
        if declares {
            self.newer(place, "`using` without parentheses is", "8", "`using (var x = …) { … }`");
        } else {
            self.skip_statement();
            let place = start.to(self.before());
            self.mistake_at(
                place,
                "a `using` directive cannot stand in a policy expression: the namespaces are there",
            );
        }
        StatementKind::Empty
    }

    /// The name after `goto` and the like.
    pub(super) fn label(&mut self) -> Option<Name> {
        self.identifier().map(|(name, _)| name)
    }
}
