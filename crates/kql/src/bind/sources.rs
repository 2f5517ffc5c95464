//! Tables that a query makes.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field as ArrowField, Schema};
use datafusion::common::ScalarValue;
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{LogicalPlanBuilder, SortExpr};

use super::relation::{Field, Relation, col, planning};
use super::{Binder, literals};
use crate::ast::{Column, Expression, Name, Source};
use crate::{Error, Span, Type, Typed, functions};

/// How many rows `range` makes.
const MAX_RANGE: i64 = 1_000_000;

impl Binder<'_> {
    pub(super) fn source(&mut self, source: &Source, span: Span) -> Result<Relation, Error> {
        match source {
            Source::DataTable(columns, values) => self.data_table(columns, values, span),
            Source::Print(columns) => self.print(columns, span),
            Source::Range(name, from, to, step) => self.range(name, from, to, step, span),
            Source::Union(union) => self.union(None, union, span),
            Source::Search(search) => self.search(None, search, span),
        }
    }

    fn data_table(
        &mut self,
        columns: &[(Name, Type)],
        values: &[Expression],
        span: Span,
    ) -> Result<Relation, Error> {
        if columns.is_empty() || !values.len().is_multiple_of(columns.len()) {
            let message = format!("{} values do not fill rows of {} columns", values.len(), columns.len());
            return Err(Error::new("wrong-arguments", span, message));
        }
        let mut held: Vec<Vec<ScalarValue>> = vec![Vec::new(); columns.len()];
        for row in values.chunks(columns.len()) {
            for ((value, (_, kind)), held) in row.iter().zip(columns).zip(&mut held) {
                let scalar = self.constant_of(value, *kind)?;
                held.push(scalar);
            }
        }
        let mut arrays = Vec::with_capacity(columns.len());
        for (values, (_, kind)) in held.into_iter().zip(columns) {
            let array = if values.is_empty() {
                datafusion::arrow::array::new_empty_array(&kind.arrow())
            } else {
                ScalarValue::iter_to_array(values).map_err(planning(span))?
            };
            arrays.push(array);
        }
        let columns = columns.iter().map(|(name, kind)| (name.text.clone(), *kind)).collect();
        in_memory(columns, arrays, span)
    }

    /// A constant of this type.
    fn constant_of(&mut self, value: &Expression, kind: Type) -> Result<ScalarValue, Error> {
        let span = value.span;
        let value = self.constant(value)?;
        let value = if value.kind == kind { value } else { literals::fold(functions::convert(value, kind)) };
        let Some(scalar) = literals::scalar(&value) else {
            return Err(Error::new("not-constant", span, "this is no constant"));
        };
        scalar.cast_to(&kind.arrow()).map_err(planning(span))
    }

    fn print(&mut self, columns: &[Column], span: Span) -> Result<Relation, Error> {
        let mut bound = Vec::with_capacity(columns.len());
        for (index, column) in columns.iter().enumerate() {
            let (value, size) = self.sized(&column.value, &[])?;
            let name =
                column.names.first().map_or_else(|| format!("print_{index}"), |name| name.text.clone());
            bound.push((name, literals::fold(value), size));
        }
        one_row(span)?.project(bound, span)
    }

    /// A scalar as the query's result is a table of one row.
    pub(super) fn print_scalar(&mut self, value: &Expression) -> Result<Relation, Error> {
        self.print(&[Column { names: Vec::new(), value: value.clone() }], value.span).map_err(|error| {
            if error.code == "unknown-column" {
                let known = self.catalog.names();
                let name = error.message.trim_start_matches("there is no column ").to_owned();
                let unknown = Error::new("unknown-table", error.span, format!("there is no table {name}"));
                return crate::near::hint(unknown, name.trim_matches('`'), known.iter().map(String::as_str));
            }
            error
        })
    }

    fn range(
        &mut self,
        name: &Name,
        from: &Expression,
        to: &Expression,
        step: &Expression,
        span: Span,
    ) -> Result<Relation, Error> {
        let (start, end, by) = (self.constant(from)?, self.constant(to)?, self.constant(step)?);
        let kind = match (start.kind, by.kind) {
            (Type::Int | Type::Long, Type::Int | Type::Long) => Type::Long,
            (Type::DateTime, Type::TimeSpan) => Type::DateTime,
            (Type::TimeSpan, Type::TimeSpan) => Type::TimeSpan,
            (Type::Int | Type::Long | Type::Real, _) => Type::Real,
            _ => {
                let message = format!("a range of {} has no step of {}", start.kind.name(), by.kind.name());
                return Err(Error::new("type-mismatch", span, message));
            }
        };
        let array = if kind == Type::Real {
            reals(&start, &end, &by, span)?
        } else {
            let ticks = |value: &Typed, at: &Expression| {
                literals::ticks(value).ok_or_else(|| {
                    Error::new("not-constant", at.span, "this is no constant that a range can count")
                })
            };
            wholes(ticks(&start, from)?, ticks(&end, to)?, ticks(&by, step)?, kind, span)?
        };
        let mut relation = in_memory(vec![(name.text.clone(), kind)], vec![array], span)?;
        relation.order = vec![SortExpr::new(col(&name.text), true, true)];
        Ok(relation)
    }
}

