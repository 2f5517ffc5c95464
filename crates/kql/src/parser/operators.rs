//! Operators behind `|`.

use super::{Parsed, Parser};
use crate::ast::{Column, Expression, Kind, Operator, OperatorKind, Ordering};
use crate::lexer::TokenKind;
use crate::{Error, near};

/// The operators, as they are written.
pub const OPERATORS: [&str; 32] = [
    "as",
    "count",
    "distinct",
    "evaluate",
    "extend",
    "filter",
    "getschema",
    "invoke",
    "join",
    "limit",
    "lookup",
    "make-series",
    "mv-expand",
    "order",
    "parse",
    "parse-where",
    "project",
    "project-away",
    "project-keep",
    "project-rename",
    "project-reorder",
    "render",
    "sample",
    "sample-distinct",
    "search",
    "serialize",
    "sort",
    "summarize",
    "take",
    "top",
    "union",
    "where",
];

impl Parser {
    /// The operators behind a table. `render` is left to the end of the query.
    pub(super) fn operators(&mut self) -> Parsed<Vec<Operator>> {
        let mut operators = Vec::new();
        while self.is_sign("|") && self.word_ahead(1) != Some("render") {
            self.advance();
            let start = self.here().start;
            if let Some(kind) = self.operator()? {
                operators.push(Operator { kind, span: self.since(start) });
            }
        }
        Ok(operators)
    }

    /// The operator's name, of which the parts are joined by `-`.
    fn operator_name(&mut self) -> Parsed<String> {
        let Some(word) = self.word() else { return Err(self.expected("an operator")) };
        let mut name = word.to_owned();
        self.advance();
        while self.is_sign("-") && self.word_ahead(1).is_some() && self.is_adjacent(1) {
            self.advance();
            name.push('-');
            name.push_str(self.word().unwrap_or_default());
            self.advance();
        }
        Ok(name)
    }

    /// None when there is nothing to do.
    fn operator(&mut self) -> Parsed<Option<OperatorKind>> {
        let start = self.here().start;
        let name = self.operator_name()?;
        Ok(Some(match name.as_str() {
            "where" | "filter" => {
                self.skip_hints();
                OperatorKind::Where(self.scalar()?)
            }
            "project" => OperatorKind::Project(self.list(Self::column)?),
            "project-away" => OperatorKind::ProjectAway(self.list(Self::pattern)?),
            "project-keep" => OperatorKind::ProjectKeep(self.list(Self::pattern)?),
            "project-rename" => OperatorKind::ProjectRename(self.list(Self::renaming)?),
            "project-reorder" => OperatorKind::ProjectReorder(self.list(Self::reordering)?),
            "extend" => OperatorKind::Extend(self.list(Self::column)?),
            "summarize" => self.summarize()?,
            "sort" | "order" => {
                self.skip_hints();
                self.expect_word("by")?;
                OperatorKind::Sort(self.list(Self::ordering)?)
            }
            "top" => self.top()?,
            "take" | "limit" | "sample" => OperatorKind::Take(self.scalar()?),
            "sample-distinct" => self.sample_distinct()?,
            "distinct" => {
                self.skip_hints();
                OperatorKind::Distinct(self.list(Self::column)?)
            }
            "count" => OperatorKind::Count,
            "join" => OperatorKind::Join(self.join()?),
            "lookup" => OperatorKind::Lookup(self.join()?),
            "union" => OperatorKind::Union(self.union()?),
            "mv-expand" | "mvexpand" => OperatorKind::MvExpand(self.expand()?),
            "parse" => OperatorKind::Parse(self.parse_pattern(false)?),
            "parse-where" => OperatorKind::Parse(self.parse_pattern(true)?),
            "make-series" => OperatorKind::MakeSeries(Box::new(self.make_series()?)),
            "search" => OperatorKind::Search(self.search()?),
            "serialize" => self.serialize()?,
            "getschema" => OperatorKind::GetSchema,
            "as" => {
                self.skip_hints();
                OperatorKind::As(self.name()?)
            }
            "evaluate" => self.evaluate()?,
            "invoke" => {
                let name = self.name()?;
                OperatorKind::Invoke(name, self.arguments()?)
            }
            _ => {
                let error = Error::new(
                    "unknown-operator",
                    self.since(start),
                    format!("there is no operator `{name}`"),
                );
                return Err(near::hint(error, &name, OPERATORS.into_iter()));
            }
        }))
    }

