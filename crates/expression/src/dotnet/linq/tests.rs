//! Results as .NET gives them.

use crate::testing::{assert_evaluates, assert_throws, evaluate};

#[track_caller]
fn assert_joined(expression: &str, value: &str) {
    assert_evaluates(&format!("@(string.Join(\",\", {expression}))"), "System.String", value);
}

#[track_caller]
fn assert_int(expression: &str, value: &str) {
    assert_evaluates(&format!("@({expression})"), "System.Int32", value);
}

const NUMBERS: &str = "new[] { 3, 1, 2 }";

#[test]
fn projects_and_filters() {
    for (member, value) in [
        ("Select(n => n * 2)", "6,2,4"),
        ("Select((n, i) => n * i)", "0,1,4"),
        ("Where(n => n > 1)", "3,2"),
        ("Where((n, i) => i > 0)", "1,2"),
        ("SelectMany(n => Enumerable.Repeat(n, n))", "3,3,3,1,2,2"),
        ("SelectMany(n => new[] { n, 9 }, (a, b) => a + b)", "6,12,2,10,4,11"),
        ("Concat(new[] { 7 })", "3,1,2,7"),
        ("Append(5).Prepend(4)", "4,3,1,2,5"),
        ("Zip(new[] { \"a\", \"b\" }, (n, s) => s + n)", "a3,b1"),
        ("Skip(1)", "1,2"),
        ("Take(2)", "3,1"),
        ("Skip(9)", ""),
        ("SkipWhile(n => n != 1)", "1,2"),
        ("TakeWhile(n => n != 2)", "3,1"),
        ("TakeLast(2)", "1,2"),
        ("SkipLast(2)", "3"),
        ("Reverse()", "2,1,3"),
        ("Cast<object>().OfType<int>()", "3,1,2"),
        ("Where(n => n > 9).DefaultIfEmpty(7)", "7"),
        ("AsEnumerable().ToList()", "3,1,2"),
    ] {
        assert_joined(&format!("{NUMBERS}.{member}"), value);
    }
    assert_joined("Enumerable.Range(2, 3)", "2,3,4");
    assert_joined("Enumerable.Empty<string>()", "");
    assert_joined("\"a,b;c\".Split(',').SelectMany(s => s.Split(';'))", "a,b,c");
    assert_joined("new object[] { 1, \"x\", 2L }.OfType<string>()", "x");
}

#[test]
fn orders_stably() {
    let words = "new[] { \"bb\", \"a\", \"cc\", \"ddd\", \"b\" }";
    for (member, value) in [
        ("OrderBy(w => w.Length)", "a,b,bb,cc,ddd"),
        ("OrderByDescending(w => w.Length)", "ddd,bb,cc,a,b"),
        ("OrderByDescending(w => w.Length).ThenByDescending(w => w)", "ddd,cc,bb,b,a"),
        ("OrderBy(w => w.Length).ThenBy(w => w[0] == 'b' ? 0 : 1).ThenBy(w => w)", "b,a,bb,cc,ddd"),
        ("OrderBy(w => w)", "a,b,bb,cc,ddd"),
        ("OrderBy(w => w.Length).Select(w => w.Length)", "1,1,2,2,3"),
    ] {
        assert_joined(&format!("{words}.{member}"), value);
    }
    assert_joined("new[] { \"b\", \"A\", \"a\", \"B\" }.OrderBy(w => w)", "a,A,b,B");
    assert_joined("new[] { \"b\", \"A\", \"a\", \"B\" }.OrderBy(w => w, StringComparer.Ordinal)", "A,B,a,b");
    assert_throws(
        "@(new[] { new { A = 1 }, new { A = 2 } }.OrderBy(o => o).ToList())",
        "System.InvalidOperationException",
    );
}

