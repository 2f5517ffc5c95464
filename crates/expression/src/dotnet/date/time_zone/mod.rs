//! `System.TimeZoneInfo` and `System.TimeZone`. Local time is UTC; the other zones come with the program.

mod rules;
mod windows;
mod zone;

use std::any::Any;
use std::sync::Arc;

use super::calendar::{MAX_TICKS, TICKS_PER_HOUR, TICKS_PER_MINUTE, in_range};
use super::date_time;
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DateTime, DateTimeKind, DateTimeOffset, DotnetObject, Value};

use rules::Rule;
pub(super) use rules::{ADJUSTMENT_RULE, TRANSITION_TIME};
use zone::{Behaviour, Meaning, Offset, Zone, ZoneObject, value};

pub(super) static TIME_ZONE_INFO: TypeDeclaration = TypeDeclaration::class("System.TimeZoneInfo")
    .interfaces(&["System.IEquatable<TimeZoneInfo>"])
    .members(&[
        pure("static TimeZoneInfo Utc", |_| Ok(value(zone::utc()))),
        pure("static TimeZoneInfo Local", |_| Ok(value(zone::local()))),
        pure("static TimeZoneInfo FindSystemTimeZoneById(string id)", |call| found(call, 0).map(value)),
        impure("static IReadOnlyCollection<TimeZoneInfo> GetSystemTimeZones()", system_time_zones),
        impure(
            "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName)",
            |call| custom(call, None, &[]),
        ),
        impure(
            "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName, string daylightDisplayName, System.TimeZoneInfo+AdjustmentRule[] adjustmentRules)",
            custom_with_rules,
        ),
        impure(
            "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName, string daylightDisplayName, System.TimeZoneInfo+AdjustmentRule[] adjustmentRules, bool disableDaylightSavingTime)",
            custom_with_rules,
        ),
        pure("static void ClearCachedData()", |_| Ok(Value::Null)),
        pure("string Id", |call| Ok(Value::from(this(call)?.id.as_str()))),
        pure("string DisplayName", |call| Ok(Value::from(this(call)?.display_name.as_str()))),
        pure("string StandardName", |call| Ok(Value::from(this(call)?.standard_name.as_str()))),
        pure("string DaylightName", |call| Ok(Value::from(this(call)?.daylight_name.as_str()))),
        pure("TimeSpan BaseUtcOffset", |call| Ok(Value::TimeSpan(this(call)?.base))),
        pure("bool SupportsDaylightSavingTime", |call| Ok(Value::Boolean(this(call)?.has_daylight()))),
        impure("System.TimeZoneInfo+AdjustmentRule[] GetAdjustmentRules()", |call| {
            let rules = this(call)?.rules().into_iter().map(Value::object).collect();
            Ok(Value::array(Type::Named(ADJUSTMENT_RULE.full_name), rules))
        }),
        pure("bool HasSameRules(TimeZoneInfo other)", |call| {
            Ok(Value::Boolean(zone::has_same_rules(this(call)?, argument(call, 0)?)))
        }),
        pure("TimeSpan GetUtcOffset(DateTime dateTime)", |call| {
            Ok(Value::TimeSpan(offset_of(this(call)?, call.date_time(0)).ticks))
        }),
        pure("TimeSpan GetUtcOffset(DateTimeOffset dateTimeOffset)", |call| {
            Ok(Value::TimeSpan(this(call)?.at(call.date_time_offset(0).utc_ticks()).ticks))
        }),
        pure("bool IsDaylightSavingTime(DateTime dateTime)", |call| {
            Ok(Value::Boolean(offset_of(this(call)?, call.date_time(0)).daylight))
        }),
        pure("bool IsDaylightSavingTime(DateTimeOffset dateTimeOffset)", |call| {
            Ok(Value::Boolean(this(call)?.at(call.date_time_offset(0).utc_ticks()).daylight))
        }),
        pure("bool IsInvalidTime(DateTime dateTime)", |call| {
            let (zone, time) = (this(call)?, call.date_time(0));
            let is_of_zone = time.kind == DateTimeKind::Unspecified || time.kind == zone.kind();
            Ok(Value::Boolean(is_of_zone && zone.meaning(time.ticks) == Meaning::Skipped))
        }),
        pure("bool IsAmbiguousTime(DateTime dateTime)", |call| {
            let zone = this(call)?;
            Ok(Value::Boolean(twice(zone, clock_in(zone, call.date_time(0))).is_some()))
        }),
        pure("bool IsAmbiguousTime(DateTimeOffset dateTimeOffset)", |call| {
            let zone = this(call)?;
            Ok(Value::Boolean(twice(zone, instant_in(zone, call.date_time_offset(0))).is_some()))
        }),
        impure("TimeSpan[] GetAmbiguousTimeOffsets(DateTime dateTime)", |call| {
            let zone = this(call)?;
            ambiguous_offsets(zone, clock_in(zone, call.date_time(0)), "dateTime")
        }),
        impure("TimeSpan[] GetAmbiguousTimeOffsets(DateTimeOffset dateTimeOffset)", |call| {
            let zone = this(call)?;
            ambiguous_offsets(zone, instant_in(zone, call.date_time_offset(0)), "dateTimeOffset")
        }),
        pure("static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo destinationTimeZone)", |call| {
            let time = call.date_time(0);
            converted(time, &own_zone(time), argument(call, 1)?)
        }),
        pure(
            "static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo sourceTimeZone, TimeZoneInfo destinationTimeZone)",
            |call| converted(call.date_time(0), argument(call, 1)?, argument(call, 2)?),
        ),
        pure(
            "static DateTimeOffset ConvertTime(DateTimeOffset dateTimeOffset, TimeZoneInfo destinationTimeZone)",
            |call| Ok(converted_instant(call.date_time_offset(0), argument(call, 1)?)),
        ),
        pure("static DateTime ConvertTimeFromUtc(DateTime dateTime, TimeZoneInfo destinationTimeZone)", |call| {
            converted(call.date_time(0), &zone::utc(), argument(call, 1)?)
        }),
        pure("static DateTime ConvertTimeToUtc(DateTime dateTime)", |call| {
            let time = call.date_time(0);
            converted(time, &own_zone(time), &zone::utc())
        }),
        pure("static DateTime ConvertTimeToUtc(DateTime dateTime, TimeZoneInfo sourceTimeZone)", |call| {
            converted(call.date_time(0), argument(call, 1)?, &zone::utc())
        }),
        pure(
            "static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string destinationTimeZoneId)",
            |call| {
                let time = call.date_time(0);
                converted(time, &own_zone(time), &*found(call, 1)?)
            },
        ),
        pure(
            "static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string sourceTimeZoneId, string destinationTimeZoneId)",
            |call| converted(call.date_time(0), &*found(call, 1)?, &*found(call, 2)?),
        ),
        pure(
            "static DateTimeOffset ConvertTimeBySystemTimeZoneId(DateTimeOffset dateTimeOffset, string destinationTimeZoneId)",
            |call| Ok(converted_instant(call.date_time_offset(0), &*found(call, 1)?)),
        ),
        pure("bool Equals(TimeZoneInfo other)", |call| {
            Ok(Value::Boolean(call.receiver().equals(call.argument(0))))
        }),
        pure("int GetHashCode()", |call| {
            let id = Value::from(this(call)?.id.to_uppercase());
            crate::dotnet::hash_code(&id, call.machine()).map(Value::Int32)
        }),
        pure("string ToString()", |call| Ok(Value::from(this(call)?.display_name.as_str()))),
    ]);

