//! When a backend wants to be called again.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// The longest wait that is believed: 10 years.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// How long a response asks to wait: `retry-after-ms`, else `Retry-After` in seconds or as an HTTP date. None when it
/// asks for nothing, for no time at all, or cannot be read. `now_ticks` is wall time in 100 ns ticks since 0001-01-01.
pub(crate) fn retry_after(headers: &HeaderMap, now_ticks: i64) -> Option<Duration> {
    let milliseconds = text(headers, "retry-after-ms").and_then(|text| seconds(text, 0.001));
    let wait = milliseconds.or_else(|| {
        let text = text(headers, RETRY_AFTER.as_str())?;
        seconds(text, 1.0).or_else(|| until(text, now_ticks))
    })?;
    (!wait.is_zero()).then(|| wait.min(LONGEST))
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn seconds(text: &str, unit: f64) -> Option<Duration> {
    let number = text.parse::<f64>().ok().filter(|number| *number >= 0.0)?;
    Duration::try_from_secs_f64((number * unit).min(LONGEST.as_secs_f64())).ok()
}

fn until(date: &str, now_ticks: i64) -> Option<Duration> {
    let date = OffsetDateTime::parse(date, &Rfc2822).ok()?;
    let now = i128::from(now_ticks - UNIX_EPOCH_TICKS) * 100;
    let nanoseconds = u64::try_from(date.unix_timestamp_nanos() - now).ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn wait(name: &'static str, value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        // 2015-10-21T07:27:00Z
        retry_after(&headers, UNIX_EPOCH_TICKS + 1_445_412_420 * 10_000_000)
    }

    #[test]
    fn every_form_is_read() {
        assert_eq!(wait("retry-after", " 7 "), Some(Duration::from_secs(7)));
        assert_eq!(wait("retry-after-ms", "1500"), Some(Duration::from_millis(1500)));
        assert_eq!(wait("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(60)));
        for nothing in ["0", "-1", "soon", "NaN", "Wed, 21 Oct 2015 07:26:00 GMT"] {
            assert_eq!(wait("retry-after", nothing), None, "{nothing}");
        }
        assert_eq!(wait("retry-after", "1e300"), Some(LONGEST));
    }
}
