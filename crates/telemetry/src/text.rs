//! Times and ids as text.

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

/// The bytes of an id as `00112233-4455-6677-8899-aabbccddeeff`.
pub fn uuid(bytes: [u8; 16]) -> String {
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
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
    fn ids_and_cut_texts() {
        assert_eq!(
            uuid([
                0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff
            ]),
            "00112233-4455-6677-8899-aabbccddeeff"
        );
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("aéb", 2), "a…");
    }
}
