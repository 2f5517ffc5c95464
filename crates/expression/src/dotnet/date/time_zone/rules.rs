//! `TimeZoneInfo.TransitionTime` and `TimeZoneInfo.AdjustmentRule`: when daylight saving time begins and ends.

use std::any::Any;

use crate::call::Call;
use crate::dotnet::date::calendar::{
    MAX_TICKS, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, date_ticks, days_in_month, fields,
};
use crate::dotnet::date::{date_time, day_of_week};
use crate::exception::Exception;
use crate::members::{TypeDeclaration, pure};
use crate::types::Type;
use crate::value::{DateTimeKind, DotnetObject, Key, Value};

/// When a change happens, in every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Transition {
    /// Ticks since midnight.
    pub(super) time: i64,
    pub(super) month: i64,
    pub(super) day: TransitionDay,
}

/// The day of a change within its month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TransitionDay {
    Fixed(i64),
    /// The week (5 is the last) and the day of the week.
    Floating(i64, i64),
}

impl Transition {
    /// The moment of the change in a year, in local clock time.
    pub(super) fn in_year(self, year: i64) -> i64 {
        let length = days_in_month(year, self.month).unwrap_or(31);
        let first = date_ticks(year, self.month, 1).unwrap_or(0);
        let day = match self.day {
            TransitionDay::Fixed(day) => day.min(length),
            TransitionDay::Floating(week, weekday) => {
                let offset = (weekday - fields(first).day_of_week).rem_euclid(7);
                let day = 1 + offset + (week - 1) * 7;
                if day > length { day - 7 } else { day }
            }
        };
        first + (day - 1) * TICKS_PER_DAY + self.time
    }
}

/// Daylight saving time within a span of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) first_day: i64,
    pub(super) last_day: i64,
    pub(super) delta: i64,
    pub(super) start: Transition,
    pub(super) end: Transition,
}

impl DotnetObject for Transition {
    fn type_of(&self) -> Type {
        Type::Named(TRANSITION_TIME.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(45, format!("{self:?}")))
    }
}

impl DotnetObject for Rule {
    fn type_of(&self) -> Type {
        Type::Named(ADJUSTMENT_RULE.full_name)
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }
    fn key(&self) -> Option<Key> {
        Some(Key::Canonical(46, format!("{self:?}")))
    }
}

pub(in crate::dotnet::date) static TRANSITION_TIME: TypeDeclaration =
    TypeDeclaration::structure("System.TimeZoneInfo+TransitionTime")
        .interfaces(&["System.IEquatable<System.TimeZoneInfo+TransitionTime>"])
        .members(&[
            pure(
                "static System.TimeZoneInfo+TransitionTime CreateFixedDateRule(DateTime timeOfDay, int month, int day)",
                |call| {
                    let month = within(call, 1, 1, 12)?;
                    let day = within(call, 2, 1, 31)?;
                    Ok(Value::object(Transition { time: time_of_day(call)?, month, day: TransitionDay::Fixed(day) }))
                },
            ),
            pure(
                "static System.TimeZoneInfo+TransitionTime CreateFloatingDateRule(DateTime timeOfDay, int month, int week, DayOfWeek dayOfWeek)",
                |call| {
                    let month = within(call, 1, 1, 12)?;
                    let week = within(call, 2, 1, 5)?;
                    let weekday = call.enumeration(3);
                    if !(0..7).contains(&weekday) {
                        let message = "The DayOfWeek enumeration must be in the range 0 through 6.";
                        return Err(Exception::argument_out_of_range("dayOfWeek", message));
                    }
                    let day = TransitionDay::Floating(week, weekday);
                    Ok(Value::object(Transition { time: time_of_day(call)?, month, day }))
                },
            ),
            pure("DateTime TimeOfDay", |call| Ok(date_time(transition(call)?.time, DateTimeKind::Unspecified))),
            pure("int Month", |call| Ok(int(transition(call)?.month))),
            pure("int Week", |call| {
                Ok(int(if let TransitionDay::Floating(week, _) = transition(call)?.day { week } else { 1 }))
            }),
            pure("int Day", |call| {
                Ok(int(if let TransitionDay::Fixed(day) = transition(call)?.day { day } else { 1 }))
            }),
            pure("DayOfWeek DayOfWeek", |call| {
                let weekday = if let TransitionDay::Floating(_, weekday) = transition(call)?.day { weekday } else { 0 };
                Ok(day_of_week(weekday))
            }),
            pure("bool IsFixedDateRule", |call| {
                Ok(Value::Boolean(matches!(transition(call)?.day, TransitionDay::Fixed(_))))
            }),
            pure("bool Equals(System.TimeZoneInfo+TransitionTime other)", |call| {
                Ok(Value::Boolean(transition(call)? == call.object_argument::<Transition>(0)?))
            }),
            pure("static bool operator ==(System.TimeZoneInfo+TransitionTime t1, System.TimeZoneInfo+TransitionTime t2)", |call| {
                Ok(Value::Boolean(call.object_argument::<Transition>(0)? == call.object_argument::<Transition>(1)?))
            }),
            pure("static bool operator !=(System.TimeZoneInfo+TransitionTime t1, System.TimeZoneInfo+TransitionTime t2)", |call| {
                Ok(Value::Boolean(call.object_argument::<Transition>(0)? != call.object_argument::<Transition>(1)?))
            }),
        ]);

