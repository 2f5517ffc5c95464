//! Hostile and broken expressions: no panic, no endless run, no exhausted stack or memory.
#![allow(clippy::unwrap_used)] // A test fails by panicking, in its helpers too.

use std::time::Duration;

use sekisho_diagnostics::{MappedText, SourceMap};
use sekisho_expression::image::JsonContext;
use sekisho_expression::{Exception, Limits, compile};

/// `SEKISHO_CASES` asks for another number of random cases.
fn cases() -> u64 {
    std::env::var("SEKISHO_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1500)
}

/// Small limits, so that a case that loops ends soon.
const LIMITS: Limits = Limits { steps: 20_000, allocated_bytes: 4 << 20, output_bytes: 1 << 20, ..PATIENT };

/// The usual limits without the clock: a busy machine changes no result.
const PATIENT: Limits = Limits { time: Duration::from_secs(600), ..Limits::DEFAULT };

fn run(text: &str, limits: &Limits) -> Option<Result<serde_json::Value, Exception>> {
    let file = SourceMap::new().add("policy.xml", text);
    let program = match compile(&MappedText::verbatim(text, file, 0)) {
        Ok(program) => program,
        Err(found) => {
            assert!(!found.is_empty(), "refused without a word: {text}");
            return None;
        }
    };
    let mut context = JsonContext::from_json(&serde_json::json!({
        "request": {"method": "GET", "url": "https://a/b?c=d", "headers": {"h": ["v"]}, "body": "{\"a\":[1,{\"b\":null}]}"},
        "variables": {"x": {"type": "Int32", "value": 3}, "s": {"type": "String", "value": "abc"}}
    }))
    .unwrap();
    Some(program.evaluate_rendered(&mut context, limits).map(|result| result.value))
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % below.max(1) as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.next(from.len())]
    }
}

const TOKENS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    ",",
    ";",
    ".",
    "?",
    ":",
    "?.",
    "??",
    "=>",
    "=",
    "==",
    "!=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "&",
    "|",
    "^",
    "~",
    "!",
    "<<",
    "++",
    "--",
    "+=",
    "&&",
    "||",
    "1",
    "0",
    "2147483647",
    "1.5",
    "3m",
    "0x7f",
    "'a'",
    "\"a\"",
    "$\"{1}\"",
    "$\"",
    "@\"",
    "\"",
    "'",
    "\\",
    "//",
    "/*",
    "*/",
    "x",
    "y",
    "context",
    "Variables",
    "Request",
    "Headers",
    "Body",
    "As",
    "string",
    "int",
    "int?",
    "var",
    "object",
    "bool",
    "long",
    "byte",
    "double",
    "decimal",
    "null",
    "true",
    "false",
    "new",
    "return",
    "if",
    "else",
    "for",
    "foreach",
    "in",
    "while",
    "do",
    "switch",
    "case",
    "default",
    "break",
    "continue",
    "try",
    "catch",
    "finally",
    "throw",
    "using",
    "is",
    "as",
    "when",
    "out",
    "const",
    "checked",
    "typeof",
    "nameof",
    "JObject",
    "JArray",
    "Parse",
    "List",
    "Dictionary",
    "Func",
    "Exception",
    "Math",
    "Max",
    "Convert",
    "Select",
    "Where",
    "ToString",
    "Length",
    "Regex",
    "Enumerable",
    "Range",
    "é",
    "😀",
    "\n",
    "#",
    "@",
    "$",
    "`",
    "\u{0}",
];