fn wholes(start: i64, end: i64, step: i64, kind: Type, span: Span) -> Result<ArrayRef, Error> {
    let count = if step == 0 { None } else { end.checked_sub(start).map(|length| length / step + 1) };
    let values: Vec<i64> = match count {
        _ if step > 0 && end < start || step < 0 && end > start => Vec::new(),
        Some(count) if count <= MAX_RANGE => (0..count.max(0))
            .map_while(|index| step.checked_mul(index).and_then(|by| start.checked_add(by)))
            .collect(),
        _ => return Err(too_long(span)),
    };
    cast(&Int64Array::from(values), &kind.arrow()).map_err(|error| planning(span)(error.into()))
}

fn reals(start: &Typed, end: &Typed, step: &Typed, span: Span) -> Result<ArrayRef, Error> {
    let real = |value: &Typed| match literals::scalar(value)
        .and_then(|value| value.cast_to(&DataType::Float64).ok())
    {
        Some(ScalarValue::Float64(Some(value))) => Ok(value),
        _ => Err(Error::new("not-constant", span, "a range is of constants")),
    };
    let (start, end, step) = (real(start)?, real(end)?, real(step)?);
    let count = ((end - start) / step).floor() + 1.0;
    #[allow(clippy::cast_precision_loss)] // The limit is small.
    if !count.is_finite() || count > MAX_RANGE as f64 {
        return Err(too_long(span));
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Within the limit.
    let count = count.max(0.0) as u32;
    let values = (0..count).map(|index| start + f64::from(index) * step);
    Ok(Arc::new(values.collect::<datafusion::arrow::array::Float64Array>()))
}

fn too_long(span: Span) -> Error {
    Error::new("range-too-long", span, format!("a range has at most {MAX_RANGE} rows"))
        .with_help("use a longer step")
}

fn one_row(span: Span) -> Result<Relation, Error> {
    let plan = LogicalPlanBuilder::empty(true).build().map_err(planning(span))?;
    Ok(Relation::new(plan, Vec::new()))
}

/// A table of these columns.
pub(super) fn in_memory(
    columns: Vec<(String, Type)>,
    arrays: Vec<ArrayRef>,
    span: Span,
) -> Result<Relation, Error> {
    let held = |error| planning(span)(error);
    let fields: Vec<_> =
        columns.iter().map(|(name, kind)| ArrowField::new(name, kind.arrow(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(|error| held(error.into()))?;
    let table = MemTable::try_new(schema, vec![vec![batch]]).map_err(held)?;
    let plan = LogicalPlanBuilder::scan("__made", provider_as_source(Arc::new(table)), None)
        .and_then(LogicalPlanBuilder::build)
        .map_err(held)?;
    let fields =
        columns.iter().map(|(name, kind)| Field { name: name.clone(), kind: *kind, size: 1 }).collect();
    let exprs =
        columns.into_iter().map(|(name, kind)| (name.clone(), Typed::new(made(&name), kind), 1)).collect();
    Relation::new(plan, fields).project(exprs, span)
}

fn made(name: &str) -> datafusion::logical_expr::Expr {
    datafusion::logical_expr::Expr::Column(datafusion::common::Column::new(Some("__made"), name))
}
