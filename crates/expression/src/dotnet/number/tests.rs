//! Numbers, Boolean, Char and Math against what .NET gives.

use crate::dotnet::format::tests::assert_pinned;
use crate::testing::{assert_evaluates, assert_throws};

#[test]
fn members_give_what_dotnet_gives() {
    assert_pinned(include_str!("pinned.txt"));
}

#[test]
fn members_of_current_dotnet_that_mono_lacks() {
    assert_evaluates("@(Math.Clamp(7, 1, 5))", "System.Int32", "5");
    assert_evaluates("@(0.1 + 0.2)", "System.Double", "0.30000000000000004");
    assert_evaluates(r#"@(double.Parse("1e999").ToString())"#, "System.String", "Infinity");
    assert_evaluates("@(Math.Round(-2.5, MidpointRounding.ToZero))", "System.Double", "-2");
}

#[test]
fn try_parse_sets_its_result() {
    let expression = r#"@{ int number; return int.TryParse("42", out number) ? number : -1; }"#;
    assert_evaluates(expression, "System.Int32", "42");
    let expression = r#"@{ int number = 5; return int.TryParse("x", out number) ? -1 : number; }"#;
    assert_evaluates(expression, "System.Int32", "0");
}

#[test]
fn quotients_of_decimals_have_the_scale_of_dotnet() {
    for (left, right, quotient) in
        [("10", "4", "2.5"), ("10.00", "4", "2.50"), ("4.00", "2", "2.00"), ("1.0", "0.5", "2")]
    {
        let expression = format!("@(decimal.Divide({left}m, {right}m).ToString())");
        assert_evaluates(&expression, "System.String", quotient);
    }
}

#[test]
fn enums_are_read_by_name() {
    assert_evaluates(r#"@(Enum.Parse<DayOfWeek>("friday", true))"#, "System.DayOfWeek", "Friday");
    assert_throws(r#"@(Enum.Parse<DayOfWeek>("Someday"))"#, "System.ArgumentException");
    assert_evaluates(
        r#"@(DayOfWeek.Friday.ToString("d") + string.Format("{0:d}", DayOfWeek.Friday))"#,
        "System.String",
        "55",
    );
    assert_evaluates("@(DayOfWeek.Friday.CompareTo(DayOfWeek.Monday))", "System.Int32", "1");
}
