//! Values from text, as `todatetime()`, `tolong()` and their like read them.

use jiff::civil::{Date, DateTime, Time};

use super::format::{DAY, DECIMAL_ONE, HOUR, MINUTE, SECOND, microseconds};

/// Microseconds between the year 1, from which Kusto counts ticks, and 1970.
const SINCE_YEAR_ONE: i64 = 62_135_596_800 * SECOND;

/// A time from ticks of 100 ns since the year 1.
pub(crate) fn datetime_of_ticks(ticks: i64) -> Option<i64> {
    (ticks / 10).checked_sub(SINCE_YEAR_ONE)
}

/// Ticks of 100 ns since the year 1.
pub(crate) fn ticks_of_datetime(time: i64) -> Option<i64> {
    time.checked_add(SINCE_YEAR_ONE)?.checked_mul(10)
}

/// `true`, `false` in any case, or a whole number.
pub(crate) fn bool(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        return Some(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Some(false);
    }
    text.parse::<i64>().ok().map(|number| number != 0)
}

/// A whole number, also `0x…`.
pub(crate) fn long(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(u64::cast_signed),
        None => text.parse().ok(),
    }
}

/// A floating-point number.
pub(crate) fn real(text: &str) -> Option<f64> {
    let text = text.trim();
    match text {
        "NaN" | "nan" => return Some(f64::NAN),
        "Infinity" | "+Infinity" | "inf" | "+inf" => return Some(f64::INFINITY),
        "-Infinity" | "-inf" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if plain { text.parse().ok() } else { long(text).map(|value| value as f64) }
}

/// A decimal in units of 10⁻¹²; digits behind the twelfth are rounded half away from zero.
pub(crate) fn decimal(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let exact = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !exact(whole) || !exact(fraction) {
        return None;
    }
    let mut value: i128 = 0;
    let point = i64::try_from(whole.len()).ok()?.saturating_add(i64::from(exponent)).saturating_add(12);
    let digits = whole.bytes().chain(fraction.bytes());
    let mut position: i64 = 0;
    for digit in digits {
        if position < point {
            value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        } else {
            if position == point && digit >= b'5' {
                value = value.checked_add(1)?;
            }
            break;
        }
        position += 1;
    }
    while position < point && value != 0 {
        value = value.checked_mul(10)?;
        position += 1;
    }
    Some(if negative { -value } else { value })
}

/// A decimal from a floating-point number, rounded to fifteen significant digits as .NET does.
pub(crate) fn decimal_of_real(value: f64) -> Option<i128> {
    if !value.is_finite() || value.abs() >= 1e26 { None } else { decimal(&format!("{value:.14e}")) }
}

/// The decimal as a floating-point number.
pub(crate) fn real_of_decimal(value: i128) -> f64 {
    value as f64 / DECIMAL_ONE as f64
}

/// Thirty-two hexadecimal digits, with or without hyphens and braces, as lower-case text with hyphens.
pub(crate) fn guid(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches(['{', '(']).trim_end_matches(['}', ')']);
    let digits: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    Some(format!("{}-{}-{}-{}-{}", group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32)))
}

/// A time: ISO 8601 and its short forms, or RFC 2822. Without a zone it is UTC.
pub(crate) fn datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    iso(text).or_else(|| jiff::fmt::rfc2822::parse(text).ok().map(|z| z.timestamp().as_microsecond()))
}

fn iso(text: &str) -> Option<i64> {
    let mut rest = text;
    let year = digits(&mut rest, 4)?;
    rest = rest.strip_prefix(['-', '/'])?;
    let month = digits(&mut rest, 2)?;
    let mut day = 1;
    if let Some(after) = rest.strip_prefix(['-', '/']) {
        rest = after;
        day = digits(&mut rest, 2)?;
    }
    let date =
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    let (time, fraction) = match rest.strip_prefix(['T', 't', ' ']) {
        Some(after) => {
            rest = after.trim_start();
            clock(&mut rest)?
        }
        None => (Time::midnight(), 0),
    };
    let offset = zone(rest.trim())?;
    let moment = microseconds(DateTime::from_parts(date, time))?;
    moment.checked_add(fraction)?.checked_sub(offset)
}

