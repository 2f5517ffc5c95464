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
        let mut count = rest.iter().take_while(|next| **next == character).count();
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
                out.push_str(&custom_single(moment, *next)?);
                count = 2;
            }
            _ => match specifier(moment, &parts, character, count)? {
                Some(text) => {
                    // A point before a fraction that is written away vanishes with it.
                    if character == 'F' && text.is_empty() && out.ends_with('.') {
                        out.pop();
                    }
                    out.push_str(&text);
                }
                None => {
                    out.push(character);
                    count = 1;
                }
            },
        }
        at += count;
    }
    Ok(out)
}

fn custom_single(moment: Moment, letter: char) -> Result<String, Exception> {
    let parts = fields(moment.ticks());
    Ok(specifier(moment, &parts, letter, 1)?.unwrap_or_else(|| letter.to_string()))
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

/// The text of a letter repeated `count` times; none when the character means itself.
fn specifier(
    moment: Moment,
    parts: &Fields,
    letter: char,
    count: usize,
) -> Result<Option<String>, Exception> {
    let padded = |value: i64| if count == 1 { value.to_string() } else { format!("{value:02}") };
    let name = |names: &[&str], index: i64| -> String {
        let full = usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("");
        if count == 3 { full.get(..3).unwrap_or(full).to_owned() } else { full.to_owned() }
    };
    let half = if parts.hour < 12 { "AM" } else { "PM" };
    Ok(Some(match letter {
        'd' if count <= 2 => padded(parts.day),
        'd' => name(&DAY_NAMES, parts.day_of_week),
        'M' if count <= 2 => padded(parts.month),
        'M' => name(&MONTH_NAMES, parts.month - 1),
        'y' if count == 1 => (parts.year % 100).to_string(),
        'y' if count == 2 => format!("{:02}", parts.year % 100),
        'y' => {
            let year = parts.year.to_string();
            format!("{}{year}", "0".repeat(count.saturating_sub(year.len())))
        }
        'h' => padded(if parts.hour % 12 == 0 { 12 } else { parts.hour % 12 }),
        'H' => padded(parts.hour),
        'm' => padded(parts.minute),
        's' => padded(parts.second),
        'f' | 'F' => fraction(parts.fraction, count, letter == 'F')?,
        't' if count == 1 => half.get(..1).unwrap_or("").to_owned(),
        't' => half.to_owned(),
        'g' => "A.D.".to_owned(),
        'z' => offset_text(moment.offset(), count),
        'K' => match moment {
            Moment::DateTime(DateTime { kind: DateTimeKind::Utc, .. }) => "Z".repeat(count),
            Moment::DateTime(DateTime { kind: DateTimeKind::Unspecified, .. }) => String::new(),
            _ => offset_text(moment.offset(), 3).repeat(count),
        },
        _ => return Ok(None),
    }))
}
