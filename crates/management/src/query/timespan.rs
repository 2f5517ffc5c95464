//! The time that is asked for: an ISO 8601 duration up to now, or an interval of two times, or of a time and a duration.

use jiff::{Span, Timestamp};

/// In microseconds since 1970: from the first, inclusively, to the second, exclusively. None for a text that is no timespan.
pub fn parse(text: &str, now: i64) -> Option<(i64, i64)> {
    let text = text.trim();
    let (start, end) = match text.split_once('/') {
        None => (now.checked_sub(duration(text)?)?, now.checked_add(1)?),
        Some((start, end)) => match (time(start), time(end)) {
            (Some(start), Some(end)) => (start, end),
            (Some(start), None) => (start, start.checked_add(duration(end)?)?),
            (None, Some(end)) => (end.checked_sub(duration(start)?)?, end),
            (None, None) => return None,
        },
    };
    (start <= end).then_some((start, end))
}

/// A time; one without an offset is in UTC.
fn time(text: &str) -> Option<i64> {
    let parsed: Option<Timestamp> = text.parse().ok().or_else(|| format!("{text}Z").parse().ok());
    if let Some(time) = parsed {
        return Some(time.as_microsecond());
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

/// A duration in microseconds. A day has 24 hours, a month 30 days and a year 365.
fn duration(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let days = i64::from(span.get_years())
        .checked_mul(365)?
        .checked_add(i64::from(span.get_months()).checked_mul(30)?)?
        .checked_add(i64::from(span.get_weeks()).checked_mul(7)?)?
        .checked_add(i64::from(span.get_days()))?;
    let hours = days.checked_mul(24)?.checked_add(i64::from(span.get_hours()))?;
    let seconds = hours.checked_mul(60)?.checked_add(span.get_minutes())?.checked_mul(60)?;
    let seconds = seconds.checked_add(span.get_seconds())?;
    let micros = span.get_milliseconds().checked_mul(1_000)?.checked_add(span.get_microseconds())?;
    seconds.checked_mul(1_000_000)?.checked_add(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000_000;
    const HOUR: i64 = 3_600_000_000;

    #[test]
    fn durations_end_now() {
        assert_eq!(parse("PT12H", NOW), Some((NOW - 12 * HOUR, NOW + 1)));
        assert_eq!(parse("P1D", NOW), Some((NOW - 24 * HOUR, NOW + 1)));
        assert_eq!(parse("P1DT1H", NOW), Some((NOW - 25 * HOUR, NOW + 1)));
    }

    #[test]
    fn intervals_have_two_ends() {
        let start = 1_767_225_600_000_000;
        for text in [
            "2026-01-01T00:00:00Z/2026-01-01T02:00:00Z",
            "2026-01-01T01:00:00+01:00/PT2H",
            "PT2H/2026-01-01T02:00:00",
        ] {
            assert_eq!(parse(text, NOW), Some((start, start + 2 * HOUR)), "{text}");
        }
        assert_eq!(parse("2026-01-01/2026-01-02", NOW), Some((start, start + 24 * HOUR)));
    }

    #[test]
    fn what_is_no_timespan_is_none() {
        for text in ["", "now", "PT", "2026-01-02/2026-01-01", "P999999999999999999Y", "/"] {
            assert_eq!(parse(text, NOW), None, "{text}");
        }
    }
}
