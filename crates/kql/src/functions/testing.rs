//! How tests run functions: over constants, and over columns with a null row behind the first.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::compute::concat;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, ident};
use datafusion::prelude::SessionContext;

use super::cell::{Cell, Reader, normalise};
use super::{Argument, Environment, constant, convert, format, parse};
use crate::{Error, Span, Type, Typed};

/// 2026-01-02T03:04:05.678901Z, and values of up to a megabyte.
pub(crate) fn environment() -> Arc<Environment> {
    let now = parse::datetime("2026-01-02T03:04:05.678901Z").unwrap();
    Arc::new(Environment { now, value_bytes: 1 << 20 })
}

pub(crate) fn t(text: &str) -> Typed {
    constant::text(text)
}

pub(crate) fn l(value: i64) -> Typed {
    constant::long(value)
}

pub(crate) fn i(value: i64) -> Typed {
    convert(l(value), Type::Int)
}

pub(crate) fn r(value: f64) -> Typed {
    constant::real(value)
}

pub(crate) fn dec(text: &str) -> Typed {
    convert(t(text), Type::Decimal)
}

pub(crate) fn b(value: bool) -> Typed {
    constant::constant(value.into(), Type::Bool)
}

pub(crate) fn dt(text: &str) -> Typed {
    constant::datetime(parse::datetime(text).unwrap())
}

pub(crate) fn ts(text: &str) -> Typed {
    constant::timespan(parse::timespan(text).unwrap())
}

pub(crate) fn d(json: &str) -> Typed {
    super::dynamic_literal(json, Span::default()).unwrap()
}

pub(crate) fn null(kind: Type) -> Typed {
    constant::null(kind)
}

pub(crate) fn arguments(values: &[Typed]) -> Vec<Argument> {
    values.iter().map(|value| Argument { value: value.clone(), span: Span::default() }).collect()
}

pub(crate) fn argument(value: Typed) -> Argument {
    Argument { value, span: Span::default() }
}

/// A value as text.
pub(crate) fn shown(array: &ArrayRef, kind: Type, row: usize) -> String {
    assert!(
        kind.arrow() == *array.data_type() || kind.arrow().is_string(),
        "{kind:?} is {:?}",
        array.data_type()
    );
    let array = normalise(array, kind).unwrap();
    match (Reader::new(&array).unwrap().cell(row), kind) {
        (Cell::Null, Type::String) => String::new(),
        (Cell::Null, _) => "null".to_owned(),
        (Cell::Long(value), Type::DateTime) => format::datetime(value).unwrap(),
        (Cell::Long(value), Type::TimeSpan) => format::timespan(value),
        (Cell::Long(value), _) => value.to_string(),
        (Cell::Real(value), _) => value.to_string(),
        (Cell::Decimal(value), _) => format::decimal(value),
        (Cell::Bool(value), _) => value.to_string(),
        (Cell::Text(text), _) => text.to_owned(),
        (other, _) => panic!("{other:?}"),
    }
}

/// The columns that expressions give over a batch.
pub(crate) fn collected(batch: RecordBatch, exprs: Vec<Expr>, aggregate: bool) -> Vec<RecordBatch> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let frame = SessionContext::new().read_batch(batch).unwrap();
        let frame = if aggregate { frame.aggregate(Vec::new(), exprs) } else { frame.select(exprs) };
        frame.unwrap().collect().await.unwrap()
    })
}

/// Values as columns `c0`, `c1` and so on with a row of nulls behind the first.
pub(crate) fn columns(values: &[Typed]) -> (RecordBatch, Vec<Typed>) {
    let array = |value: &Typed| -> ArrayRef {
        let first = constant::of(value).unwrap().to_array().unwrap();
        let null = ScalarValue::try_from(first.data_type()).unwrap().to_array().unwrap();
        concat(&[&first, &null]).unwrap()
    };
    let arrays: Vec<ArrayRef> = values.iter().map(array).collect();
    let fields = arrays.iter().enumerate();
    let fields: Vec<Field> =
        fields.map(|(at, array)| Field::new(format!("c{at}"), array.data_type().clone(), true)).collect();
    let columns = values.iter().enumerate();
    let columns = columns.map(|(at, value)| Typed::new(ident(format!("c{at}")), value.kind)).collect();
    (RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap(), columns)
}

/// What a call gives over constants, after it has given the same over columns.
pub(crate) fn value_of(
    values: &[Typed],
    call: impl Fn(Vec<Argument>) -> Result<Typed, Error>,
) -> Result<String, Error> {
    let folded = call(arguments(values))?;
    let scalar = constant::of(&folded).unwrap_or_else(|| panic!("not a constant: {}", folded.expr));
    let alone = shown(&scalar.to_array().unwrap(), folded.kind, 0);
    if values.is_empty() {
        return Ok(alone);
    }
    // What may be a column is one; some arguments have to be constants.
    let (batch, columns) = columns(values);
    let mut mixed: Vec<Typed> = values.to_vec();
    for (at, column) in columns.into_iter().enumerate() {
        let before = std::mem::replace(&mut mixed[at], column);
        if call(arguments(&mixed)).is_err() {
            mixed[at] = before;
        }
    }
    let planned = call(arguments(&mixed))?;
    let batches = collected(batch, vec![planned.expr.alias("x")], false);
    assert_eq!(shown(batches[0].column(0), planned.kind, 0), alone, "over a column");
    assert_eq!(batches[0].column(0).len(), 2, "a row of nulls gives a row");
    Ok(alone)
}

/// What a function gives.
pub(crate) fn value(name: &str, values: &[Typed]) -> String {
    let called = value_of(values, |arguments| super::call(name, arguments, Span::default(), &environment()));
    called.unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The error of a call.
pub(crate) fn refused(name: &str, values: &[Typed]) -> Error {
    super::call(name, arguments(values), Span::default(), &environment()).unwrap_err()
}

/// Each call gives what stands beside it.
pub(crate) fn all(cases: &[(&str, &[Typed], &str)]) {
    for (name, values, expected) in cases {
        let shown: Vec<String> = values.iter().map(|value| value.expr.to_string()).collect();
        assert_eq!(value(name, values), *expected, "{name}({})", shown.join(", "));
    }
}
