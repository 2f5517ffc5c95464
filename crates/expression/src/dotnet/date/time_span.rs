//! `System.TimeSpan`.

use super::calendar::{
    TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE, TICKS_PER_SECOND,
};
use super::{long_hash, sign, whole_milliseconds};
use crate::call::Call;
use crate::dotnet::format::{
    SpanError, format_time_span, read_time_span, read_time_span_exact, time_span_text,
};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::value::{Text, Value};

pub(super) static TIME_SPAN: TypeDeclaration = TypeDeclaration::structure("System.TimeSpan")
    .interfaces(&["System.IComparable", "System.IFormattable", "System.IEquatable<TimeSpan>"])
    .members(&[
        pure("new()", |_| Ok(Value::TimeSpan(0))),
        pure("new(long ticks)", |call| Ok(Value::TimeSpan(call.long(0)))),
        pure("new(int hours, int minutes, int seconds)", |call| {
            from_parts([0, call.int(0), call.int(1), call.int(2), 0])
        }),
        pure("new(int days, int hours, int minutes, int seconds)", |call| {
            from_parts([call.int(0), call.int(1), call.int(2), call.int(3), 0])
        }),
        pure("new(int days, int hours, int minutes, int seconds, int milliseconds)", |call| {
            from_parts([call.int(0), call.int(1), call.int(2), call.int(3), call.int(4)])
        }),
        pure("static TimeSpan Zero", |_| Ok(Value::TimeSpan(0))),
        pure("static TimeSpan MinValue", |_| Ok(Value::TimeSpan(i64::MIN))),
        pure("static TimeSpan MaxValue", |_| Ok(Value::TimeSpan(i64::MAX))),
        pure("static long TicksPerDay", |_| Ok(Value::Int64(TICKS_PER_DAY))),
        pure("static long TicksPerHour", |_| Ok(Value::Int64(TICKS_PER_HOUR))),
        pure("static long TicksPerMinute", |_| Ok(Value::Int64(TICKS_PER_MINUTE))),
        pure("static long TicksPerSecond", |_| Ok(Value::Int64(TICKS_PER_SECOND))),
        pure("static long TicksPerMillisecond", |_| Ok(Value::Int64(TICKS_PER_MILLISECOND))),
        pure("static TimeSpan FromDays(double value)", |call| scaled(call.double(0), TICKS_PER_DAY)),
        pure("static TimeSpan FromHours(double value)", |call| scaled(call.double(0), TICKS_PER_HOUR)),
        pure("static TimeSpan FromMinutes(double value)", |call| scaled(call.double(0), TICKS_PER_MINUTE)),
        pure("static TimeSpan FromSeconds(double value)", |call| scaled(call.double(0), TICKS_PER_SECOND)),
        pure("static TimeSpan FromMilliseconds(double value)", |call| {
            scaled(call.double(0), TICKS_PER_MILLISECOND)
        }),
        pure("static TimeSpan FromTicks(long value)", |call| Ok(Value::TimeSpan(call.long(0)))),
        pure("int Days", |call| Ok(part(call, TICKS_PER_DAY, i64::MAX))),
        pure("int Hours", |call| Ok(part(call, TICKS_PER_HOUR, 24))),
        pure("int Minutes", |call| Ok(part(call, TICKS_PER_MINUTE, 60))),
        pure("int Seconds", |call| Ok(part(call, TICKS_PER_SECOND, 60))),
        pure("int Milliseconds", |call| Ok(part(call, TICKS_PER_MILLISECOND, 1000))),
        pure("long Ticks", |call| Ok(Value::Int64(this(call)))),
        pure("double TotalDays", |call| Ok(total(call, TICKS_PER_DAY))),
        pure("double TotalHours", |call| Ok(total(call, TICKS_PER_HOUR))),
        pure("double TotalMinutes", |call| Ok(total(call, TICKS_PER_MINUTE))),
        pure("double TotalSeconds", |call| Ok(total(call, TICKS_PER_SECOND))),
        pure("double TotalMilliseconds", |call| {
            // .NET keeps the number within what `FromMilliseconds` takes.
            let most = (i64::MAX / TICKS_PER_MILLISECOND) as f64;
            let all = this(call) as f64 / TICKS_PER_MILLISECOND as f64;
            Ok(Value::Double(all.clamp(-most, most)))
        }),
        pure("TimeSpan Add(TimeSpan ts)", |call| span(this(call).checked_add(call.time_span(0)))),
        pure("TimeSpan Subtract(TimeSpan ts)", |call| span(this(call).checked_sub(call.time_span(0)))),
        pure("TimeSpan Multiply(double factor)", |call| multiplied(this(call), call.double(0))),
        pure("TimeSpan Divide(double divisor)", |call| divided(this(call), call.double(0))),
        pure("double Divide(TimeSpan ts)", |call| {
            Ok(Value::Double(this(call) as f64 / call.time_span(0) as f64))
        }),
        pure("TimeSpan Duration()", |call| span(this(call).checked_abs())),
        pure("TimeSpan Negate()", |call| span(this(call).checked_neg())),
        pure("static TimeSpan Parse(string s)", |call| parse(&call.text(0)?)),
        pure("static TimeSpan Parse(string input, IFormatProvider formatProvider)", |call| {
            parse(&call.text(0)?)
        }),
        pure("static bool TryParse(string s, out TimeSpan result)", |call| {
            let read = call.text_or_null(0).and_then(|text| read_time_span(&text).ok());
            call.set_out(1, Value::TimeSpan(read.unwrap_or(0)));
            Ok(Value::Boolean(read.is_some()))
        }),
        pure("static bool TryParse(string input, IFormatProvider formatProvider, out TimeSpan result)", |call| {
            let read = call.text_or_null(0).and_then(|text| read_time_span(&text).ok());
            call.set_out(2, Value::TimeSpan(read.unwrap_or(0)));
            Ok(Value::Boolean(read.is_some()))
        }),
        pure("static TimeSpan ParseExact(string input, string format, IFormatProvider formatProvider)", parse_exact),
        pure("static TimeSpan ParseExact(string input, string[] formats, IFormatProvider formatProvider)", parse_exact),
        pure(
            "static bool TryParseExact(string input, string format, IFormatProvider formatProvider, out TimeSpan result)",
            try_parse_exact,
        ),
        pure(
            "static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, out TimeSpan result)",
            try_parse_exact,
        ),
        pure("string ToString()", |call| Ok(Value::from(time_span_text(this(call))))),
        pure("string ToString(string format)", text),
        pure("string ToString(string format, IFormatProvider formatProvider)", text),
        pure("int GetHashCode()", |call| Ok(long_hash(this(call)))),
        pure("bool Equals(TimeSpan obj)", |call| Ok(Value::Boolean(this(call) == call.time_span(0)))),
        pure("static bool Equals(TimeSpan t1, TimeSpan t2)", |call| compared(call, |a, b| a == b)),
        pure("int CompareTo(TimeSpan value)", |call| Ok(sign(this(call).cmp(&call.time_span(0))))),
        pure("int CompareTo(object value)", |call| match call.argument(0) {
            Value::Null => Ok(Value::Int32(1)),
            Value::TimeSpan(other) => Ok(sign(this(call).cmp(other))),
            _ => Err(Exception::argument("Object must be of type TimeSpan.", "")),
        }),
        pure("static int Compare(TimeSpan t1, TimeSpan t2)", |call| {
            Ok(sign(call.time_span(0).cmp(&call.time_span(1))))
        }),
        pure("static TimeSpan operator +(TimeSpan t1, TimeSpan t2)", |call| {
            span(call.time_span(0).checked_add(call.time_span(1)))
        }),
        pure("static TimeSpan operator -(TimeSpan t1, TimeSpan t2)", |call| {
            span(call.time_span(0).checked_sub(call.time_span(1)))
        }),
        pure("static TimeSpan operator -(TimeSpan t)", |call| span(call.time_span(0).checked_neg())),
        pure("static TimeSpan operator +(TimeSpan t)", |call| Ok(Value::TimeSpan(call.time_span(0)))),
        pure("static TimeSpan operator *(TimeSpan timeSpan, double factor)", |call| {
            multiplied(call.time_span(0), call.double(1))
        }),
        pure("static TimeSpan operator *(double factor, TimeSpan timeSpan)", |call| {
            multiplied(call.time_span(1), call.double(0))
        }),
        pure("static TimeSpan operator /(TimeSpan timeSpan, double divisor)", |call| {
            divided(call.time_span(0), call.double(1))
        }),
        pure("static double operator /(TimeSpan t1, TimeSpan t2)", |call| {
            Ok(Value::Double(call.time_span(0) as f64 / call.time_span(1) as f64))
        }),
        pure("static bool operator ==(TimeSpan t1, TimeSpan t2)", |call| compared(call, |a, b| a == b)),
        pure("static bool operator !=(TimeSpan t1, TimeSpan t2)", |call| compared(call, |a, b| a != b)),
        pure("static bool operator <(TimeSpan t1, TimeSpan t2)", |call| compared(call, |a, b| a < b)),
        pure("static bool operator <=(TimeSpan t1, TimeSpan t2)", |call| compared(call, |a, b| a <= b)),
        pure("static bool operator >(TimeSpan t1, TimeSpan t2)", |call| compared(call, |a, b| a > b)),
        pure("static bool operator >=(TimeSpan t1, TimeSpan t2)", |call| compared(call, |a, b| a >= b)),
    ]);

