use crate::testing::{assert_evaluates, assert_throws};

#[test]
fn texts_of_dotnet() {
    let cases = [
        (
            r#".Append(1).Append('c').Append('x',3).Append(true).Append(1.5).Append((object)null).Append((string)null).Append(new[]{'a','b'}).Append("abcdef",1,2).AppendLine().AppendLine("z")"#,
            "hello1cxxxTrue1.5abbc\nz\n",
        ),
        (r#".Insert(0,"a").Insert(2,'q').Insert(1,5).Insert(3,"xy",2)"#, "a5hxyxyqello"),
        (r#".Remove(1,2)"#, "hlo"),
        (r#".Replace("l","LL").Replace('h','H').Replace("L","-",2,3)"#, "He---Lo"),
        (r#".Replace('l','x',3,2)"#, "helxo"),
        (r#".ToString(1,3)"#, "ell"),
        (r#".AppendFormat("{0,5}|{1:N2}|{0}",1,2.5)"#, "hello    1|2.50|1"),
        (r#".Clear().Append("\u00e9").AppendJoin(",", new[]{"a","b"})"#, "\u{e9}a,b"),
    ];
    for (calls, expected) in cases {
        let expression = format!(r#"@(new StringBuilder("hello"){calls}.ToString())"#);
        assert_evaluates(&expression, "System.String", expected);
    }
}

#[test]
fn state_of_a_builder() {
    let expression = r#"@{ var b = new StringBuilder("hello"); b[0] = 'J'; b.Length = 3; return b + "|" + b.Length + "|" + b.Capacity + "|" + b[1]; }"#;
    assert_evaluates(expression, "System.String", "Jel|3|16|e");
    assert_evaluates("@(new StringBuilder(10).Capacity)", "System.Int32", "10");
    assert_evaluates(r#"@(new StringBuilder("a").Equals(new StringBuilder("a")))"#, "System.Boolean", "true");
    assert_evaluates(
        r#"@{ var b = new StringBuilder(); foreach (var c in "a😀") { b.Append(c); } return b.ToString(); }"#,
        "System.String",
        "a😀",
    );
}

#[test]
fn what_is_out_of_range() {
    let range = "System.ArgumentOutOfRangeException";
    assert_throws(r#"@(new StringBuilder("a")[9])"#, "System.IndexOutOfRangeException");
    assert_throws(r#"@(new StringBuilder("a").Remove(0, 9))"#, range);
    assert_throws(r#"@(new StringBuilder("a").Insert(9, "x"))"#, range);
    assert_throws(r#"@(new StringBuilder("a").ToString(0, 9))"#, range);
    assert_throws(r#"@(new StringBuilder("a").Append('x', -1))"#, range);
    assert_throws(r#"@(new StringBuilder("a").Replace("", "x"))"#, "System.ArgumentException");
    assert_throws("@(new StringBuilder().Append('x', int.MaxValue))", "System.OutOfMemoryException");
}
