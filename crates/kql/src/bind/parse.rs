//! `parse` and `parse-where`.

use super::Binder;
use super::columns::{kept, put};
use super::relation::Relation;
use crate::ast::{Parse, Piece};
use crate::plugins::{captured, is_matched};
use crate::{Error, Span, Type, Typed, functions};

impl Binder<'_> {
    pub(super) fn parse(&mut self, relation: Relation, parse: &Parse, span: Span) -> Result<Relation, Error> {
        let (value, size) = self.sized(&parse.value, &relation.columns)?;
        if !matches!(value.kind, Type::String | Type::Dynamic) {
            let message = format!("a text is parsed, and this is a `{}`", value.kind.name());
            return Err(Error::new("type-mismatch", parse.value.span, message));
        }
        let text = functions::convert(value, Type::String).expr;
        let relation = if parse.is_filter {
            let is_match = is_matched(text.clone(), &parse.pieces, parse.is_relaxed);
            relation.map(span, |builder| builder.filter(is_match))?
        } else {
            relation
        };
        let mut output: Vec<_> = relation.columns.iter().map(kept).collect();
        let columns = parse.pieces.iter().filter_map(|piece| match piece {
            Piece::Column(name, kind) => Some((name, *kind)),
            Piece::Skip | Piece::Text(_) => None,
        });
        for (index, (name, kind)) in columns.enumerate() {
            let part =
                Typed::new(captured(text.clone(), &parse.pieces, index, parse.is_relaxed), Type::String);
            let value = if kind == Type::String { part } else { functions::convert(part, kind) };
            put(&mut output, name.text.clone(), value, size + 1);
        }
        relation.project(output, span)
    }
}