fn this(call: &Call<'_>) -> i64 {
    if let Value::TimeSpan(ticks) = call.receiver() { *ticks } else { 0 }
}

fn too_long() -> Exception {
    Exception::overflow("TimeSpan overflowed because the duration is too long.")
}

fn span(ticks: Option<i64>) -> Result<Value, Exception> {
    ticks.map(Value::TimeSpan).ok_or_else(too_long)
}

fn from_parts(parts: [i32; 5]) -> Result<Value, Exception> {
    let units = [TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, TICKS_PER_MILLISECOND];
    let total: i128 = parts.iter().zip(units).map(|(part, unit)| i128::from(*part) * i128::from(unit)).sum();
    let message = "TimeSpan overflowed because the duration is too long.";
    i64::try_from(total).map(Value::TimeSpan).map_err(|_| Exception::argument_out_of_range("", message))
}

/// A floating count of units, rounded to milliseconds.
fn scaled(value: f64, unit: i64) -> Result<Value, Exception> {
    let milliseconds = value * (unit / TICKS_PER_MILLISECOND) as f64;
    ticks_of(whole_milliseconds(milliseconds) * TICKS_PER_MILLISECOND as f64)
}

fn ticks_of(ticks: f64) -> Result<Value, Exception> {
    if ticks.is_nan() {
        return Err(Exception::argument("TimeSpan does not accept floating point Not-a-Number values.", ""));
    }
    if ticks > i64::MAX as f64 || ticks < i64::MIN as f64 {
        return Err(too_long());
    }
    Ok(Value::TimeSpan(ticks as i64))
}

