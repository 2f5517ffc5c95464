//! Times as text, and texts that are cut.

use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const RFC_3339: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z");

/// 100 ns ticks since 0001-01-01T00:00:00Z as `2026-11-22T07:27:30.1234567Z`. None outside the years 1 to 9999.
pub fn utc(ticks: i64) -> Option<String> {
    let unix_nanoseconds = (i128::from(ticks) - i128::from(UNIX_EPOCH_TICKS)) * 100;
    let at = OffsetDateTime::from_unix_timestamp_nanos(unix_nanoseconds).ok()?;
    (at.year() > 0).then(|| at.format(&RFC_3339).ok())?
}

/// The text, or as much of its beginning as fits into `limit` bytes, with a mark where it was cut.
pub(crate) fn cut(text: &str, limit: usize) -> std::borrow::Cow<'_, str> {
    if text.len() <= limit {
        return text.into();
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_utc_with_seven_digits() {
        assert_eq!(utc(UNIX_EPOCH_TICKS).as_deref(), Some("1970-01-01T00:00:00.0000000Z"));
        assert_eq!(utc(UNIX_EPOCH_TICKS + 1_234_567).as_deref(), Some("1970-01-01T00:00:00.1234567Z"));
        assert_eq!(utc(0).as_deref(), Some("0001-01-01T00:00:00.0000000Z"));
        assert_eq!(utc(-1), None);
        assert_eq!(utc(i64::MAX), None);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("aéb", 2), "a…");
    }
}
