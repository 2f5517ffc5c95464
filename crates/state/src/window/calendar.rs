//! Periods of the calendar in UTC.

use sekisho_policy::ports::counters::CalendarPeriod;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Start and end of the period that holds a moment, in microseconds since the Unix epoch.
pub(super) fn bounds(period: CalendarPeriod, now: i64) -> (i64, i64) {
    let of_length = |length: i64, offset: i64| {
        let start = (now - offset).div_euclid(length) * length + offset;
        (start, start + length)
    };
    match period {
        CalendarPeriod::Hour => of_length(HOUR, 0),
        CalendarPeriod::Day => of_length(DAY, 0),
        // The epoch was a Thursday, and Monday came four days later.
        CalendarPeriod::Week => of_length(7 * DAY, 4 * DAY),
        CalendarPeriod::Month => {
            let (year, month) = month_of(now.div_euclid(DAY));
            (days_before(year, month) * DAY, days_before(year, month + 1) * DAY)
        }
        CalendarPeriod::Year => {
            let (year, _) = month_of(now.div_euclid(DAY));
            (days_before(year, 1) * DAY, days_before(year + 1, 1) * DAY)
        }
    }
}

/// Days from the Unix epoch to the first of a month; month 13 is January of the year after.
fn days_before(year: i64, month: i64) -> i64 {
    // Years that start in March have their leap day at the end, and months whose lengths follow one line.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days_of_years = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    days_of_years + (153 * month + 2) / 5 - 719_468
}

/// Year and month of a day since the Unix epoch.
fn month_of(day: i64) -> (i64, i64) {
    // A year is 365.2425 days on average: the guess is the year or the one after.
    let guess = 1970 + (day * 400).div_euclid(146_097);
    let year = (guess - 1..=guess + 1).rev().find(|year| days_before(*year, 1) <= day).unwrap_or(guess);
    let month = (1..=12).rev().find(|month| days_before(year, *month) <= day).unwrap_or(1);
    (year, month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(year: i64, month: i64, day: i64) -> i64 {
        days_before(year, month) + day - 1
    }

    #[test]
    fn days_count_from_the_epoch() {
        let known = [
            ((1970, 1, 1), 0),
            ((1970, 3, 1), 59),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2026, 11, 28), 20_785),
            ((1, 1, 1), -719_162),
            ((2100, 3, 1), 47_541),
        ];
        for ((year, month, day), expected) in known {
            assert_eq!(days(year, month, day), expected, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_is_in_its_month() {
        let mut day = days_before(1600, 1);
        for year in 1600..2400 {
            for month in 1..=12 {
                while day < days_before(year, month + 1) {
                    assert_eq!(month_of(day), (year, month));
                    day += 1;
                }
            }
        }
    }

    #[test]
    fn weeks_start_on_monday() {
        // 2026-11-28 is a Saturday.
        let saturday = days(2026, 11, 28) * DAY + 5 * HOUR;
        let (start, end) = bounds(CalendarPeriod::Week, saturday);
        assert_eq!((start, end), (days(2026, 11, 23) * DAY, days(2026, 11, 30) * DAY));
        assert_eq!(bounds(CalendarPeriod::Week, start), (start, end));
        assert_eq!(bounds(CalendarPeriod::Week, end - 1), (start, end));
    }

    #[test]
    fn the_other_periods() {
        let moment = days(2024, 2, 29) * DAY + 13 * HOUR + 1;
        let expected = [
            (CalendarPeriod::Hour, days(2024, 2, 29) * DAY + 13 * HOUR, days(2024, 2, 29) * DAY + 14 * HOUR),
            (CalendarPeriod::Day, days(2024, 2, 29) * DAY, days(2024, 3, 1) * DAY),
            (CalendarPeriod::Month, days(2024, 2, 1) * DAY, days(2024, 3, 1) * DAY),
            (CalendarPeriod::Year, days(2024, 1, 1) * DAY, days(2025, 1, 1) * DAY),
        ];
        for (period, start, end) in expected {
            assert_eq!(bounds(period, moment), (start, end), "{period:?}");
        }
    }
}
