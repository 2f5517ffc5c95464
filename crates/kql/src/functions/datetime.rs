//! Times: now, parts, starts and ends of periods, differences.

use jiff::civil::{Date, DateTime as Civil};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::cell::{Cell, Row};
use super::declare::Does::{Plan, Rows};
use super::declare::{Call, Function};
use super::format::{DAY, HOUR, MINUTE, SECOND, civil, microseconds};
use super::operators::arithmetic;
use super::{constant, parse};
use crate::Type::{DateTime, Int, Long, TimeSpan};
use crate::{Error, Typed};

/// The family.
pub(crate) static FUNCTIONS: &[Function] = &[
    Function { name: "now", takes: "offset?: timespan", does: Plan(now) },
    Function { name: "ago", takes: "span: timespan", does: Plan(ago) },
    Function {
        name: "datetime_add",
        takes: "period: string, amount: long, time: datetime",
        does: Rows(DateTime, |row| {
            row.long(2).zip(row.long(1)).and_then(|(t, n)| add(row.text(0), n, t)).into()
        }),
    },
    Function {
        name: "datetime_diff",
        takes: "period: string, time: datetime, other: datetime",
        does: Rows(Long, |row| {
            row.long(1).zip(row.long(2)).and_then(|(a, b)| difference(row.text(0), a, b)).into()
        }),
    },
    Function {
        name: "datetime_part",
        takes: "part: string, time: datetime",
        does: Rows(Int, |row| row.long(1).and_then(|time| part(row.text(0), time)).into()),
    },
    Function {
        name: "dayofweek",
        takes: TIME,
        does: Rows(TimeSpan, |row| on(row, |t| Some(since_sunday(t.date()) * DAY))),
    },
    Function { name: "dayofmonth", takes: TIME, does: Rows(Int, |row| on(row, |t| Some(t.day().into()))) },
    Function {
        name: "dayofyear",
        takes: TIME,
        does: Rows(Int, |row| on(row, |t| Some(t.day_of_year().into()))),
    },
    Function { name: "hourofday", takes: TIME, does: Rows(Int, |row| on(row, |t| Some(t.hour().into()))) },
    Function { name: "getmonth", takes: TIME, does: Rows(Int, |row| on(row, |t| Some(t.month().into()))) },
    Function { name: "monthofyear", takes: TIME, does: Rows(Int, |row| on(row, |t| Some(t.month().into()))) },
    Function { name: "getyear", takes: TIME, does: Rows(Int, |row| on(row, |t| Some(t.year().into()))) },
    Function { name: "week_of_year", takes: TIME, does: Rows(Int, |row| on(row, week)) },
    Function { name: "weekofyear", takes: TIME, does: Rows(Int, |row| on(row, week)) },
    Function { name: "startofday", takes: OFFSET, does: Rows(DateTime, |row| start(row, "day", 0)) },
    Function { name: "startofweek", takes: OFFSET, does: Rows(DateTime, |row| start(row, "week", 0)) },
    Function { name: "startofmonth", takes: OFFSET, does: Rows(DateTime, |row| start(row, "month", 0)) },
    Function { name: "startofyear", takes: OFFSET, does: Rows(DateTime, |row| start(row, "year", 0)) },
    Function { name: "endofday", takes: OFFSET, does: Rows(DateTime, |row| start(row, "day", 1)) },
    Function { name: "endofweek", takes: OFFSET, does: Rows(DateTime, |row| start(row, "week", 1)) },
    Function { name: "endofmonth", takes: OFFSET, does: Rows(DateTime, |row| start(row, "month", 1)) },
    Function { name: "endofyear", takes: OFFSET, does: Rows(DateTime, |row| start(row, "year", 1)) },
    Function {
        name: "make_datetime",
        takes: "year: long, month: long, day: long, hour?: long, minute?: long, second?: real",
        does: Rows(DateTime, make_datetime),
    },
    Function {
        name: "make_timespan",
        takes: "days_or_hours: long, hours_or_minutes: long, minutes_or_seconds?: real, seconds?: real",
        does: Rows(TimeSpan, make_timespan),
    },
    Function {
        name: "unixtime_seconds_todatetime",
        takes: UNIX,
        does: Rows(DateTime, |row| unix(row, SECOND as f64)),
    },
    Function {
        name: "unixtime_milliseconds_todatetime",
        takes: UNIX,
        does: Rows(DateTime, |row| unix(row, 1e3)),
    },
    Function {
        name: "unixtime_microseconds_todatetime",
        takes: UNIX,
        does: Rows(DateTime, |row| unix(row, 1.0)),
    },
    Function {
        name: "unixtime_nanoseconds_todatetime",
        takes: UNIX,
        does: Rows(DateTime, |row| unix(row, 1e-3)),
    },
    Function {
        name: "datetime_utc_to_local",
        takes: "time: datetime, zone: string",
        does: Rows(DateTime, |row| row.long(0).and_then(|time| to_local(time, row.text(1))).into()),
    },
    Function {
        name: "datetime_local_to_utc",
        takes: "time: datetime, zone: string",
        does: Rows(DateTime, |row| row.long(0).and_then(|time| to_utc(time, row.text(1))).into()),
    },
];