const REAL: &[&str] = &[
    "@(context.Request.Headers.GetValueOrDefault(\"h\", \"\").Split(',')[0].Trim())",
    "@((string)context.Request.Body.As<JObject>(preserveContent: true)[\"a\"][1][\"b\"] ?? \"none\")",
    "@(context.Variables.GetValueOrDefault<int>(\"x\") > 2 ? \"a\" + 1 : $\"{context.Request.Method,5}-{1.5:F2}\")",
    "@{ var o = JObject.Parse(\"{\\\"a\\\":1}\"); o[\"b\"] = new JArray(1, \"x\"); foreach (var p in o) { if (p.Key == \"b\") { o[\"c\"] = p.Value; break; } } return o.ToString(Formatting.None); }",
    "@{ int F(int n) => n < 2 ? 1 : n * F(n - 1); var l = new List<int> { 1, 2 }; for (int i = 0; i < l.Count; i++) { l[i] += F(i); } return l.Select(x => x * 2).Where(x => x > 1).ToArray(); }",
    "@{ try { var d = new Dictionary<string, object> { [\"a\"] = new[] { 1, 2 } }; return d[\"b\"]; } catch (Exception e) when (e.Message != null) { return e.Message; } finally { } }",
    "@{ var s = new StringBuilder(); while (s.Length < 20) { s.Append((char)('a' + s.Length)); } switch (s.ToString()) { case \"x\": return 1; default: return s.ToString().Substring(1, 3); } }",
    "@(Enumerable.Range(0, 10).GroupBy(i => i % 3).ToDictionary(g => g.Key, g => g.Sum()).OrderByDescending(p => p.Value).First().Key)",
    "@(Regex.Replace(\"a1b2\", @\"(\\d)\", m => \"<\" + m.Groups[1].Value + \">\") + Convert.ToBase64String(Encoding.UTF8.GetBytes(\"é\")))",
    "@{ byte b = 250; unchecked { b += 10; } long t = 0; for (uint i = 1; i != 0 && t < 100; i <<= 1) { t ^= i; } return t + b + (int?)null ?? -1; }",
];

#[test]
fn random_tokens_end_in_mistakes_or_values() {
    let mut numbers = Numbers(0x5eed_1234_5678_9abc);
    for _ in 0..cases() {
        let block = numbers.next(2) == 0;
        let mut text = String::from(if block { "@{" } else { "@(" });
        for _ in 0..numbers.next(40) {
            text.push_str(numbers.pick(TOKENS));
            text.push_str(numbers.pick(&["", " ", " "]));
        }
        text.push(if block { '}' } else { ')' });
        run(&text, &LIMITS);
    }
}

#[test]
fn changed_expressions_end_in_mistakes_or_values() {
    let mut numbers = Numbers(0xfeed_4321_8765_cba9);
    let mut compiled = 0;
    for _ in 0..cases() {
        let mut text: Vec<char> = numbers.pick(REAL).chars().collect();
        for _ in 0..=numbers.next(3) {
            let at = 2 + numbers.next(text.len().saturating_sub(3));
            match numbers.next(4) {
                0 => drop(text.remove(at.min(text.len() - 1))),
                1 => {
                    let token: Vec<char> = numbers.pick(TOKENS).chars().collect();
                    text.splice(at..at, token);
                }
                2 => {
                    let other = 2 + numbers.next(text.len().saturating_sub(3));
                    let last = text.len() - 1;
                    text.swap(at.min(last), other.min(last));
                }
                _ => {
                    let end = (at + numbers.next(20)).min(text.len());
                    let part: Vec<char> = text[at.min(end)..end].to_vec();
                    text.splice(at.min(end)..at.min(end), part);
                }
            }
        }
        let text: String = text.into_iter().collect();
        compiled += u64::from(run(&text, &LIMITS).is_some());
    }
    // Many changes keep the text valid: the run itself is tested too.
    assert!(compiled > cases() / 50, "{compiled}");
}

/// A chain of values, each inside the next, made by a step that reads `a` and sets it.
fn nested(first: &str, step: &str, last: &str) -> String {
    format!("@{{ {first} for (int i = 0; i < 100000; i++) {{ {step} }} {last} }}")
}

#[test]
fn deep_values_are_dropped_without_exhausting_the_stack() {
    for (first, step) in [
        ("object a = null;", "a = new object[] { a };"),
        ("object a = null;", "a = new List<object> { a };"),
        ("object a = null;", "a = new Dictionary<string, object> { { \"a\", a } };"),
        ("object a = null;", "a = new { a };"),
        ("object a = null;", "a = Tuple.Create(a);"),
        ("object a = null;", "a = new KeyValuePair<string, object>(\"a\", a);"),
        ("object a = null;", "var q = new Queue<object>(); q.Enqueue(a); a = q;"),
        ("object a = null;", "var q = new Stack<object>(); q.Push(a); a = q;"),
        ("object a = null;", "a = new HashSet<object> { a };"),
        ("IEnumerable<int> a = new[] { 1 };", "a = a.Where(x => true);"),
        ("Func<int> a = () => 1;", "var b = a; a = () => b();"),
        ("Exception a = null;", "a = new Exception(\"a\", a);"),
        ("JToken a = 1;", "a = new JArray(a);"),
        ("JToken a = 1;", "a = new JObject { [\"a\"] = a };"),
    ] {
        let text = nested(first, step, "return 1;");
        assert_eq!(run(&text, &PATIENT).unwrap().unwrap(), "1", "{text}");
    }
}

