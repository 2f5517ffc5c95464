//! Values of one row, read from Arrow columns and written to one.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, Decimal128Array, Decimal128Builder,
    DurationMicrosecondArray, DurationMicrosecondBuilder, Float64Array, Float64Builder, Int32Array,
    Int32Builder, Int64Array, Int64Builder, StringArray, StringBuilder, StringViewArray,
    TimestampMicrosecondArray, TimestampMicrosecondBuilder,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Float64Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};
use datafusion::common::{DataFusionError, Result, exec_err};

use crate::Type;

/// One value. Times and spans are microseconds, decimals are units of 10⁻¹², `dynamic` is JSON.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Bool(bool),
    Long(i64),
    Real(f64),
    Decimal(i128),
    Text(&'a str),
    Owned(String),
    /// The value would be larger than a value may be.
    TooLarge,
}

impl<'a> Cell<'a> {
    /// The text, where it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Cell::Text(text) => Some(text),
            Cell::Owned(text) => Some(text),
            _ => None,
        }
    }
}

impl From<bool> for Cell<'_> {
    fn from(value: bool) -> Self {
        Cell::Bool(value)
    }
}

impl From<i64> for Cell<'_> {
    fn from(value: i64) -> Self {
        Cell::Long(value)
    }
}

impl From<f64> for Cell<'_> {
    fn from(value: f64) -> Self {
        Cell::Real(value)
    }
}

impl From<i128> for Cell<'_> {
    fn from(value: i128) -> Self {
        Cell::Decimal(value)
    }
}

impl From<String> for Cell<'_> {
    fn from(value: String) -> Self {
        Cell::Owned(value)
    }
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(value: &'a str) -> Self {
        Cell::Text(value)
    }
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}

/// The arguments of a function in one row.
pub(crate) struct Row<'r, 'a> {
    /// In the order of the call.
    pub(crate) cells: &'r [Cell<'a>],
    /// How large a text may become, in bytes.
    pub(crate) limit: usize,
}

