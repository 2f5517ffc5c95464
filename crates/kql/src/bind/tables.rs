//! What a table is: a name, a call, a pipe.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field as ArrowField, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::common::{Column, ScalarValue, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, cast, lit};

use super::relation::{Field, Relation, col, planning};
use super::{Binder, Meaning};
use crate::ast::{Argument, Expression, Kind, Literal, Name};
use crate::parser::type_of;
use crate::types::TYPE_KEY;
use crate::{Error, Span, Type, deep, near};

/// The columns that hold when a row was made: of Azure Monitor's tables, and of Application Insights'.
const TIME_COLUMNS: [&str; 2] = ["TimeGenerated", "timestamp"];

/// Functions that say in which database a table is. There is one here.
const PLACES: [&str; 5] = ["database", "workspace", "app", "cluster", "resource"];

/// Functions that give a table.
pub(super) fn is_table_function(name: &str) -> bool {
    matches!(name, "table" | "materialize" | "view")
}

impl Binder<'_> {
    /// True when the expression is a table. Columns of the row go before tables of the same name.
    pub(super) fn is_table(&self, expression: &Expression, row: &[Field]) -> bool {
        match &expression.kind {
            Kind::Pipe(..) | Kind::Source(_) => true,
            Kind::Name(name) => {
                if row.iter().any(|column| column.name == *name) {
                    return false;
                }
                match self.meaning(name) {
                    Some(meaning) => matches!(meaning, Meaning::Table(_)),
                    None => self.catalog.table(name).is_some(),
                }
            }
            Kind::Call(name, _) => match self.meaning(&name.text) {
                Some(Meaning::Function(function, sees)) => self.gives_table(function, *sees),
                _ => is_table_function(&name.text),
            },
            Kind::Member(place, _) => is_place(place),
            _ => false,
        }
    }

    pub(super) fn table(&mut self, expression: &Expression) -> Result<Relation, Error> {
        deep(|| self.table_of(expression))
    }

    fn table_of(&mut self, expression: &Expression) -> Result<Relation, Error> {
        let span = expression.span;
        self.charge(0, span)?;
        match &expression.kind {
            Kind::Name(name) => self.named_table(name, span),
            Kind::Member(place, name) if is_place(place) => self.catalog_table(&name.text, name.span),
            Kind::Call(name, arguments) => self.table_of_call(name, arguments, span),
            Kind::Source(source) => self.source(source, span),
            Kind::Pipe(source, operators) => {
                let mut relation = self.table(source)?;
                for operator in operators {
                    let outer = std::mem::take(&mut self.size);
                    relation = self.operator(relation, operator)?;
                    self.size = outer;
                }
                Ok(relation)
            }
            _ => Err(Error::new("scalar-for-table", span, "a scalar stands where a table is expected")),
        }
    }

    fn table_of_call(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Result<Relation, Error> {
        if let Some(Meaning::Function(function, sees)) = self.meaning(&name.text) {
            let (function, sees) = (function.clone(), *sees);
            return self.call_table(&function, sees, name, arguments);
        }
        match (name.text.as_str(), arguments) {
            ("table", [first, ..]) => match &first.value.kind {
                Kind::Literal(Literal::String(name)) => self.catalog_table(name, first.value.span),
                _ => Err(Error::new("type-mismatch", first.value.span, "the name of a table is a text")),
            },
            ("materialize" | "view", [first]) => self.table(&first.value),
            _ => {
                let error = Error::new(
                    "unknown-table",
                    span,
                    format!("there is no function `{}` that gives a table", name.text),
                );
                Err(error)
            }
        }
    }

    pub(super) fn named_table(&mut self, name: &str, span: Span) -> Result<Relation, Error> {
        match self.meaning(name) {
            Some(Meaning::Table(relation)) => Ok(relation.as_ref().clone()),
            Some(Meaning::Function(function, sees)) => {
                let (function, sees) = (function.clone(), *sees);
                self.call_table(&function, sees, &Name { text: name.to_owned(), span }, &[])
            }
            Some(Meaning::Scalar(..)) => Err(Error::new(
                "scalar-for-table",
                span,
                format!("`{name}` is a scalar, and a table is expected"),
            )),
            None => self.catalog_table(name, span),
        }
    }

    fn catalog_table(&mut self, name: &str, span: Span) -> Result<Relation, Error> {
        match self.catalog.table(name) {
            Some(provider) => self.scan(name, provider, span),
            None => {
                let error = Error::new("unknown-table", span, format!("there is no table `{name}`"));
                let known = self.catalog.names();
                let own = self.names.iter().map(|(name, _)| name.as_str());
                Err(near::hint(error, name, known.iter().map(String::as_str).chain(own)))
            }
        }
    }

    /// A table of the catalog with the columns that KQL has types for, and of the time that is asked for.
    fn scan(&self, name: &str, provider: Arc<dyn TableProvider>, span: Span) -> Result<Relation, Error> {
        let table = TableReference::bare(name);
        let schema = provider.schema();
        let mut columns = Vec::new();
        let mut exprs = Vec::new();
        for field in schema.fields() {
            let Some(kind) = type_of_field(field) else { continue };
            let column = Expr::Column(Column::new(Some(table.clone()), field.name()));
            let column = if *field.data_type() == kind.arrow() { column } else { cast(column, kind.arrow()) };
            exprs.push(column.alias(field.name()));
            columns.push(Field { name: field.name().clone(), kind, size: 1 });
        }
        let filter = self.time_filter(&columns);
        let plan = LogicalPlanBuilder::scan(table, provider_as_source(provider), None)
            .and_then(|builder| builder.project(exprs))
            .and_then(|builder| match filter {
                Some(filter) => builder.filter(filter),
                None => Ok(builder),
            })
            .and_then(LogicalPlanBuilder::build)
            .map_err(planning(span))?;
        Ok(Relation::new(plan, columns))
    }

    fn time_filter(&self, columns: &[Field]) -> Option<Expr> {
        let (from, to) = self.timespan?;
        let time = TIME_COLUMNS.iter().find_map(|name| {
            columns.iter().find(|column| column.name == *name && column.kind == Type::DateTime)
        })?;
        let instant = |at| lit(ScalarValue::TimestampMicrosecond(Some(at), Some("UTC".into())));
        Some(col(&time.name).gt_eq(instant(from)).and(col(&time.name).lt(instant(to))))
    }
}

fn is_place(place: &Expression) -> bool {
    match &place.kind {
        Kind::Call(name, _) => PLACES.contains(&name.text.as_str()),
        Kind::Member(place, _) => is_place(place),
        _ => false,
    }
}

/// The type of a column, if KQL has one for it.
fn type_of_field(field: &ArrowField) -> Option<Type> {
    if let Some(kind) = field.metadata().get(TYPE_KEY).and_then(|name| type_of(name)) {
        return Some(kind);
    }
    Some(match field.data_type() {
        DataType::Boolean => Type::Bool,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => Type::Int,
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => Type::Long,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Type::Real,
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Type::Decimal,
        DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 => Type::String,
        DataType::Dictionary(_, value) if matches!(value.as_ref(), DataType::Utf8 | DataType::LargeUtf8) => {
            Type::String
        }
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Type::DateTime,
        DataType::Duration(
            TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond,
        ) => Type::TimeSpan,
        _ => return None,
    })
}
