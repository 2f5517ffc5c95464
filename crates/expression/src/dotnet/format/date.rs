//! Formats of DateTime and DateTimeOffset in the invariant culture.

use crate::dotnet::date::calendar::{DAY_NAMES, Fields, MONTH_NAMES, TICKS_PER_MINUTE, fields};
use crate::exception::Exception;
use crate::value::{DateTime, DateTimeKind, DateTimeOffset};

/// What is formatted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// A DateTime.
    DateTime(DateTime),
    /// A DateTimeOffset.
    Offset(DateTimeOffset),
}

impl Moment {
    fn ticks(self) -> i64 {
        match self {
            Moment::DateTime(value) => value.ticks,
            Moment::Offset(value) => value.ticks,
        }
    }

    /// Minutes east of UTC. Local time is UTC.
    fn offset(self) -> i64 {
        match self {
            Moment::DateTime(_) => 0,
            Moment::Offset(value) => i64::from(value.offset_minutes),
        }
    }

    /// The same instant in UTC; of a DateTime, its own clock time.
    fn in_utc(self) -> Moment {
        match self {
            Moment::DateTime(_) => self,
            Moment::Offset(value) => {
                let ticks = (value.ticks - i64::from(value.offset_minutes) * TICKS_PER_MINUTE).max(0);
                Moment::Offset(DateTimeOffset { ticks, offset_minutes: 0 })
            }
        }
    }
}

/// `ToString(format)`; an empty format is the type's own default.
///
/// # Errors
/// `FormatException` for a format that does not exist.
pub(crate) fn format_date(moment: Moment, format: &str) -> Result<String, Exception> {
    let mut characters = format.chars();
    let (pattern, moment) = match (characters.next(), characters.next()) {
        (None, _) if matches!(moment, Moment::Offset(_)) => ("MM/dd/yyyy HH:mm:ss zzz", moment),
        (None, _) => ("MM/dd/yyyy HH:mm:ss", moment),
        (Some(letter), None) => standard(letter, moment)?,
        _ => (format, moment),
    };
    custom(moment, pattern)
}

/// Pattern of a standard format, and the moment as it sees it.
fn standard(letter: char, moment: Moment) -> Result<(&'static str, Moment), Exception> {
    let pattern = match letter {
        'd' => "MM/dd/yyyy",
        'D' => "dddd, dd MMMM yyyy",
        'f' => "dddd, dd MMMM yyyy HH:mm",
        'F' => "dddd, dd MMMM yyyy HH:mm:ss",
        'g' => "MM/dd/yyyy HH:mm",
        'G' => "MM/dd/yyyy HH:mm:ss",
        'm' | 'M' => "MMMM dd",
        'o' | 'O' if matches!(moment, Moment::Offset(_)) => "yyyy-MM-ddTHH:mm:ss.fffffffzzz",
        'o' | 'O' => "yyyy-MM-ddTHH:mm:ss.fffffffK",
        'r' | 'R' => return Ok(("ddd, dd MMM yyyy HH':'mm':'ss 'GMT'", moment.in_utc())),
        's' => "yyyy-MM-ddTHH:mm:ss",
        't' => "HH:mm",
        'T' => "HH:mm:ss",
        'u' => return Ok(("yyyy-MM-dd HH:mm:ss'Z'", moment.in_utc())),
        'U' if matches!(moment, Moment::DateTime(_)) => "dddd, dd MMMM yyyy HH:mm:ss",
        'y' | 'Y' => "yyyy MMMM",
        _ => return Err(invalid()),
    };
    Ok((pattern, moment))
}

pub(super) fn invalid() -> Exception {
    Exception::format("Input string was not in a correct format.")
}

fn custom(moment: Moment, pattern: &str) -> Result<String, Exception> {
    let pattern: Vec<char> = pattern.chars().collect();
    let parts = fields(moment.ticks());
    let mut out = String::new();
    let mut at = 0;
    while let Some(character) = pattern.get(at).copied() {
        let rest = pattern.get(at..).unwrap_or_default();
        let mut count = repeated(rest);
        match character {
            '\'' | '"' => {
                let inner = pattern.get(at + 1..).unwrap_or_default();
                count = quoted(inner, character, &mut out)? + 1;
            }
            '\\' => {
                out.push(*pattern.get(at + 1).ok_or_else(invalid)?);
                count = 2;
            }
            '%' => {
                let next = pattern.get(at + 1).filter(|next| **next != '%').ok_or_else(invalid)?;
                if !specifier(&mut out, moment, &parts, *next, 1)? {
                    out.push(*next);
                }
                count = 2;
            }
            _ => {
                if !specifier(&mut out, moment, &parts, character, count)? {
                    out.push(character);
                    count = 1;
                }
            }
        }
        at += count;
    }
    Ok(out)
}