#[test]
fn is_deferred() {
    let program = |body: &str| format!("@{{ var l = new List<int> {{ 2, 1 }}; {body} }}");
    assert_int_block(&program("var q = l.Where(n => n > 1); l.Add(5); return q.Count();"), "2");
    assert_int_block(&program("var q = l.OrderBy(n => n).ThenBy(n => -n); l.Add(0); return q.First();"), "0");
    assert_int_block(
        &program("int c = 0; var q = l.Select(n => { c++; return n; }); q.ToList(); q.ToList(); return c;"),
        "4",
    );
    assert_int_block(&program("int c = 0; var x = l.Any(n => { c++; return true; }); return c;"), "1");
}

#[track_caller]
fn assert_int_block(program: &str, value: &str) {
    assert_evaluates(program, "System.Int32", value);
}

#[test]
fn finds_elements() {
    for (member, value) in [
        ("First()", "3"),
        ("First(n => n < 3)", "1"),
        ("Last()", "2"),
        ("LastOrDefault(n => n > 9)", "0"),
        ("Single(n => n == 2)", "2"),
        ("SingleOrDefault(n => n == 9)", "0"),
        ("ElementAt(1)", "1"),
        ("ElementAtOrDefault(9)", "0"),
        ("Count()", "3"),
        ("Count(n => n > 1)", "2"),
        ("Min()", "1"),
        ("Max()", "3"),
        ("Max(n => -n)", "-1"),
        ("MaxBy(n => -n)", "1"),
        ("Sum()", "6"),
        ("Sum(n => n * 10)", "60"),
        ("Aggregate((a, b) => a * 10 + b)", "312"),
        ("Aggregate(1, (a, b) => a + b)", "7"),
        ("Aggregate(\"\", (a, b) => a + b, s => s.Length)", "3"),
        ("FirstOrDefault(n => n > 2)", "3"),
    ] {
        assert_int(&format!("{NUMBERS}.{member}"), value);
    }
    assert_evaluates(&format!("@({NUMBERS}.Average())"), "System.Double", "2");
    assert_evaluates(&format!("@({NUMBERS}.Average(n => (decimal)n))"), "System.Decimal", "2");
    assert_evaluates(&format!("@({NUMBERS}.Sum(n => n / 2.0))"), "System.Double", "3");
    assert_evaluates(&format!("@({NUMBERS}.LongCount())"), "System.Int64", "3");
    assert_evaluates("@(new string[0].FirstOrDefault())", "null", "null");
    assert_evaluates("@(new string[0].Max())", "null", "null");
    assert_evaluates("@(new List<int?> { null, 2 }.Sum())", "System.Int32", "2");
    assert_evaluates("@(new List<int?>().Average())", "null", "null");
    for (member, value) in [
        ("Any()", "true"),
        ("Any(n => n > 3)", "false"),
        ("All(n => n > 0)", "true"),
        ("Contains(2)", "true"),
        ("SequenceEqual(new[] { 3, 1, 2 })", "true"),
    ] {
        assert_evaluates(&format!("@({NUMBERS}.{member})"), "System.Boolean", value);
    }
    assert_evaluates(
        "@(new[] { \"A\" }.Contains(\"a\", StringComparer.OrdinalIgnoreCase))",
        "System.Boolean",
        "true",
    );
}

