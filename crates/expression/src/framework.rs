//! What templates and conversions share with expressions: .NET's formats, encodings, patterns and decimal arithmetic,
//! without an expression around them.

use rust_decimal::Decimal;

use crate::budget::Budget;
use crate::dotnet::date::calendar::TICKS_PER_MINUTE;
use crate::dotnet::format::{self, Moment, Number};
use crate::dotnet::number::{self, Midpoint, decimal_arithmetic};
use crate::dotnet::{date, json, regex, web_utility};
use crate::exception::Exception;
use crate::value::{DateTime, DateTimeKind, Text};

pub use crate::dotnet::xml::plain as xml;

/// `DateTime.ToString(format)` in the invariant culture; an empty format is the general one.
///
/// # Errors
/// `FormatException`.
pub fn date_text(date: DateTime, format: &str) -> Result<String, Exception> {
    format::format_date(Moment::DateTime(date), format)
}

/// `DateTime.Parse(text)` in the invariant culture, local time being UTC; none when it is no date. `today` is midnight in
/// ticks, for times without a date.
pub fn read_date(text: &str, today: i64) -> Option<DateTime> {
    let read = format::read_date(text, today)?;
    match read.offset_minutes {
        Some(offset) => {
            let ticks = read.ticks.checked_sub(offset.checked_mul(TICKS_PER_MINUTE)?)?;
            date::calendar::in_range(ticks).then_some(DateTime { ticks, kind: DateTimeKind::Local })
        }
        None => Some(DateTime { ticks: read.ticks, kind: DateTimeKind::Unspecified }),
    }
}

/// A date as `XmlConvert` and Newtonsoft.Json write it.
pub fn round_trip_date(date: DateTime) -> String {
    json::date_time_text(date)
}

/// `double.ToString()`.
pub fn double_text(number: f64) -> String {
    format::number_text(&Number::Double(number))
}

/// The shortest text that reads back to the same number, in .NET's form.
pub fn round_trip_double(number: f64) -> String {
    json::double_text(number)
}

/// `double.Parse(text)`; none when it is no number.
pub fn read_double(text: &str) -> Option<f64> {
    format::read_double(text).ok()
}

/// `decimal.ToString(format)` in the invariant culture.
///
/// # Errors
/// `FormatException`.
pub fn decimal_text(number: Decimal, format: &str) -> Result<String, Exception> {
    format::format_number(&Number::Decimal(number), format)
}

/// `decimal.Parse(text)`; none when it is no number.
pub fn read_decimal(text: &str) -> Option<Decimal> {
    format::read_decimal(text).ok()
}

/// `Convert.ToDecimal(double)`; none when it does not fit.
pub fn decimal_of(value: f64) -> Option<Decimal> {
    number::decimal_from_double(value, 15).ok()
}

/// `Convert.ToDouble(decimal)`.
pub fn double_of(number: Decimal) -> f64 {
    decimal_arithmetic::to_double(number)
}

/// `Math.Round(number, digits)`, halves to the even neighbour.
///
/// # Errors
/// `ArgumentOutOfRangeException` for digits that are not 0 to 28.
pub fn round(value: Decimal, digits: i32) -> Result<Decimal, Exception> {
    number::round_decimal(value, digits, Midpoint::ToEven)
}

/// `+` of decimals; none beyond their range.
pub fn add(left: Decimal, right: Decimal) -> Option<Decimal> {
    decimal_arithmetic::add(left, right)
}

/// `-` of decimals; none beyond their range.
pub fn subtract(left: Decimal, right: Decimal) -> Option<Decimal> {
    decimal_arithmetic::subtract(left, right)
}

/// `*` of decimals; none beyond their range.
pub fn multiply(left: Decimal, right: Decimal) -> Option<Decimal> {
    decimal_arithmetic::multiply(left, right)
}

/// `/` of decimals; none for a division by zero and beyond their range.
pub fn divide(left: Decimal, right: Decimal) -> Option<Decimal> {
    if right.is_zero() { None } else { decimal_arithmetic::divide(left, right) }
}

/// `%` of decimals; none for a division by zero.
pub fn remainder(left: Decimal, right: Decimal) -> Option<Decimal> {
    if right.is_zero() { None } else { decimal_arithmetic::remainder(left, right) }
}

/// `WebUtility.HtmlEncode`.
pub fn html_encode(text: &str) -> String {
    web_utility::html_encode(text)
}

/// `WebUtility.UrlEncode`.
pub fn url_encode(text: &str) -> String {
    web_utility::url_encode(text)
}

/// `WebUtility.UrlDecode`.
pub fn url_decode(text: &str) -> String {
    web_utility::url_decode(text)
}

/// A text as a JSON string in quotes.
pub fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    json::push_escaped(out, text, '"');
    out.push('"');
}

/// Which matches of a pattern are replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matches {
    /// All; `$1` and its like in the replacement stand for parts of the match.
    All,
    /// The first; the replacement is taken as it is.
    FirstVerbatim,
}

/// `Regex.Replace(input, pattern, replacement)`.
///
/// # Errors
/// `ArgumentException` for a wrong pattern, `RegexMatchTimeoutException`, exceeded limits.
pub fn replace(
    input: &Text,
    pattern: &Text,
    replacement: &str,
    which: Matches,
    budget: &mut Budget,
) -> Result<String, Exception> {
    regex::replace_text(input, pattern, replacement, which == Matches::FirstVerbatim, budget)
}
