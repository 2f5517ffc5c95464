//! Expressions in the shapes that policy documents use, over an image of a call.
#![allow(clippy::unwrap_used)] // A test fails by panicking, in its helpers too.

use sekisho_diagnostics::{MappedText, SourceMap};
use sekisho_expression::image::JsonContext;
use sekisho_expression::{Limits, compile};

fn image() -> JsonContext {
    JsonContext::from_json(&serde_json::json!({
        "request": {
            "method": "POST",
            "url": "https://backend.example.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            "headers": {"Authorization": ["Basic YWRhOnNlY3JldA=="], "api-key": ["k1"], "X-Forwarded-For": ["1.2.3.4", "5.6.7.8"]},
            "body": "{\"model\":\"gpt-4o\",\"stream\":true,\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"user\":null}",
            "ipAddress": "10.1.2.3",
            "matchedParameters": {"deployment-id": "gpt-4o"}
        },
        "response": {"statusCode": 429, "statusReason": "Too Many Requests", "headers": {"Retry-After": ["7"]}, "body": "{\"error\":{\"code\":\"429\"}}"},
        "subscription": {"id": "team-a", "name": "Team A", "key": "k1"},
        "product": {"id": "gold", "name": "Gold", "state": "Published"},
        "requestId": "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "timestamp": "2026-01-02T03:04:05Z",
        "lastError": {"source": "validate-jwt", "reason": "TokenExpired", "message": "expired"},
        "variables": {
            "backends": {"type": "JArray", "value": [
                {"url": "https://a", "priority": 1, "isThrottling": true, "retryAfter": "2026-01-01T00:00:00Z"},
                {"url": "https://b", "priority": 2, "isThrottling": false, "retryAfter": "2026-01-01T00:00:00Z"},
                {"url": "https://c", "priority": 2, "isThrottling": false, "retryAfter": "2026-01-01T00:00:00Z"}
            ]},
            "settings": {"type": "JObject", "value": {"limit": 5, "name": "x", "on": true, "nested": {"a": [1, 2, 3]}}},
            "backendIndex": {"type": "Int32", "value": 1},
            "flag": {"type": "Boolean", "value": true},
            "csv": {"type": "String", "value": "a, b,,c"},
            "token": {"type": "IResponse", "value": {"statusCode": 200, "body": "{\"access_token\":\"t\"}"}}
        }
    }))
    .unwrap()
}

