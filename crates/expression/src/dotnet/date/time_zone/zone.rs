//! What a time zone says of a moment.

use std::any::Any;
use std::sync::{Arc, LazyLock};

use jiff::tz::{AmbiguousOffset, Dst, TimeZone as Rules, TimeZoneDatabase};
use jiff::{Timestamp, civil};

use super::rules::{Rule, Transition, TransitionDay};
use super::windows;
use crate::dotnet::date::calendar::{
    Fields, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, UNIX_TICKS, date_ticks, fields,
};
use crate::types::Type;
use crate::value::{DateTimeKind, DotnetObject, Value};

/// A `TimeZoneInfo`.
pub(super) struct Zone {
    pub(super) id: String,
    pub(super) display_name: String,
    pub(super) standard_name: String,
    pub(super) daylight_name: String,
    /// Ticks east of UTC without daylight saving time.
    pub(super) base: i64,
    pub(super) behaviour: Behaviour,
}

/// How a zone decides.
pub(super) enum Behaviour {
    Utc,
    /// The zone of the machine: UTC too, but with times of its own kind.
    Local,
    /// Of the IANA database.
    Database(Rules),
    /// Of an expression's own making.
    Custom(Vec<Rule>),
}

/// The distance from UTC in ticks, and whether it is daylight saving time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    pub(super) ticks: i64,
    pub(super) daylight: bool,
}

/// What a clock time in a zone means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One moment.
    Unique(Offset),
    /// None: clocks were put forward over it.
    Skipped,
    /// Two moments: clocks were put back over it. The offset before and the one after.
    Twice(i64, i64),
}

static UTC: LazyLock<Arc<Zone>> = LazyLock::new(|| {
    let name = "Coordinated Universal Time".to_owned();
    Arc::new(Zone {
        id: "UTC".to_owned(),
        display_name: format!("(UTC) {name}"),
        standard_name: name.clone(),
        daylight_name: name,
        base: 0,
        behaviour: Behaviour::Utc,
    })
});

static LOCAL: LazyLock<Arc<Zone>> = LazyLock::new(|| {
    Arc::new(Zone {
        id: UTC.id.clone(),
        display_name: UTC.display_name.clone(),
        standard_name: UTC.standard_name.clone(),
        daylight_name: UTC.daylight_name.clone(),
        base: 0,
        behaviour: Behaviour::Local,
    })
});

/// `TimeZoneInfo.Utc`.
pub(super) fn utc() -> Arc<Zone> {
    Arc::clone(&UTC)
}

/// `TimeZoneInfo.Local`.
pub(super) fn local() -> Arc<Zone> {
    Arc::clone(&LOCAL)
}

/// A zone by its name of Windows or of the IANA database.
pub(super) fn find(id: &str) -> Option<Arc<Zone>> {
    if id.eq_ignore_ascii_case("UTC") {
        return Some(utc());
    }
    let (windows_id, iana) = match windows::find(id) {
        Some((windows_id, iana)) => (Some(windows_id), iana),
        None => (None, id),
    };
    let rules = TimeZoneDatabase::bundled().get(iana).ok()?;
    let (standard, daylight) = names(&rules);
    let base = standard_offset(&rules);
    let known = rules.iana_name().unwrap_or(iana).to_owned();
    Some(Arc::new(match windows_id {
        Some(windows_id) => Zone {
            id: windows_id.to_owned(),
            display_name: format!("(UTC{}) {windows_id}", offset_text(base)),
            standard_name: windows_id.to_owned(),
            daylight_name: windows_id.replace("Standard", "Daylight"),
            base,
            behaviour: Behaviour::Database(rules),
        },
        None => Zone {
            id: known,
            display_name: standard.clone(),
            standard_name: standard,
            daylight_name: daylight,
            base,
            behaviour: Behaviour::Database(rules),
        },
    }))
}

/// Every zone of the database by name.
pub(super) fn all_names() -> Vec<String> {
    TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect()
}

/// `+01:00`; nothing for zero.
fn offset_text(ticks: i64) -> String {
    let minutes = ticks.abs() / TICKS_PER_MINUTE;
    match ticks {
        0 => String::new(),
        _ => format!("{}{:02}:{:02}", if ticks < 0 { '-' } else { '+' }, minutes / 60, minutes % 60),
    }
}

/// Two moments, half a year apart, by whose rules a zone is described.
const DESCRIBED: [i64; 2] = [1_735_689_600, 1_751_328_000];

fn described(rules: &Rules) -> Vec<(String, Offset)> {
    DESCRIBED
        .iter()
        .filter_map(|second| Timestamp::from_second(*second).ok())
        .map(|moment| {
            let info = rules.to_offset_info(moment);
            let daylight = info.dst() == Dst::Yes;
            let ticks = i64::from(info.offset().seconds()) * TICKS_PER_SECOND;
            (info.abbreviation().to_owned(), Offset { ticks, daylight })
        })
        .collect()
}

