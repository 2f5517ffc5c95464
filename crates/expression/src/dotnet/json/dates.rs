//! Dates in JSON text: which strings are dates, and how dates are written.

use crate::value::{DateTime, DateTimeKind, DateTimeOffset};

const TICKS_PER_SECOND: i64 = 10_000_000;
const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// 1970-01-01 in ticks.
const UNIX_EPOCH: i64 = 719_162 * TICKS_PER_DAY;
/// The first tick after 9999-12-31.
const END_OF_TIME: i64 = 3_652_059 * TICKS_PER_DAY;

/// The date that a string stands for: ISO 8601 with `T`, or `/Date(milliseconds)/`.
///
/// An offset is applied and gives local time (which is UTC); `Z` gives UTC; neither stays unspecified.
pub(super) fn read(text: &str) -> Option<DateTime> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'/' => microsoft(text),
        b'0'..=b'9' if (19..=40).contains(&bytes.len()) && bytes.get(10) == Some(&b'T') => {
            let (ticks, zone) = iso(bytes)?;
            let (ticks, kind) = match zone {
                Zone::None => (ticks, DateTimeKind::Unspecified),
                Zone::Utc => (ticks, DateTimeKind::Utc),
                Zone::Offset(minutes) => (ticks - minutes * 60 * TICKS_PER_SECOND, DateTimeKind::Local),
            };
            (0..END_OF_TIME).contains(&ticks).then_some(DateTime { ticks, kind })
        }
        _ => None,
    }
}

fn microsoft(text: &str) -> Option<DateTime> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let offset = inner.get(1..).and_then(|rest| rest.find(['+', '-'])).map(|at| at + 1);
    let (milliseconds, kind) = match offset {
        Some(at) => (inner.get(..at)?, DateTimeKind::Local),
        None => (inner, DateTimeKind::Utc),
    };
    let ticks = milliseconds.parse::<i64>().ok()?.checked_mul(10_000)?.checked_add(UNIX_EPOCH)?;
    (0..END_OF_TIME).contains(&ticks).then_some(DateTime { ticks, kind })
}

enum Zone {
    None,
    Utc,
    /// Minutes east.
    Offset(i64),
}

/// A cursor over the bytes of a date.
struct Digits<'t>(&'t [u8], usize);

impl Digits<'_> {
    fn peek(&self) -> Option<u8> {
        self.0.get(self.1).copied()
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.1 += 1)
    }

    fn number(&mut self, count: usize) -> Option<i64> {
        let digits = self.0.get(self.1..self.1 + count)?;
        let mut value = 0;
        for digit in digits {
            value = value * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        self.1 += count;
        Some(value)
    }
}

/// Ticks of the clock time as written, and the zone.
fn iso(text: &[u8]) -> Option<(i64, Zone)> {
    let mut at = Digits(text, 0);
    let year = at.number(4)?;
    at.eat(b'-')?;
    let month = at.number(2)?;
    at.eat(b'-')?;
    let day = at.number(2)?;
    at.eat(b'T')?;
    let hour = at.number(2)?;
    at.eat(b':')?;
    let minute = at.number(2)?;
    at.eat(b':')?;
    let second = at.number(2)?;
    let mut fraction = 0;
    if at.eat(b'.').is_some() {
        let mut digits = 0;
        while digits < 7 {
            let Some(digit) = at.number(1) else { break };
            fraction = fraction * 10 + digit;
            digits += 1;
        }
        if digits == 0 {
            return None;
        }
        fraction *= 10_i64.pow(7 - digits);
    }
    let midnight_of_next_day = hour == 24 && minute == 0 && second == 0 && fraction == 0;
    if (hour > 23 && !midnight_of_next_day) || minute > 59 || second > 59 {
        return None;
    }
    let zone = zone(&mut at)?;
    let days = days_before(year, month, day)?;
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
    Some((seconds * TICKS_PER_SECOND + fraction, zone))
}

fn zone(at: &mut Digits<'_>) -> Option<Zone> {
    let zone = match at.peek() {
        None => return Some(Zone::None),
        Some(b'Z' | b'z') => {
            at.1 += 1;
            Zone::Utc
        }
        Some(sign @ (b'+' | b'-')) => {
            at.1 += 1;
            let hours = at.number(2)?;
            let colon = at.eat(b':');
            let minutes = if colon.is_some() || at.peek().is_some() { at.number(2)? } else { 0 };
            let east = hours * 60 + minutes;
            Zone::Offset(if sign == b'-' { -east } else { east })
        }
        Some(_) => return None,
    };
    at.peek().is_none().then_some(zone)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 0001-01-01.
fn days_before(year: i64, month: i64, day: i64) -> Option<i64> {
    if year < 1 || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let before = year - 1;
    let months: i64 = (1..month).map(|earlier| days_in_month(year, earlier)).sum();
    Some(before * 365 + before / 4 - before / 100 + before / 400 + months + day - 1)
}

/// Year, month and day of a count of days since 0001-01-01.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years of 365.2425 days find the year or the one after it.
    let mut year = days * 400 / 146_097 + 1;
    if days_before(year, 1, 1).unwrap_or(0) > days {
        year -= 1;
    } else if days_before(year + 1, 1, 1).unwrap_or(i64::MAX) <= days {
        year += 1;
    }
    let mut rest = days - days_before(year, 1, 1).unwrap_or(0);
    let mut month = 1;
    while rest >= days_in_month(year, month) {
        rest -= days_in_month(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

/// `yyyy-MM-ddTHH:mm:ss` and the fraction without trailing zeros.
fn clock_text(ticks: i64) -> String {
    let (year, month, day) = civil(ticks / TICKS_PER_DAY);
    let seconds = ticks % TICKS_PER_DAY / TICKS_PER_SECOND;
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    let fraction = ticks % TICKS_PER_SECOND;
    if fraction != 0 {
        text.push_str(format!(".{fraction:07}").trim_end_matches('0'));
    }
    text
}

/// A DateTime as JSON text without quotes.
pub(crate) fn date_time_text(date: DateTime) -> String {
    clock_text(date.ticks)
        + match date.kind {
            DateTimeKind::Unspecified => "",
            DateTimeKind::Utc => "Z",
            DateTimeKind::Local => "+00:00",
        }
}

/// A DateTimeOffset as JSON text without quotes.
pub(super) fn date_time_offset_text(date: DateTimeOffset) -> String {
    let sign = if date.offset_minutes < 0 { '-' } else { '+' };
    let offset = date.offset_minutes.unsigned_abs();
    format!("{}{sign}{:02}:{:02}", clock_text(date.ticks), offset / 60, offset % 60)
}

/// A TimeSpan in the format `c`.
pub(super) fn time_span_text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let seconds = ticks / 10_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days = if days > 0 { format!("{days}.") } else { String::new() };
    let mut text = format!("{sign}{days}{hours:02}:{minutes:02}:{:02}", seconds % 60);
    let fraction = ticks % 10_000_000;
    if fraction > 0 {
        text.push_str(&format!(".{fraction:07}"));
    }
    text
}
