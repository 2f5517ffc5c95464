//! Dates, times and spans against what .NET gives.

use crate::dotnet::format::tests::assert_pinned;
use crate::testing::{assert_evaluates, assert_throws};

#[test]
fn members_give_what_dotnet_gives() {
    assert_pinned(include_str!("pinned.txt"));
}

#[test]
fn fractions_of_units_are_kept_as_in_current_dotnet() {
    // Older versions rounded to milliseconds.
    assert_evaluates("@(TimeSpan.FromMilliseconds(1.5).Ticks)", "System.Int64", "15000");
    assert_evaluates("@(new DateTime(0).AddSeconds(0.0001).Ticks)", "System.Int64", "1000");
}

#[test]
fn only_utc_is_known() {
    assert_throws(
        r#"@(TimeZoneInfo.FindSystemTimeZoneById("Pacific Standard Time"))"#,
        "System.TimeZoneNotFoundException",
    );
    assert_evaluates(r#"@(TimeZoneInfo.FindSystemTimeZoneById("UTC").Id)"#, "System.String", "UTC");
}

#[test]
fn the_clock_is_the_context() {
    let expression = "@(DateTime.UtcNow.Kind == DateTimeKind.Utc && DateTime.UtcNow.Date == DateTime.Today)";
    assert_evaluates(expression, "System.Boolean", "true");
}
