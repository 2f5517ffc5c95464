//! Mistakes: code, place and remedy.

use crate::compile_plain;

/// `(expression, code, text at the place, part of the message or help)`.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    ("@(contxt.Request)", "unknown-name", "contxt", "did you mean `context`?"),
    ("@(context.Reqest.Method)", "unknown-member", "Reqest", "did you mean `Request`?"),
    ("@(context.Request.Method.Foo())", "unknown-member", "Foo", "no member `Foo`"),
    ("@(Guid.NewGud())", "unknown-member", "NewGud", "did you mean `NewGuid`?"),
    ("@(System.IO.File.ReadAllText(\"x\"))", "unknown-type", "System.IO.File", "cannot be used"),
    ("@(new Gid())", "unknown-type", "Gid", "did you mean `Guid`?"),
    ("@(Guid.Parse(5))", "no-conversion", "5", "`int` does not convert to `string`"),
    ("@(Guid.Parse(\"a\", \"b\"))", "wrong-arguments", "Guid.Parse(\"a\", \"b\")", "takes (string, string)"),
    ("@{ int n = \"a\"; return n; }", "no-conversion", "\"a\"", "`string` does not convert to `int`"),
    ("@{ int n = 1L; return n; }", "no-conversion", "1L", "a cast would"),
    ("@{ if (1 > 0) { return 1; } }", "missing-return", "if (1 > 0) { return 1; }", "not all paths"),
    ("@(true + 1)", "no-operator", "true + 1", "`+` does not apply to `bool` and `int`"),
    ("@(1 / 0)", "division-by-zero", "1 / 0", "zero"),
    ("@{ context.Request.Method = \"GET\"; return 1; }", "not-assignable", "Method", "read-only"),
    ("@{ var a = 1; var a = 2; return a; }", "duplicate-name", "a", "already declared"),
    ("@(5?.ToString())", "no-conversion", "5?.ToString()", "never null"),
    ("@(typeof(int))", "unsupported", "typeof(int)", "reflection"),
    ("@(1 +)", "expression-syntax", "", "a value is expected"),
    ("@(1;)", "expression-syntax", ";", "not allowed"),
    ("@{ return 1 }", "expression-syntax", "1", "`;` is missing"),
    ("@(\"a)", "expression-syntax", "a", "never closed"),
    ("@('ab')", "expression-syntax", "'ab'", "double quotes"),
    ("1 + 1", "expression-syntax", "1 + 1", "is written"),
];

#[test]
fn mistakes_have_code_place_and_remedy() {
    for (expression, code, at, words) in MISTAKES {
        let mistakes = compile_plain(expression).expect_err(expression);
        let first = &mistakes[0];
        assert_eq!(first.code, *code, "{expression}: {first:?}");
        assert_eq!(&expression[first.place.range()], *at, "{expression}: {first:?}");
        let said = format!("{} {}", first.message, first.help.as_deref().unwrap_or(""));
        assert!(said.contains(words), "{expression}: {said}");
    }
}
