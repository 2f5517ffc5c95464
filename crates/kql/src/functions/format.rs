//! Values as text, as `tostring()` writes them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// Microseconds of a second, a minute, an hour and a day.
pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Units of a decimal: it is held with twelve digits behind the point.
pub(crate) const DECIMAL_ONE: i128 = 1_000_000_000_000;

/// The calendar's reading of a time; nothing outside the years 1 to 9999.
pub(crate) fn civil(microseconds: i64) -> Option<DateTime> {
    let moment = Timestamp::from_microsecond(microseconds).ok()?;
    Some(Offset::UTC.to_datetime(moment)).filter(|moment| moment.year() >= 1)
}

/// The time of a calendar's reading, to the microsecond.
pub(crate) fn microseconds(moment: DateTime) -> Option<i64> {
    Offset::UTC.to_timestamp(moment).ok().map(Timestamp::as_microsecond)
}

/// ISO 8601 with seven digits of the second, in UTC.
pub(crate) fn datetime(microseconds: i64) -> Option<String> {
    let moment = civil(microseconds)?;
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
        moment.year(),
        moment.month(),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second(),
        moment.subsec_nanosecond() / 100
    ))
}

/// `[-][d.]hh:mm:ss[.fffffff]`.
pub(crate) fn timespan(microseconds: i64) -> String {
    let sign = if microseconds < 0 { "-" } else { "" };
    let all = microseconds.unsigned_abs();
    let part = |unit: i64, of: u64| all / unit.unsigned_abs() % of;
    let days = all / DAY.unsigned_abs();
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let (hours, minutes, seconds) = (part(HOUR, 24), part(MINUTE, 60), part(SECOND, 60));
    let fraction = all % SECOND.unsigned_abs();
    let fraction = if fraction > 0 { format!(".{fraction:06}0") } else { String::new() };
    format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

/// The shortest text that reads back as the same number; whole numbers keep their `.0`.
pub(crate) fn real(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-5..1e15).contains(&size) {
        let text = format!("{value:E}");
        return match text.split_once('E') {
            Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}E+{exponent}"),
            _ => text,
        };
    }
    format!("{value:?}")
}

/// A decimal without zeros at its end.
pub(crate) fn decimal(value: i128) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let one = DECIMAL_ONE.unsigned_abs();
    let (whole, fraction) = (value.unsigned_abs() / one, value.unsigned_abs() % one);
    if fraction == 0 {
        return format!("{sign}{whole}");
    }
    format!("{sign}{whole}.{}", format!("{fraction:012}").trim_end_matches('0'))
}
