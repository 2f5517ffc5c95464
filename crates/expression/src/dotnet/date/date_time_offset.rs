//! `System.DateTimeOffset`.

use super::calendar::{
    self, Fields, MAX_TICKS, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE,
    TICKS_PER_SECOND, UNIX_TICKS, fields,
};
use super::{
    add_ticks, checked, date_time, day_of_week, long_hash, not_a_date, sign, ticks_of_arguments, unit_ticks,
};
use crate::call::Call;
use crate::dotnet::format::{Moment, Read, format_date, read_date, read_date_exact};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::value::{DateTimeKind, DateTimeOffset, Text, Value};

pub(super) static DATE_TIME_OFFSET: TypeDeclaration = TypeDeclaration::structure("System.DateTimeOffset")
    .interfaces(&["System.IComparable", "System.IFormattable", "System.IEquatable<DateTimeOffset>"])
    .members(&[
        pure("new()", |_| Ok(value(0, 0))),
        pure("new(DateTime dateTime)", |call| Ok(value(call.date_time(0).ticks, 0))),
        pure("new(DateTime dateTime, TimeSpan offset)", |call| {
            let date = call.date_time(0);
            if date.kind != DateTimeKind::Unspecified && call.time_span(1) != 0 {
                let message = match date.kind {
                    DateTimeKind::Utc => "The UTC Offset for Utc DateTime instances must be 0.",
                    _ => "The UTC Offset of the local dateTime parameter does not match the offset argument.",
                };
                return Err(Exception::argument(message, "offset"));
            }
            with_offset(date.ticks, call.time_span(1))
        }),
        pure("new(long ticks, TimeSpan offset)", |call| {
            let ticks = call.long(0);
            if !calendar::in_range(ticks) {
                let message = "Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks.";
                return Err(Exception::argument_out_of_range("ticks", message));
            }
            with_offset(ticks, call.time_span(1))
        }),
        pure("new(int year, int month, int day, int hour, int minute, int second, TimeSpan offset)", |call| {
            with_offset(ticks_of_arguments(call, 6)?, call.time_span(6))
        }),
        pure(
            "new(int year, int month, int day, int hour, int minute, int second, int millisecond, TimeSpan offset)",
            |call| with_offset(ticks_of_arguments(call, 7)?, call.time_span(7)),
        ),
        pure("static DateTimeOffset MinValue", |_| Ok(value(0, 0))),
        pure("static DateTimeOffset MaxValue", |_| Ok(value(MAX_TICKS, 0))),
        pure("static DateTimeOffset UnixEpoch", |_| Ok(value(UNIX_TICKS, 0))),
        impure("static DateTimeOffset UtcNow", |call| Ok(value(call.context().now_ticks(), 0))),
        impure("static DateTimeOffset Now", |call| Ok(value(call.context().now_ticks(), 0))),
        pure("static DateTimeOffset FromUnixTimeSeconds(long seconds)", |call| {
            from_unix(call.long(0), TICKS_PER_SECOND, "seconds")
        }),
        pure("static DateTimeOffset FromUnixTimeMilliseconds(long milliseconds)", |call| {
            from_unix(call.long(0), TICKS_PER_MILLISECOND, "milliseconds")
        }),
        pure("static DateTimeOffset FromFileTime(long fileTime)", |call| {
            let ticks = call.long(0).checked_add(FILE_TIME_TICKS).filter(|ticks| calendar::in_range(*ticks));
            let ticks = ticks.filter(|_| call.long(0) >= 0).ok_or_else(|| {
                Exception::argument_out_of_range("fileTime", "Not a valid Win32 FileTime.")
            })?;
            Ok(value(ticks, 0))
        }),
        pure("long ToFileTime()", |call| {
            let ticks = this(call).utc_ticks() - FILE_TIME_TICKS;
            if ticks < 0 {
                return Err(Exception::argument_out_of_range("", "Not a valid Win32 FileTime."));
            }
            Ok(Value::Int64(ticks))
        }),
        pure("long ToUnixTimeSeconds()", |call| Ok(to_unix(call, TICKS_PER_SECOND))),
        pure("long ToUnixTimeMilliseconds()", |call| Ok(to_unix(call, TICKS_PER_MILLISECOND))),
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
        pure("long UtcTicks", |call| Ok(Value::Int64(this(call).utc_ticks()))),
        pure("TimeSpan Offset", |call| {
            Ok(Value::TimeSpan(i64::from(this(call).offset_minutes) * TICKS_PER_MINUTE))
        }),
        pure("TimeSpan TimeOfDay", |call| Ok(Value::TimeSpan(this(call).ticks % TICKS_PER_DAY))),
        pure("DateTime Date", |call| {
            let ticks = this(call).ticks;
            Ok(date_time(ticks - ticks % TICKS_PER_DAY, DateTimeKind::Unspecified))
        }),
        pure("DateTime DateTime", |call| Ok(date_time(this(call).ticks, DateTimeKind::Unspecified))),
        pure("DateTime UtcDateTime", |call| Ok(date_time(this(call).utc_ticks(), DateTimeKind::Utc))),
        pure("DateTime LocalDateTime", |call| Ok(date_time(this(call).utc_ticks(), DateTimeKind::Local))),
        pure("DateTimeOffset Add(TimeSpan timeSpan)", |call| moved(this(call), call.time_span(0))),
        pure("DateTimeOffset AddDays(double days)", |call| moved_by(call, TICKS_PER_DAY)),
        pure("DateTimeOffset AddHours(double hours)", |call| moved_by(call, TICKS_PER_HOUR)),
        pure("DateTimeOffset AddMinutes(double minutes)", |call| moved_by(call, TICKS_PER_MINUTE)),
        pure("DateTimeOffset AddSeconds(double seconds)", |call| moved_by(call, TICKS_PER_SECOND)),
        pure("DateTimeOffset AddMilliseconds(double milliseconds)", |call| moved_by(call, TICKS_PER_MILLISECOND)),
        pure("DateTimeOffset AddTicks(long ticks)", |call| moved(this(call), call.long(0))),
        pure("DateTimeOffset AddMonths(int months)", |call| moved_by_months(call, i64::from(call.int(0)))),
        pure("DateTimeOffset AddYears(int years)", |call| moved_by_months(call, i64::from(call.int(0)) * 12)),
        pure("TimeSpan Subtract(DateTimeOffset value)", |call| {
            Ok(Value::TimeSpan(this(call).utc_ticks() - call.date_time_offset(0).utc_ticks()))
        }),
        pure("DateTimeOffset Subtract(TimeSpan value)", |call| {
            moved(this(call), call.time_span(0).saturating_neg())
        }),
        pure("DateTimeOffset ToOffset(TimeSpan offset)", |call| {
            with_offset(add_ticks(this(call).utc_ticks(), call.time_span(0))?, call.time_span(0))
        }),
        pure("DateTimeOffset ToUniversalTime()", |call| Ok(value(this(call).utc_ticks(), 0))),
        pure("DateTimeOffset ToLocalTime()", |call| Ok(value(this(call).utc_ticks(), 0))),
        impure("static DateTimeOffset Parse(string input)", parse),
        impure("static DateTimeOffset Parse(string input, IFormatProvider formatProvider)", parse),
        impure("static bool TryParse(string input, out DateTimeOffset result)", |call| {
            let today = call.context().now_ticks();
            let read = call.text_or_null(0).and_then(|text| read_date(&text, today)).and_then(from_read);
            call.set_out(1, read.clone().unwrap_or_else(|| value(0, 0)));
            Ok(Value::Boolean(read.is_some()))
        }),
        impure("static DateTimeOffset ParseExact(string input, string format, IFormatProvider formatProvider)", |call| {
            let (text, format) = (call.text(0)?, call.text(1)?);
            let today = call.context().now_ticks();
            read_date_exact(&text, &format, today).and_then(from_read).ok_or_else(not_a_date)
        }),
        pure("string ToString()", |call| text(call, "")),
        pure("string ToString(string format)", |call| text(call, &call.text_or_null(0).unwrap_or_else(Text::empty))),
        pure("string ToString(IFormatProvider formatProvider)", |call| text(call, "")),
        pure("string ToString(string format, IFormatProvider formatProvider)", |call| {
            text(call, &call.text_or_null(0).unwrap_or_else(Text::empty))
        }),
        pure("int GetHashCode()", |call| Ok(long_hash(this(call).utc_ticks()))),
        pure("bool Equals(DateTimeOffset other)", |call| {
            Ok(Value::Boolean(this(call).utc_ticks() == call.date_time_offset(0).utc_ticks()))
        }),
        pure("bool EqualsExact(DateTimeOffset other)", |call| {
            Ok(Value::Boolean(this(call) == call.date_time_offset(0)))
        }),
        pure("static bool Equals(DateTimeOffset first, DateTimeOffset second)", |call| compared(call, |a, b| a == b)),
        pure("int CompareTo(DateTimeOffset other)", |call| {
            Ok(sign(this(call).utc_ticks().cmp(&call.date_time_offset(0).utc_ticks())))
        }),
        pure("int CompareTo(object obj)", |call| match call.argument(0) {
            Value::Null => Ok(Value::Int32(1)),
            Value::DateTimeOffset(other) => Ok(sign(this(call).utc_ticks().cmp(&other.utc_ticks()))),
            _ => Err(Exception::argument("Object must be of type DateTimeOffset.", "")),
        }),
        pure("static int Compare(DateTimeOffset first, DateTimeOffset second)", |call| {
            Ok(sign(call.date_time_offset(0).utc_ticks().cmp(&call.date_time_offset(1).utc_ticks())))
        }),
        pure("static implicit operator DateTimeOffset(DateTime dateTime)", |call| {
            Ok(value(call.date_time(0).ticks, 0))
        }),
        pure("static DateTimeOffset operator +(DateTimeOffset dateTimeOffset, TimeSpan timeSpan)", |call| {
            moved(call.date_time_offset(0), call.time_span(1))
        }),
        pure("static DateTimeOffset operator -(DateTimeOffset dateTimeOffset, TimeSpan timeSpan)", |call| {
            moved(call.date_time_offset(0), call.time_span(1).saturating_neg())
        }),
        pure("static TimeSpan operator -(DateTimeOffset left, DateTimeOffset right)", |call| {
            Ok(Value::TimeSpan(call.date_time_offset(0).utc_ticks() - call.date_time_offset(1).utc_ticks()))
        }),
        pure("static bool operator ==(DateTimeOffset left, DateTimeOffset right)", |call| compared(call, |a, b| a == b)),
        pure("static bool operator !=(DateTimeOffset left, DateTimeOffset right)", |call| compared(call, |a, b| a != b)),
        pure("static bool operator <(DateTimeOffset left, DateTimeOffset right)", |call| compared(call, |a, b| a < b)),
        pure("static bool operator <=(DateTimeOffset left, DateTimeOffset right)", |call| compared(call, |a, b| a <= b)),
        pure("static bool operator >(DateTimeOffset left, DateTimeOffset right)", |call| compared(call, |a, b| a > b)),
        pure("static bool operator >=(DateTimeOffset left, DateTimeOffset right)", |call| compared(call, |a, b| a >= b)),
    ]);

