//! `System.TimeZoneInfo` and `System.TimeZone`: UTC, which is also local time.

use std::any::Any;

use super::date_time;
use crate::call::Call;
use crate::exception::Exception;
use crate::members::{TypeDeclaration, impure, pure};
use crate::types::Type;
use crate::value::{DateTimeKind, DateTimeOffset, DotnetObject, Value};

pub(super) static TIME_ZONE_INFO: TypeDeclaration = TypeDeclaration::class("System.TimeZoneInfo").members(&[
    pure("static TimeZoneInfo Utc", |_| Ok(Value::object(Utc))),
    pure("static TimeZoneInfo Local", |_| Ok(Value::object(Utc))),
    pure("static TimeZoneInfo FindSystemTimeZoneById(string id)", |call| find(&call.text(0)?)),
    pure("string Id", |_| Ok(Value::from("UTC"))),
    pure("string DisplayName", |_| Ok(Value::from("(UTC) Coordinated Universal Time"))),
    pure("string StandardName", |_| Ok(Value::from("Coordinated Universal Time"))),
    pure("string DaylightName", |_| Ok(Value::from("Coordinated Universal Time"))),
    pure("TimeSpan BaseUtcOffset", |_| Ok(Value::TimeSpan(0))),
    pure("bool SupportsDaylightSavingTime", |_| Ok(Value::Boolean(false))),
    pure("TimeSpan GetUtcOffset(DateTime dateTime)", |_| Ok(Value::TimeSpan(0))),
    pure("TimeSpan GetUtcOffset(DateTimeOffset dateTimeOffset)", |_| Ok(Value::TimeSpan(0))),
    pure("bool IsDaylightSavingTime(DateTime dateTime)", |_| Ok(Value::Boolean(false))),
    pure("bool IsDaylightSavingTime(DateTimeOffset dateTimeOffset)", |_| Ok(Value::Boolean(false))),
    pure("static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo destinationTimeZone)", |call| {
        in_utc(call, DateTimeKind::Utc)
    }),
    pure(
        "static DateTimeOffset ConvertTime(DateTimeOffset dateTimeOffset, TimeZoneInfo destinationTimeZone)",
        |call| {
            let ticks = call.date_time_offset(0).utc_ticks();
            Ok(Value::DateTimeOffset(DateTimeOffset { ticks, offset_minutes: 0 }))
        },
    ),
    pure("static DateTime ConvertTimeFromUtc(DateTime dateTime, TimeZoneInfo destinationTimeZone)", |call| {
        in_utc(call, DateTimeKind::Utc)
    }),
    pure("static DateTime ConvertTimeToUtc(DateTime dateTime)", |call| in_utc(call, DateTimeKind::Utc)),
    pure("static DateTime ConvertTimeToUtc(DateTime dateTime, TimeZoneInfo sourceTimeZone)", |call| {
        in_utc(call, DateTimeKind::Utc)
    }),
    pure(
        "static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string destinationTimeZoneId)",
        |call| {
            find(&call.text(1)?)?;
            in_utc(call, DateTimeKind::Utc)
        },
    ),
    pure("string ToString()", |_| Ok(Value::from("(UTC) Coordinated Universal Time"))),
]);

pub(super) static TIME_ZONE: TypeDeclaration = TypeDeclaration::class("System.TimeZone").members(&[
    impure("static TimeZone CurrentTimeZone", |_| Ok(Value::object(LocalZone))),
    pure("string StandardName", |_| Ok(Value::from("UTC"))),
    pure("string DaylightName", |_| Ok(Value::from("UTC"))),
    pure("TimeSpan GetUtcOffset(DateTime time)", |_| Ok(Value::TimeSpan(0))),
    pure("bool IsDaylightSavingTime(DateTime time)", |_| Ok(Value::Boolean(false))),
    pure("DateTime ToLocalTime(DateTime time)", |call| in_utc(call, DateTimeKind::Local)),
    pure("DateTime ToUniversalTime(DateTime time)", |call| in_utc(call, DateTimeKind::Utc)),
]);

/// The one zone there is.
struct Utc;

impl DotnetObject for Utc {
    fn type_of(&self) -> Type {
        Type::Named("System.TimeZoneInfo")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn equals(&self, other: &dyn DotnetObject) -> bool {
        other.as_any().is::<Utc>()
    }
}

struct LocalZone;

impl DotnetObject for LocalZone {
    fn type_of(&self) -> Type {
        Type::Named("System.TimeZone")
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn find(id: &str) -> Result<Value, Exception> {
    match id {
        "UTC" | "Etc/UTC" | "Etc/GMT" | "GMT" | "Etc/UCT" | "Zulu" | "Coordinated Universal Time" => {
            Ok(Value::object(Utc))
        }
        _ => Err(Exception::new(
            "System.TimeZoneNotFoundException",
            format!(
                "The time zone ID '{id}' was not found: this gateway runs in UTC and knows no other zone."
            ),
        )),
    }
}

fn in_utc(call: &Call<'_>, kind: DateTimeKind) -> Result<Value, Exception> {
    Ok(date_time(call.date_time(0).ticks, kind))
}
