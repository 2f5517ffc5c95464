//! The language itself: each feature with the value that C# gives.

use crate::image::JsonContext;
use crate::testing::{assert_evaluates, assert_evaluates_in, assert_throws, compiled, evaluate};
use crate::value::Value;
use crate::{Limits, Needs};

/// `(expression, type, value)`.
const VALUES: &[(&str, &str, &str)] = &[
    ("@(1 + 2 * 3)", "System.Int32", "7"),
    ("@(7 / 2)", "System.Int32", "3"),
    ("@(-7 % 3)", "System.Int32", "-1"),
    ("@(1L + 2)", "System.Int64", "3"),
    ("@(1u + 2u)", "System.UInt32", "3"),
    ("@(1u + -2)", "System.Int64", "-1"),
    ("@('a' + 1)", "System.Int32", "98"),
    ("@((char)('a' + 1))", "System.Char", "b"),
    ("@(1 << 33)", "System.Int32", "2"),
    ("@(-8 >> 1)", "System.Int32", "-4"),
    ("@(~5 & 0xFF ^ 1 | 2)", "System.Int32", "251"),
    ("@(unchecked((byte)300))", "System.Byte", "44"),
    ("@((int)3.99)", "System.Int32", "3"),
    ("@(unchecked(2147483647 + 1))", "System.Int32", "-2147483648"),
    ("@(\"a\" + 1 + 2)", "System.String", "a12"),
    ("@(1 + 2 + \"a\")", "System.String", "3a"),
    ("@(\"a\" + null + true)", "System.String", "aTrue"),
    ("@(\"a\" + 'b')", "System.String", "ab"),
    ("@(\"x\" == \"x\" && 1 != 2 || false)", "System.Boolean", "true"),
    ("@(true ? 1 : 2L)", "System.Int64", "1"),
    ("@(\"a\" ?? \"b\")", "System.String", "a"),
    ("@(((string)null)?.ToString() ?? \"none\")", "System.String", "none"),
    ("@((object)5 is int)", "System.Boolean", "true"),
    ("@(((object)\"a\" as string) + \"b\")", "System.String", "ab"),
    ("@(@\"c:\\d\"\"e\")", "System.String", "c:\\d\"e"),
    ("@($\"{1 + 1}-{(true ? \"y\" : \"n\")}-{{x}}\")", "System.String", "2-y-{x}"),
    ("@($\"[{5,4}|{6,-3}]\")", "System.String", "[   5|6  ]"),
    ("@($\"{$\"{1}\"}{\"a\"}\")", "System.String", "1a"),
    ("@(\"\\u0041\\x42\\t\".ToString())", "System.String", "AB\t"),
    ("@(new[] { 1, 2, 3 }[1])", "System.Int32", "2"),
    ("@(new string[] { \"a\", \"b\" }.Length)", "System.Int32", "2"),
    ("@(new byte[] { 1, 2 })", "System.Byte[]", "AQI="),
    ("@(new { A = 1, B = \"x\" })", "AnonymousType", "{\"A\":1,\"B\":\"x\"}"),
    ("@(new { A = 1 }.A)", "System.Int32", "1"),
    ("@(nameof(context.Request))", "System.String", "Request"),
    ("@(default(int))", "System.Int32", "0"),
    ("@(null)", "null", "null"),
    ("@((1, \"a\").Item2)", "System.String", "a"),
    ("@(Guid.Empty == new Guid())", "System.Boolean", "true"),
    ("@(System.Guid.Parse(\"00010203-0405-0607-0809-0a0b0c0d0e0f\").ToByteArray()[0])", "System.Byte", "3"),
    (
        "@(Guid.Parse(\"{00010203-0405-0607-0809-0a0b0c0d0e0f}\").ToString(\"N\"))",
        "System.String",
        "000102030405060708090a0b0c0d0e0f",
    ),
    ("@{ return 1; }", "System.Int32", "1"),
    (
        "@{ var s = 0; for (var i = 0; i < 5; i++) { if (i == 3) continue; s += i; } return s; }",
        "System.Int32",
        "7",
    ),
    ("@{ int s = 0, i = 0; while (true) { if (++i > 4) break; s += i; } return s; }", "System.Int32", "10"),
    ("@{ var i = 0; do { i++; } while (i < 3); return i; }", "System.Int32", "3"),
    (
        "@{ var s = \"\"; foreach (var c in new[] { \"a\", \"b\" }) { s += c; } return s; }",
        "System.String",
        "ab",
    ),
    (
        "@{ foreach (int n in new object[] { 1, 2 }) { if (n == 2) return n; } return 0; }",
        "System.Int32",
        "2",
    ),
    ("@{ var a = new int[3]; a[1] = 5; a[1] += 2; a[2]++; return a; }", "System.Int32[]", "[0,7,1]"),
    ("@{ var i = 5; var j = i++ + ++i; return j * 100 + i; }", "System.Int32", "1207"),
    (
        "@{ const int k = 4; switch (k + 1) { case 4: return \"four\"; case 5: case 6: return \"more\"; default: return \"?\"; } }",
        "System.String",
        "more",
    ),
    (
        "@{ object o = 7; switch (o) { case string s: return s; case int n when n > 5: return n + 1; default: return 0; } }",
        "System.Int32",
        "8",
    ),
    (
        "@{ object o = \"t\"; if (o is string s && s == \"t\") { return s + \"!\"; } return null; }",
        "System.String",
        "t!",
    ),
    ("@{ int n; Guid g; return Guid.TryParse(\"x\", out g) ? 1 : 2; }", "System.Int32", "2"),
    (
        "@{ return Guid.TryParse(\"x\", out var g) ? g : Guid.Empty; }",
        "System.Guid",
        "00000000-0000-0000-0000-000000000000",
    ),
    (
        "@{ try { throw new ArgumentException(\"bad\"); } catch (FormatException) { return \"f\"; } catch (ArgumentException e) { return e.Message; } }",
        "System.String",
        "bad",
    ),
    ("@{ try { return new int[0][0]; } catch { return -1; } }", "System.Int32", "-1"),
    ("@{ var s = \"\"; try { s += \"a\"; } finally { s += \"b\"; } return s; }", "System.String", "ab"),
    (
        "@{ try { try { throw new Exception(\"x\"); } catch (Exception) { throw; } } catch (Exception e) when (e.Message == \"x\") { return 1; } }",
        "System.Int32",
        "1",
    ),
    ("@{ int Twice(int n) => n * 2; return Twice(4); }", "System.Int32", "8"),
    (
        "@{ return Factorial(5); int Factorial(int n) { if (n < 2) return 1; return n * Factorial(n - 1); } }",
        "System.Int32",
        "120",
    ),
    ("@{ var n = 1; Func<int, int> add = x => x + n; n = 10; return add(1); }", "System.Int32", "11"),
    ("@{ var n = 0; Action bump = () => { n++; }; bump(); bump(); return n; }", "System.Int32", "2"),
    ("@{ Func<int, Func<int, int>> add = a => b => a + b; return add(2)(3); }", "System.Int32", "5"),
    ("@{ byte b = 200; b += 100; return b; }", "System.Byte", "44"),
    ("@{ int? n = null; return n + 1; }", "null", "null"),
    ("@{ int? n = 4; return n.HasValue && n > 3 ? n.Value : 0; }", "System.Int32", "4"),
    ("@{ /* 'a' ( */ return 1; // } \n }", "System.Int32", "1"),
];

