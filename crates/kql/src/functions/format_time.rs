//! `format_datetime()` and `format_timespan()`.

use super::cell::Cell;
use super::declare::Does::Rows;
use super::declare::Function;
use super::format::{DAY, HOUR, MINUTE, SECOND, civil};
use crate::Type::String as Text;

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function {
        name: "format_datetime",
        takes: "time: datetime, format: string",
        does: Rows(Text, |row| row.long(0).and_then(|time| datetime(time, row.text(1))).into()),
    },
    Function {
        name: "format_timespan",
        takes: "span: timespan, format: string",
        does: Rows(Text, |row| match row.long(0) {
            Some(span) => timespan(span, row.text(1)).into(),
            None => Cell::Null,
        }),
    },
];

/// Runs of one letter, which are specifiers, and everything else.
fn runs(format: &str) -> impl Iterator<Item = &str> {
    let mut rest = format;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = rest.chars().take_while(|character| *character == first).map(char::len_utf8).sum();
        let (run, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(run)
    })
}

fn datetime(time: i64, format: &str) -> Option<String> {
    let moment = civil(time)?;
    let mut out = String::new();
    for run in runs(format) {
        let width = run.len();
        let hour = i64::from(moment.hour());
        let number = match run.as_bytes().first() {
            Some(b'd') => i64::from(moment.day()),
            Some(b'h') => (hour + 11) % 12 + 1,
            Some(b'H') => hour,
            Some(b'm') => i64::from(moment.minute()),
            Some(b'M') => i64::from(moment.month()),
            Some(b's') => i64::from(moment.second()),
            Some(b'y') if width <= 2 => i64::from(moment.year()) % 100,
            Some(b'y') => i64::from(moment.year()),
            Some(b'f' | b'F') => {
                fraction(moment.subsec_nanosecond().into(), run, &mut out);
                continue;
            }
            Some(b't') => {
                let half = if hour < 12 { "AM" } else { "PM" };
                out.push_str(half.get(..width.min(2)).unwrap_or(half));
                continue;
            }
            _ => {
                out.push_str(run);
                continue;
            }
        };
        out.push_str(&format!("{number:0width$}"));
    }
    Some(out)
}

/// Digits of the second; `F` leaves zeros at the end out, and with them the point before.
fn fraction(nanoseconds: i64, run: &str, out: &mut String) {
    let digits = format!("{nanoseconds:09}");
    let digits = digits.get(..run.len().min(7)).unwrap_or(&digits);
    if run.starts_with('f') {
        out.push_str(digits);
        return;
    }
    match digits.trim_end_matches('0') {
        "" if out.ends_with('.') => {
            out.pop();
        }
        digits => out.push_str(digits),
    }
}

fn timespan(span: i64, format: &str) -> String {
    let all = span.unsigned_abs();
    let part = |unit: i64, of: u64| all / unit.unsigned_abs() % of;
    let mut out = String::new();
    if span < 0 {
        out.push('-');
    }
    for run in runs(format) {
        let width = run.len();
        let number = match run.as_bytes().first() {
            Some(b'd') => part(DAY, u64::MAX),
            Some(b'h' | b'H') => part(HOUR, 24),
            Some(b'm') => part(MINUTE, 60),
            Some(b's') => part(SECOND, 60),
            Some(b'f' | b'F') => {
                let micros = i64::try_from(all % SECOND.unsigned_abs()).unwrap_or(0);
                fraction(micros * 1_000, run, &mut out);
                continue;
            }
            _ => {
                out.push_str(run);
                continue;
            }
        };
        out.push_str(&format!("{number:0width$}"));
    }
    out
}
