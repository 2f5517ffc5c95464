//! Conversion between types, as `tostring()`, `tolong()` and their like do it: null where it cannot be.

use datafusion::logical_expr::{Expr, TryCast};

use super::cell::{Cell, Row};
use super::constant;
use super::json::path;
use super::json::text;
use super::kernel::{Kernel, function};
use super::{format, parse};
use crate::{Type, Typed};

/// The value as another type, as `tostring()`, `tolong()` and their like do: null where it cannot be.
pub fn convert(value: Typed, to: Type) -> Typed {
    use Type::{Bool, DateTime, Decimal, Dynamic, Guid, Int, Long, Real, String, TimeSpan};
    let from = value.kind;
    match (from, to) {
        _ if from == to => value,
        (Dynamic, _) => path::convert(value, to),
        (String, Dynamic) => path::parse(value),
        (_, Dynamic) => to_dynamic(value),
        (Guid, String) => Typed::new(value.expr, String),
        (Int | Long, String) | (Bool | Int | Long, Int | Long | Real) => cast(value, to),
        (Real, Int | Long) => {
            rows("real_to_long", value, to, |row| row.real(0).and_then(parse::whole_of_real).into())
        }
        (Int | Long, Decimal) => rows("long_to_decimal", value, to, |row| {
            row.long(0).map(|value| i128::from(value) * format::DECIMAL_ONE).into()
        }),
        (Real, Decimal) => {
            rows("real_to_decimal", value, to, |row| row.real(0).and_then(parse::decimal_of_real).into())
        }
        (Decimal, Int | Long) => rows("decimal_to_long", value, to, |row| {
            row.decimal(0).and_then(|value| i64::try_from(value / format::DECIMAL_ONE).ok()).into()
        }),
        (Decimal, Real) => {
            rows("decimal_to_real", value, to, |row| row.decimal(0).map(parse::real_of_decimal).into())
        }
        (Int | Long, Bool) => {
            rows("long_to_bool", value, to, |row| row.long(0).map(|value| value != 0).into())
        }
        (Real, Bool) => rows("real_to_bool", value, to, |row| row.real(0).map(|value| value != 0.0).into()),
        (DateTime, Long) => {
            rows("datetime_to_long", value, to, |row| row.long(0).and_then(parse::ticks_of_datetime).into())
        }
        (TimeSpan, Long) => rows("timespan_to_long", value, to, |row| {
            row.long(0).and_then(|span| span.checked_mul(10)).into()
        }),
        (Long | Int, DateTime) => {
            rows("long_to_datetime", value, to, |row| row.long(0).and_then(parse::datetime_of_ticks).into())
        }
        (Long | Int, TimeSpan) => {
            rows("long_to_timespan", value, to, |row| row.long(0).map(|ticks| ticks / 10).into())
        }
        (TimeSpan, Real) => {
            rows("timespan_to_real", value, to, |row| row.long(0).map(|span| span as f64 * 10.0).into())
        }
        (String, _) => of_text(value, to),
        (_, String) => to_text(value),
        _ => constant::null(to),
    }
}

/// Arrow's own conversion, null where it fails.
fn cast(value: Typed, to: Type) -> Typed {
    let field = datafusion::arrow::datatypes::Field::new("", to.arrow(), true);
    Typed::new(constant::fold(Expr::TryCast(TryCast::new_from_field(Box::new(value.expr), field.into()))), to)
}

fn rows<F>(name: &'static str, value: Typed, to: Type, convert: F) -> Typed
where
    F: for<'a> Fn(&Row<'_, 'a>) -> Cell<'a> + Send + Sync + 'static,
{
    Kernel::new(name, vec![value.kind], to, function(convert)).call(vec![value])
}

fn of_text(value: Typed, to: Type) -> Typed {
    match to {
        Type::Bool => rows("text_to_bool", value, to, |row| parse::bool(row.text(0)).into()),
        Type::Int | Type::Long => rows("text_to_long", value, to, |row| parse::long(row.text(0)).into()),
        Type::Real => rows("text_to_real", value, to, |row| parse::real(row.text(0)).into()),
        Type::Decimal => rows("text_to_decimal", value, to, |row| parse::decimal(row.text(0)).into()),
        Type::DateTime => rows("text_to_datetime", value, to, |row| parse::datetime(row.text(0)).into()),
        Type::TimeSpan => rows("text_to_timespan", value, to, |row| parse::timespan(row.text(0)).into()),
        Type::Guid => rows("text_to_guid", value, to, |row| parse::guid(row.text(0)).into()),
        Type::String | Type::Dynamic => value,
    }
}

fn to_text(value: Typed) -> Typed {
    let to = Type::String;
    match value.kind {
        Type::Bool => rows("bool_to_text", value, to, |row| match row.bool(0) {
            Some(true) => Cell::Text("true"),
            Some(false) => Cell::Text("false"),
            None => Cell::Null,
        }),
        Type::Real => rows("real_to_text", value, to, |row| row.real(0).map(format::real).into()),
        Type::Decimal => rows("decimal_to_text", value, to, |row| row.decimal(0).map(format::decimal).into()),
        Type::DateTime => {
            rows("datetime_to_text", value, to, |row| row.long(0).and_then(format::datetime).into())
        }
        Type::TimeSpan => rows("timespan_to_text", value, to, |row| row.long(0).map(format::timespan).into()),
        _ => cast(value, to),
    }
}

/// A value that is not text as a `dynamic`.
fn to_dynamic(value: Typed) -> Typed {
    let kind = value.kind;
    rows("to_dynamic", value, Type::Dynamic, move |row| Cell::Owned(text::of_cell(row.cell(0), kind)))
}

/// A value as an element of an array or a property of a bag: a text becomes a JSON string. Never null.
pub(crate) fn element(value: Typed) -> Typed {
    let kind = value.kind;
    let element = function(move |row| Cell::Owned(text::of_cell(row.cell(0), kind)));
    Kernel::new("json_element", vec![kind], Type::Dynamic, element).sees_nulls().call(vec![value])
}