pub(super) static TIME_ZONE: TypeDeclaration = TypeDeclaration::class("System.TimeZone").members(&[
    pure("static TimeZone CurrentTimeZone", |_| Ok(Value::object(LocalZone))),
    pure("string StandardName", |_| Ok(Value::from("UTC"))),
    pure("string DaylightName", |_| Ok(Value::from("UTC"))),
    pure("TimeSpan GetUtcOffset(DateTime time)", |_| Ok(Value::TimeSpan(0))),
    pure("bool IsDaylightSavingTime(DateTime time)", |_| Ok(Value::Boolean(false))),
    pure("DateTime ToLocalTime(DateTime time)", |call| {
        Ok(date_time(call.date_time(0).ticks, DateTimeKind::Local))
    }),
    pure("DateTime ToUniversalTime(DateTime time)", |call| {
        Ok(date_time(call.date_time(0).ticks, DateTimeKind::Utc))
    }),
]);

/// `TimeZone.CurrentTimeZone`.
struct LocalZone;

impl DotnetObject for LocalZone {
    fn type_of(&self) -> Type {
        Type::Named("System.TimeZone")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn this<'c>(call: &'c Call<'_>) -> Result<&'c Zone, Exception> {
    call.object::<ZoneObject>().map(|zone| &*zone.0)
}

fn argument<'c>(call: &'c Call<'_>, at: usize) -> Result<&'c Zone, Exception> {
    call.object_argument::<ZoneObject>(at).map(|zone| &*zone.0)
}

/// The zone that argument `at` names.
fn found(call: &Call<'_>, at: usize) -> Result<Arc<Zone>, Exception> {
    let id = call.text(at)?;
    zone::find(&id).ok_or_else(|| {
        let message = format!("The time zone ID '{id}' was not found on the local computer.");
        Exception::new("System.TimeZoneNotFoundException", message)
    })
}

fn system_time_zones(call: &mut Call<'_>) -> Result<Value, Exception> {
    let names = zone::all_names();
    call.budget().steps(names.len() as u64 * 16)?;
    call.budget().allocate(names.len() * size_of::<Zone>())?;
    let mut zones: Vec<Arc<Zone>> = names.iter().filter_map(|name| zone::find(name)).collect();
    zones.sort_by(|one, other| (one.base, &one.display_name).cmp(&(other.base, &other.display_name)));
    Ok(Value::array(Type::Named("System.TimeZoneInfo"), zones.into_iter().map(value).collect()))
}

fn custom_with_rules(call: &mut Call<'_>) -> Result<Value, Exception> {
    let rules = if call.argument(5).is_null() { Vec::new() } else { call.elements(5)? };
    let rules: Vec<Rule> = rules.iter().filter_map(|rule| rule.downcast::<Rule>().copied()).collect();
    let disabled = call.boolean(6);
    custom(call, Some(4), if disabled { &[] } else { &rules })
}

fn custom(call: &mut Call<'_>, daylight_name: Option<usize>, rules: &[Rule]) -> Result<Value, Exception> {
    let id = call.text(0)?;
    let base = call.time_span(1);
    if id.is_empty() {
        return Err(Exception::argument(
            format!("The specified ID parameter '{id}' is not supported."),
            "id",
        ));
    }
    if base % TICKS_PER_MINUTE != 0 {
        let message = "The TimeSpan parameter cannot be specified more precisely than whole minutes.";
        return Err(Exception::argument(message, "baseUtcOffset"));
    }
    if base.abs() > 14 * TICKS_PER_HOUR {
        let message = "The TimeSpan parameter must be within plus or minus 14.0 hours.";
        return Err(Exception::argument_out_of_range("baseUtcOffset", message));
    }
    let name = |at: usize| call.text_or_null(at).map(|text| text.to_string()).unwrap_or_default();
    let daylight_name = daylight_name.filter(|_| !rules.is_empty()).map_or_else(String::new, name);
    Ok(value(Arc::new(Zone {
        id: id.to_string(),
        display_name: name(2),
        standard_name: name(3),
        daylight_name,
        base,
        behaviour: Behaviour::Custom(rules.to_vec()),
    })))
}

/// The zone that a time's own kind says: local when it says nothing.
fn own_zone(time: DateTime) -> Arc<Zone> {
    if time.kind == DateTimeKind::Utc { zone::utc() } else { zone::local() }
}

/// The offset of a zone at a time: a moment when it has a kind, else what the zone's clocks show.
fn offset_of(zone: &Zone, time: DateTime) -> Offset {
    if time.kind == DateTimeKind::Unspecified { zone.of_clock(time.ticks) } else { zone.at(time.ticks) }
}

/// What the zone's clocks show at a time; a time without a kind is taken for that.
fn clock_in(zone: &Zone, time: DateTime) -> i64 {
    if time.kind == DateTimeKind::Unspecified { time.ticks } else { time.ticks + zone.at(time.ticks).ticks }
}

fn instant_in(zone: &Zone, time: DateTimeOffset) -> i64 {
    let utc = time.utc_ticks();
    utc + zone.at(utc).ticks
}

fn twice(zone: &Zone, clock: i64) -> Option<(i64, i64)> {
    match zone.meaning(clock.clamp(0, MAX_TICKS)) {
        Meaning::Twice(before, after) => Some((before, after)),
        _ => None,
    }
}

fn ambiguous_offsets(zone: &Zone, clock: i64, parameter: &str) -> Result<Value, Exception> {
    let message = "The supplied DateTime is not in an ambiguous time range.";
    let (before, after) = twice(zone, clock).ok_or_else(|| Exception::argument(message, parameter))?;
    let offsets = [before.min(after), before.max(after)].map(Value::TimeSpan).to_vec();
    Ok(Value::array(Type::Named("System.TimeSpan"), offsets))
}

/// A time of one zone in another.
fn converted(time: DateTime, source: &Zone, destination: &Zone) -> Result<Value, Exception> {
    if time.kind != DateTimeKind::Unspecified && time.kind != source.kind() {
        let message = "The conversion could not be completed because the supplied DateTime did not have the Kind property set correctly.  For example, when the Kind property is DateTimeKind.Local, the source time zone must be TimeZoneInfo.Local.";
        return Err(Exception::argument(message, "sourceTimeZone"));
    }
    let offset = match source.meaning(time.ticks) {
        Meaning::Skipped => {
            let message = "The supplied DateTime represents an invalid time.  For example, when the clock is adjusted forward, any time in the period that is skipped is invalid.";
            return Err(Exception::argument(message, "dateTime"));
        }
        _ => source.of_clock(time.ticks),
    };
    if time.kind != DateTimeKind::Unspecified && time.kind == destination.kind() {
        return Ok(Value::DateTime(time));
    }
    let utc = (time.ticks - offset.ticks).clamp(0, MAX_TICKS);
    let clock = utc + destination.at(utc).ticks;
    Ok(date_time(clock.clamp(0, MAX_TICKS), destination.kind()))
}

fn converted_instant(time: DateTimeOffset, destination: &Zone) -> Value {
    let utc = time.utc_ticks();
    // Before the time of rules, clocks showed seconds: an offset has minutes only.
    let offset = destination.at(utc).ticks / TICKS_PER_MINUTE * TICKS_PER_MINUTE;
    let ticks = utc + offset;
    if !in_range(ticks) {
        let bound = DateTimeOffset { ticks: ticks.clamp(0, MAX_TICKS), offset_minutes: 0 };
        return Value::DateTimeOffset(bound);
    }
    let offset_minutes = i16::try_from(offset / TICKS_PER_MINUTE).unwrap_or_default();
    Value::DateTimeOffset(DateTimeOffset { ticks, offset_minutes })
}