#[test]
fn expressions_give_what_csharp_gives() {
    for (expression, type_name, value) in VALUES {
        assert_evaluates(expression, type_name, value);
    }
}

#[test]
fn null_conditional_binds_tighter_than_operators() {
    assert_evaluates("@(\"a\" + ((string)null)?.ToString())", "System.String", "a");
    assert_evaluates("@(((object)null)?.ToString().ToString() == null)", "System.Boolean", "true");
}

#[test]
fn exceptions_have_their_dotnet_names() {
    for (expression, name) in [
        ("@{ var z = 0; return 1 / z; }", "System.DivideByZeroException"),
        ("@(((string)(object)1))", "System.InvalidCastException"),
        ("@(((string)null).ToString())", "System.NullReferenceException"),
        ("@(new int[1][1])", "System.IndexOutOfRangeException"),
        ("@{ var m = 2147483647; return checked(m + 1); }", "System.OverflowException"),
        ("@(Guid.Parse(\"x\"))", "System.FormatException"),
        ("@(Guid.Parse(null))", "System.ArgumentNullException"),
    ] {
        assert_throws(expression, name);
    }
}

#[test]
fn an_endless_loop_and_endless_recursion_end() {
    assert_throws("@{ while (true) { try { var x = 1; } catch { } } }", "System.TimeoutException");
    assert_throws(
        "@{ int F(int n) => F(n + 1); return F(0); }",
        "System.InsufficientExecutionStackException",
    );
    assert_throws("@{ var s = \"x\"; while (true) { s += s; } }", "System.OutOfMemoryException");
}

