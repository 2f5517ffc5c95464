//! Reading a TimeSpan from text.

use super::date::{quoted, repeated};
use crate::dotnet::date::calendar::{TICKS_PER_DAY, time_ticks};

/// Why text is no span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpanError {
    /// It does not look like one.
    Format,
    /// One of its parts is out of range.
    Overflow,
}

/// `TimeSpan.Parse`: `[-]d`, `[-][d.]hh:mm[:ss[.fffffff]]`, `[-]d:hh:mm:ss[.fffffff]`.
///
/// # Errors
/// As [`SpanError`].
pub(crate) fn read_time_span(text: &str) -> Result<i64, SpanError> {
    let text = text.trim();
    match read_parts(text) {
        Err(SpanError::Format) if holds_large_number(text) => Err(SpanError::Overflow),
        read => read,
    }
}

/// .NET takes a text apart before it looks at its form: a number that is too large is noticed first, unless the parts
/// before it are too many already.
fn holds_large_number(text: &str) -> bool {
    const MOST_NUMBERS: usize = 5;
    const MOST_SEPARATORS: usize = 6;
    const LARGEST: u32 = 0x0FFF_FFFF;
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let (mut numbers, mut separators) = (0, 0);
    for part in text.as_bytes().chunk_by(|left, right| is_digit(left) == is_digit(right)) {
        if !part.first().is_some_and(is_digit) {
            separators += 1;
        } else if part
            .iter()
            .try_fold(0_u32, |sum, digit| {
                Some(sum * 10 + u32::from(digit - b'0')).filter(|sum| *sum <= LARGEST)
            })
            .is_none()
        {
            return true;
        } else {
            numbers += 1;
        }
        if numbers > MOST_NUMBERS || separators > MOST_SEPARATORS {
            return false;
        }
    }
    false
}

fn read_parts(text: &str) -> Result<i64, SpanError> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let fields: Vec<&str> = text.split(':').collect();
    let (days, hours, minutes, seconds) = match fields.as_slice() {
        [days] => (*days, "0", "0", "0"),
        [hours, minutes] => split_days(hours, minutes, "0"),
        [hours, minutes, seconds] => split_days(hours, minutes, seconds),
        [days, hours, minutes, seconds] => (*days, *hours, *minutes, *seconds),
        _ => return Err(SpanError::Format),
    };
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let time = [number(hours)?, number(minutes)?, number(whole)?];
    if fraction.len() > 7 {
        let all_digits = fraction.bytes().all(|digit| digit.is_ascii_digit());
        return Err(if all_digits { SpanError::Overflow } else { SpanError::Format });
    }
    let span = Span { negative, days: number(days)?, time, fraction: fraction_of(fraction)? };
    match (span.ticks(), fields.as_slice()) {
        // Three numbers that are no time of day are days, hours and minutes.
        (Err(SpanError::Overflow), [first, second, third])
            if !first.contains('.') && !third.contains('.') =>
        {
            let time = [number(second)?, number(third)?, 0];
            Span { days: number(first)?, time, ..span }.ticks()
        }
        (ticks, _) => ticks,
    }
}

/// The parts of a span.
#[derive(Clone, Copy, Default)]
struct Span {
    negative: bool,
    days: i64,
    /// Hours, minutes and seconds.
    time: [i64; 3],
    /// Ticks within a second.
    fraction: i64,
}

impl Span {
    fn ticks(self) -> Result<i64, SpanError> {
        let [hours, minutes, seconds] = self.time;
        let time = time_ticks(hours, minutes, seconds).ok_or(SpanError::Overflow)?;
        let total =
            i128::from(self.days) * i128::from(TICKS_PER_DAY) + i128::from(time) + i128::from(self.fraction);
        i64::try_from(if self.negative { -total } else { total }).map_err(|_| SpanError::Overflow)
    }
}

