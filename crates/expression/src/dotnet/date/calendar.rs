//! The Gregorian calendar in ticks of 100 ns since 0001-01-01T00:00:00.

pub(crate) const TICKS_PER_MILLISECOND: i64 = 10_000;
pub(crate) const TICKS_PER_SECOND: i64 = 10_000_000;
pub(crate) const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
pub(crate) const TICKS_PER_HOUR: i64 = 60 * TICKS_PER_MINUTE;
pub(crate) const TICKS_PER_DAY: i64 = 24 * TICKS_PER_HOUR;
/// 9999-12-31T23:59:59.9999999.
pub(crate) const MAX_TICKS: i64 = 3_155_378_975_999_999_999;
/// 1970-01-01T00:00:00.
pub(crate) const UNIX_TICKS: i64 = 621_355_968_000_000_000;

/// English names, as of the invariant culture.
pub(crate) const DAY_NAMES: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// English names, as of the invariant culture.
pub(crate) const MONTH_NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A moment of the calendar taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
    /// Ticks within the second.
    pub(crate) fraction: i64,
    /// 0 is Sunday.
    pub(crate) day_of_week: i64,
    /// 1 to 366.
    pub(crate) day_of_year: i64,
}

/// True for leap years.
pub(crate) fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month; none when there is no such month.
pub(crate) fn days_in_month(year: i64, month: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) {
        return None;
    }
    Some(match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year(year) => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    })
}

/// Days before a year since 0001-01-01.
fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

/// Days before a month within its year.
fn days_before_month(year: i64, month: i64) -> i64 {
    (1..month).filter_map(|month| days_in_month(year, month)).sum()
}

/// Midnight of a date; none when there is no such date.
pub(crate) fn date_ticks(year: i64, month: i64, day: i64) -> Option<i64> {
    if day < 1 || day > days_in_month(year, month)? {
        return None;
    }
    Some((days_before_year(year) + days_before_month(year, month) + day - 1) * TICKS_PER_DAY)
}

/// A time of day; none when there is no such time.
pub(crate) fn time_ticks(hour: i64, minute: i64, second: i64) -> Option<i64> {
    let valid = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    valid.then(|| hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE + second * TICKS_PER_SECOND)
}

/// Takes a moment apart.
pub(crate) fn fields(ticks: i64) -> Fields {
    let days = ticks / TICKS_PER_DAY;
    let time = ticks % TICKS_PER_DAY;
    // A guess that is at most one year too late.
    let mut year = days * 400 / 146_097 + 1;
    while days_before_year(year) > days {
        year -= 1;
    }
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    let in_year = days - days_before_year(year);
    let mut month = 1;
    let mut day = in_year;
    while let Some(length) = days_in_month(year, month).filter(|length| day >= *length) {
        day -= length;
        month += 1;
    }
    Fields {
        year,
        month,
        day: day + 1,
        hour: time / TICKS_PER_HOUR,
        minute: time / TICKS_PER_MINUTE % 60,
        second: time / TICKS_PER_SECOND % 60,
        fraction: time % TICKS_PER_SECOND,
        day_of_week: (days + 1) % 7,
        day_of_year: in_year + 1,
    }
}

/// Moves by months; the day gives way in shorter months. None outside of the years 1 to 9999.
pub(crate) fn add_months(ticks: i64, months: i64) -> Option<i64> {
    let old = fields(ticks);
    let total = old.year * 12 + old.month - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
    let day = old.day.min(days_in_month(year, month)?);
    Some(date_ticks(year, month, day)? + ticks % TICKS_PER_DAY)
}

/// True for ticks that a DateTime can hold.
pub(crate) fn in_range(ticks: i64) -> bool {
    (0..=MAX_TICKS).contains(&ticks)
}