const TIME: &str = "time: datetime";
const OFFSET: &str = "time: datetime, offset?: long";
const UNIX: &str = "value: real";

/// A constant, so that comparisons with it stay plain.
fn now(call: Call<'_>) -> Result<Typed, Error> {
    let now = constant::datetime(call.environment.now);
    match call.arguments.len() {
        0 => Ok(now),
        _ => arithmetic::add(now, call.value(0)?, call.at),
    }
}

fn ago(call: Call<'_>) -> Result<Typed, Error> {
    arithmetic::subtract(constant::datetime(call.environment.now), call.value(0)?, call.at)
}

fn on<'a>(row: &Row<'_, '_>, part: fn(Civil) -> Option<i64>) -> Cell<'a> {
    row.long(0).and_then(civil).and_then(part).into()
}

fn since_sunday(date: Date) -> i64 {
    date.weekday().to_sunday_zero_offset().into()
}

fn week(time: Civil) -> Option<i64> {
    Some(time.date().iso_week_date().week().into())
}

/// The start of a period of the calendar, some periods on.
fn start_of(period: &str, time: Civil, on: i64) -> Option<i64> {
    let date = time.date();
    let start = match period {
        "year" => Date::new(i16::try_from(i64::from(date.year()).checked_add(on)?).ok()?, 1, 1).ok()?,
        "month" => {
            let months = (i64::from(date.year()) * 12 + i64::from(date.month()) - 1).checked_add(on)?;
            let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
            Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()?
        }
        "week" => date.checked_add(days(on.checked_mul(7)?.checked_sub(since_sunday(date))?)?).ok()?,
        _ => date.checked_add(days(on)?).ok()?,
    };
    microseconds(start.at(0, 0, 0, 0))
}

/// Days as a span, where the calendar has so many.
fn days(count: i64) -> Option<jiff::Span> {
    (count.abs() < 4_000_000).then(|| count.days())
}

/// A period's start, or the last microsecond before that of the next one.
fn start<'a>(row: &Row<'_, '_>, period: &str, next: i64) -> Cell<'a> {
    let offset = row.long(1).unwrap_or(0).saturating_add(next);
    let start = row.long(0).and_then(civil).and_then(|time| start_of(period, time, offset));
    start.and_then(|start| start.checked_sub(next)).into()
}

/// A span of a fixed length.
fn length_of(period: &str) -> Option<i64> {
    Some(match period {
        "week" => 7 * DAY,
        "day" => DAY,
        "hour" => HOUR,
        "minute" => MINUTE,
        "second" => SECOND,
        "millisecond" => 1_000,
        "microsecond" => 1,
        _ => return None,
    })
}

fn add(period: &str, amount: i64, time: i64) -> Option<i64> {
    let period = period.to_ascii_lowercase();
    if let Some(length) = length_of(&period) {
        return time.checked_add(length.checked_mul(amount)?);
    }
    let moment = civil(time)?;
    let months = match period.as_str() {
        "year" => 12,
        "quarter" => 3,
        "month" => 1,
        "nanosecond" => return time.checked_add(amount / 1_000),
        _ => return None,
    };
    let months = amount.checked_mul(months).filter(|months| months.abs() < 240_000)?;
    microseconds(moment.checked_add(months.months()).ok()?)
}

