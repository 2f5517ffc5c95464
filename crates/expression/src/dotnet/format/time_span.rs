//! Formats of TimeSpan.

use super::date::{fraction, invalid, quoted, repeated};
use crate::dotnet::date::calendar::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND};
use crate::exception::Exception;

/// A span taken apart; every part is positive.
struct Parts {
    sign: &'static str,
    days: i64,
    hours: i64,
    minutes: i64,
    seconds: i64,
    fraction: i64,
}

fn parts(ticks: i64) -> Parts {
    // The smallest span has no positive counterpart in 64 bits.
    let all = i128::from(ticks).unsigned_abs();
    let part = |unit: i64, modulus: u128| {
        i64::try_from(all / u128::from(unit.unsigned_abs()) % modulus).unwrap_or_default()
    };
    Parts {
        sign: if ticks < 0 { "-" } else { "" },
        days: part(TICKS_PER_DAY, u128::MAX),
        hours: part(TICKS_PER_HOUR, 24),
        minutes: part(TICKS_PER_MINUTE, 60),
        seconds: part(TICKS_PER_SECOND, 60),
        fraction: part(1, u128::from(TICKS_PER_SECOND.unsigned_abs())),
    }
}

/// The constant format `c`: `[-][d.]hh:mm:ss[.fffffff]`.
pub(crate) fn time_span_text(ticks: i64) -> String {
    let Parts { sign, days, hours, minutes, seconds, fraction } = parts(ticks);
    let days = if days == 0 { String::new() } else { format!("{days}.") };
    let fraction = if fraction == 0 { String::new() } else { format!(".{fraction:07}") };
    format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}

/// `ToString(format)`; an empty format is `c`.
///
/// # Errors
/// `FormatException` for a format that does not exist.
pub(crate) fn format_time_span(ticks: i64, format: &str) -> Result<String, Exception> {
    let Parts { sign, days, hours, minutes, seconds, fraction } = parts(ticks);
    match format {
        "" | "c" | "t" | "T" => Ok(time_span_text(ticks)),
        "g" => {
            let days = if days == 0 { String::new() } else { format!("{days}:") };
            let digits = format!("{fraction:07}");
            let digits = digits.trim_end_matches('0');
            let point = if digits.is_empty() { "" } else { "." };
            Ok(format!("{sign}{days}{hours}:{minutes:02}:{seconds:02}{point}{digits}"))
        }
        "G" => Ok(format!("{sign}{days}:{hours:02}:{minutes:02}:{seconds:02}.{fraction:07}")),
        _ if format.chars().count() == 1 => Err(invalid()),
        _ => custom(&parts(ticks), format),
    }
}

fn custom(parts: &Parts, format: &str) -> Result<String, Exception> {
    let format: Vec<char> = format.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while let Some(character) = format.get(at).copied() {
        let rest = format.get(at..).unwrap_or_default();
        let mut count = repeated(rest);
        match character {
            '\'' | '"' => count = quoted(format.get(at + 1..).unwrap_or_default(), character, &mut out)? + 1,
            '\\' => {
                out.push(*format.get(at + 1).ok_or_else(invalid)?);
                count = 2;
            }
            '%' => {
                let next = format.get(at + 1).filter(|next| **next != '%').ok_or_else(invalid)?;
                specifier(parts, *next, 1, &mut out)?;
                count = 2;
            }
            _ => specifier(parts, character, count, &mut out)?,
        }
        at += count;
    }
    Ok(out)
}

fn specifier(parts: &Parts, letter: char, count: usize, out: &mut String) -> Result<(), Exception> {
    let (value, longest) = match letter {
        'd' => (parts.days, 8),
        'h' => (parts.hours, 2),
        'm' => (parts.minutes, 2),
        's' => (parts.seconds, 2),
        'f' | 'F' => {
            out.push_str(&fraction(parts.fraction, count, letter == 'F')?);
            return Ok(());
        }
        _ => return Err(invalid()),
    };
    if count > longest {
        return Err(invalid());
    }
    out.push_str(&format!("{value:0count$}"));
    Ok(())
}