fn multiplied(ticks: i64, factor: f64) -> Result<Value, Exception> {
    if factor.is_nan() {
        return Err(Exception::argument(
            "TimeSpan does not accept floating point Not-a-Number values.",
            "factor",
        ));
    }
    ticks_of((ticks as f64 * factor).round_ties_even())
}

fn divided(ticks: i64, divisor: f64) -> Result<Value, Exception> {
    if divisor.is_nan() {
        return Err(Exception::argument(
            "TimeSpan does not accept floating point Not-a-Number values.",
            "divisor",
        ));
    }
    ticks_of((ticks as f64 / divisor).round_ties_even())
}

fn part(call: &Call<'_>, unit: i64, modulus: i64) -> Value {
    Value::Int32(i32::try_from(this(call) / unit % modulus).unwrap_or_default())
}

fn total(call: &Call<'_>, unit: i64) -> Value {
    Value::Double(this(call) as f64 / unit as f64)
}

fn unreadable(error: SpanError, text: &str) -> Exception {
    match error {
        SpanError::Format => Exception::format("String was not recognized as a valid TimeSpan."),
        SpanError::Overflow => Exception::overflow(format!(
            "The TimeSpan string '{text}' could not be parsed because at least one of the numeric components is out of range or contains too many digits."
        )),
    }
}

fn parse(text: &str) -> Result<Value, Exception> {
    read_time_span(text).map(Value::TimeSpan).map_err(|error| unreadable(error, text))
}

/// The text of argument 0 by the format of argument 1, or by the first of several that fits.
fn read_exact(call: &mut Call<'_>, text: &str) -> Result<i64, SpanError> {
    let formats = match call.argument(1) {
        Value::String(format) => vec![Value::String(format.clone())],
        _ => call.elements(1).unwrap_or_default(),
    };
    let mut error = SpanError::Format;
    for format in formats.iter().filter_map(Value::as_text) {
        match read_time_span_exact(text, format) {
            Ok(ticks) => return Ok(ticks),
            Err(failed) => error = failed,
        }
    }
    Err(error)
}

fn parse_exact(call: &mut Call<'_>) -> Result<Value, Exception> {
    let text = call.text(0)?;
    if call.argument(1).is_null() {
        return Err(call.null_argument(1));
    }
    read_exact(call, &text).map(Value::TimeSpan).map_err(|error| unreadable(error, &text))
}

fn try_parse_exact(call: &mut Call<'_>) -> Result<Value, Exception> {
    let read = call.text_or_null(0).and_then(|text| read_exact(call, &text).ok());
    call.set_out(3, Value::TimeSpan(read.unwrap_or(0)));
    Ok(Value::Boolean(read.is_some()))
}

fn text(call: &mut Call<'_>) -> Result<Value, Exception> {
    format_time_span(this(call), &call.text_or_null(0).unwrap_or_else(Text::empty)).map(Value::from)
}

fn compared(call: &Call<'_>, holds: fn(i64, i64) -> bool) -> Result<Value, Exception> {
    Ok(Value::Boolean(holds(call.time_span(0), call.time_span(1))))
}