/// How many borders of the period lie between the two.
fn difference(period: &str, left: i64, right: i64) -> Option<i64> {
    let period = period.to_ascii_lowercase();
    let months = |time: i64| civil(time).map(|t| i64::from(t.year()) * 12 + i64::from(t.month()) - 1);
    match period.as_str() {
        "year" => Some(months(left)?.div_euclid(12) - months(right)?.div_euclid(12)),
        "quarter" => Some(months(left)?.div_euclid(3) - months(right)?.div_euclid(3)),
        "month" => Some(months(left)? - months(right)?),
        "week" => {
            let start = |time: i64| civil(time).and_then(|time| start_of("week", time, 0));
            Some((start(left)? - start(right)?) / (7 * DAY))
        }
        "nanosecond" => left.checked_sub(right)?.checked_mul(1_000),
        other => {
            let length = length_of(other)?;
            left.div_euclid(length).checked_sub(right.div_euclid(length))
        }
    }
}

fn part(part: &str, time: i64) -> Option<i64> {
    let moment = civil(time)?;
    let nanosecond = i64::from(moment.subsec_nanosecond());
    Some(match part.to_ascii_lowercase().as_str() {
        "year" => moment.year().into(),
        "quarter" => (i64::from(moment.month()) + 2) / 3,
        "month" => moment.month().into(),
        "week_of_year" | "weekofyear" => week(moment)?,
        "day" => moment.day().into(),
        "dayofyear" => moment.day_of_year().into(),
        "hour" => moment.hour().into(),
        "minute" => moment.minute().into(),
        "second" => moment.second().into(),
        "millisecond" => nanosecond / 1_000_000,
        "microsecond" => nanosecond / 1_000,
        "nanosecond" => nanosecond,
        _ => return None,
    })
}

fn make_datetime<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let small = |position, or| i8::try_from(row.long(position).unwrap_or(or)).ok();
    let made = || {
        let year = i16::try_from(row.long(0)?).ok()?;
        let date = Date::new(year, small(1, 1)?, small(2, 1)?).ok()?;
        let second = row.real(5).unwrap_or(0.0);
        let (hour, minute) = (small(3, 0)?, small(4, 0)?);
        let time = jiff::civil::Time::new(hour, minute, 0, 0).ok()?;
        let second = parse::whole_of_real((second * 1e6).round())
            .filter(|second| (0..60 * SECOND).contains(second))?;
        microseconds(Civil::from_parts(date, time))?.checked_add(second)
    };
    made().into()
}

/// `(hours, minutes[, seconds])` or `(days, hours, minutes, seconds)`.
fn make_timespan<'a>(row: &Row<'_, 'a>) -> Cell<'a> {
    let made = || {
        let (first, second) = (row.long(0)?, row.long(1)?);
        let third = row.real(2).unwrap_or(0.0);
        let (days, hours, minutes, seconds) = match row.real(3) {
            Some(seconds) => (first, second, parse::whole_of_real(third)?, seconds),
            None => (0, first, second, third),
        };
        let seconds = parse::whole_of_real((seconds * 1e6).round())?;
        let whole = days.checked_mul(DAY)?.checked_add(hours.checked_mul(HOUR)?)?;
        whole.checked_add(minutes.checked_mul(MINUTE)?)?.checked_add(seconds)
    };
    made().into()
}

fn unix<'a>(row: &Row<'_, '_>, unit: f64) -> Cell<'a> {
    row.real(0).and_then(|value| parse::whole_of_real((value * unit).round())).into()
}

fn to_local(time: i64, zone: &str) -> Option<i64> {
    let zone = TimeZone::get(zone).ok()?;
    microseconds(zone.to_datetime(Timestamp::from_microsecond(time).ok()?))
}

fn to_utc(time: i64, zone: &str) -> Option<i64> {
    let zone = TimeZone::get(zone).ok()?;
    zone.to_ambiguous_timestamp(civil(time)?).compatible().ok().map(Timestamp::as_microsecond)
}