/// `hh:mm[:ss[.f…]]` and the microseconds of the fraction.
fn clock(rest: &mut &str) -> Option<(Time, i64)> {
    let hour = digits(rest, 2)?;
    *rest = rest.strip_prefix(':')?;
    let minute = digits(rest, 2)?;
    let mut second = 0;
    let mut fraction = 0;
    if let Some(after) = rest.strip_prefix(':') {
        *rest = after;
        second = digits(rest, 2)?;
        if let Some(after) = rest.strip_prefix(['.', ',']) {
            let count = after.bytes().take_while(u8::is_ascii_digit).count();
            let (text, behind) = after.split_at_checked(count)?;
            fraction = micros_of_fraction(text)?;
            *rest = behind;
        }
    }
    let narrow = |value: i64| i8::try_from(value).ok();
    Some((Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, 0).ok()?, fraction))
}

fn micros_of_fraction(digits: &str) -> Option<i64> {
    if digits.is_empty() {
        return None;
    }
    let digits = digits.bytes().chain(std::iter::repeat(b'0')).take(6);
    Some(digits.fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// The microseconds that a zone is ahead of UTC.
fn zone(text: &str) -> Option<i64> {
    if text.is_empty() || text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let mut rest = text.strip_prefix(['+', '-'])?;
    let hours = digits(&mut rest, 2)?;
    rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = if rest.is_empty() { 0 } else { digits(&mut rest, 2)? };
    (rest.is_empty() && hours <= 14 && minutes < 60).then_some(sign * (hours * HOUR + minutes * MINUTE))
}

/// One to `most` digits.
fn digits(rest: &mut &str, most: usize) -> Option<i64> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, behind) = rest.split_at_checked(count)?;
    *rest = behind;
    number.parse().ok()
}

/// A span: `[-][d.]hh:mm[:ss[.f…]]`, a number with a unit such as `5m`, or a number of days.
pub(crate) fn timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, body) = match text.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, text),
    };
    let value = if body.contains(':') { clock_span(body) } else { unit_span(body) }?;
    Some(if negative { -value } else { value })
}

fn clock_span(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, ':');
    let (first, minutes, seconds) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
    let (days, hours) = match first.split_once('.') {
        Some((days, hours)) => (days.parse::<i64>().ok()?, hours),
        None => (0, first),
    };
    let (seconds, fraction) = match seconds.split_once('.') {
        Some((seconds, fraction)) => (seconds, micros_of_fraction(fraction)?),
        None => (seconds, 0),
    };
    let number = |text: &str| text.parse::<u32>().ok().map(i64::from);
    let (hours, minutes, seconds) = (number(hours)?, number(minutes)?, number(seconds)?);
    if hours > 23 || minutes > 59 || seconds > 59 || days < 0 {
        return None;
    }
    days.checked_mul(DAY)?.checked_add(hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction)
}

fn unit_span(text: &str) -> Option<i64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let unit = match unit.trim() {
        "" | "d" | "day" | "days" => DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "m" | "min" | "minute" | "minutes" => MINUTE,
        "s" | "sec" | "second" | "seconds" => SECOND,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000,
        "micro" | "micros" | "microsecond" | "microseconds" => 1,
        "tick" | "ticks" => return number.parse::<i64>().ok().map(|ticks| ticks / 10),
        _ => return None,
    };
    match number.parse::<i64>() {
        Ok(whole) => whole.checked_mul(unit),
        Err(_) => number.parse::<f64>().ok().and_then(|count| whole_of_real(count * unit as f64)),
    }
}

/// A floating-point number without its fraction; nothing where it does not fit.
pub(crate) fn whole_of_real(value: f64) -> Option<i64> {
    /// The first number that 64 bits with a sign do not hold.
    const END: f64 = 9_223_372_036_854_775_808.0;
    (-END..END).contains(&value).then_some(value as i64)
}
