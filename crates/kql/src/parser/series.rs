//! `mv-expand`, `parse` and `make-series`.

use super::{Parsed, Parser};
use crate::ast::{Column, Expand, Expression, Kind, Parse, Piece, Series};
use crate::lexer::TokenKind;
use crate::{Error, Type};

impl Parser {
    /// Behind `mv-expand`.
    pub(super) fn expand(&mut self) -> Parsed<Expand> {
        let mut is_array = false;
        let mut index = None;
        loop {
            let is_parameter = self.is_sign_ahead(1, "=");
            match self.word() {
                Some("kind" | "bagexpansion") if is_parameter => {
                    self.advance();
                    self.advance();
                    is_array = self.name()?.text == "array";
                }
                Some("with_itemindex") if is_parameter => {
                    self.advance();
                    self.advance();
                    index = Some(self.name()?);
                }
                _ => break,
            }
        }
        let columns = self.list(|parser| {
            let column = parser.column()?;
            let kind = if parser.take_word("to") { Some(parser.type_of_column()?) } else { None };
            Ok((column, kind))
        })?;
        let limit = if self.take_word("limit") { Some(self.scalar()?) } else { None };
        Ok(Expand { columns, index, is_array, limit })
    }

    /// `typeof(type)`.
    fn type_of_column(&mut self) -> Parsed<Type> {
        self.expect_word("typeof")?;
        self.expect_sign("(")?;
        let kind = self.kind_of_value()?;
        self.expect_sign(")")?;
        Ok(kind)
    }

    /// Behind `parse` and `parse-where`.
    pub(super) fn parse_pattern(&mut self, is_filter: bool) -> Parsed<Parse> {
        let mut is_relaxed = false;
        if self.is_word("kind") && self.is_sign_ahead(1, "=") {
            self.advance();
            self.advance();
            let kind = self.name()?;
            is_relaxed = match kind.text.as_str() {
                "relaxed" => true,
                "simple" => false,
                _ => {
                    let error = Error::new(
                        "unsupported",
                        kind.span,
                        format!("`kind={}` is not supported", kind.text),
                    );
                    return Err(error
                        .with_help("use `simple` or `relaxed`, or `extract()` with a regular expression"));
                }
            };
        }
        let value = self.scalar()?;
        self.expect_word("with")?;
        let mut pieces = Vec::new();
        loop {
            let piece = match self.kind().clone() {
                TokenKind::Sign("*") => {
                    self.advance();
                    Piece::Skip
                }
                TokenKind::String(text) => {
                    self.advance();
                    Piece::Text(text)
                }
                TokenKind::Word(_) | TokenKind::Quoted(_) => {
                    let name = self.name()?;
                    let kind = if self.take_sign(":") { self.kind_of_value()? } else { Type::String };
                    Piece::Column(name, kind)
                }
                _ => break,
            };
            pieces.push(piece);
        }
        if pieces.is_empty() {
            return Err(self.expected("a text, `*` or a name of a column"));
        }
        Ok(Parse { value, pieces, is_relaxed, is_filter })
    }

    /// Behind `make-series`.
    pub(super) fn make_series(&mut self) -> Parsed<Series> {
        self.skip_hints();
        if self.is_word("kind") && self.is_sign_ahead(1, "=") {
            // Only `nonempty`, by which an empty table gives one series.
            self.advance();
            self.advance();
            self.name()?;
        }
        let aggregates = self.list(|parser| {
            let column = parser.column()?;
            let default = if parser.take_word("default") {
                parser.expect_sign("=")?;
                Some(parser.scalar()?)
            } else {
                None
            };
            Ok((column, default))
        })?;
        self.expect_word("on")?;
        let axis = self.axis()?;
        let mut series = self.range_of_series(aggregates, axis)?;
        if self.take_word("by") {
            series.by = self.list(Self::column)?;
        }
        Ok(series)
    }

    /// The axis is a name, so that `in` behind it is not an operator.
    fn axis(&mut self) -> Parsed<Column> {
        if self.word_ahead(1) == Some("in") {
            let name = self.name()?;
            return Ok(Column {
                names: Vec::new(),
                value: Expression { kind: Kind::Name(name.text), span: name.span },
            });
        }
        self.column()
    }

    fn range_of_series(
        &mut self,
        aggregates: Vec<(Column, Option<Expression>)>,
        axis: Column,
    ) -> Parsed<Series> {
        let by = Vec::new();
        if self.take_word("in") {
            self.expect_word("range")?;
            self.expect_sign("(")?;
            let from = Some(self.scalar()?);
            self.expect_sign(",")?;
            let to = Some(self.scalar()?);
            self.expect_sign(",")?;
            let step = self.scalar()?;
            self.expect_sign(")")?;
            return Ok(Series { aggregates, axis, from, to, is_inclusive: true, step, by });
        }
        let from = if self.take_word("from") { Some(self.scalar()?) } else { None };
        let to = if self.take_word("to") { Some(self.scalar()?) } else { None };
        self.expect_word("step")?;
        let step = self.scalar()?;
        Ok(Series { aggregates, axis, from, to, is_inclusive: false, step, by })
    }
}
