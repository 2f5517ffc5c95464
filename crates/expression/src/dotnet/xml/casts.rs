//! What elements and attributes convert to: their text, read as XML Schema writes values.

use super::time::{NoDuration, read_duration};
use super::tree::Node;
use crate::call::Call;
use crate::dotnet::format::{NumberError, read_date, read_decimal, read_double, read_integer};
use crate::exception::Exception;
use crate::value::{DateTime, DateTimeKind, DateTimeOffset, Value};

/// The members of a class with its conversions: each reads the value's text.
macro_rules! with_casts {
    ($source:literal, $parameter:literal, $($member:expr),* $(,)?) => {
        with_casts!(@ $source, $parameter, [$($member),*],
            "bool" boolean, "int" int, "uint" uint, "long" long, "ulong" ulong, "float" single, "double" double,
            "decimal" decimal, "DateTime" date_time, "DateTimeOffset" date_time_offset, "TimeSpan" time_span,
            "Guid" guid)
    };
    (@ $source:literal, $parameter:literal, [$($member:expr),*], $($name:literal $read:ident),*) => {
        &[
            $($member,)*
            impure(
                concat!("static explicit operator string(", $source, " ", $parameter, ")"),
                $crate::dotnet::xml::casts::text,
            ),
            $(
                impure(concat!("static explicit operator ", $name, "(", $source, " ", $parameter, ")"), |call| {
                    $crate::dotnet::xml::casts::required(call, $crate::dotnet::xml::casts::$read)
                }),
                impure(concat!("static explicit operator ", $name, "?(", $source, " ", $parameter, ")"), |call| {
                    $crate::dotnet::xml::casts::nullable(call, $crate::dotnet::xml::casts::$read)
                }),
            )*
        ]
    };
}
pub(super) use with_casts;

/// `(string)node`: null stays null.
pub(super) fn text(call: &mut Call<'_>) -> Result<Value, Exception> {
    let Some(node) = call.argument(0).downcast::<Node>().cloned() else { return Ok(Value::Null) };
    super::text_value(call, &node)
}

type Read = fn(&str, &mut Call<'_>) -> Result<Value, Exception>;

/// Of null, `ArgumentNullException`.
pub(super) fn required(call: &mut Call<'_>, read: Read) -> Result<Value, Exception> {
    if call.argument(0).is_null() {
        return Err(call.null_argument(0));
    }
    nullable(call, read)
}

/// Of null, null.
pub(super) fn nullable(call: &mut Call<'_>, read: Read) -> Result<Value, Exception> {
    let Some(node) = call.argument(0).downcast::<Node>() else { return Ok(Value::Null) };
    let text = node.inner_text();
    call.budget().steps(1 + text.len() as u64 / 64)?;
    read(&text, call)
}

fn malformed(text: &str) -> Exception {
    Exception::format(format!("The string '{text}' is not a valid value."))
}

fn too_large() -> Exception {
    Exception::overflow("Value was either too large or too small for the type.")
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(super::chars::is_space)
}

fn refused(error: NumberError, text: &str) -> Exception {
    match error {
        NumberError::Format => malformed(text),
        NumberError::Overflow => too_large(),
    }
}

fn integer<T: TryFrom<i128>>(text: &str) -> Result<T, Exception> {
    let number = read_integer(trimmed(text)).map_err(|error| refused(error, text))?;
    T::try_from(number).map_err(|_| too_large())
}

/// Not even a plus may stand in front.
fn unsigned<T: TryFrom<i128>>(text: &str) -> Result<T, Exception> {
    if trimmed(text).starts_with(['-', '+']) { Err(malformed(text)) } else { integer(text) }
}

pub(super) fn boolean(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    match trimmed(text).to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(Value::Boolean(true)),
        "false" | "0" => Ok(Value::Boolean(false)),
        _ => Err(malformed(text)),
    }
}

pub(super) fn int(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    integer(text).map(Value::Int32)
}

pub(super) fn uint(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    unsigned(text).map(Value::UInt32)
}

pub(super) fn long(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    integer(text).map(Value::Int64)
}

pub(super) fn ulong(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    unsigned(text).map(Value::UInt64)
}

/// No separators of thousands; infinity has XML's name too.
fn floating(text: &str) -> Result<f64, Exception> {
    match trimmed(text) {
        "INF" => Ok(f64::INFINITY),
        "-INF" => Ok(f64::NEG_INFINITY),
        inner if inner.contains(',') => Err(malformed(text)),
        inner => read_double(inner).map_err(|error| refused(error, text)),
    }
}

pub(super) fn double(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    floating(text).map(Value::Double)
}

pub(super) fn single(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    floating(text).map(|number| Value::Single(number as f32))
}

pub(super) fn decimal(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    let inner = trimmed(text);
    if inner.contains(',') || (inner.ends_with(['-', '+'])) {
        return Err(malformed(text));
    }
    read_decimal(inner).map(Value::Decimal).map_err(|error| refused(error, text))
}

/// `DateTime.Parse` that keeps the kind: `Z` is UTC, an offset becomes local time.
pub(super) fn date_time(text: &str, call: &mut Call<'_>) -> Result<Value, Exception> {
    let today = call.context().now_ticks();
    let read = read_date(text, today).ok_or_else(|| malformed(text))?;
    let kind = match read.offset_minutes {
        None => DateTimeKind::Unspecified,
        Some(0) if trimmed(text).ends_with(['Z', 'z']) => DateTimeKind::Utc,
        Some(_) => DateTimeKind::Local,
    };
    let ticks = read.utc_ticks().ok_or_else(|| malformed(text))?;
    Ok(Value::DateTime(DateTime { ticks, kind }))
}

/// XML Schema's own forms only: a year of four digits, a month, and what may follow.
pub(super) fn date_time_offset(text: &str, call: &mut Call<'_>) -> Result<Value, Exception> {
    let inner = trimmed(text);
    let shape: String =
        inner.chars().take(7).map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    if shape != "0000-00" || inner.contains(' ') {
        return Err(malformed(text));
    }
    let today = call.context().now_ticks();
    let read = read_date(inner, today).ok_or_else(|| malformed(text))?;
    let offset_minutes = i16::try_from(read.offset_minutes.unwrap_or(0)).map_err(|_| malformed(text))?;
    Ok(Value::DateTimeOffset(DateTimeOffset { ticks: read.ticks, offset_minutes }))
}

pub(super) fn time_span(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    match read_duration(trimmed(text)) {
        Ok(ticks) => Ok(Value::TimeSpan(ticks)),
        Err(NoDuration::Malformed) => Err(malformed(text)),
        Err(NoDuration::TooLarge) => Err(too_large()),
    }
}

pub(super) fn guid(text: &str, _: &mut Call<'_>) -> Result<Value, Exception> {
    crate::dotnet::guid::read(trimmed(text)).map(Value::Guid).ok_or_else(|| {
        Exception::format(
            "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).",
        )
    })
}
