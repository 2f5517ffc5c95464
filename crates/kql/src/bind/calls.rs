//! Calls: functions of KQL, aggregates, and those that need to know the table or to read one first.

use datafusion::arrow::array::{Array, RecordBatch};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit};

use super::relation::{Field, Relation, planning};
use super::{Binder, Meaning, literals, names};
use crate::aggregates::{self, Aggregate};
use crate::ast::{Argument, Expression, Kind, Name};
use crate::functions::{self, InList};
use crate::{Error, Span, Type, Typed, near};

/// How many values `in (table)` compares with.
const MAX_LIST: usize = 65_536;

impl Binder<'_> {
    pub(super) fn call(
        &mut self,
        name: &Name,
        arguments: &[Argument],
        span: Span,
        row: &[Field],
    ) -> Result<Typed, Error> {
        if let Some(Meaning::Function(function, sees)) = self.meaning(&name.text) {
            let (function, sees) = (function.clone(), *sees);
            return self.call_scalar(&function, sees, name, arguments, row);
        }
        match (name.text.as_str(), arguments) {
            ("toscalar", [argument]) => return self.scalar_of_table(&argument.value, row),
            ("column_ifexists" | "columnifexists", [column, default]) => {
                return self.column_if_exists(&column.value, &default.value, row);
            }
            ("pack_all", _) => return self.pack_all(span, row),
            _ => {}
        }
        if aggregates::is_aggregate(&name.text) {
            if self.collector.as_ref().is_some_and(|collector| collector.input.is_some()) {
                return self.single_aggregate(name, arguments, span);
            }
            if !functions::names().any(|known| known == name.text) {
                let message =
                    format!("`{}` is computed of many rows and stands only in `summarize`", name.text);
                return Err(Error::new("aggregate-for-scalar", span, message));
            }
        }
        if let Some(value) = self.window(name, arguments, row)? {
            return Ok(value);
        }
        self.function(name, arguments, span, row)
    }

    /// A function of KQL. `typeof(type)` as the last argument is what its value becomes.
    fn function(
        &mut self,
        name: &Name,
        arguments: &[Argument],
        span: Span,
        row: &[Field],
    ) -> Result<Typed, Error> {
        let (arguments, to) = match arguments.split_last() {
            Some((Argument { value: Expression { kind: Kind::TypeOf(kind), .. }, .. }, rest)) => {
                (rest, Some(*kind))
            }
            _ => (arguments, None),
        };
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.push(self.argument(&argument.value, row)?);
        }
        let value = functions::call(&name.text, values, span, &self.environment).map_err(|error| {
            if error.code != "unknown-function" || error.help.is_some() {
                return error;
            }
            near::hint(Error { span: name.span, ..error }, &name.text, functions::names())
        })?;
        Ok(match to {
            Some(kind) => functions::convert(value, kind),
            None => value,
        })
    }

    fn single_aggregate(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Result<Typed, Error> {
        let aggregate = self.aggregate(name, arguments, span, &[])?;
        let mut columns = aggregate.columns.into_iter();
        match (columns.next(), columns.next()) {
            (Some(column), None) => Ok(Typed::new(self.collected(column.expr), column.kind)),
            _ => {
                let message =
                    format!("`{}` gives several columns and cannot be part of an expression", name.text);
                Err(Error::new("type-mismatch", span, message))
            }
        }
    }

    /// The column that holds what is computed.
    pub(super) fn collected(&mut self, expr: Expr) -> Expr {
        match &mut self.collector {
            Some(collector) => collector.add(expr),
            None => expr,
        }
    }

    /// An aggregate of the rows of the collector's input. `*` stands for all columns but the keys.
    pub(super) fn aggregate(
        &mut self,
        name: &Name,
        arguments: &[Argument],
        span: Span,
        keys: &[String],
    ) -> Result<Aggregate, Error> {
        let collector = self.collector.take();
        let input = collector.as_ref().and_then(|collector| collector.input.clone()).unwrap_or_default();
        let result = self.aggregate_of(name, arguments, span, keys, &input);
        self.collector = collector;
        result
    }

    fn aggregate_of(
        &mut self,
        name: &Name,
        arguments: &[Argument],
        span: Span,
        keys: &[String],
        input: &[Field],
    ) -> Result<Aggregate, Error> {
        let mut values = Vec::new();
        let mut named: Vec<Option<String>> = Vec::new();
        for argument in arguments {
            if argument.value.kind != Kind::Star {
                values.push(self.argument(&argument.value, input)?);
                named.push(names::of(&argument.value));
                continue;
            }
            for column in input {
                let is_there = named.iter().flatten().any(|name| *name == column.name);
                if !is_there && !keys.contains(&column.name) {
                    values.push(functions::Argument {
                        value: Relation::value(column),
                        span: argument.value.span,
                    });
                    named.push(Some(column.name.clone()));
                }
            }
        }
        if name.text == "count" && values.len() == 1 {
            return self.count_of_rows(named, span);
        }
        aggregates::aggregate(&name.text, values, &named, span, &self.environment)
    }

    /// `count(column)`: all rows, as `count()`, under a name of its own.
    fn count_of_rows(&self, named: Vec<Option<String>>, span: Span) -> Result<Aggregate, Error> {
        let mut aggregate = aggregates::aggregate("count", Vec::new(), &[], span, &self.environment)?;
        let name = named.into_iter().flatten().next().unwrap_or_default();
        for column in &mut aggregate.columns {
            column.name = format!("count_{name}");
        }
        Ok(aggregate)
    }

    /// The first value of a table.
    fn scalar_of_table(&mut self, value: &Expression, row: &[Field]) -> Result<Typed, Error> {
        if !self.is_table(value, row) {
            return self.scalar(value, row);
        }
        let relation = self.table(value)?;
        let Some(column) = relation.columns.first() else {
            return Err(Error::new("type-mismatch", value.span, "this table has no columns"));
        };
        let kind = column.kind;
        let relation = relation.map(value.span, |builder| builder.limit(0, Some(1)))?;
        let batches = self.fetch(&relation.plan, value.span)?;
        let scalar = batches.iter().find(|batch| batch.num_rows() > 0).and_then(|batch| first(batch, 0));
        Ok(scalar.map_or_else(|| literals::null(kind), |scalar| Typed::new(lit(scalar), kind)))
    }

    pub(super) fn in_list(
        &mut self,
        operator: InList,
        value: &Expression,
        list: &[Expression],
        span: Span,
        row: &[Field],
    ) -> Result<Typed, Error> {
        let value = self.argument(value, row)?;
        let mut values = Vec::with_capacity(list.len());
        for item in list {
            if self.is_table(item, row) {
                self.values_of(item, &mut values)?;
            } else {
                values.push(self.argument(item, row)?);
            }
        }
        functions::in_list(operator, value, values, span, &self.environment)
    }

    /// The distinct values of a table's first column.
    fn values_of(&mut self, table: &Expression, values: &mut Vec<functions::Argument>) -> Result<(), Error> {
        let span = table.span;
        let relation = self.table(table)?;
        let Some(column) = relation.columns.first().cloned() else { return Ok(()) };
        let plan = LogicalPlanBuilder::new(relation.plan)
            .project([super::relation::col(&column.name)])
            .and_then(LogicalPlanBuilder::distinct)
            .and_then(|builder| builder.limit(0, Some(MAX_LIST + 1)))
            .and_then(LogicalPlanBuilder::build)
            .map_err(planning(span))?;
        for batch in self.fetch(&plan, span)? {
            for index in 0..batch.num_rows() {
                if let Some(scalar) = first(batch, index) {
                    values.push(functions::Argument { value: Typed::new(lit(scalar), column.kind), span });
                }
            }
        }
        if values.len() > MAX_LIST {
            let message = format!("this table has more than {MAX_LIST} values to compare with");
            return Err(Error::new("list-too-long", span, message)
                .with_help("use `join kind=leftsemi` or `leftanti`"));
        }
        Ok(())
    }

    fn column_if_exists(
        &mut self,
        column: &Expression,
        default: &Expression,
        row: &[Field],
    ) -> Result<Typed, Error> {
        let name = self.constant(column)?;
        let Some(name) = literals::text(&name) else {
            return Err(Error::new("type-mismatch", column.span, "the name of a column is a text"));
        };
        match row.iter().find(|column| column.name == name) {
            Some(column) => {
                self.charge(column.size, Span::default())?;
                Ok(Relation::value(column))
            }
            None => self.scalar(default, row),
        }
    }

    fn pack_all(&mut self, span: Span, row: &[Field]) -> Result<Typed, Error> {
        let mut arguments = Vec::with_capacity(2 * row.len());
        for column in row {
            self.charge(column.size, span)?;
            let name = Typed::new(lit(column.name.as_str()), Type::String);
            arguments.push(functions::Argument { value: name, span });
            arguments.push(functions::Argument { value: Relation::value(column), span });
        }
        functions::call("bag_pack", arguments, span, &self.environment)
    }
}

/// The value of a batch's first column, as a scalar that expressions hold.
fn first(batch: &RecordBatch, index: usize) -> Option<ScalarValue> {
    let column = batch.columns().first()?;
    if column.is_null(index) {
        return None;
    }
    ScalarValue::try_from_array(column, index).ok()
}