pub(in crate::dotnet::date) static ADJUSTMENT_RULE: TypeDeclaration =
    TypeDeclaration::class("System.TimeZoneInfo+AdjustmentRule")
        .interfaces(&["System.IEquatable<System.TimeZoneInfo+AdjustmentRule>"])
        .members(&[
            pure(
                "static System.TimeZoneInfo+AdjustmentRule CreateAdjustmentRule(DateTime dateStart, DateTime dateEnd, TimeSpan daylightDelta, System.TimeZoneInfo+TransitionTime daylightTransitionStart, System.TimeZoneInfo+TransitionTime daylightTransitionEnd)",
                create_rule,
            ),
            pure("DateTime DateStart", |call| Ok(date_time(rule(call)?.first_day, DateTimeKind::Unspecified))),
            pure("DateTime DateEnd", |call| Ok(date_time(rule(call)?.last_day, DateTimeKind::Unspecified))),
            pure("TimeSpan DaylightDelta", |call| Ok(Value::TimeSpan(rule(call)?.delta))),
            pure("System.TimeZoneInfo+TransitionTime DaylightTransitionStart", |call| Ok(Value::object(rule(call)?.start))),
            pure("System.TimeZoneInfo+TransitionTime DaylightTransitionEnd", |call| Ok(Value::object(rule(call)?.end))),
            pure("bool Equals(System.TimeZoneInfo+AdjustmentRule other)", |call| {
                Ok(Value::Boolean(call.argument(0).downcast::<Rule>() == Some(rule(call)?)))
            }),
        ]);

fn int(number: i64) -> Value {
    Value::Int32(i32::try_from(number).unwrap_or_default())
}

fn transition<'c>(call: &'c Call<'_>) -> Result<&'c Transition, Exception> {
    call.object()
}

fn rule<'c>(call: &'c Call<'_>) -> Result<&'c Rule, Exception> {
    call.object()
}

fn within(call: &Call<'_>, at: usize, least: i32, most: i32) -> Result<i64, Exception> {
    let number = call.int(at);
    if (least..=most).contains(&number) {
        return Ok(i64::from(number));
    }
    let name = call.parameter_name(at);
    let message = format!("The {name} parameter must be in the range {least} through {most}.");
    Err(Exception::argument_out_of_range(name, &message))
}

/// Argument 0: a time on the first day of the calendar.
fn time_of_day(call: &Call<'_>) -> Result<i64, Exception> {
    let time = call.date_time(0);
    let message = match () {
        () if time.kind != DateTimeKind::Unspecified => {
            "The supplied DateTime must have the Kind property set to DateTimeKind.Unspecified."
        }
        () if time.ticks >= TICKS_PER_DAY => {
            "The supplied DateTime must have the Year, Month, and Day properties set to 1.  The time cannot be specified more precisely than whole milliseconds."
        }
        () => return Ok(time.ticks),
    };
    Err(Exception::argument(message, "timeOfDay"))
}

fn create_rule(call: &mut Call<'_>) -> Result<Value, Exception> {
    let (first, last, delta) = (call.date_time(0), call.date_time(1), call.time_span(2));
    let (start, end) = (*call.object_argument::<Transition>(3)?, *call.object_argument::<Transition>(4)?);
    let wrong = |message: &str, at: usize| Err(Exception::argument(message, call.parameter_name(at)));
    for (at, date) in [first, last].into_iter().enumerate() {
        if date.kind != DateTimeKind::Unspecified {
            let message =
                "The supplied DateTime must have the Kind property set to DateTimeKind.Unspecified.";
            return wrong(message, at);
        }
        if date.ticks % TICKS_PER_DAY != 0 && date.ticks != MAX_TICKS {
            return wrong("The supplied DateTime includes a TimeOfDay setting.   This is not supported.", at);
        }
    }
    if start == end {
        let message =
            "The DaylightTransitionStart property must not equal the DaylightTransitionEnd property.";
        return wrong(message, 4);
    }
    if first.ticks > last.ticks {
        return wrong("The DateStart property must come before the DateEnd property.", 0);
    }
    if delta.abs() > 14 * TICKS_PER_HOUR {
        let message = "The TimeSpan parameter must be within plus or minus 14.0 hours.";
        return Err(Exception::argument_out_of_range("daylightDelta", message));
    }
    if delta % TICKS_PER_MINUTE != 0 {
        return wrong("The TimeSpan parameter cannot be specified more precisely than whole minutes.", 2);
    }
    let last_day = last.ticks - last.ticks % TICKS_PER_DAY;
    Ok(Value::object(Rule { first_day: first.ticks, last_day, delta, start, end }))
}
