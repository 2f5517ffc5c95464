//! `first-period-start`: `yyyy-MM-ddTHH:mm:ssZ`.

const TICKS_PER_SECOND: i64 = 10_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// The moment in 100 ns ticks since 0001-01-01T00:00:00Z; none for another format or a day that is none.
pub(crate) fn ticks(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let is_date = year >= 1 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_before_year(year) + (1..month).map(|month| days_in(year, month)).sum::<i64>() + day - 1;
    Some((days * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second) * TICKS_PER_SECOND)
}

/// Three numbers of so many digits.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut out = [0; 3];
    for (slot, digits) in out.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *slot = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(out)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_year(year: i64) -> i64 {
    let before = year - 1;
    before * 365 + before / 4 - before / 100 + before / 400
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_from_year_1() {
        assert_eq!(ticks("0001-01-01T00:00:00Z"), Some(0));
        assert_eq!(ticks("1970-01-01T00:00:00Z"), Some(crate::ports::clock::UNIX_EPOCH_TICKS));
        assert_eq!(ticks("2026-01-15T10:30:00Z"), Some(639_040_698_000_000_000));
        assert_eq!(ticks("2024-02-29T23:59:59Z"), Some(638_448_479_990_000_000));
    }

    #[test]
    fn other_texts_are_none() {
        for text in
            ["", "2024-01-01", "2023-02-29T00:00:00Z", "2024-1-01T00:00:00Z", "2024-01-01T24:00:00Z", "T:Z"]
        {
            assert_eq!(ticks(text), None, "{text}");
        }
    }
}
