//! Types as written.

use std::sync::Arc;

use super::{Parser, is_reserved};
use crate::ast::{TypeSyntax, TypeSyntaxKind};
use crate::types::KEYWORDS;

impl Parser<'_> {
    /// A type with `?` and `[]`.
    pub(super) fn ty(&mut self) -> Option<TypeSyntax> {
        let mut ty = self.ty_without_suffix()?;
        loop {
            if self.is_symbol("[") && self.is_symbol_at(1, "]") {
                self.at += 2;
                let place = ty.place.to(self.before());
                ty = TypeSyntax { kind: TypeSyntaxKind::Array(Box::new(ty)), place };
            } else if self.is_symbol("?") && !matches!(ty.kind, TypeSyntaxKind::Nullable(_)) {
                self.at += 1;
                let place = ty.place.to(self.before());
                ty = TypeSyntax { kind: TypeSyntaxKind::Nullable(Box::new(ty)), place };
            } else if self.is_symbol("?[") && self.is_symbol_at(1, "]") {
                // `int?[]`: the lexer joined `?` and `[`.
                self.at += 2;
                let place = ty.place.to(self.before());
                let inner = TypeSyntax { kind: TypeSyntaxKind::Nullable(Box::new(ty)), place };
                ty = TypeSyntax { kind: TypeSyntaxKind::Array(Box::new(inner)), place };
            } else {
                return Some(ty);
            }
        }
    }

    /// A keyword or a name with dots and type arguments.
    pub(super) fn ty_without_suffix(&mut self) -> Option<TypeSyntax> {
        self.nested(None, Self::ty_name)
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
