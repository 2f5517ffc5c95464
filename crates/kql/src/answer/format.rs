//! Values as the Log Analytics API writes them.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, DurationMicrosecondType, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use datafusion::arrow::temporal_conversions::timestamp_us_to_datetime;
use serde_json::Value;

use crate::Type;

/// The value of a column, in the given row.
pub(super) fn value(column: &ArrayRef, row: usize, kind: Type) -> Value {
    if column.is_null(row) {
        return if kind == Type::String { Value::from("") } else { Value::Null };
    }
    match column.data_type() {
        DataType::Boolean => Value::from(column.as_boolean().value(row)),
        DataType::Int32 => Value::from(column.as_primitive::<Int32Type>().value(row)),
        DataType::Int64 => Value::from(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => real(column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => {
            Value::from(decimal(column.as_primitive::<Decimal128Type>().value(row), *scale))
        }
        DataType::Utf8 => Value::from(column.as_string::<i32>().value(row)),
        DataType::Timestamp(..) => {
            Value::from(date_time(column.as_primitive::<TimestampMicrosecondType>().value(row)))
        }
        DataType::Duration(_) => {
            Value::from(time_span(column.as_primitive::<DurationMicrosecondType>().value(row)))
        }
        _ => Value::Null,
    }
}

fn real(value: f64) -> Value {
    if value.is_nan() {
        return Value::from("NaN");
    }
    if value.is_infinite() {
        return Value::from(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    Value::from(value)
}

/// Without zeros at the end.
pub(super) fn decimal(value: i128, scale: i8) -> String {
    let Ok(scale) = usize::try_from(scale) else { return value.to_string() };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

/// `2026-01-31T12:00:00Z`, with a fraction where there is one.
pub(crate) fn date_time(microseconds: i64) -> String {
    match timestamp_us_to_datetime(microseconds) {
        Some(time) => {
            let seconds = time.format("%Y-%m-%dT%H:%M:%S");
            let fraction = microseconds.rem_euclid(1_000_000);
            if fraction == 0 {
                return format!("{seconds}Z");
            }
            let fraction = format!("{fraction:06}");
            format!("{seconds}.{}Z", fraction.trim_end_matches('0'))
        }
        None => String::new(),
    }
}

/// `d.hh:mm:ss.fffffff`, without days and fraction where there are none.
pub(super) fn time_span(microseconds: i64) -> String {
    let sign = if microseconds < 0 { "-" } else { "" };
    let total = microseconds.unsigned_abs();
    let (seconds, fraction) = (total / 1_000_000, total % 1_000_000);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days = if days == 0 { String::new() } else { format!("{days}.") };
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:06}0") };
    format!("{sign}{days}{hours:02}:{minutes:02}:{:02}{fraction}", seconds % 60)
}
