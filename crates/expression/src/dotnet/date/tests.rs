//! Dates, times and spans against what .NET gives.

use crate::dotnet::format::tests::assert_pinned;
use crate::testing::{assert_evaluates, assert_throws};

#[test]
fn members_give_what_dotnet_gives() {
    assert_pinned(include_str!("pinned.txt"));
}

#[test]
fn counts_of_units_are_rounded_to_milliseconds() {
    assert_evaluates("@(TimeSpan.FromMilliseconds(1.5).Ticks)", "System.Int64", "20000");
    assert_evaluates("@(TimeSpan.FromMinutes(1.0 / 3).Seconds)", "System.Int32", "20");
    assert_evaluates("@(new DateTime(0).AddSeconds(0.0004).Ticks)", "System.Int64", "0");
}

#[test]
fn zones_by_names_of_windows_and_of_the_database() {
    let cases = [
        (r#"TimeZoneInfo.FindSystemTimeZoneById("Pacific Standard Time").BaseUtcOffset"#, "-08:00:00"),
        (r#"TimeZoneInfo.FindSystemTimeZoneById("w. europe standard time").BaseUtcOffset"#, "01:00:00"),
        (r#"TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata").BaseUtcOffset"#, "05:30:00"),
    ];
    for (expression, offset) in cases {
        assert_evaluates(&format!("@({expression})"), "System.TimeSpan", offset);
    }
    assert_throws(r#"@(TimeZoneInfo.FindSystemTimeZoneById("Mars"))"#, "System.TimeZoneNotFoundException");
    assert_evaluates(r#"@(TimeZoneInfo.FindSystemTimeZoneById("UTC").Id)"#, "System.String", "UTC");
}

#[test]
fn the_clock_is_the_context() {
    let expression = "@(DateTime.UtcNow.Kind == DateTimeKind.Utc && DateTime.UtcNow.Date == DateTime.Today)";
    assert_evaluates(expression, "System.Boolean", "true");
}