    fn renaming(&mut self) -> Parsed<(crate::ast::Name, crate::ast::Name)> {
        let new = self.name()?;
        self.expect_sign("=")?;
        Ok((new, self.name()?))
    }

    /// A pattern, and whether the columns that it matches are ascending by their names.
    fn reordering(&mut self) -> Parsed<(crate::ast::Pattern, Option<bool>)> {
        let pattern = self.pattern()?;
        let order = match self.word() {
            Some("asc" | "granny-asc") => Some(true),
            Some("desc" | "granny-desc") => Some(false),
            _ => return Ok((pattern, None)),
        };
        self.advance();
        Ok((pattern, order))
    }

    fn summarize(&mut self) -> Parsed<OperatorKind> {
        self.skip_hints();
        let aggregates = if self.is_word("by") { Vec::new() } else { self.list(Self::column)? };
        let by = if self.take_word("by") { self.list(Self::column)? } else { Vec::new() };
        Ok(OperatorKind::Summarize { aggregates, by })
    }

    pub(super) fn ordering(&mut self) -> Parsed<Ordering> {
        let value = self.scalar()?;
        let is_ascending = self.take_word("asc");
        if !is_ascending {
            self.take_word("desc");
        }
        let nulls_first = if self.take_word("nulls") {
            let is_first = self.take_word("first");
            if !is_first {
                self.expect_word("last")?;
            }
            Some(is_first)
        } else {
            None
        };
        Ok(Ordering { value, is_ascending, nulls_first })
    }

    fn top(&mut self) -> Parsed<OperatorKind> {
        let count = self.scalar()?;
        self.expect_word("by")?;
        Ok(OperatorKind::Top(count, self.list(Self::ordering)?))
    }

    fn sample_distinct(&mut self) -> Parsed<OperatorKind> {
        let count = self.scalar()?;
        self.expect_word("of")?;
        Ok(OperatorKind::SampleDistinct(count, self.scalar()?))
    }

    fn serialize(&mut self) -> Parsed<OperatorKind> {
        let has_columns = !matches!(self.kind(), TokenKind::Sign("|" | ";" | ")" | "}") | TokenKind::End);
        let columns: Vec<Column> = if has_columns { self.list(Self::column)? } else { Vec::new() };
        Ok(OperatorKind::Serialize(columns))
    }

    /// `bag_unpack(column)` and `pivot(column, aggregate, by)`.
    fn evaluate(&mut self) -> Parsed<OperatorKind> {
        self.skip_hints();
        let span = self.here();
        let call = self.scalar()?;
        let unknown = || {
            Error::new("unknown-plugin", span, "there is no such plugin")
                .with_help("`evaluate` knows `bag_unpack` and `pivot`")
        };
        let Kind::Call(name, arguments) = call.kind else { return Err(unknown()) };
        if !matches!(name.text.as_str(), "bag_unpack" | "pivot") {
            return Err(unknown());
        }
        let mut arguments = arguments.into_iter().map(|argument| argument.value);
        let Some(first) = arguments.next() else { return Err(self.expected("a column")) };
        if name.text == "bag_unpack" {
            return Ok(OperatorKind::BagUnpack(first, arguments.next()));
        }
        let aggregate = arguments.next();
        let by = arguments.map(column_name).collect::<Parsed<Vec<_>>>()?;
        Ok(OperatorKind::Pivot { column: column_name(first)?, aggregate, by })
    }
}

fn column_name(column: Expression) -> Parsed<crate::ast::Name> {
    match column.kind {
        Kind::Name(text) => Ok(crate::ast::Name { text, span: column.span }),
        _ => Err(Error::new("syntax", column.span, "the name of a column is expected here")),
    }
}
