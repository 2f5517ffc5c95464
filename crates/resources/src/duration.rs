//! Durations: ISO 8601 as ARM has them, and short forms for the process settings.

use std::time::Duration;

/// Reads an ISO 8601 duration such as `PT1M` or `P1DT12H`. As .NET does, a month has 30 days and a year 365.
pub(crate) fn iso8601(text: &str) -> Option<Duration> {
    let body = text.trim().strip_prefix('P')?;
    let (date, time) = match body.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return None,
        None => (body, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    const DAY: f64 = 86_400.0;
    let dates = [('Y', 365.0 * DAY), ('M', 30.0 * DAY), ('W', 7.0 * DAY), ('D', DAY)];
    let times = [('H', 3600.0), ('M', 60.0), ('S', 1.0)];
    let seconds = parts(date, &dates)? + parts(time, &times)?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Sums `number unit` pairs whose units come in the given order, each at most once.
fn parts(text: &str, units: &[(char, f64)]) -> Option<f64> {
    let mut rest = text;
    let mut units = units.iter();
    let mut sum = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let number: f64 = rest.get(..end)?.parse().ok()?;
        let letter = rest.get(end..)?.chars().next()?;
        let (_, seconds) = units.find(|(unit, _)| *unit == letter)?;
        sum += number * seconds;
        rest = rest.get(end + letter.len_utf8()..)?;
    }
    Some(sum)
}

/// Reads `500ms`, `30s`, `5m`, `1h` or an ISO 8601 duration.
pub(crate) fn short(text: &str) -> Option<Duration> {
    if text.starts_with('P') {
        return iso8601(text);
    }
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text.get(..end)?.parse().ok()?;
    match text.get(end..)?.trim() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_durations_are_read() {
        assert_eq!(iso8601("PT1M"), Some(Duration::from_secs(60)));
        assert_eq!(iso8601("P1DT2H"), Some(Duration::from_secs(93_600)));
        assert_eq!(iso8601("PT0.5S"), Some(Duration::from_millis(500)));
        for wrong in ["", "P", "PT", "1M", "PT1", "PTM", "PT1S1M", "PT-1S", "PT99999999999999999999999H"] {
            assert_eq!(iso8601(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn short_durations_are_read() {
        assert_eq!(short("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(short("5m"), Some(Duration::from_secs(300)));
        assert_eq!(short("PT5M"), Some(Duration::from_secs(300)));
        assert_eq!(short("5"), None);
        assert_eq!(short("5 weeks"), None);
    }
}
