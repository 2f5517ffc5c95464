//! `new`: objects, arrays, anonymous objects.

use std::sync::Arc;

use super::Parser;
use crate::ast::{Expression, ExpressionKind, Name, TypeSyntax, TypeSyntaxKind};

impl Parser<'_> {
    /// After `new`.
    pub(super) fn creation(&mut self) -> ExpressionKind {
        if let Some(rank) = self.empty_rank() {
            let items = Some(self.array_items(rank > 1));
            return if rank == 1 {
                ExpressionKind::NewArray { element: None, length: None, items }
            } else {
                ExpressionKind::NewMatrix { element: None, rank, lengths: Vec::new(), items }
            };
        }
        if self.is_symbol("{") {
            return self.anonymous();
        }
        if self.is_symbol("(") && !self.begins_tuple_array() {
            let start = self.before();
            self.arguments("(", ")");
            self.newer(start.to(self.before()), "`new` without a type is", "9", "`new T(…)`");
            return ExpressionKind::Error;
        }
        let Some(mut ty) = self.ty_without_suffix() else { return ExpressionKind::Error };
        if self.eat("?") {
            ty = TypeSyntax { place: ty.place, kind: TypeSyntaxKind::Nullable(Box::new(ty)) };
        }
        if self.is_symbol("[") {
            return self.array_creation(ty);
        }
        let has_arguments = self.is_symbol("(");
        let arguments = if has_arguments { self.arguments("(", ")") } else { Vec::new() };
        let initializer = if self.is_symbol("{") { Some(self.initializer()) } else { None };
        if !has_arguments && initializer.is_none() {
            self.expect("(");
        }
        ExpressionKind::New { ty, arguments, initializer }
    }

    /// True at `new (int, string)[…]`, whose parentheses are a type.
    fn begins_tuple_array(&mut self) -> bool {
        let (at, count) = (self.at, self.mistakes.len());
        let is_type = self.ty_without_suffix().is_some() && self.is_symbol("[");
        self.at = at;
        self.mistakes.truncate(count);
        is_type
    }

    /// `[]`, `[,]`, `[,,]`: the number of dimensions, when one begins here.
    pub(super) fn empty_rank(&mut self) -> Option<usize> {
        if !self.is_symbol("[") {
            return None;
        }
        let mut ahead = 1;
        while self.is_symbol_at(ahead, ",") {
            ahead += 1;
        }
        if !self.is_symbol_at(ahead, "]") {
            return None;
        }
        self.at += ahead + 1;
        Some(ahead)
    }

    /// After `new T`, at the bracket.
    fn array_creation(&mut self, element: TypeSyntax) -> ExpressionKind {
        let mut lengths = Vec::new();
        let rank = match self.empty_rank() {
            Some(rank) => rank,
            None => {
                self.at += 1;
                lengths.push(self.expression());
                while self.eat(",") {
                    lengths.push(self.expression());
                }
                self.expect("]");
                lengths.len()
            }
        };
        // `new int[3][]` is an array of three `int[]`.
        let element = self.with_ranks(element);
        let items = if self.is_symbol("{") { Some(self.array_items(rank > 1)) } else { None };
        if lengths.is_empty() && items.is_none() {
            self.mistake("an array needs a length or its elements");
        }
        if rank > 1 {
            return ExpressionKind::NewMatrix { element: Some(element), rank, lengths, items };
        }
        let length = lengths.pop().map(Box::new);
        ExpressionKind::NewArray { element: Some(element), length, items }
    }

    /// `{ a, b, }`; `rows` of an array of several dimensions may stand in braces themselves.
    pub(super) fn array_items(&mut self, rows: bool) -> Vec<Expression> {
        let mut items = Vec::new();
        self.expect("{");
        while !self.is_symbol("}") && !self.is_end() {
            items.push(self.item(rows));
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}");
        items
    }

    fn item(&mut self, rows: bool) -> Expression {
        if !self.is_symbol("{") {
            return self.expression();
        }
        let start = self.place();
        let refused = self.error_expression();
        self.nested(refused, |parser| {
            let items = parser.array_items(rows);
            let place = start.to(parser.before());
            if !rows {
                parser.mistake_at(place, "an array inside an array is written `new[] {…}`");
            }
            Expression { kind: ExpressionKind::Row(items), place }
        })
    }

    fn anonymous(&mut self) -> ExpressionKind {
        let mut properties: Vec<(Name, Expression)> = Vec::new();
        self.expect("{");
        while !self.is_symbol("}") && !self.is_end() {
            let start = self.place();
            let named = if self.is_identifier_at(0) && self.is_symbol_at(1, "=") {
                let Some((name, _)) = self.identifier() else { break };
                self.at += 1;
                Some((name, self.expression()))
            } else {
                let value = self.expression();
                projected_name(&value).map(|name| (name, value))
            };
            match named {
                Some((name, _)) if properties.iter().any(|(known, _)| *known == name) => {
                    let place = start.to(self.before());
                    self.mistake_at(place, format!("the property `{name}` is there twice"));
                }
                Some(property) => properties.push(property),
                None => {
                    let place = start.to(self.before());
                    self.mistake_at(place, "the property of an anonymous object needs a name");
                }
            }
            if !self.eat(",") {
                break;
            }
        }
        self.expect("}");
        ExpressionKind::NewAnonymous(properties)
    }
}

/// The name that `new { a.B }` gives its property.
fn projected_name(value: &Expression) -> Option<Name> {
    match &value.kind {
        ExpressionKind::Name(name, _) | ExpressionKind::Member { name, .. } => Some(Arc::clone(name)),
        ExpressionKind::ConditionalAccess { access, .. } => projected_name(access),
        _ => None,
    }
}