#[test]
fn an_exceeded_limit_cannot_be_caught() {
    assert_throws("@{ try { while (true) { } } catch { return 1; } }", "System.TimeoutException");
}

fn image() -> JsonContext {
    let image = serde_json::json!({
        "request": {
            "method": "POST", "url": "https://api.example.com/v1/chat?x=1&x=2&y=a%20b",
            "originalUrl": "https://gw.example.com:8443/openai/v1/chat",
            "headers": {"X-One": ["a"], "X-Two": ["b", "c"]}, "body": "hello",
            "ipAddress": "10.0.0.1", "matchedParameters": {"id": "7"}
        },
        "subscription": {"id": "team-a", "name": "Team A", "key": "k"},
        "api": {"id": "chat", "name": "Chat", "protocols": ["https"], "revision": "1"},
        "variables": {
            "name": {"type": "String", "value": "ada"}, "count": {"type": "Int32", "value": 3},
            "reply": {"type": "IResponse", "value": {"statusCode": 429, "headers": {"Retry-After": ["5"]}, "body": "no"}}
        }
    });
    JsonContext::from_json(&image).unwrap()
}

#[test]
fn the_context_is_seen() {
    for (expression, type_name, value) in [
        ("@(context.Variables.GetValueOrDefault(\"name\",\"\"))", "System.String", "ada"),
        ("@(context.Variables.GetValueOrDefault<int>(\"count\") + 1)", "System.Int32", "4"),
        ("@(context.Variables.GetValueOrDefault<int>(\"missing\", 9))", "System.Int32", "9"),
        ("@((string)context.Variables[\"name\"] + context.Variables[\"count\"])", "System.String", "ada3"),
        ("@(context.Variables.ContainsKey(\"missing\"))", "System.Boolean", "false"),
        ("@(context.Request.Headers.GetValueOrDefault(\"x-two\", \"\"))", "System.String", "b,c"),
        ("@(context.Request.Headers.GetValueOrDefault(\"none\", \"d\"))", "System.String", "d"),
        ("@(context.Request.Headers[\"X-One\"][0])", "System.String", "a"),
        ("@(context.Request.Url.Query.GetValueOrDefault(\"y\"))", "System.String", "a b"),
        (
            "@(context.Request.Url.Path + context.Request.Url.QueryString)",
            "System.String",
            "/v1/chat?x=1&x=2&y=a%20b",
        ),
        (
            "@(context.Request.OriginalUrl.ToString())",
            "System.String",
            "https://gw.example.com:8443/openai/v1/chat",
        ),
        ("@(context.Request.Url)", "IUrl", "https://api.example.com/v1/chat?x=1&x=2&y=a%20b"),
        ("@(context.Request.MatchedParameters[\"id\"])", "System.String", "7"),
        ("@(context.Request.Body.As<string>(preserveContent: true))", "System.String", "hello"),
        ("@(context.Response == null)", "System.Boolean", "true"),
        ("@(context.Response != null && context.Response.StatusCode == 429)", "System.Boolean", "false"),
        ("@(context.Subscription?.Id ?? \"none\")", "System.String", "team-a"),
        ("@(context.Product?.Name ?? \"none\")", "System.String", "none"),
        ("@(((IResponse)context.Variables[\"reply\"]).StatusCode)", "System.Int32", "429"),
        (
            "@(((IResponse)context.Variables[\"reply\"]).Headers.GetValueOrDefault(\"retry-after\"))",
            "System.String",
            "5",
        ),
        (
            "@(context.Variables.GetValueOrDefault<IResponse>(\"reply\").Body.As<string>())",
            "System.String",
            "no",
        ),
        ("@($\"{context.Api.Id}:{context.Request.Method}\")", "System.String", "chat:POST"),
    ] {
        assert_evaluates_in(expression, &mut image(), type_name, value);
    }
}

