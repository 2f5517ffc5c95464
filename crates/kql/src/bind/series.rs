//! `make-series`.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::min_max::{max, min};
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast, lit};

use super::columns::kept;
use super::names::Unnamed;
use super::relation::{Relation, canonical, col, planning};
use super::summarize::key;
use super::{Binder, literals};
use crate::answer::date_time;
use crate::ast::{Expression, Series};
use crate::functions::{self, Argument};
use crate::plugins::series;
use crate::{Error, Span, Type, Typed};

/// How many values a series has.
const MAX_VALUES: i64 = 100_000;

/// The places of a series on its axis, in microseconds or whole numbers.
struct Axis {
    from: i64,
    /// Exclusively.
    to: i64,
    step: i64,
    kind: Type,
}

impl Axis {
    fn count(&self) -> i64 {
        (i128::from(self.to) - i128::from(self.from))
            .div_euclid(i128::from(self.step))
            .try_into()
            .unwrap_or(i64::MAX)
            + i64::from((i128::from(self.to) - i128::from(self.from)).rem_euclid(i128::from(self.step)) != 0)
    }

    fn at(&self, ticks: i64) -> Expr {
        let held = self.kind.arrow();
        cast(lit(ticks), held)
    }

    /// The places as a `dynamic`.
    fn places(&self, count: i64) -> Typed {
        let places = (0..count).map(|index| self.from + index * self.step);
        let texts: Vec<String> = places
            .map(|place| {
                if self.kind == Type::DateTime {
                    format!("\"{}\"", date_time(place))
                } else {
                    place.to_string()
                }
            })
            .collect();
        Typed::new(lit(format!("[{}]", texts.join(","))), Type::Dynamic)
    }
}