fn standard_offset(rules: &Rules) -> i64 {
    let described = described(rules);
    described.iter().find(|(_, offset)| !offset.daylight).map_or(0, |(_, offset)| offset.ticks)
}

/// The abbreviations of standard and of daylight saving time.
fn names(rules: &Rules) -> (String, String) {
    let described = described(rules);
    let named = |daylight: bool| {
        described.iter().find(|(_, offset)| offset.daylight == daylight).map(|(name, _)| name.clone())
    };
    let standard = named(false).unwrap_or_default();
    let daylight = named(true).unwrap_or_else(|| standard.clone());
    (standard, daylight)
}

fn timestamp(utc_ticks: i64) -> Option<Timestamp> {
    let since = utc_ticks - UNIX_TICKS;
    let nanoseconds = i32::try_from(since.rem_euclid(TICKS_PER_SECOND) * 100).ok()?;
    Timestamp::new(since.div_euclid(TICKS_PER_SECOND), nanoseconds).ok()
}

fn clock(ticks: i64) -> Option<civil::DateTime> {
    let Fields { year, month, day, hour, minute, second, fraction, .. } = fields(ticks);
    let small = |number: i64| i8::try_from(number).ok();
    civil::DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        i32::try_from(fraction * 100).ok()?,
    )
    .ok()
}

impl Zone {
    /// The kind of the times that the zone's clocks show.
    pub(super) fn kind(&self) -> DateTimeKind {
        match self.behaviour {
            Behaviour::Utc => DateTimeKind::Utc,
            Behaviour::Local => DateTimeKind::Local,
            _ => DateTimeKind::Unspecified,
        }
    }

    fn standard(&self) -> Offset {
        Offset { ticks: self.base, daylight: false }
    }

    /// The offset at a moment.
    pub(super) fn at(&self, utc_ticks: i64) -> Offset {
        match &self.behaviour {
            Behaviour::Utc | Behaviour::Local => self.standard(),
            Behaviour::Database(rules) => timestamp(utc_ticks).map_or(self.standard(), |moment| {
                let info = rules.to_offset_info(moment);
                let ticks = i64::from(info.offset().seconds()) * TICKS_PER_SECOND;
                Offset { ticks, daylight: info.dst() == Dst::Yes }
            }),
            Behaviour::Custom(_) => {
                let standard_time = utc_ticks + self.base;
                match self.custom_rule(standard_time) {
                    Some(rule) => {
                        let (start, end) = rule_span(rule, fields(standard_time.max(0)).year);
                        let daylight = inside(standard_time, start, end - rule.delta);
                        Offset { ticks: self.base + if daylight { rule.delta } else { 0 }, daylight }
                    }
                    None => self.standard(),
                }
            }
        }
    }

    fn custom_rule(&self, clock: i64) -> Option<&Rule> {
        let Behaviour::Custom(rules) = &self.behaviour else { return None };
        rules.iter().find(|rule| (rule.first_day..rule.last_day + TICKS_PER_DAY).contains(&clock))
    }

    /// What a clock time means.
    pub(super) fn meaning(&self, clock_ticks: i64) -> Meaning {
        match &self.behaviour {
            Behaviour::Utc | Behaviour::Local => Meaning::Unique(self.standard()),
            Behaviour::Database(rules) => {
                let Some(time) = clock(clock_ticks) else { return Meaning::Unique(self.standard()) };
                let ticks = |offset: jiff::tz::Offset| i64::from(offset.seconds()) * TICKS_PER_SECOND;
                match rules.to_ambiguous_timestamp(time).offset() {
                    AmbiguousOffset::Unambiguous { offset } => {
                        Meaning::Unique(self.at(clock_ticks - ticks(offset)))
                    }
                    AmbiguousOffset::Gap { .. } => Meaning::Skipped,
                    AmbiguousOffset::Fold { before, after } => Meaning::Twice(ticks(before), ticks(after)),
                }
            }
            Behaviour::Custom(_) => self.custom_meaning(clock_ticks),
        }
    }

    fn custom_meaning(&self, clock: i64) -> Meaning {
        let Some(rule) = self.custom_rule(clock) else { return Meaning::Unique(self.standard()) };
        let (start, end) = rule_span(rule, fields(clock).year);
        if (start..start + rule.delta).contains(&clock) {
            return Meaning::Skipped;
        }
        if (end - rule.delta..end).contains(&clock) {
            return Meaning::Twice(self.base + rule.delta, self.base);
        }
        let daylight = inside(clock, start, end);
        let ticks = self.base + if daylight { rule.delta } else { 0 };
        Meaning::Unique(Offset { ticks, daylight })
    }

