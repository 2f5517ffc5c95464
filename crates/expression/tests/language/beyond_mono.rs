//! Where mono lacks a feature of C# or differs from current .NET: by the language's and the platform's own rules.

/// Expression, type and value.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    ("@{ int Twice(int n) { return n * 2; } return Twice(21); }", "System.Int32", "42"),
    ("@{ int F(int n) => n < 2 ? 1 : n * F(n - 1); return F(6); }", "System.Int32", "720"),
    ("@{ var n = 1; void Bump() { n++; } Bump(); Bump(); return n; }", "System.Int32", "3"),
    ("@{ return G(3); int G(int n) => H(n) + 1; int H(int n) => n * 10; }", "System.Int32", "31"),
    (
        r#"@{ string Join(string a, string b = "x") => a + b; return Join("a") + Join("a", "y") + Join(b: "1", a: "2"); }"#,
        "System.String",
        "axay21",
    ),
    (
        "@{ bool Even(int n) => n == 0 || Odd(n - 1); bool Odd(int n) => n != 0 && Even(n - 1); return Even(10); }",
        "System.Boolean",
        "true",
    ),
    ("@{ object o = null; return o is null; }", "System.Boolean", "true"),
    ("@{ object o = 5; return o is 5; }", "System.Boolean", "true"),
    ("@{ object o = 5; return o is var v && v != null; }", "System.Boolean", "true"),
    (
        "@{ object o = 7; switch (o) { case string s: return s; case int n when n > 5: return n + 1; case int n: return n; default: return null; } }",
        "System.Int32",
        "8",
    ),
    (
        r#"@{ object o = 3; switch (o) { case int n when n > 5: return "big"; case int n: return "small"; } return "none"; }"#,
        "System.String",
        "small",
    ),
    (
        r#"@{ switch ("b") { case "a": case "b" when false: return 1; default: return 2; } }"#,
        "System.Int32",
        "2",
    ),
    (
        "@{ object o = null; switch (o) { case string s: return 1; case null: return 2; default: return 3; } }",
        "System.Int32",
        "2",
    ),
    ("@(1.0f / 3)", "System.Single", "0.33333334"),
    ("@(0.1 + 0.2)", "System.Double", "0.30000000000000004"),
    ("@(Math.Round(2.5))", "System.Double", "2"),
    ("@(1_000 + 0b101 + 0xF)", "System.Int32", "1020"),
    (r#"@("\x1a2")"#, "System.String", "Ƣ"),
    ("@((DateTime?)null == null)", "System.Boolean", "true"),
    ("@((int?)null + null)", "null", "null"),
    ("@(new Func<int, int>(x => x * 2)(4))", "System.Int32", "8"),
    ("@(5 is string)", "System.Boolean", "false"),
    (r#"@(int.TryParse("12", out var n) ? n : -1)"#, "System.Int32", "12"),
    (
        "@{ Func<int, int> f = x => x + 1; return new[] { 1, 2 }.Select(x => f(x)); }",
        "System.Collections.Generic.IEnumerable<System.Int32>",
        "[2,3]",
    ),
    (
        "@{ Func<int, int> outer = x => { Func<int, int> f = null; f = n => n <= 0 ? 0 : 1 + f(n - 1); return f(x); }; return outer(3); }",
        "System.Int32",
        "3",
    ),
];
