//! Types as written.

use std::sync::Arc;

use super::{Parser, is_reserved};
use crate::ast::{TypeSyntax, TypeSyntaxKind};
use crate::types::KEYWORDS;

/// Arrays of arrays, at most.
const MAXIMUM_RANKS: usize = 16;

impl Parser<'_> {
    /// A type with `?`, `[]` and `[,]`.
    pub(super) fn ty(&mut self) -> Option<TypeSyntax> {
        let ty = self.ty_without_suffix()?;
        let ty = self.with_ranks(ty);
        if !self.is_symbol("?") || self.is_symbol_at(1, ".") {
            return Some(ty);
        }
        self.at += 1;
        let place = ty.place.to(self.before());
        let nullable = TypeSyntax { kind: TypeSyntaxKind::Nullable(Box::new(ty)), place };
        Some(self.with_ranks(nullable))
    }

    /// `[]` and `[,]` after an element type: `int[][,]` is an array of `int[,]`.
    pub(super) fn with_ranks(&mut self, element: TypeSyntax) -> TypeSyntax {
        let mut ranks = Vec::new();
        while let Some(rank) = self.empty_rank() {
            ranks.push((rank, element.place.to(self.before())));
            if ranks.len() > MAXIMUM_RANKS {
                self.mistake("the type is nested too deeply");
                self.at = self.tokens.len().saturating_sub(1);
                return element;
            }
        }
        ranks.into_iter().rev().fold(element, |inner, (rank, place)| {
            let inner = Box::new(inner);
            let kind =
                if rank == 1 { TypeSyntaxKind::Array(inner) } else { TypeSyntaxKind::Matrix(inner, rank) };
            TypeSyntax { kind, place }
        })
    }

    /// A keyword, a name with dots and type arguments, or a tuple.
    pub(super) fn ty_without_suffix(&mut self) -> Option<TypeSyntax> {
        self.nested(None, |parser| if parser.is_symbol("(") { parser.tuple_type() } else { parser.ty_name() })
    }

    /// `(T, U name, …)`.
    fn tuple_type(&mut self) -> Option<TypeSyntax> {
        let start = self.place();
        let mut elements = Vec::new();
        self.at += 1;
        loop {
            let ty = self.ty()?;
            let name = if self.is_identifier_at(0) { self.identifier().map(|(name, _)| name) } else { None };
            elements.push((ty, name));
            if !self.eat(",") {
                break;
            }
        }
        let closed = self.expect(")") && elements.len() > 1;
        let place = start.to(self.before());
        closed.then_some(TypeSyntax { kind: TypeSyntaxKind::Tuple(elements), place })
    }

    fn ty_name(&mut self) -> Option<TypeSyntax> {
        let start = self.place();
        if let Some(word) = self.word_at(0).filter(|word| is_keyword_type(word)) {
            self.at += 1;
            return Some(TypeSyntax {
                kind: TypeSyntaxKind::Name(Arc::from(word), Vec::new()),
                place: start,
            });
        }
        if self.word_at(0).is_some_and(is_reserved) {
            self.mistake("a type is expected");
            return None;
        }
        if self.is_word("global") && self.is_symbol_at(1, "::") {
            self.at += 2;
        }
        let mut name = self.identifier()?.0.to_string();
        while self.is_symbol(".") && self.is_identifier_at(1) {
            self.at += 1;
            name.push('.');
            name.push_str(&self.identifier()?.0);
        }
        let arguments = if self.is_symbol("<") { self.type_arguments()? } else { Vec::new() };
        let place = start.to(self.before());
        Some(TypeSyntax { kind: TypeSyntaxKind::Name(Arc::from(name), arguments), place })
    }

    /// `<A, B>`.
    pub(super) fn type_arguments(&mut self) -> Option<Vec<TypeSyntax>> {
        let mut arguments = Vec::new();
        if !self.expect("<") {
            return None;
        }
        loop {
            arguments.push(self.ty()?);
            if !self.eat(",") {
                break;
            }
        }
        self.expect(">").then_some(arguments)
    }
}

/// True for `int`, `string` and their like.
pub(super) fn is_keyword_type(word: &str) -> bool {
    KEYWORDS.iter().any(|(keyword, _)| *keyword == word)
}