impl Binder<'_> {
    /// Groups rows twice: by their keys and places, and then by their keys, with the values of all places in a list.
    pub(super) fn make_series(
        &mut self,
        relation: Relation,
        ast: &Series,
        span: Span,
    ) -> Result<Relation, Error> {
        let (on, _) = self.sized(&ast.axis.value, &relation.columns)?;
        let axis = self.axis(&relation, ast, &on)?;
        let count = axis.count().max(0);
        if count > MAX_VALUES {
            let message = format!("a series has at most {MAX_VALUES} values");
            return Err(Error::new("range-too-long", span, message).with_help("use a longer step"));
        }
        let within = on
            .expr
            .clone()
            .gt_eq(literals::fold(Typed::new(axis.at(axis.from), axis.kind)).expr)
            .and(on.expr.clone().lt(literals::fold(Typed::new(axis.at(axis.to), axis.kind)).expr));
        let relation = relation.map(span, |builder| builder.filter(within))?;
        let ticks = cast(canonical(on, relation.schema()).map_err(planning(span))?, DataType::Int64);
        let place = (ticks - lit(axis.from)) / lit(axis.step);

        let mut unnamed = Unnamed::default();
        let mut keys = vec![("__place".to_owned(), Typed::new(place, Type::Long), 1)];
        let mut output = Vec::new();
        for (index, column) in ast.by.iter().enumerate() {
            let held = format!("__by{index}");
            let (value, _) = self.sized(&column.value, &relation.columns)?;
            let name =
                column.names.first().map_or_else(|| unnamed.name(&column.value), |name| name.text.clone());
            let kind = value.kind;
            output.push((name, Typed::new(col(&held), kind), 1));
            keys.push((held, Typed::new(key(value), kind), 1));
        }
        let grouped = self.placed(relation, ast, keys, span)?;
        self.collected_series(grouped, ast, &axis, count, output, span)
    }

    /// The rows by keys and places: the keys first, then the aggregates.
    fn placed(
        &mut self,
        relation: Relation,
        ast: &Series,
        keys: Vec<(String, Typed, usize)>,
        span: Span,
    ) -> Result<Relation, Error> {
        let mut columns: Vec<_> = relation.columns.iter().map(kept).collect();
        let by: Vec<crate::ast::Column> = keys
            .iter()
            .map(|(name, ..)| crate::ast::Column {
                names: Vec::new(),
                value: Expression { kind: crate::ast::Kind::Name(name.clone()), span },
            })
            .collect();
        columns.extend(keys);
        let relation = relation.project(columns, span)?;
        let aggregates: Vec<_> = ast.aggregates.iter().map(|(column, _)| column.clone()).collect();
        self.summarize(relation, &aggregates, &by, span)
    }

    fn collected_series(
        &mut self,
        grouped: Relation,
        ast: &Series,
        axis: &Axis,
        count: i64,
        mut output: Vec<(String, Typed, usize)>,
        span: Span,
    ) -> Result<Relation, Error> {
        let key_count = ast.by.len() + 1;
        let keys: Vec<Expr> = (0..ast.by.len()).map(|index| col(&format!("__by{index}"))).collect();
        let mut exprs = Vec::new();
        for (index, column) in grouped.columns.iter().skip(key_count).enumerate() {
            let default = match ast.aggregates.get(index).and_then(|(_, default)| default.as_ref()) {
                Some(default) => self.constant(default)?,
                None => Typed::new(lit(0_i64), Type::Long),
            };
            let default = self.as_json(default, span)?;
            let default = literals::text(&literals::fold(default)).unwrap_or("[null]").to_owned();
            let value = self.as_json(Relation::value(column), span)?;
            let held = format!("__series{index}");
            exprs.push(series(col("__place"), value.expr, count, default).alias(&held));
            output.push((column.name.clone(), Typed::new(col(&held), Type::Dynamic), 1));
        }
        let places = datafusion::functions_aggregate::count::count_all().alias("__places");
        exprs.push(places);
        let name = ast.axis.names.first().map_or_else(
            || super::names::of(&ast.axis.value).unwrap_or_else(|| "Column1".to_owned()),
            |name| name.text.clone(),
        );
        output.push((name, axis.places(count), 1));
        grouped
            .map(span, |builder| builder.aggregate(keys, exprs)?.filter(col("__places").gt(lit(0_i64))))?
            .project(output, span)
    }

    /// The value as the only element of an array of JSON.
    fn as_json(&self, value: Typed, span: Span) -> Result<Typed, Error> {
        functions::call("pack_array", vec![Argument { value, span }], span, &self.environment)
    }

    fn axis(&mut self, relation: &Relation, ast: &Series, on: &Typed) -> Result<Axis, Error> {
        let span = ast.axis.value.span;
        if !matches!(on.kind, Type::DateTime | Type::Int | Type::Long) {
            let message = format!(
                "a series is made on a `datetime` or whole numbers, and this is a `{}`",
                on.kind.name()
            );
            return Err(Error::new("type-mismatch", span, message));
        }
        let step = self.ticks(&ast.step)?;
        if step <= 0 {
            return Err(Error::new("not-constant", ast.step.span, "a step is more than nothing"));
        }
        let from = ast.from.as_ref().map(|from| self.ticks(from)).transpose()?;
        let to = ast.to.as_ref().map(|to| self.ticks(to)).transpose()?;
        let (first, last) = match (from, to) {
            (Some(from), Some(to)) => (from, to),
            _ => self.extent(relation, on, step, span)?,
        };
        let to = match to {
            Some(to) if ast.is_inclusive => to.saturating_add(1),
            Some(to) => to,
            None => last,
        };
        Ok(Axis { from: from.unwrap_or(first), to, step, kind: on.kind })
    }

    fn ticks(&mut self, value: &Expression) -> Result<i64, Error> {
        let bound = self.constant(value)?;
        literals::ticks(&bound).ok_or_else(|| Error::new("not-constant", value.span, "this is no constant"))
    }

    /// From the step of the first row to behind that of the last.
    fn extent(
        &mut self,
        relation: &Relation,
        on: &Typed,
        step: i64,
        span: Span,
    ) -> Result<(i64, i64), Error> {
        let none: Vec<Expr> = Vec::new();
        let plan = LogicalPlanBuilder::new(relation.plan.clone())
            .aggregate(none, [min(on.expr.clone()).alias("__first"), max(on.expr.clone()).alias("__last")])
            .and_then(LogicalPlanBuilder::build)
            .map_err(planning(span))?;
        let batches = self.fetch(&plan, span)?;
        let value = |index: usize| {
            let batch = batches.iter().find(|batch| batch.num_rows() > 0)?;
            let scalar =
                datafusion::common::ScalarValue::try_from_array(batch.columns().get(index)?, 0).ok()?;
            literals::ticks(&Typed::new(lit(scalar), on.kind))
        };
        let (Some(first), Some(last)) = (value(0), value(1)) else { return Ok((0, 0)) };
        let start = |ticks: i64| ticks.div_euclid(step).saturating_mul(step);
        Ok((start(first), start(last).saturating_add(step)))
    }
}
