//! Strings against what .NET gives.

use crate::dotnet::format::tests::assert_pinned;
use crate::testing::{assert_evaluates, assert_throws};

#[test]
fn members_give_what_dotnet_gives() {
    assert_pinned(include_str!("pinned.txt"));
}

#[test]
fn members_of_current_dotnet_that_mono_lacks() {
    assert_evaluates(
        r#"@("a, b".Split(',', StringSplitOptions.TrimEntries))"#,
        "System.String[]",
        r#"["a","b"]"#,
    );
    assert_evaluates(r#"@("a::b".Split("::"))"#, "System.String[]", r#"["a","b"]"#);
    assert_evaluates(r#"@("a-b-c".Split('-', 2))"#, "System.String[]", r#"["a","b-c"]"#);
    assert_evaluates(r#"@("Hello".Contains('e'))"#, "System.Boolean", "true");
    assert_evaluates(
        r#"@("Hello".Replace("L", "x", StringComparison.OrdinalIgnoreCase))"#,
        "System.String",
        "Hexxo",
    );
    assert_evaluates(r#"@(string.Join('-', "a", "b"))"#, "System.String", "a-b");
}

#[test]
fn the_culture_orders_by_letters_before_case() {
    for (left, right, order) in
        [("a", "B", -1), ("B", "a", 1), ("a", "A", -1), ("e", "é", -1), ("é", "f", -1)]
    {
        let expression = format!(r#"@(string.Compare("{left}", "{right}"))"#);
        assert_evaluates(&expression, "System.Int32", &order.to_string());
    }
    assert_evaluates(r#"@(string.CompareOrdinal("a", "B") > 0)"#, "System.Boolean", "true");
}

#[test]
fn text_that_would_fill_memory_is_refused() {
    assert_throws(r#"@("".PadLeft(2000000000))"#, "System.OutOfMemoryException");
    assert_throws(r#"@(new string('x', 2000000000))"#, "System.OutOfMemoryException");
}
