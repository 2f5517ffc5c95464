//! Operators that choose, order or count rows; and which operator is which.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, StringArray};
use datafusion::functions_aggregate::count::count_all;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, SortExpr};

use super::columns::{kept, project_away, project_keep, project_rename, project_reorder};
use super::names::Unnamed;
use super::relation::{Field, Relation};
use super::sources::in_memory;
use super::summarize::key;
use super::{Binder, Meaning, literals};
use crate::ast::{Column, Expression, Kind, Operator, OperatorKind, Ordering};
use crate::{Error, Span, Type};

impl Binder<'_> {
    pub(super) fn operator(&mut self, relation: Relation, operator: &Operator) -> Result<Relation, Error> {
        let span = operator.span;
        match &operator.kind {
            OperatorKind::Where(predicate) => {
                let condition = self.condition(predicate, &relation.columns)?;
                relation.map(span, |builder| builder.filter(condition))
            }
            OperatorKind::Project(columns) => self.project(relation, columns, span),
            OperatorKind::ProjectAway(patterns) => project_away(relation, patterns, span),
            OperatorKind::ProjectKeep(patterns) => project_keep(relation, patterns, span),
            OperatorKind::ProjectRename(renamings) => project_rename(relation, renamings, span),
            OperatorKind::ProjectReorder(patterns) => project_reorder(relation, patterns, span),
            OperatorKind::Extend(columns) | OperatorKind::Serialize(columns) => {
                self.extend(relation, columns, span)
            }
            OperatorKind::Summarize { aggregates, by } => self.summarize(relation, aggregates, by, span),
            OperatorKind::Sort(orderings) => self.sort(relation, orderings, None, span),
            OperatorKind::Top(count, orderings) => {
                let count = self.count_of(count)?;
                self.sort(relation, orderings, Some(count), span)
            }
            OperatorKind::Take(count) => {
                let count = self.count_of(count)?;
                relation.map(span, |builder| builder.limit(0, Some(count)))
            }
            OperatorKind::Distinct(columns) => self.distinct(relation, columns, span),
            OperatorKind::SampleDistinct(count, value) => {
                let count = self.count_of(count)?;
                let column = Column { names: Vec::new(), value: value.clone() };
                let relation = self.distinct(relation, &[column], span)?;
                relation.map(span, |builder| builder.limit(0, Some(count)))
            }
            OperatorKind::Count => count(relation, span),
            OperatorKind::Join(join) => self.join(relation, join, span),
            OperatorKind::Lookup(join) => self.lookup(relation, join, span),
            OperatorKind::Union(union) => self.union(Some(relation), union, span),
            OperatorKind::MvExpand(expand) => self.expand(relation, expand, span),
            OperatorKind::Parse(parse) => self.parse(relation, parse, span),
            OperatorKind::MakeSeries(series) => self.make_series(relation, series, span),
            OperatorKind::GetSchema => get_schema(&relation, span),
            OperatorKind::As(name) => {
                self.names.push((name.text.clone(), Meaning::Table(Box::new(relation.clone()))));
                Ok(relation)
            }
            OperatorKind::Search(search) => self.search(Some(relation), search, span),
            OperatorKind::Invoke(name, arguments) => self.invoke(relation, name, arguments),
            OperatorKind::BagUnpack(column, prefix) => {
                self.bag_unpack(relation, column, prefix.as_ref(), span)
            }
            OperatorKind::Pivot { column, aggregate, by } => {
                self.pivot(relation, column, aggregate.as_ref(), by, span)
            }
        }
    }

    /// A number of rows.
    fn count_of(&mut self, count: &Expression) -> Result<usize, Error> {
        let value = self.constant(count)?;
        literals::whole(&value)
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| Error::new("not-constant", count.span, "a number of rows is expected"))
    }

    fn sort(
        &mut self,
        relation: Relation,
        orderings: &[Ordering],
        limit: Option<usize>,
        span: Span,
    ) -> Result<Relation, Error> {
        let mut sorts = Vec::with_capacity(orderings.len());
        for ordering in orderings {
            let (value, _) = self.sized(&ordering.value, &relation.columns)?;
            if value.kind == Type::Dynamic {
                let error =
                    Error::new("type-mismatch", ordering.value.span, "rows have no order by a `dynamic`");
                return Err(error.with_help("convert it, for example with `tostring()` or `tolong()`"));
            }
            let nulls_first = ordering.nulls_first.unwrap_or(ordering.is_ascending);
            sorts.push(SortExpr::new(value.expr, ordering.is_ascending, nulls_first));
        }
        let order = sorts.clone();
        let relation = relation.map(span, |builder| builder.sort_with_limit(sorts, limit))?;
        Ok(Relation { order, ..relation })
    }

    fn distinct(&mut self, relation: Relation, columns: &[Column], span: Span) -> Result<Relation, Error> {
        let mut unnamed = Unnamed::default();
        let mut bound = Vec::with_capacity(columns.len());
        for column in columns {
            if column.value.kind == Kind::Star {
                bound.extend(relation.columns.iter().map(kept));
                continue;
            }
            let (value, size) = self.sized(&column.value, &relation.columns)?;
            let name =
                column.names.first().map_or_else(|| unnamed.name(&column.value), |name| name.text.clone());
            bound.push((name, value, size));
        }
        for (_, value, _) in &mut bound {
            value.expr = key(value.clone());
        }
        relation.project(bound, span)?.map(span, LogicalPlanBuilder::distinct)
    }
}

fn count(relation: Relation, span: Span) -> Result<Relation, Error> {
    let none: Vec<Expr> = Vec::new();
    let relation = relation.map(span, |builder| builder.aggregate(none, [count_all().alias("__0")]))?;
    let count = Field { name: "__0".to_owned(), kind: Type::Long, size: 1 };
    relation.project(vec![("Count".to_owned(), Relation::value(&count), 1)], span)
}

fn get_schema(relation: &Relation, span: Span) -> Result<Relation, Error> {
    let columns = &relation.columns;
    let names: StringArray = columns.iter().map(|column| Some(column.name.as_str())).collect();
    let ordinals: Int64Array = (0_i64..).take(columns.len()).map(Some).collect();
    let data_types: StringArray = columns.iter().map(|column| Some(dot_net(column.kind))).collect();
    let kinds: StringArray = columns.iter().map(|column| Some(column.kind.name())).collect();
    let arrays: Vec<ArrayRef> =
        vec![Arc::new(names), Arc::new(ordinals), Arc::new(data_types), Arc::new(kinds)];
    let fields = [
        ("ColumnName", Type::String),
        ("ColumnOrdinal", Type::Long),
        ("DataType", Type::String),
        ("ColumnType", Type::String),
    ];
    in_memory(fields.map(|(name, kind)| (name.to_owned(), kind)).to_vec(), arrays, span)
}

/// As .NET names the type.
fn dot_net(kind: Type) -> &'static str {
    match kind {
        Type::Bool => "System.SByte",
        Type::Int => "System.Int32",
        Type::Long => "System.Int64",
        Type::Real => "System.Double",
        Type::Decimal => "System.Data.SqlTypes.SqlDecimal",
        Type::String => "System.String",
        Type::DateTime => "System.DateTime",
        Type::TimeSpan => "System.TimeSpan",
        Type::Dynamic => "System.Object",
        Type::Guid => "System.Guid",
    }
}
