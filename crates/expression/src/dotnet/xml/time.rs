//! Durations as XML Schema writes them (`P1DT2H3M4.5S`).

/// Ticks of a second.
const SECOND: i64 = 10_000_000;

/// Text of a `TimeSpan` in ticks.
pub(super) fn duration_text(ticks: i64) -> String {
    let mut out = String::from(if ticks < 0 { "-P" } else { "P" });
    let all = ticks.unsigned_abs();
    let second = SECOND.unsigned_abs();
    let (days, rest) = (all / (86_400 * second), all % (86_400 * second));
    let (hours, minutes) = (rest / (3600 * second), rest / (60 * second) % 60);
    let (seconds, fraction) = (rest / second % 60, rest % second);
    if days > 0 {
        out.push_str(&format!("{days}D"));
    }
    if rest > 0 {
        out.push('T');
        if hours > 0 {
            out.push_str(&format!("{hours}H"));
        }
        if minutes > 0 {
            out.push_str(&format!("{minutes}M"));
        }
        if fraction > 0 {
            let digits = format!("{fraction:07}");
            out.push_str(&format!("{seconds}.{}S", digits.trim_end_matches('0')));
        } else if seconds > 0 {
            out.push_str(&format!("{seconds}S"));
        }
    }
    if out.ends_with('P') {
        out.push_str("T0S");
    }
    out
}

/// What went wrong when a duration was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoDuration {
    Malformed,
    TooLarge,
}

/// Reads a duration. A year has 365 days here and a month 30, as in .NET.
///
/// # Errors
/// Which of `FormatException` and `OverflowException` it is.
pub(super) fn read_duration(text: &str) -> Result<i64, NoDuration> {
    let malformed = NoDuration::Malformed;
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut rest = rest.strip_prefix('P').ok_or(malformed)?;
    let mut ticks: i128 = 0;
    let mut in_time = false;
    let mut last = 0;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('T') {
            if in_time || after.is_empty() {
                return Err(malformed);
            }
            in_time = true;
            last = last.max(3);
            rest = after;
        }
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or(malformed)?;
        let number: i128 = rest.get(..end).unwrap_or("").parse().map_err(|_| malformed)?;
        rest = rest.get(end..).unwrap_or("");
        let mut fraction: i128 = 0;
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(|letter: char| !letter.is_ascii_digit()).ok_or(malformed)?;
            let digits = after.get(..end).unwrap_or("");
            let kept: String = digits.chars().chain("0000000".chars()).take(7).collect();
            fraction = kept.parse().map_err(|_| malformed)?;
            rest = after.get(end..).unwrap_or("");
            if !rest.starts_with('S') {
                return Err(malformed);
            }
        }
        let unit = rest.chars().next().ok_or(malformed)?;
        let (rank, seconds) = match (unit, in_time) {
            ('Y', false) => (1, 365 * 86_400),
            ('M', false) => (2, 30 * 86_400),
            ('D', false) => (3, 86_400),
            ('H', true) => (4, 3600),
            ('M', true) => (5, 60),
            ('S', true) => (6, 1),
            _ => return Err(malformed),
        };
        if rank <= last && !(rank == 3 && last < 3) {
            return Err(malformed);
        }
        last = rank;
        ticks += number * seconds * i128::from(SECOND) + fraction;
        rest = rest.get(1..).unwrap_or("");
    }
    if last == 0 || (in_time && last == 3) {
        return Err(malformed);
    }
    i64::try_from(if is_negative { -ticks } else { ticks }).map_err(|_| NoDuration::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_dotnet() {
        let day = 86_400 * SECOND;
        let cases = [
            (0, "PT0S"),
            (SECOND, "PT1S"),
            (day, "P1D"),
            (-day - SECOND / 2, "-P1DT0.5S"),
            (3600 * SECOND + 60 * SECOND, "PT1H1M"),
            (i64::MIN, "-P10675199DT2H48M5.4775808S"),
        ];
        for (ticks, text) in cases {
            assert_eq!(duration_text(ticks), text);
            assert_eq!(read_duration(text), Ok(ticks));
        }
        assert_eq!(read_duration("P1Y2M"), Ok((365 + 60) * day));
        for text in ["", "P", "PT", "1D", "P1", "P1H", "PT1D", "P1M1Y", "PT1.H", "P1DT", "P-1D"] {
            assert_eq!(read_duration(text), Err(NoDuration::Malformed), "{text}");
        }
        assert_eq!(read_duration("P99999999999D"), Err(NoDuration::TooLarge));
    }
}