#[test]
fn a_body_is_consumed_unless_preserved() {
    let mut context = image();
    let program = compiled("@(context.Request.Body.As<string>())");
    let first = program.evaluate(&mut context, &Limits::default()).unwrap();
    assert_eq!(first.as_text().map(|text| text.as_str()), Some("hello"));
    assert!(program.evaluate(&mut context, &Limits::default()).unwrap().is_null());
}

#[test]
fn needs_say_which_bodies_are_read() {
    let needs = |expression: &str| compiled(expression).needs();
    assert_eq!(needs("@(context.Request.Method)"), Needs::default());
    assert!(needs("@(context.Request.Body.As<string>(true))").request_body);
    assert!(needs("@(context.Request.Foundry.Deployment)").request_body);
    assert!(needs("@(context.Response?.Body?.As<string>())").response_body);
    let none = Needs::default();
    assert_eq!(needs("@(context.Response != null && context.Response.StatusCode == 429)"), none);
    assert_eq!(needs("@(context.Response?.StatusCode == 429)"), none);
    assert_eq!(needs("@(((IResponse)context.Variables[\"token\"]).Body.As<string>())"), none);
    assert_eq!(needs("@(context.Response)"), Needs { response_body: true, ..none });
    assert_eq!(
        needs("@{ object kept = context.Request; return kept; }"),
        Needs { request_body: true, ..none }
    );
}

#[test]
fn it_is_known_whether_the_response_is_looked_at() {
    let reads = |expression: &str| compiled(expression).reads_response();
    assert!(reads("@(context.Response.StatusCode == 200)"));
    assert!(reads("@(context.Response?.Headers.ContainsKey(\"ETag\") == true)"));
    assert!(reads("@{ var call = context; return call.Response; }"));
    assert!(!reads("@(context.Request.Method == \"GET\")"));
    assert!(!reads("@(((IResponse)context.Variables[\"token\"]).StatusCode == 200)"));
}

#[test]
fn constants_are_known_before_the_call() {
    assert!(matches!(compiled("@(1 + 2 > 2)").as_constant(), Some(Value::Boolean(true))));
    assert!(compiled("@(Guid.NewGuid())").as_constant().is_none());
    assert!(matches!(
        compiled("@(Guid.Parse(\"00000000-0000-0000-0000-000000000000\"))").as_constant(),
        Some(Value::Guid(_))
    ));
}

#[test]
fn variables_of_a_loop_are_captured_one_by_one() {
    let value = evaluate(
        "@{ var fs = new Func<int>[3]; var i = 0; foreach (var n in new[] { 1, 2, 3 }) { fs[i++] = () => n; } return fs[0]() * 100 + fs[1]() * 10 + fs[2](); }",
    );
    assert!(matches!(value, Ok(Value::Int32(123))), "{value:?}");
}

#[test]
fn a_value_is_three_words() {
    assert_eq!(size_of::<Value>(), 24);
}