/// `(expression, type, value)`.
const EXPRESSIONS: &[(&str, &str, &str)] = &[
    (
        "@(context.Request.Body.As<JObject>(preserveContent: true)[\"model\"].ToString())",
        "System.String",
        "gpt-4o",
    ),
    ("@((string)context.Request.Body.As<JObject>(true)[\"model\"])", "System.String", "gpt-4o"),
    (
        "@(context.Request.Body.As<JObject>(true)[\"messages\"][0][\"content\"].Value<string>())",
        "System.String",
        "hi",
    ),
    (
        "@(context.Request.Body.As<JObject>(true)[\"missing\"]?.ToString() ?? \"none\")",
        "System.String",
        "none",
    ),
    ("@((bool)context.Request.Body.As<JObject>(true)[\"stream\"] == true)", "System.Boolean", "true"),
    ("@(context.Request.Body.As<JObject>(true).Value<int?>(\"max_tokens\") ?? 0)", "System.Int32", "50"),
    ("@(context.Request.Body.As<JObject>(true)[\"user\"].Type == JTokenType.Null)", "System.Boolean", "true"),
    (
        "@(context.Request.Headers.GetValueOrDefault(\"Authorization\",\"\").AsBasic().UserId)",
        "System.String",
        "ada",
    ),
    (
        "@(context.Request.Headers.GetValueOrDefault(\"X-Forwarded-For\",\"\").Split(',')[0].Trim())",
        "System.String",
        "1.2.3.4",
    ),
    (
        "@(context.Request.MatchedParameters.GetValueOrDefault(\"deployment-id\", \"\"))",
        "System.String",
        "gpt-4o",
    ),
    ("@(context.Request.Url.Query.GetValueOrDefault(\"api-version\"))", "System.String", "2024-10-21"),
    (
        "@(context.Response != null && (context.Response.StatusCode == 429 || context.Response.StatusCode >= 500))",
        "System.Boolean",
        "true",
    ),
    (
        "@(Convert.ToInt32(context.Response.Headers.GetValueOrDefault(\"Retry-After\", \"10\")))",
        "System.Int32",
        "7",
    ),
    (
        "@(int.Parse(context.Response.Headers.GetValueOrDefault(\"Retry-After\", \"10\")) * 2)",
        "System.Int32",
        "14",
    ),
    ("@(((JArray)context.Variables[\"backends\"]).Count)", "System.Int32", "3"),
    (
        "@(((JArray)context.Variables[\"backends\"])[(int)context.Variables[\"backendIndex\"]][\"url\"].ToString())",
        "System.String",
        "https://b",
    ),
    (
        "@(context.Variables.GetValueOrDefault<JObject>(\"settings\")[\"nested\"][\"a\"].Select(t => (int)t).Sum())",
        "System.Int32",
        "6",
    ),
    ("@((int)((JObject)context.Variables[\"settings\"])[\"limit\"] + 1)", "System.Int32", "6"),
    (
        "@((string)((JObject)context.Variables[\"settings\"]).SelectToken(\"nested.a[1]\"))",
        "System.String",
        "2",
    ),
    (
        "@(string.Join(\";\", context.Variables.GetValueOrDefault<string>(\"csv\",\"\").Split(',').Select(s => s.Trim()).Where(s => !string.IsNullOrEmpty(s))))",
        "System.String",
        "a;b;c",
    ),
    (
        "@(context.Variables.GetValueOrDefault<string>(\"csv\").Split(new [] { ',', ' ' }, StringSplitOptions.RemoveEmptyEntries).Length)",
        "System.Int32",
        "3",
    ),
    ("@(!context.Variables.GetValueOrDefault<bool>(\"flag\", false) ? 1 : 2)", "System.Int32", "2"),
    (
        "@(((IResponse)context.Variables[\"token\"]).Body.As<JObject>()[\"access_token\"].ToString())",
        "System.String",
        "t",
    ),
    (
        "@($\"Bearer {((IResponse)context.Variables[\"token\"]).Body.As<JObject>(true)[\"access_token\"]}\")",
        "System.String",
        "Bearer t",
    ),
    ("@(context.Subscription?.Id + \"-\" + context.Product?.Name)", "System.String", "team-a-Gold"),
    (
        "@(context.Timestamp.AddSeconds(10).ToString(\"yyyy-MM-ddTHH:mm:ssZ\"))",
        "System.String",
        "2026-01-02T03:04:15Z",
    ),
    (
        "@(context.LastError.Source + \":\" + context.LastError.Reason)",
        "System.String",
        "validate-jwt:TokenExpired",
    ),
    ("@(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(\"a:b\")))", "System.String", "YTpi"),
    ("@(string.Format(\"{0}/{1:D3}\", \"x\", 7))", "System.String", "x/007"),
    ("@(new Random(context.RequestId.GetHashCode()).Next(0, 1))", "System.Int32", "0"),
    ("@(Math.Max(1, 2.5))", "System.Double", "2.5"),
    (
        "@(new JObject(new JProperty(\"a\", 1), new JProperty(\"b\", new JArray(\"x\", \"y\"))).ToString(Newtonsoft.Json.Formatting.None))",
        "System.String",
        "{\"a\":1,\"b\":[\"x\",\"y\"]}",
    ),
    (
        "@(JsonConvert.SerializeObject(new { a = 1, b = new [] { \"x\" } }))",
        "System.String",
        "{\"a\":1,\"b\":[\"x\"]}",
    ),
    ("@(new Dictionary<string, int> { { \"a\", 1 }, { \"b\", 2 } }[\"b\"])", "System.Int32", "2"),
    ("@(new Dictionary<string, string> { [\"a\"] = \"x\" }.ContainsKey(\"a\"))", "System.Boolean", "true"),
    (
        "@{ JArray backends = (JArray)context.Variables[\"backends\"]; var available = new List<int>(); for (int i = 0; i < backends.Count; i++) { if (!backends[i].Value<bool>(\"isThrottling\")) { available.Add(i); } } return available; }",
        "System.Collections.Generic.List<System.Int32>",
        "[1,2]",
    ),
    (
        "@{ var body = context.Request.Body.As<JObject>(preserveContent: true); body[\"stream_options\"] = new JObject { [\"include_usage\"] = true }; body.Remove(\"messages\"); return body.ToString(Formatting.None); }",
        "System.String",
        "{\"model\":\"gpt-4o\",\"stream\":true,\"max_tokens\":50,\"user\":null,\"stream_options\":{\"include_usage\":true}}",
    ),
    (
        "@{ var backends = context.Variables.GetValueOrDefault<JArray>(\"backends\"); foreach (JObject b in backends) { if ((bool)b[\"isThrottling\"] && DateTime.Parse(b[\"retryAfter\"].ToString()) < DateTime.MaxValue) { b[\"isThrottling\"] = false; } } return backends.Count(b => !(bool)b[\"isThrottling\"]); }",
        "System.Int32",
        "3",
    ),
    (
        "@{ var names = new List<string>(); foreach (var p in (JObject)context.Variables[\"settings\"]) { names.Add(p.Key); } return string.Join(\",\", names); }",
        "System.String",
        "limit,name,on,nested",
    ),
    (
        "@{ string[] parts = context.Variables.GetValueOrDefault<string>(\"csv\").Split(','); int n; return int.TryParse(parts[0], out n) ? n : parts.Length; }",
        "System.Int32",
        "4",
    ),
    (
        "@{ try { var x = JObject.Parse(\"{bad\"); return x; } catch (Exception ex) { return ex.Message.Length > 0; } }",
        "System.Boolean",
        "true",
    ),
    (
        "@{ using (var sha = System.Security.Cryptography.SHA256.Create()) { return BitConverter.ToString(sha.ComputeHash(Encoding.UTF8.GetBytes(\"a\"))).Replace(\"-\", \"\").Substring(0, 8).ToLowerInvariant(); } }",
        "System.String",
        "ca978112",
    ),
    (
        "@{ var list = new List<string> { \"b\", \"a\" }; return list.OrderBy(x => x).First(); }",
        "System.String",
        "a",
    ),
    (
        "@{ var counts = new Dictionary<string, int>(); foreach (var c in \"aab\".ToCharArray()) { var k = c.ToString(); counts[k] = (counts.ContainsKey(k) ? counts[k] : 0) + 1; } return counts; }",
        "System.Collections.Generic.Dictionary<System.String,System.Int32>",
        "{\"a\":2,\"b\":1}",
    ),
];

#[test]
fn expressions_of_policy_documents_give_their_values() {
    let mut failures = Vec::new();
    for (text, type_name, value) in EXPRESSIONS {
        let mut sources = SourceMap::new();
        let file = sources.add("policy.xml", *text);
        let program = match compile(&MappedText::verbatim(*text, file, 0)) {
            Ok(program) => program,
            Err(found) => {
                let said: Vec<String> = found
                    .iter()
                    .map(|d| format!("{} at `{}`: {} {:?}", d.code, sources.slice(d.span), d.message, d.help))
                    .collect();
                failures.push(format!("{text}\n    {}", said.join("\n    ")));
                continue;
            }
        };
        match program.evaluate_rendered(&mut image(), &Limits::default()) {
            Ok(result) => {
                let shown = result.value.as_str().map_or_else(|| result.value.to_string(), str::to_owned);
                if (result.type_name.as_deref(), shown.as_str()) != (Some(*type_name), *value) {
                    failures.push(format!("{text}\n    gave {:?} {shown}", result.type_name));
                }
            }
            Err(thrown) => failures.push(format!("{text}\n    threw {thrown:?}")),
        }
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