#[test]
fn throws_as_dotnet() {
    let empty = "new int[0]";
    for (expression, message) in [
        (format!("{empty}.First()"), "Sequence contains no elements"),
        (format!("{NUMBERS}.First(n => n > 9)"), "Sequence contains no matching element"),
        (format!("{NUMBERS}.Single()"), "Sequence contains more than one element"),
        (format!("{NUMBERS}.Single(n => n > 1)"), "Sequence contains more than one matching element"),
        (format!("{NUMBERS}.SingleOrDefault()"), "Sequence contains more than one element"),
        (format!("{empty}.Max()"), "Sequence contains no elements"),
        (format!("{empty}.Average()"), "Sequence contains no elements"),
        (format!("{empty}.Aggregate((a, b) => a)"), "Sequence contains no elements"),
    ] {
        let thrown = evaluate(&format!("@({expression})")).unwrap_err();
        assert_eq!(
            (thrown.type_name(), thrown.message()),
            ("System.InvalidOperationException", message),
            "{expression}"
        );
    }
    assert_throws(&format!("@({NUMBERS}.ElementAt(3))"), "System.ArgumentOutOfRangeException");
    assert_throws(
        "@{ List<int> l = null; return l.Select(n => n).Count(); }",
        "System.ArgumentNullException",
    );
    assert_throws("@(new object[] { 1, \"x\" }.Cast<int>().Count())", "System.InvalidCastException");
    assert_throws("@(new[] { 1, 1 }.ToDictionary(n => n).Count)", "System.ArgumentException");
    assert_throws("@(new[] { int.MaxValue, 1 }.Sum())", "System.OverflowException");
    assert_throws("@(Enumerable.Range(0, -1))", "System.ArgumentOutOfRangeException");
    let endless = evaluate("@(Enumerable.Range(0, int.MaxValue).ToList().Count)").unwrap_err();
    assert!(!endless.is_catchable());
}

#[test]
fn sets_and_groups() {
    assert_joined("new[] { 1, 2, 2, 3, 1 }.Distinct()", "1,2,3");
    assert_joined("new[] { \"a\", \"A\", \"b\" }.Distinct(StringComparer.OrdinalIgnoreCase)", "a,b");
    assert_joined("new[] { 1, 2, 2 }.Union(new[] { 2, 3 })", "1,2,3");
    assert_joined("new[] { 1, 2, 2, 3 }.Intersect(new[] { 3, 2 })", "2,3");
    assert_joined("new[] { 1, 2, 2, 3, 1 }.Except(new[] { 3 })", "1,2");
    assert_joined(
        "new[] { \"aa\", \"b\", \"cc\" }.GroupBy(s => s.Length).Select(g => g.Key + \":\" + string.Join(\"+\", g))",
        "2:aa+cc,1:b",
    );
    assert_joined("new[] { \"aa\", \"b\" }.GroupBy(s => s.Length, s => s[0]).Select(g => g.First())", "a,b");
    assert_joined(
        "new[] { \"aa\", \"b\", \"cc\" }.GroupBy(s => s.Length, (k, g) => k * 10 + g.Count())",
        "22,11",
    );
    assert_joined("new[] { \"aa\", \"b\", \"cc\" }.ToLookup(s => s.Length)[2]", "aa,cc");
    assert_int("new[] { \"aa\", \"b\", \"cc\" }.ToLookup(s => s.Length)[7].Count()", "0");
    assert_joined("new[] { 1, 2 }.Join(new[] { 2, 3, 2 }, a => a, b => b, (a, b) => a * b)", "4,4");
    assert_joined("new[] { 1, 2 }.GroupJoin(new[] { 2, 3, 2 }, a => a, b => b, (a, b) => b.Count())", "0,2");
    assert_int("new[] { \"a\", \"bb\" }.ToDictionary(s => s, s => s.Length)[\"bb\"]", "2");
    assert_int(
        "new[] { \"a\" }.ToDictionary(s => s, s => s.Length, StringComparer.OrdinalIgnoreCase)[\"A\"]",
        "1",
    );
    assert_int("new[] { 1, 1, 2 }.ToHashSet().Count", "2");
    assert_int("new[] { new { A = 1 }, new { A = 1 } }.Distinct().Count()", "1");
}

#[test]
fn walks_over_json_and_strings() {
    assert_joined("JArray.Parse(\"[{'n':'a'},{'n':'b'}]\").Select(t => (string)t[\"n\"])", "a,b");
    assert_joined("JArray.Parse(\"[3,1]\").OrderBy(t => (int)t).Select(t => (int)t)", "1,3");
    assert_joined("JObject.Parse(\"{'a':1,'b':2}\").Properties().Select(p => p.Name)", "a,b");
    assert_joined("\"hello\".Where(c => c != 'l')", "h,e,o");
    assert_int("\"hello\".Count(c => c == 'l')", "2");
}