/// Ticks of up to seven digits behind the point.
fn fraction_of(digits: &str) -> Result<i64, SpanError> {
    if digits.is_empty() {
        return Err(SpanError::Format);
    }
    number(&format!("{digits:0<7}"))
}

/// `ParseExact`: the formats `c`, `t`, `T`, `g`, `G`, and custom ones.
///
/// # Errors
/// As [`SpanError`].
pub(crate) fn read_time_span_exact(text: &str, format: &str) -> Result<i64, SpanError> {
    match format {
        "c" | "t" | "T" => {
            let unsigned = text.strip_prefix('-').unwrap_or(text);
            let fields = unsigned.split(':').count();
            if text.trim() != text || fields > 3 { Err(SpanError::Format) } else { read_time_span(text) }
        }
        "g" => read_time_span(text),
        "G" => {
            let (_, seconds) = text.rsplit_once(':').ok_or(SpanError::Format)?;
            let whole =
                text.split(':').count() == 4 && seconds.split_once('.').is_some_and(|(_, f)| f.len() == 7);
            if whole { read_time_span(text) } else { Err(SpanError::Format) }
        }
        _ if format.chars().count() < 2 => Err(SpanError::Format),
        _ => follow(text, &format.chars().collect::<Vec<_>>()),
    }
}

/// Follows a custom format; nothing of the text may be left.
fn follow(text: &str, format: &[char]) -> Result<i64, SpanError> {
    let mut span = Span::default();
    let mut rest = text;
    let mut at = 0;
    while let Some(letter) = format.get(at).copied() {
        let tail = format.get(at..).unwrap_or_default();
        let mut count = repeated(tail);
        match letter {
            '\'' | '"' => {
                let mut literal = String::new();
                let inner = format.get(at + 1..).unwrap_or_default();
                count = quoted(inner, letter, &mut literal).map_err(|_| SpanError::Format)? + 1;
                rest = rest.strip_prefix(literal.as_str()).ok_or(SpanError::Format)?;
            }
            '\\' => {
                let literal = *format.get(at + 1).ok_or(SpanError::Format)?;
                rest = rest.strip_prefix(literal).ok_or(SpanError::Format)?;
                count = 2;
            }
            '%' => count = 1,
            _ => rest = span.take(rest, letter, count)?,
        }
        at += count;
    }
    if rest.is_empty() { span.ticks() } else { Err(SpanError::Format) }
}

impl Span {
    /// Reads the digits of one letter of a format.
    fn take<'t>(&mut self, text: &'t str, letter: char, count: usize) -> Result<&'t str, SpanError> {
        let longest = match letter {
            'd' => 8,
            'f' | 'F' => 7,
            'h' | 'm' | 's' => 2,
            _ => return Err(SpanError::Format),
        };
        if count > longest {
            return Err(SpanError::Format);
        }
        let most = match letter {
            'd' if count == 1 => 8,
            'h' | 'm' | 's' => 2,
            _ => count,
        };
        let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if length < count && letter != 'F' {
            return Err(SpanError::Format);
        }
        let (digits, rest) = text.split_at(length);
        if letter == 'f' || letter == 'F' {
            self.fraction = if digits.is_empty() { 0 } else { fraction_of(digits)? };
            return Ok(rest);
        }
        let value = number(digits)?;
        let [hours, minutes, seconds] = &mut self.time;
        *match letter {
            'h' => hours,
            'm' => minutes,
            's' => seconds,
            _ => &mut self.days,
        } = value;
        Ok(rest)
    }
}

/// Splits `d.hh` off.
fn split_days<'t>(
    hours: &'t str,
    minutes: &'t str,
    seconds: &'t str,
) -> (&'t str, &'t str, &'t str, &'t str) {
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    (days, hours, minutes, seconds)
}

fn number(digits: &str) -> Result<i64, SpanError> {
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(SpanError::Format);
    }
    digits.parse().map_err(|_| SpanError::Overflow)
}