impl<'a> Row<'_, 'a> {
    /// An argument; null when the call has fewer.
    pub(crate) fn cell(&self, position: usize) -> &Cell<'a> {
        self.cells.get(position).unwrap_or(&Cell::Null)
    }

    /// A text; empty when it is null or left out.
    pub(crate) fn text(&self, position: usize) -> &'a str {
        match self.cell(position) {
            Cell::Text(text) => text,
            _ => "",
        }
    }

    /// The JSON of a `dynamic`.
    pub(crate) fn json(&self, position: usize) -> Option<&'a str> {
        match self.cell(position) {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number, a time or a span.
    pub(crate) fn long(&self, position: usize) -> Option<i64> {
        match self.cell(position) {
            Cell::Long(value) => Some(*value),
            _ => None,
        }
    }

    /// A floating-point number.
    pub(crate) fn real(&self, position: usize) -> Option<f64> {
        match self.cell(position) {
            Cell::Real(value) => Some(*value),
            Cell::Long(value) => Some(*value as f64),
            _ => None,
        }
    }

    /// A decimal in units of 10⁻¹².
    pub(crate) fn decimal(&self, position: usize) -> Option<i128> {
        match self.cell(position) {
            Cell::Decimal(value) => Some(*value),
            _ => None,
        }
    }

    /// A truth value.
    pub(crate) fn bool(&self, position: usize) -> Option<bool> {
        match self.cell(position) {
            Cell::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// How many arguments there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }
}

/// A column as rows read it.
pub(crate) enum Reader<'a> {
    Bool(&'a BooleanArray),
    Int(&'a Int32Array),
    Long(&'a Int64Array),
    Real(&'a Float64Array),
    Decimal(&'a Decimal128Array),
    Text(&'a StringArray),
    View(&'a StringViewArray),
    Time(&'a TimestampMicrosecondArray),
    Span(&'a DurationMicrosecondArray),
}

/// The column in a layout that [`Reader`] knows.
pub(crate) fn normalise(array: &ArrayRef, kind: Type) -> Result<ArrayRef> {
    let known = match (kind, array.data_type()) {
        (Type::String | Type::Dynamic | Type::Guid, DataType::Utf8 | DataType::Utf8View) => true,
        (Type::DateTime, DataType::Timestamp(TimeUnit::Microsecond, _)) => true,
        (_, actual) => *actual == kind.arrow(),
    };
    if known { Ok(Arc::clone(array)) } else { Ok(cast(array, &kind.arrow())?) }
}

impl<'a> Reader<'a> {
    /// Reads a column that [`normalise`] made.
    pub(crate) fn new(array: &'a ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Boolean => Reader::Bool(array.as_boolean()),
            DataType::Int32 => Reader::Int(array.as_primitive::<Int32Type>()),
            DataType::Int64 => Reader::Long(array.as_primitive::<Int64Type>()),
            DataType::Float64 => Reader::Real(array.as_primitive::<Float64Type>()),
            DataType::Decimal128(_, _) => Reader::Decimal(array.as_primitive::<Decimal128Type>()),
            DataType::Utf8 => Reader::Text(array.as_string::<i32>()),
            DataType::Utf8View => Reader::View(array.as_string_view()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Reader::Time(array.as_primitive::<TimestampMicrosecondType>())
            }
            DataType::Duration(TimeUnit::Microsecond) => {
                Reader::Span(array.as_primitive::<DurationMicrosecondType>())
            }
            other => return exec_err!("a column of type {other} is not one that a query can read"),
        })
    }

    /// The value of a row that the column has.
    pub(crate) fn cell(&self, row: usize) -> Cell<'a> {
        match self {
            Reader::Bool(array) if array.is_valid(row) => Cell::Bool(array.value(row)),
            Reader::Int(array) if array.is_valid(row) => Cell::Long(i64::from(array.value(row))),
            Reader::Long(array) if array.is_valid(row) => Cell::Long(array.value(row)),
            Reader::Real(array) if array.is_valid(row) => Cell::Real(array.value(row)),
            Reader::Decimal(array) if array.is_valid(row) => Cell::Decimal(array.value(row)),
            Reader::Text(array) if array.is_valid(row) => Cell::Text(array.value(row)),
            Reader::View(array) if array.is_valid(row) => Cell::Text(array.value(row)),
            Reader::Time(array) if array.is_valid(row) => Cell::Long(array.value(row)),
            Reader::Span(array) if array.is_valid(row) => Cell::Long(array.value(row)),
            _ => Cell::Null,
        }
    }
}

/// Gathers the results of rows.
pub(crate) enum Writer {
    Bool(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Real(Float64Builder),
    Decimal(Decimal128Builder),
    /// With the bytes so far, and true where null is the empty text.
    Text(StringBuilder, usize, bool),
    Time(TimestampMicrosecondBuilder),
    Span(DurationMicrosecondBuilder),
}

impl Writer {
    /// For results of a type.
    pub(crate) fn new(kind: Type, rows: usize) -> Self {
        match kind {
            Type::Bool => Writer::Bool(BooleanBuilder::with_capacity(rows)),
            Type::Int => Writer::Int(Int32Builder::with_capacity(rows)),
            Type::Long => Writer::Long(Int64Builder::with_capacity(rows)),
            Type::Real => Writer::Real(Float64Builder::with_capacity(rows)),
            Type::Decimal => {
                Writer::Decimal(Decimal128Builder::with_capacity(rows).with_data_type(kind.arrow()))
            }
            Type::String => Writer::Text(StringBuilder::new(), 0, true),
            Type::Dynamic | Type::Guid => Writer::Text(StringBuilder::new(), 0, false),
            Type::DateTime => {
                Writer::Time(TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC"))
            }
            Type::TimeSpan => Writer::Span(DurationMicrosecondBuilder::with_capacity(rows)),
        }
    }

    /// The next row's result; what is not of the column's type is null.
    pub(crate) fn push(&mut self, cell: &Cell<'_>, limit: usize) -> Result<()> {
        match (self, cell) {
            (_, Cell::TooLarge) => return too_large(limit),
            (Writer::Bool(out), Cell::Bool(value)) => out.append_value(*value),
            (Writer::Bool(out), _) => out.append_null(),
            (Writer::Int(out), Cell::Long(value)) => out.append_option(i32::try_from(*value).ok()),
            (Writer::Int(out), _) => out.append_null(),
            (Writer::Long(out), Cell::Long(value)) => out.append_value(*value),
            (Writer::Long(out), _) => out.append_null(),
            (Writer::Real(out), Cell::Real(value)) => out.append_value(*value),
            (Writer::Real(out), Cell::Long(value)) => out.append_value(*value as f64),
            (Writer::Real(out), _) => out.append_null(),
            (Writer::Decimal(out), Cell::Decimal(value)) => out.append_value(*value),
            (Writer::Decimal(out), _) => out.append_null(),
            (Writer::Time(out), Cell::Long(value)) => out.append_value(*value),
            (Writer::Time(out), _) => out.append_null(),
            (Writer::Span(out), Cell::Long(value)) => out.append_value(*value),
            (Writer::Span(out), _) => out.append_null(),
            (Writer::Text(out, bytes, empty), cell) => match cell.text() {
                Some(text) => {
                    *bytes = bytes.saturating_add(text.len());
                    if text.len() > limit || *bytes > i32::MAX as usize {
                        return too_large(limit);
                    }
                    out.append_value(text);
                }
                None if *empty => out.append_value(""),
                None => out.append_null(),
            },
        }
        Ok(())
    }

    /// The column.
    pub(crate) fn finish(self) -> ArrayRef {
        match self {
            Writer::Bool(mut out) => Arc::new(out.finish()),
            Writer::Int(mut out) => Arc::new(out.finish()),
            Writer::Long(mut out) => Arc::new(out.finish()),
            Writer::Real(mut out) => Arc::new(out.finish()),
            Writer::Decimal(mut out) => Arc::new(out.finish()),
            Writer::Text(mut out, _, _) => Arc::new(out.finish()),
            Writer::Time(mut out) => Arc::new(out.finish()),
            Writer::Span(mut out) => Arc::new(out.finish()),
        }
    }
}

fn too_large<T>(limit: usize) -> Result<T> {
    Err(DataFusionError::ResourcesExhausted(format!(
        "a value of the query would be larger than {limit} bytes; make fewer or shorter values"
    )))
}
