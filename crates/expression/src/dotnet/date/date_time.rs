//! `System.DateTime`.

use super::calendar::{
    self, Fields, MAX_TICKS, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE,
    TICKS_PER_SECOND, UNIX_TICKS, fields,
};
use super::{
    add_ticks, checked, date_time, day_of_week, kind_argument, kind_value, long_hash, not_a_date, sign,
    ticks_of_arguments, unit_ticks,
};
use crate::call::Call;
use crate::dotnet::format::{Moment, Read, format_date, read_date, read_date_exact};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::{DateTime, DateTimeKind, Text, Value};

pub(super) static DATE_TIME: TypeDeclaration = TypeDeclaration::structure("System.DateTime")
    .interfaces(&["System.IComparable", "System.IFormattable", "System.IEquatable<DateTime>"])
    .members(&[
        pure("new()", |_| Ok(date_time(0, DateTimeKind::Unspecified))),
        pure("new(long ticks)", |call| from_ticks(call, DateTimeKind::Unspecified)),
        pure("new(long ticks, DateTimeKind kind)", |call| from_ticks(call, kind_argument(call, 1))),
        pure("new(int year, int month, int day)", |call| from_parts(call, 3)),
        pure("new(int year, int month, int day, int hour, int minute, int second)", |call| from_parts(call, 6)),
        pure("new(int year, int month, int day, int hour, int minute, int second, DateTimeKind kind)", |call| {
            Ok(date_time(ticks_of_arguments(call, 6)?, kind_argument(call, 6)))
        }),
        pure("new(int year, int month, int day, int hour, int minute, int second, int millisecond)", |call| {
            from_parts(call, 7)
        }),
        pure(
            "new(int year, int month, int day, int hour, int minute, int second, int millisecond, DateTimeKind kind)",
            |call| Ok(date_time(ticks_of_arguments(call, 7)?, kind_argument(call, 7))),
        ),
        pure("static DateTime MinValue", |_| Ok(date_time(0, DateTimeKind::Unspecified))),
        pure("static DateTime MaxValue", |_| Ok(date_time(MAX_TICKS, DateTimeKind::Unspecified))),
        pure("static DateTime UnixEpoch", |_| Ok(date_time(UNIX_TICKS, DateTimeKind::Utc))),
        impure("static DateTime UtcNow", |call| Ok(date_time(call.context().now_ticks(), DateTimeKind::Utc))),
        impure("static DateTime Now", |call| Ok(date_time(call.context().now_ticks(), DateTimeKind::Local))),
        impure("static DateTime Today", |call| {
            let now = call.context().now_ticks();
            Ok(date_time(now - now % TICKS_PER_DAY, DateTimeKind::Local))
        }),
        pure("int Year", |call| Ok(part(call, |fields| fields.year))),
        pure("int Month", |call| Ok(part(call, |fields| fields.month))),
        pure("int Day", |call| Ok(part(call, |fields| fields.day))),
        pure("int Hour", |call| Ok(part(call, |fields| fields.hour))),
        pure("int Minute", |call| Ok(part(call, |fields| fields.minute))),
        pure("int Second", |call| Ok(part(call, |fields| fields.second))),
        pure("int Millisecond", |call| Ok(part(call, |fields| fields.fraction / TICKS_PER_MILLISECOND))),
        pure("int DayOfYear", |call| Ok(part(call, |fields| fields.day_of_year))),
        pure("DayOfWeek DayOfWeek", |call| Ok(day_of_week(fields(this(call).ticks).day_of_week))),
        pure("long Ticks", |call| Ok(Value::Int64(this(call).ticks))),
        pure("DateTimeKind Kind", |call| Ok(kind_value(this(call).kind))),
        pure("DateTime Date", |call| {
            let DateTime { ticks, kind } = this(call);
            Ok(date_time(ticks - ticks % TICKS_PER_DAY, kind))
        }),
        pure("TimeSpan TimeOfDay", |call| Ok(Value::TimeSpan(this(call).ticks % TICKS_PER_DAY))),
        pure("DateTime Add(TimeSpan value)", |call| moved(call, call.time_span(0))),
        pure("DateTime AddDays(double value)", |call| moved_by(call, TICKS_PER_DAY)),
        pure("DateTime AddHours(double value)", |call| moved_by(call, TICKS_PER_HOUR)),
        pure("DateTime AddMinutes(double value)", |call| moved_by(call, TICKS_PER_MINUTE)),
        pure("DateTime AddSeconds(double value)", |call| moved_by(call, TICKS_PER_SECOND)),
        pure("DateTime AddMilliseconds(double value)", |call| moved_by(call, TICKS_PER_MILLISECOND)),
        pure("DateTime AddTicks(long value)", |call| moved(call, call.long(0))),
        pure("DateTime AddMonths(int months)", |call| moved_by_months(call, i64::from(call.int(0)), "months")),
        pure("DateTime AddYears(int value)", |call| moved_by_months(call, i64::from(call.int(0)) * 12, "value")),
        pure("TimeSpan Subtract(DateTime value)", |call| {
            Ok(Value::TimeSpan(this(call).ticks - call.date_time(0).ticks))
        }),
        pure("DateTime Subtract(TimeSpan value)", |call| moved(call, call.time_span(0).saturating_neg())),
        pure("DateTime ToUniversalTime()", |call| Ok(date_time(this(call).ticks, DateTimeKind::Utc))),
        pure("DateTime ToLocalTime()", |call| Ok(date_time(this(call).ticks, DateTimeKind::Local))),
        pure("static DateTime SpecifyKind(DateTime value, DateTimeKind kind)", |call| {
            Ok(date_time(call.date_time(0).ticks, kind_argument(call, 1)))
        }),
        pure("bool IsDaylightSavingTime()", |_| Ok(Value::Boolean(false))),
        pure("static bool IsLeapYear(int year)", |call| {
            let year = i64::from(call.int(0));
            if !(1..=9999).contains(&year) {
                let message = "Year must be between 1 and 9999.";
                return Err(Exception::argument_out_of_range("year", message));
            }
            Ok(Value::Boolean(calendar::is_leap_year(year)))
        }),
        pure("static int DaysInMonth(int year, int month)", |call| {
            let days = calendar::days_in_month(i64::from(call.int(0)), i64::from(call.int(1)));
            let message = "Month must be between one and twelve.";
            days.map(int).ok_or_else(|| Exception::argument_out_of_range("month", message))
        }),
        impure("static DateTime Parse(string s)", parse),
        impure("static DateTime Parse(string s, IFormatProvider provider)", parse),
        impure("static bool TryParse(string s, out DateTime result)", |call| {
            let today = call.context().now_ticks();
            let read = call.text_or_null(0).and_then(|text| read_date(&text, today)).and_then(local);
            call.set_out(1, read.clone().unwrap_or_else(|| date_time(0, DateTimeKind::Unspecified)));
            Ok(Value::Boolean(read.is_some()))
        }),
        impure("static DateTime ParseExact(string s, string format, IFormatProvider provider)", |call| {
            let (text, format) = (call.text(0)?, call.text(1)?);
            let today = call.context().now_ticks();
            read_date_exact(&text, &format, today).and_then(local).ok_or_else(not_a_date)
        }),
        pure("string ToString()", |call| text(call, "")),
        pure("string ToString(string format)", |call| text(call, &call.text_or_null(0).unwrap_or_else(Text::empty))),
        pure("string ToString(IFormatProvider provider)", |call| text(call, "")),
        pure("string ToString(string format, IFormatProvider provider)", |call| {
            text(call, &call.text_or_null(0).unwrap_or_else(Text::empty))
        }),
        pure("string ToShortDateString()", |call| text(call, "d")),
        pure("string ToLongDateString()", |call| text(call, "D")),
        pure("string ToShortTimeString()", |call| text(call, "t")),
        pure("string ToLongTimeString()", |call| text(call, "T")),
        pure("int GetHashCode()", |call| Ok(long_hash(this(call).ticks))),
        pure("bool Equals(DateTime value)", |call| Ok(Value::Boolean(this(call).ticks == call.date_time(0).ticks))),
        pure("static bool Equals(DateTime t1, DateTime t2)", |call| {
            Ok(Value::Boolean(call.date_time(0).ticks == call.date_time(1).ticks))
        }),
        pure("int CompareTo(DateTime value)", |call| Ok(sign(this(call).ticks.cmp(&call.date_time(0).ticks)))),
        pure("int CompareTo(object value)", |call| match call.argument(0) {
            Value::Null => Ok(Value::Int32(1)),
            Value::DateTime(other) => Ok(sign(this(call).ticks.cmp(&other.ticks))),
            _ => Err(Exception::argument("Object must be of type DateTime.", "")),
        }),
        pure("static int Compare(DateTime t1, DateTime t2)", |call| {
            Ok(sign(call.date_time(0).ticks.cmp(&call.date_time(1).ticks)))
        }),
        pure("static DateTime operator +(DateTime d, TimeSpan t)", |call| {
            let DateTime { ticks, kind } = call.date_time(0);
            Ok(date_time(add_ticks(ticks, call.time_span(1))?, kind))
        }),
        pure("static DateTime operator -(DateTime d, TimeSpan t)", |call| {
            let DateTime { ticks, kind } = call.date_time(0);
            Ok(date_time(add_ticks(ticks, call.time_span(1).saturating_neg())?, kind))
        }),
        pure("static TimeSpan operator -(DateTime d1, DateTime d2)", |call| {
            Ok(Value::TimeSpan(call.date_time(0).ticks - call.date_time(1).ticks))
        }),
        pure("static bool operator ==(DateTime d1, DateTime d2)", |call| compared(call, |a, b| a == b)),
        pure("static bool operator !=(DateTime d1, DateTime d2)", |call| compared(call, |a, b| a != b)),
        pure("static bool operator <(DateTime t1, DateTime t2)", |call| compared(call, |a, b| a < b)),
        pure("static bool operator <=(DateTime t1, DateTime t2)", |call| compared(call, |a, b| a <= b)),
        pure("static bool operator >(DateTime t1, DateTime t2)", |call| compared(call, |a, b| a > b)),
        pure("static bool operator >=(DateTime t1, DateTime t2)", |call| compared(call, |a, b| a >= b)),
    ]);