/// How often the first character of a pattern stands there, when it is a letter of dates or times. Others mean
/// themselves one by one; counting them at each would cost the square of the pattern's length.
pub(super) fn repeated(pattern: &[char]) -> usize {
    match pattern.first() {
        Some(first) if "dfFghHKmMstyz".contains(*first) => {
            pattern.iter().take_while(|next| *next == first).count()
        }
        _ => 1,
    }
}

/// Copies quoted text; gives the characters read, the closing quote included.
pub(super) fn quoted(inner: &[char], quote: char, out: &mut String) -> Result<usize, Exception> {
    let mut at = 0;
    loop {
        match inner.get(at) {
            None => return Err(invalid()),
            Some(character) if *character == quote => return Ok(at + 1),
            Some('\\') => {
                out.push(*inner.get(at + 1).ok_or_else(invalid)?);
                at += 2;
            }
            Some(character) => {
                out.push(*character);
                at += 1;
            }
        }
    }
}

/// The first `count` of seven digits of a fraction; with `trim` without zeros at the end.
pub(super) fn fraction(ticks: i64, count: usize, trim: bool) -> Result<String, Exception> {
    let digits = format!("{ticks:07}");
    let kept = digits.get(..count).ok_or_else(invalid)?;
    Ok(if trim { kept.trim_end_matches('0').to_owned() } else { kept.to_owned() })
}

/// `+01:30`; `count` as of the letter z.
fn offset_text(minutes: i64, count: usize) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    match count {
        1 => format!("{sign}{hours}"),
        2 => format!("{sign}{hours:02}"),
        _ => format!("{sign}{hours:02}:{minutes:02}"),
    }
}

/// A number with one digit at least, or with two.
fn push_number(out: &mut String, value: i64, digits: usize) {
    if digits == 2 && (0..100).contains(&value) {
        let digit = |value: i64| char::from(b'0' + u8::try_from(value).unwrap_or(0));
        out.push(digit(value / 10));
        out.push(digit(value % 10));
        return;
    }
    let text = value.to_string();
    out.extend(std::iter::repeat_n('0', digits.saturating_sub(text.len())));
    out.push_str(&text);
}

/// The name of a day or month, its first three letters for a count of three.
fn push_name(out: &mut String, names: &[&str], index: i64, count: usize) {
    let full = usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("");
    out.push_str(if count == 3 { full.get(..3).unwrap_or(full) } else { full });
}

/// Adds the text of a letter repeated `count` times; false when the character means itself.
fn specifier(
    out: &mut String,
    moment: Moment,
    parts: &Fields,
    letter: char,
    count: usize,
) -> Result<bool, Exception> {
    let half = if parts.hour < 12 { "AM" } else { "PM" };
    let digits = count.min(2);
    match letter {
        'd' if count <= 2 => push_number(out, parts.day, digits),
        'd' => push_name(out, &DAY_NAMES, parts.day_of_week, count),
        'M' if count <= 2 => push_number(out, parts.month, digits),
        'M' => push_name(out, &MONTH_NAMES, parts.month - 1, count),
        'y' if count <= 2 => push_number(out, parts.year % 100, digits),
        'y' => push_number(out, parts.year, count),
        'h' => push_number(out, if parts.hour % 12 == 0 { 12 } else { parts.hour % 12 }, digits),
        'H' => push_number(out, parts.hour, digits),
        'm' => push_number(out, parts.minute, digits),
        's' => push_number(out, parts.second, digits),
        'f' | 'F' => {
            let text = fraction(parts.fraction, count, letter == 'F')?;
            // A point before a fraction that is written away vanishes with it.
            if letter == 'F' && text.is_empty() && out.ends_with('.') {
                out.pop();
            }
            out.push_str(&text);
        }
        't' => out.push_str(half.get(..digits).unwrap_or(half)),
        'g' => out.push_str("A.D."),
        'z' => out.push_str(&offset_text(moment.offset(), count)),
        'K' => match moment {
            Moment::DateTime(DateTime { kind: DateTimeKind::Utc, .. }) => {
                out.extend(std::iter::repeat_n('Z', count))
            }
            Moment::DateTime(DateTime { kind: DateTimeKind::Unspecified, .. }) => {}
            _ => out.push_str(&offset_text(moment.offset(), 3).repeat(count)),
        },
        _ => return Ok(false),
    }
    Ok(true)
}
