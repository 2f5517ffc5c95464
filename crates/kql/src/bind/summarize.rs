//! `summarize`.

use datafusion::common::ScalarValue;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, lit};

use super::names::Unnamed;
use super::relation::{Relation, canonical, col, planning, unique};
use super::{Binder, Collector};
use crate::aggregates::is_aggregate;
use crate::ast::{Column, Kind};
use crate::{Error, Span, Type, Typed};

/// A value as rows are grouped, joined and ordered by it: to KQL a text that is not there is the empty text.
pub(super) fn key(value: Typed) -> Expr {
    match value.kind {
        Type::String => coalesce(vec![value.expr, lit(ScalarValue::from(""))]),
        _ => value.expr,
    }
}

/// The columns of a `summarize` while they are bound.
struct Output {
    columns: Vec<(String, Typed, usize)>,
    unnamed: Unnamed,
}

impl Output {
    fn add(&mut self, name: String, value: Typed) {
        let name = unique(&name, |name| self.columns.iter().any(|(known, ..)| known == name));
        self.columns.push((name, value, 1));
    }
}

impl Binder<'_> {
    /// Keys first, then aggregates.
    pub(super) fn summarize(
        &mut self,
        relation: Relation,
        aggregates: &[Column],
        by: &[Column],
        span: Span,
    ) -> Result<Relation, Error> {
        let mut output = Output { columns: Vec::new(), unnamed: Unnamed::default() };
        let mut keys = Vec::with_capacity(by.len());
        for (index, column) in by.iter().enumerate() {
            let held = format!("__key{index}");
            let (value, _) = self.sized(&column.value, &relation.columns)?;
            let kind = value.kind;
            let value = Typed::new(key(value), kind);
            keys.push(canonical(value, relation.schema()).map_err(planning(column.value.span))?.alias(&held));
            let name = column
                .names
                .first()
                .map_or_else(|| output.unnamed.name(&column.value), |name| name.text.clone());
            output.add(name, Typed::new(col(&held), kind));
        }
        let exprs = self.aggregates(&relation, aggregates, &mut output)?;
        if keys.is_empty() && exprs.is_empty() {
            return Err(Error::new("syntax", span, "`summarize` needs an aggregate or `by`"));
        }
        let relation = relation.map(span, |builder| builder.aggregate(keys, exprs))?;
        Relation { order: Vec::new(), ..relation }.project(output.columns, span)
    }

    /// What is to be computed, each under a name of its own.
    fn aggregates(
        &mut self,
        relation: &Relation,
        aggregates: &[Column],
        output: &mut Output,
    ) -> Result<Vec<Expr>, Error> {
        let collector = Collector { input: Some(relation.columns.clone()), ..Collector::default() };
        let outer = self.collector.replace(collector);
        let keys: Vec<String> = output.columns.iter().map(|(name, ..)| name.clone()).collect();
        let bound = aggregates.iter().try_for_each(|column| self.aggregate_column(column, &keys, output));
        let collector = std::mem::replace(&mut self.collector, outer).unwrap_or_default();
        bound?;
        Ok(collector.exprs)
    }

    fn aggregate_column(
        &mut self,
        column: &Column,
        keys: &[String],
        output: &mut Output,
    ) -> Result<(), Error> {
        let span = column.value.span;
        match &column.value.kind {
            Kind::Call(name, arguments) if is_aggregate(&name.text) => {
                let aggregate = self.aggregate(name, arguments, span, keys)?;
                let mut given = column.names.iter();
                for part in aggregate.columns {
                    let name = given.next().map_or(part.name, |name| name.text.clone());
                    let value = Typed::new(self.collected(part.expr), part.kind);
                    output.add(name, value);
                }
            }
            _ => {
                let row = self.keys_as_row(output, keys.len());
                let (value, _) = self.sized(&column.value, &row)?;
                let name =
                    column.names.first().map_or_else(|| output.unnamed.next(), |name| name.text.clone());
                let value = self.on_keys(value, output);
                output.add(name, value);
            }
        }
        Ok(())
    }

    /// The keys, which may stand beside aggregates in an expression.
    fn keys_as_row(&self, output: &Output, count: usize) -> Vec<super::Field> {
        let keys = output.columns.iter().take(count);
        keys.map(|(name, value, _)| super::Field { name: name.clone(), kind: value.kind, size: 1 }).collect()
    }

    /// Names of keys stand for the columns that hold them.
    fn on_keys(&self, value: Typed, output: &Output) -> Typed {
        use datafusion::common::tree_node::{Transformed, TreeNode};
        let held = |expr: Expr| {
            let key = match &expr {
                Expr::Column(column) => output.columns.iter().find(|(name, ..)| *name == column.name),
                _ => None,
            };
            Ok(match key {
                Some((_, value, _)) => Transformed::yes(value.expr.clone()),
                None => Transformed::no(expr),
            })
        };
        let kind = value.kind;
        let expr = value.expr.clone().transform_down(held).map_or(value.expr, |transformed| transformed.data);
        Typed::new(expr, kind)
    }
}
