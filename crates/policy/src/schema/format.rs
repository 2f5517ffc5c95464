//! Formats that are checked; every other one says nothing about a value.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// One more than the largest `int64`.
const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Int32,
    Int64,
    DateTime,
    Date,
    Time,
    Uuid,
    Email,
    HostName,
    Ipv4,
    Ipv6,
    Uri,
    Byte,
}

const NAMES: [(&str, Format); 12] = [
    ("int32", Format::Int32),
    ("int64", Format::Int64),
    ("date-time", Format::DateTime),
    ("date", Format::Date),
    ("time", Format::Time),
    ("uuid", Format::Uuid),
    ("email", Format::Email),
    ("hostname", Format::HostName),
    ("ipv4", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("uri", Format::Uri),
    ("byte", Format::Byte),
];

impl Format {
    pub(super) fn of_name(name: &str) -> Option<Format> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// True for a format of numbers.
    pub(super) fn is_numeric(self) -> bool {
        matches!(self, Format::Int32 | Format::Int64)
    }

    pub(super) fn accepts_number(self, value: f64) -> bool {
        match self {
            Format::Int32 => value.fract() == 0.0 && (-2_147_483_648.0..=2_147_483_647.0).contains(&value),
            Format::Int64 => value.fract() == 0.0 && (-TWO_TO_63..TWO_TO_63).contains(&value),
            _ => true,
        }
    }

    pub(super) fn accepts(self, text: &str) -> bool {
        match self {
            Format::Int32 | Format::Int64 => true,
            Format::DateTime => is_date_time(text),
            Format::Date => is_date(text.as_bytes()),
            Format::Time => is_time(text.as_bytes()),
            Format::Uuid => is_uuid(text.as_bytes()),
            Format::Email => is_email(text),
            Format::HostName => is_host_name(text),
            Format::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Format::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Format::Uri => is_uri(text),
            Format::Byte => STANDARD.decode(text).is_ok(),
        }
    }

    /// A text that fits.
    pub(super) fn sample(self) -> &'static str {
        match self {
            Format::Int32 | Format::Int64 => "0",
            Format::DateTime => "2024-01-01T00:00:00Z",
            Format::Date => "2024-01-01",
            Format::Time => "00:00:00Z",
            Format::Uuid => "00000000-0000-4000-8000-000000000000",
            Format::Email => "user@example.com",
            Format::HostName => "example.com",
            Format::Ipv4 => "192.0.2.1",
            Format::Ipv6 => "2001:db8::1",
            Format::Uri => "https://example.com/",
            Format::Byte => "c3RyaW5n",
        }
    }
}

/// The number of two digits at a place.
fn two(text: &[u8], at: usize) -> Option<u32> {
    let digits = text.get(at..at + 2)?;
    str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit))?.parse().ok()
}

fn is_date(text: &[u8]) -> bool {
    let parsed = || {
        let year = two(text, 0)? * 100 + two(text, 2)?;
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let month = two(text, 5)?;
        let days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        Some((1..=days).contains(&two(text, 8)?))
    };
    text.len() == 10 && text.get(4) == Some(&b'-') && text.get(7) == Some(&b'-') && parsed() == Some(true)
}

/// `hh:mm:ss`, a fraction, and `Z` or an offset.
fn is_time(text: &[u8]) -> bool {
    let in_range = |at: usize, limit: u32| two(text, at).is_some_and(|number| number <= limit);
    if !in_range(0, 23) || !in_range(3, 59) || !in_range(6, 60) {
        return false;
    }
    if text.get(2) != Some(&b':') || text.get(5) != Some(&b':') {
        return false;
    }
    let mut rest = text.get(8..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        rest = fraction.get(digits..).unwrap_or_default();
    }
    match rest {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', offset @ ..] => {
            let in_range = |at: usize, limit: u32| two(offset, at).is_some_and(|number| number <= limit);
            offset.len() == 5 && offset.get(2) == Some(&b':') && in_range(0, 23) && in_range(3, 59)
        }
        _ => false,
    }
}

/// RFC 3339.
fn is_date_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(date), Some(time)) = (bytes.get(..10), bytes.get(11..)) else { return false };
    is_date(date) && matches!(bytes.get(10), Some(b'T' | b't' | b' ')) && is_time(time)
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Something before and a host after the last `@`, without blanks.
fn is_email(text: &str) -> bool {
    let Some((user, host)) = text.rsplit_once('@') else { return false };
    let is_plain = |part: &str| !part.contains(|found: char| found.is_whitespace() || found.is_control());
    !user.is_empty() && user.len() <= 64 && is_plain(user) && !host.is_empty() && is_plain(host)
}

fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// A scheme, a colon, and characters that a URI may have.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    let is_scheme = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let is_refused = |byte: u8| byte <= b' ' || byte >= 0x7F || b"\"<>\\^`{|}".contains(&byte);
    is_scheme && !rest.is_empty() && !rest.bytes().any(is_refused)
}