fn this(call: &Call<'_>) -> DateTime {
    if let Value::DateTime(value) = call.receiver() { *value } else { DateTime::default() }
}

fn int(value: i64) -> Value {
    Value::Int32(i32::try_from(value).unwrap_or_default())
}

fn part(call: &Call<'_>, read: fn(Fields) -> i64) -> Value {
    int(read(fields(this(call).ticks)))
}

fn from_ticks(call: &Call<'_>, kind: DateTimeKind) -> Result<Value, Exception> {
    let message = "Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks.";
    let ticks = call.long(0);
    if !calendar::in_range(ticks) {
        return Err(Exception::argument_out_of_range("ticks", message));
    }
    Ok(date_time(ticks, kind))
}

fn from_parts(call: &mut Call<'_>, count: usize) -> Result<Value, Exception> {
    Ok(date_time(ticks_of_arguments(call, count)?, DateTimeKind::Unspecified))
}

fn moved(call: &Call<'_>, by: i64) -> Result<Value, Exception> {
    let DateTime { ticks, kind } = this(call);
    Ok(date_time(add_ticks(ticks, by)?, kind))
}

/// The argument counts units; current .NET keeps fractions down to one tick.
fn moved_by(call: &Call<'_>, unit: i64) -> Result<Value, Exception> {
    moved(call, unit_ticks(call.double(0), unit)?)
}

fn moved_by_months(call: &Call<'_>, months: i64, parameter: &str) -> Result<Value, Exception> {
    let DateTime { ticks, kind } = this(call);
    let moved = calendar::add_months(ticks, months).unwrap_or(-1);
    Ok(date_time(checked(moved, parameter)?, kind))
}

fn parse(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    let today = call.context().now_ticks();
    read_date(&text, today).and_then(local).ok_or_else(not_a_date)
}

/// Text with an offset becomes local time, text without stays unspecified.
fn local(read: Read) -> Option<Value> {
    let kind = if read.offset_minutes.is_some() { DateTimeKind::Local } else { DateTimeKind::Unspecified };
    read.utc_ticks().map(|ticks| date_time(ticks, kind))
}

fn text(call: &Call<'_>, format: &str) -> Result<Value, Exception> {
    format_date(Moment::DateTime(this(call)), format).map(Value::from)
}

fn compared(call: &Call<'_>, holds: fn(i64, i64) -> bool) -> Result<Value, Exception> {
    Ok(Value::Boolean(holds(call.date_time(0).ticks, call.date_time(1).ticks)))
}
