//! `System.DateTime`, `DateTimeOffset`, `TimeSpan`, `TimeZoneInfo`, `DayOfWeek`. Local time is UTC.

pub(crate) mod calendar;
mod date_time;
mod date_time_offset;
mod time_span;
mod time_zone;

use crate::call::Call;
use crate::exception::Exception;
use crate::members::TypeDeclaration;
use crate::value::{DateTime, DateTimeKind, Value};

static DAY_OF_WEEK: TypeDeclaration = TypeDeclaration::enumeration(
    "System.DayOfWeek",
    &[
        ("Sunday", 0),
        ("Monday", 1),
        ("Tuesday", 2),
        ("Wednesday", 3),
        ("Thursday", 4),
        ("Friday", 5),
        ("Saturday", 6),
    ],
);

static DATE_TIME_KIND: TypeDeclaration =
    TypeDeclaration::enumeration("System.DateTimeKind", &[("Unspecified", 0), ("Utc", 1), ("Local", 2)]);

/// The types of this family.
pub(super) static TYPES: &[&TypeDeclaration] = &[
    &date_time::DATE_TIME,
    &date_time_offset::DATE_TIME_OFFSET,
    &time_span::TIME_SPAN,
    &time_zone::TIME_ZONE_INFO,
    &time_zone::TIME_ZONE,
    &time_zone::TRANSITION_TIME,
    &time_zone::ADJUSTMENT_RULE,
    &DAY_OF_WEEK,
    &DATE_TIME_KIND,
];

/// A DayOfWeek.
fn day_of_week(number: i64) -> Value {
    Value::enumeration(&DAY_OF_WEEK, number)
}

/// A DateTimeKind as a value of its enum.
fn kind_value(kind: DateTimeKind) -> Value {
    let number = match kind {
        DateTimeKind::Unspecified => 0,
        DateTimeKind::Utc => 1,
        DateTimeKind::Local => 2,
    };
    Value::enumeration(&DATE_TIME_KIND, number)
}

/// An argument of type DateTimeKind.
fn kind_argument(call: &Call<'_>, at: usize) -> DateTimeKind {
    match call.enumeration(at) {
        1 => DateTimeKind::Utc,
        2 => DateTimeKind::Local,
        _ => DateTimeKind::Unspecified,
    }
}

/// Ticks that a DateTime can hold.
fn checked(ticks: i64, parameter: &str) -> Result<i64, Exception> {
    if calendar::in_range(ticks) {
        return Ok(ticks);
    }
    Err(Exception::argument_out_of_range(
        parameter,
        "The added or subtracted value results in an un-representable DateTime.",
    ))
}

/// Adds ticks to a clock time.
fn add_ticks(ticks: i64, more: i64) -> Result<i64, Exception> {
    checked(ticks.checked_add(more).unwrap_or(-1), "value")
}

/// Ticks of a count of units with a fraction, rounded to milliseconds.
fn unit_ticks(value: f64, unit: i64) -> Result<i64, Exception> {
    let milliseconds = whole_milliseconds(value * (unit / calendar::TICKS_PER_MILLISECOND) as f64);
    let most = calendar::MAX_TICKS / calendar::TICKS_PER_MILLISECOND;
    if milliseconds.is_nan() || milliseconds.abs() > most as f64 {
        return Err(Exception::argument_out_of_range("value", "Value to add was out of range."));
    }
    Ok(milliseconds as i64 * calendar::TICKS_PER_MILLISECOND)
}

/// Rounds half away from zero, as .NET Framework does for every count of units.
fn whole_milliseconds(value: f64) -> f64 {
    (value + 0.5_f64.copysign(value)).trunc()
}

/// Ticks of `arguments[from..]` read as year, month, day and (when there are more) hour, minute, second, millisecond.
fn ticks_of_arguments(call: &Call<'_>, count: usize) -> Result<i64, Exception> {
    let part = |at: usize| if at < count { i64::from(call.int(at)) } else { 0 };
    let unrepresentable = || {
        Exception::new(
            "System.ArgumentOutOfRangeException",
            "Year, Month, and Day parameters describe an un-representable DateTime.",
        )
    };
    let date = calendar::date_ticks(part(0), part(1), part(2)).ok_or_else(unrepresentable)?;
    let time = calendar::time_ticks(part(3), part(4), part(5)).ok_or_else(|| {
        Exception::new(
            "System.ArgumentOutOfRangeException",
            "Hour, Minute, and Second parameters describe an un-representable DateTime.",
        )
    })?;
    if !(0..1000).contains(&part(6)) {
        let message = "Valid values are between 0 and 999, inclusive.";
        return Err(Exception::argument_out_of_range("millisecond", message));
    }
    Ok(date + time + part(6) * calendar::TICKS_PER_MILLISECOND)
}

/// Text that is no date.
fn not_a_date() -> Exception {
    Exception::format("String was not recognized as a valid DateTime.")
}

/// The sign of a comparison as `CompareTo` gives it.
fn sign(ordering: std::cmp::Ordering) -> Value {
    Value::Int32(ordering as i32)
}

/// A DateTime.
fn date_time(ticks: i64, kind: DateTimeKind) -> Value {
    Value::DateTime(DateTime { ticks, kind })
}

/// `long.GetHashCode()`.
fn long_hash(value: i64) -> Value {
    Value::Int32((value ^ (value >> 32)) as i32)
}

#[cfg(test)]
mod tests;
