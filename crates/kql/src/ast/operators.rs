//! Tables and what operators do with them.

use super::{Argument, Expression, Name};
use crate::{Span, Type};

/// A table that the query makes.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `datatable (columns) [values]`.
    DataTable(Vec<(Name, Type)>, Vec<Expression>),
    /// `print columns`.
    Print(Vec<Column>),
    /// `range name from start to end step step`.
    Range(Name, Expression, Expression, Expression),
    /// `union tables` at the start of a query.
    Union(Union),
    /// `search predicate` at the start of a query.
    Search(Search),
}

/// An operator behind `|`.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// What it does.
    pub kind: OperatorKind,
    /// Where it stands.
    pub span: Span,
}

/// What an operator does.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Each is the operator of that name.
pub enum OperatorKind {
    Where(Expression),
    Project(Vec<Column>),
    ProjectAway(Vec<Pattern>),
    ProjectKeep(Vec<Pattern>),
    ProjectRename(Vec<(Name, Name)>),
    ProjectReorder(Vec<(Pattern, Option<bool>)>),
    Extend(Vec<Column>),
    Summarize { aggregates: Vec<Column>, by: Vec<Column> },
    Sort(Vec<Ordering>),
    Top(Expression, Vec<Ordering>),
    Take(Expression),
    Distinct(Vec<Column>),
    Count,
    Join(Join),
    Lookup(Join),
    Union(Union),
    MvExpand(Expand),
    Parse(Parse),
    MakeSeries(Box<Series>),
    SampleDistinct(Expression, Expression),
    GetSchema,
    As(Name),
    Serialize(Vec<Column>),
    Search(Search),
    Invoke(Name, Vec<Argument>),
    BagUnpack(Expression, Option<Expression>),
    Pivot { column: Name, aggregate: Option<Expression>, by: Vec<Name> },
}

/// `name = expression`, `(names) = expression` or an expression of which the column's name follows; `*` for all columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The names that it is given.
    pub names: Vec<Name>,
    /// What it is.
    pub value: Expression,
}

/// A name of a column or table, where `*` stands for anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// As it is written.
    pub text: String,
    /// Where.
    pub span: Span,
}

impl Pattern {
    /// True with a `*`.
    pub fn is_wild(&self) -> bool {
        self.text.contains('*')
    }

    /// True when the name is meant.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.text.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else { return rest.is_empty() };
        for part in parts {
            let Some((_, behind)) = rest.split_once(part) else { return false };
            rest = behind;
        }
        rest.ends_with(last)
    }
}

/// An order of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordering {
    /// By this.
    pub value: Expression,
    /// `asc`; otherwise `desc`, which is the default.
    pub is_ascending: bool,
    /// `nulls first`; nulls are first when ascending and last when descending, if it is not said.
    pub nulls_first: Option<bool>,
}

/// `join` and `lookup`.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// `kind=`.
    pub kind: Option<Name>,
    /// The other table.
    pub right: Expression,
    /// `on`.
    pub on: Vec<Expression>,
}

/// `union`.
#[derive(Clone, Debug, PartialEq)]
pub struct Union {
    /// `kind=inner`: only the columns that all tables have.
    pub is_inner: bool,
    /// `withsource=`.
    pub source: Option<Name>,
    /// `isfuzzy=true`: tables that are not there are left out.
    pub is_fuzzy: bool,
    /// The tables.
    pub tables: Vec<Table>,
}

/// A table of `union` or `search`.
#[derive(Clone, Debug, PartialEq)]
pub enum Table {
    /// By name or pattern.
    Named(Pattern),
    /// Another.
    Expression(Expression),
}

/// `search`.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// `in (tables)`.
    pub tables: Vec<Table>,
    /// What rows are kept.
    pub predicate: Expression,
}

/// `mv-expand`.
#[derive(Clone, Debug, PartialEq)]
pub struct Expand {
    /// What is expanded, and to what type.
    pub columns: Vec<(Column, Option<Type>)>,
    /// `with_itemindex=`.
    pub index: Option<Name>,
    /// `kind=array` or `bagexpansion=array`: a property becomes `[name, value]`.
    pub is_array: bool,
    /// `limit`.
    pub limit: Option<Expression>,
}

/// `parse` and `parse-where`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parse {
    /// What is parsed.
    pub value: Expression,
    /// The pattern.
    pub pieces: Vec<Piece>,
    /// `kind=relaxed`: a value that is not of its type is null, and the others are kept.
    pub is_relaxed: bool,
    /// `parse-where`: rows that do not match are left out.
    pub is_filter: bool,
}

/// A piece of a pattern of `parse`.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// `*`.
    Skip,
    /// A text, as it stands.
    Text(String),
    /// `name:type`.
    Column(Name, Type),
}

/// `make-series`.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The aggregates, each with what it is where there are no rows.
    pub aggregates: Vec<(Column, Option<Expression>)>,
    /// `on`.
    pub axis: Column,
    /// `from`.
    pub from: Option<Expression>,
    /// `to`, exclusively.
    pub to: Option<Expression>,
    /// True when `to` was said by `in range()`, which is inclusive.
    pub is_inclusive: bool,
    /// `step`.
    pub step: Expression,
    /// `by`.
    pub by: Vec<Column>,
}

/// How a client is asked to show the table. The table is the same without it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Render {
    /// `timechart`, `barchart`, …
    pub kind: String,
    /// `title`.
    pub title: Option<String>,
    /// The others, in their order.
    pub properties: Vec<(String, String)>,
}