    /// The offset that counts for a clock time: standard time when it does not say which.
    pub(super) fn of_clock(&self, clock_ticks: i64) -> Offset {
        match self.meaning(clock_ticks) {
            Meaning::Unique(offset) => offset,
            Meaning::Skipped => self.standard(),
            Meaning::Twice(_, after) => Offset { ticks: after, daylight: false },
        }
    }

    /// The rules that hold in these years.
    pub(super) fn rules(&self) -> Vec<Rule> {
        match &self.behaviour {
            Behaviour::Utc | Behaviour::Local => Vec::new(),
            Behaviour::Custom(rules) => rules.clone(),
            Behaviour::Database(rules) => current_rule(rules, self.base).into_iter().collect(),
        }
    }

    /// True when clocks are ever changed for daylight saving time.
    pub(super) fn has_daylight(&self) -> bool {
        match &self.behaviour {
            Behaviour::Utc | Behaviour::Local => false,
            Behaviour::Custom(rules) => !rules.is_empty(),
            Behaviour::Database(rules) => DESCRIBED
                .last()
                .and_then(|second| Timestamp::from_second(*second).ok())
                .is_some_and(|moment| rules.preceding(moment).any(|change| change.dst() == Dst::Yes)),
        }
    }
}

/// Start and end of daylight saving time as clocks show them then.
fn rule_span(rule: &Rule, year: i64) -> (i64, i64) {
    (rule.start.in_year(year), rule.end.in_year(year))
}

/// True between start and end; on the southern half of the earth the span crosses the new year.
fn inside(clock: i64, start: i64, end: i64) -> bool {
    if start <= end { (start..end).contains(&clock) } else { clock >= start || clock < end }
}

/// The yearly rule of a zone that still has daylight saving time.
fn current_rule(rules: &Rules, base: i64) -> Option<Rule> {
    let from = Timestamp::from_second(*DESCRIBED.first()?).ok()?;
    let mut changes = rules.following(from).take(2).map(|change| {
        let utc = change.timestamp().as_second() * TICKS_PER_SECOND + UNIX_TICKS;
        (utc, i64::from(change.offset().seconds()) * TICKS_PER_SECOND, change.dst() == Dst::Yes)
    });
    let (first, second) = (changes.next()?, changes.next()?);
    let (start, end) = if first.2 { (first, second) } else { (second, first) };
    let delta = start.1 - base;
    Some(Rule {
        first_day: 0,
        last_day: date_ticks(9999, 12, 31)?,
        delta,
        start: transition(start.0 + base),
        end: transition(end.0 + base + delta),
    })
}

/// The yearly pattern of one change.
fn transition(clock: i64) -> Transition {
    let parts = fields(clock);
    let time = clock % TICKS_PER_DAY / TICKS_PER_HOUR * TICKS_PER_HOUR
        + clock % TICKS_PER_HOUR / TICKS_PER_MINUTE * TICKS_PER_MINUTE;
    let week = if parts.day > 21 + 3 { 5 } else { (parts.day - 1) / 7 + 1 };
    Transition { time, month: parts.month, day: TransitionDay::Floating(week, parts.day_of_week) }
}

/// A zone as a value: `==` compares references.
pub(super) struct ZoneObject(pub(super) Arc<Zone>);

impl DotnetObject for ZoneObject {
    fn type_of(&self) -> Type {
        Type::Named("System.TimeZoneInfo")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref::<ZoneObject>().is_some_and(|other| {
            self.0.id.eq_ignore_ascii_case(&other.0.id) && has_same_rules(&self.0, &other.0)
        })
    }
    fn to_text(&self) -> String {
        self.0.display_name.clone()
    }
}

/// `HasSameRules`.
pub(super) fn has_same_rules(one: &Zone, other: &Zone) -> bool {
    if one.base != other.base {
        return false;
    }
    match (&one.behaviour, &other.behaviour) {
        (Behaviour::Database(one), Behaviour::Database(other)) => one == other,
        _ => one.rules() == other.rules(),
    }
}

static UTC_VALUE: LazyLock<Value> = LazyLock::new(|| Value::object(ZoneObject(utc())));
static LOCAL_VALUE: LazyLock<Value> = LazyLock::new(|| Value::object(ZoneObject(local())));

/// A zone as a value.
pub(super) fn value(zone: Arc<Zone>) -> Value {
    match zone.behaviour {
        Behaviour::Utc => UTC_VALUE.clone(),
        Behaviour::Local => LOCAL_VALUE.clone(),
        _ => Value::object(ZoneObject(zone)),
    }
}