/// 1601-01-01T00:00:00, from which Windows counts.
const FILE_TIME_TICKS: i64 = 504_911_232_000_000_000;

fn this(call: &Call<'_>) -> DateTimeOffset {
    if let Value::DateTimeOffset(value) = call.receiver() { *value } else { DateTimeOffset::default() }
}

fn value(ticks: i64, offset_minutes: i16) -> Value {
    Value::DateTimeOffset(DateTimeOffset { ticks, offset_minutes })
}

/// Checks an offset: whole minutes, 14 hours at most, and an instant within the calendar.
fn with_offset(ticks: i64, offset: i64) -> Result<Value, Exception> {
    if offset % TICKS_PER_MINUTE != 0 {
        return Err(Exception::argument("Offset must be specified in whole minutes.", "offset"));
    }
    if offset.abs() > 14 * TICKS_PER_HOUR {
        let message = "Offset must be within plus or minus 14 hours.";
        return Err(Exception::argument_out_of_range("offset", message));
    }
    if !calendar::in_range(ticks - offset) {
        let message =
            "The UTC time represented when the offset is applied must be between year 0 and 10,000.";
        return Err(Exception::argument_out_of_range("offset", message));
    }
    Ok(value(ticks, i16::try_from(offset / TICKS_PER_MINUTE).unwrap_or_default()))
}