#[test]
fn deep_values_end_in_an_exceeded_limit_when_they_are_read() {
    for (first, step, last) in [
        ("object a = null;", "a = new object[] { a };", "return a;"),
        ("object a = null;", "a = new object[] { a };", "return JsonConvert.SerializeObject(a);"),
        ("object a = null;", "a = new object[] { a };", "return JToken.FromObject(a);"),
        ("object a = null;", "a = new { a };", "return a.ToString();"),
        ("object a = null;", "a = Tuple.Create(a);", "return a.ToString();"),
        ("object a = null;", "a = new KeyValuePair<string, object>(\"a\", a);", "return a.ToString();"),
        ("JToken a = 1;", "a = new JArray(a);", "return a;"),
        ("JToken a = 1;", "a = new JArray(a);", "return a.ToString();"),
        ("JToken a = 1;", "a = new JArray(a);", "return a.DeepClone();"),
        ("IEnumerable<int> a = new[] { 1 };", "a = a.Where(x => true);", "return a.Count();"),
        ("Func<int> a = () => 1;", "var b = a; a = () => b();", "return a();"),
    ] {
        let text = nested(first, step, last);
        let thrown = run(&text, &PATIENT).unwrap().unwrap_err();
        assert!(!thrown.is_catchable(), "{text}: {thrown:?}");
    }
}

#[test]
fn deep_values_are_compared_without_exhausting_the_stack() {
    for last in [
        "object b = Tuple.Create(a); return a.Equals(b);",
        "return a.GetHashCode() == 0;",
        "return new HashSet<object> { a }.Count;",
    ] {
        assert!(run(&nested("object a = null;", "a = Tuple.Create(a);", last), &PATIENT).unwrap().is_ok());
    }
}

#[test]
fn values_that_share_their_parts_cost_what_they_unfold_to() {
    for (first, step, last) in [
        ("object a = 1;", "a = Tuple.Create(a, a);", "return a.ToString();"),
        ("object a = 1;", "a = new object[] { a, a };", "return a;"),
        ("object a = 1;", "a = new object[] { a, a };", "return JsonConvert.SerializeObject(a);"),
        ("JToken a = 1;", "a = new JArray(a, a);", "return 1;"),
        ("JToken a = 1;", "a = new JObject { [\"a\"] = a, [\"b\"] = a };", "return 1;"),
    ] {
        let text = format!("@{{ {first} for (int i = 0; i < 60; i++) {{ {step} }} {last} }}");
        let thrown = run(&text, &LIMITS).unwrap().unwrap_err();
        assert!(!thrown.is_catchable(), "{text}: {thrown:?}");
    }
    let text = "@{ object a = 1; for (int i = 0; i < 60; i++) { a = Tuple.Create(a, a); } return a.GetHashCode() == 0; }";
    assert!(run(text, &LIMITS).unwrap().is_ok());
}

#[test]
fn memory_is_refused_before_it_is_taken() {
    for text in [
        "@(new string('a', int.MaxValue))",
        "@(new int[int.MaxValue].Length)",
        "@(\"a\".PadLeft(int.MaxValue))",
        "@(Enumerable.Repeat(\"a\", int.MaxValue).ToList())",
        "@{ var s = \"aaaaaaaa\"; while (true) { s = s + s; } }",
        "@{ var s = \"aaaaaaaa\"; while (true) { s = $\"{s}{s}\"; } }",
        "@{ var s = new StringBuilder(\"aaaaaaaa\"); while (true) { s.Append(s.ToString()); } }",
        "@{ var l = new List<int> { 1 }; while (true) { l.AddRange(l.ToArray()); } }",
    ] {
        let thrown = run(text, &LIMITS).unwrap().unwrap_err();
        assert!(!thrown.is_catchable(), "{text}: {thrown:?}");
    }
}