fn from_unix(count: i64, unit: i64, parameter: &str) -> Result<Value, Exception> {
    let ticks = count.checked_mul(unit).and_then(|ticks| ticks.checked_add(UNIX_TICKS));
    match ticks.filter(|ticks| calendar::in_range(*ticks)) {
        Some(ticks) => Ok(value(ticks, 0)),
        None => {
            let least = -UNIX_TICKS / unit;
            let most = (MAX_TICKS - UNIX_TICKS) / unit;
            let message = format!("Valid values are between {least} and {most}, inclusive.");
            Err(Exception::argument_out_of_range(parameter, &message))
        }
    }
}

fn to_unix(call: &Call<'_>, unit: i64) -> Value {
    Value::Int64(this(call).utc_ticks() / unit - UNIX_TICKS / unit)
}

fn part(call: &Call<'_>, read: fn(Fields) -> i64) -> Value {
    Value::Int32(i32::try_from(read(fields(this(call).ticks))).unwrap_or_default())
}

fn moved(from: DateTimeOffset, by: i64) -> Result<Value, Exception> {
    Ok(value(add_ticks(from.ticks, by)?, from.offset_minutes))
}

fn moved_by(call: &Call<'_>, unit: i64) -> Result<Value, Exception> {
    moved(this(call), unit_ticks(call.double(0), unit)?)
}

fn moved_by_months(call: &Call<'_>, months: i64) -> Result<Value, Exception> {
    let from = this(call);
    let ticks = calendar::add_months(from.ticks, months).unwrap_or(-1);
    Ok(value(checked(ticks, "months")?, from.offset_minutes))
}

fn parse(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    let today = call.context().now_ticks();
    read_date(&text, today).and_then(from_read).ok_or_else(not_a_date)
}

/// Text without an offset is local time: UTC.
fn from_read(read: Read) -> Option<Value> {
    let offset = i16::try_from(read.offset_minutes.unwrap_or(0)).ok()?;
    read.utc_ticks().map(|_| value(read.ticks, offset))
}

fn text(call: &Call<'_>, format: &str) -> Result<Value, Exception> {
    format_date(Moment::Offset(this(call)), format).map(Value::from)
}

fn compared(call: &Call<'_>, holds: fn(i64, i64) -> bool) -> Result<Value, Exception> {
    Ok(Value::Boolean(holds(call.date_time_offset(0).utc_ticks(), call.date_time_offset(1).utc_ticks())))
}
