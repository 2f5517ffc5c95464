//! Twelve expressions that policies use most, each evaluated over the same call.
//!
//! `cargo bench -p sekisho-expression` prints nanoseconds for each. With `count NAME TURNS` it only evaluates one, inside
//! [`measured`]: `benches/run` counts the instructions of that function and compares them with `baseline.txt`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // A tool for developers; it may end with a panic.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sekisho_diagnostics::{MappedText, SourceMap};
use sekisho_expression::image::JsonContext;
use sekisho_expression::{Limits, Program, compile};

/// Name and expression. The forms and their frequency are those of published policies.
const EXPRESSIONS: [(&str, &str); 12] = [
    ("variable-int", r#"@(context.Variables.GetValueOrDefault<int>("remaining") == 0)"#),
    (
        "status-retry",
        "@(context.Response != null && (context.Response.StatusCode == 429 || context.Response.StatusCode >= 500))",
    ),
    ("header-default", r#"@(context.Request.Headers.GetValueOrDefault("api-key", ""))"#),
    (
        "url-concat",
        r#"@("https://" + context.Request.Url.Host + context.Request.Url.Path + context.Request.Url.QueryString)"#,
    ),
    ("variable-cast", r#"@((string)context.Variables["backend"] == "ptu")"#),
    ("random-spread", "@(new Random(context.RequestId.GetHashCode()).Next(1, 101))"),
    ("subscription-or", r#"@(context.Subscription?.Id ?? "anonymous")"#),
    ("interpolated", r#"@($"{context.Api.Name}-{context.Operation.Id}-{context.Response.StatusCode}")"#),
    ("json-member", r#"@((string)((JObject)context.Variables["settings"])["model"]["name"])"#),
    ("json-body", r#"@((string)context.Request.Body.As<JObject>(preserveContent: true)["model"])"#),
    (
        "split-trim",
        r#"@(context.Request.Headers.GetValueOrDefault("Authorization", "").Split(' ')[1].Trim())"#,
    ),
    ("date-format", r#"@(DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ"))"#),
];

fn call() -> JsonContext {
    JsonContext::from_json(&serde_json::json!({
        "request": {
            "method": "POST",
            "url": "https://contoso.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            "originalUrl": "https://gateway.example.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            "headers": {
                "Host": ["gateway.example.com"], "Accept": ["application/json"], "Content-Type": ["application/json"],
                "User-Agent": ["AzureOpenAI/Python 2.3.0"], "api-key": ["0123456789abcdef0123456789abcdef"],
                "Authorization": ["Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."], "X-Request-Id": ["42"],
            },
            "body": concat!(
                r#"{"model":"gpt-4o","temperature":0.2,"max_tokens":256,"stream":true,"messages":["#,
                r#"{"role":"system","content":"You are a helpful assistant."},"#,
                r#"{"role":"user","content":"Which mountain is the highest one of Japan?"}]}"#,
            ),
            "ipAddress": "10.1.2.3",
        },
        "response": {"statusCode": 200, "statusReason": "OK", "headers": {"Content-Type": ["application/json"]}},
        "api": {"id": "openai", "name": "Azure OpenAI", "path": "openai", "revision": "1"},
        "operation": {"id": "chat-completions", "method": "POST", "name": "Chat", "urlTemplate": "/chat"},
        "subscription": {"id": "team-a", "name": "Team A", "key": "k"},
        "requestId": "00010203-0405-0607-0809-0a0b0c0d0e0f",
        "variables": {
            "first": {"type": "String", "value": "x"},
            "backend": {"type": "String", "value": "ptu"},
            "remaining": {"type": "Int32", "value": 3},
            "settings": {"type": "JObject", "value": {"region": "westeurope", "model": {"version": 1, "name": "gpt-4o"}}},
        },
    }))
    .unwrap()
}

fn compiled(text: &str) -> Program {
    let file = SourceMap::new().add("policy.xml", text);
    compile(&MappedText::verbatim(text, file, 0)).expect(text)
}

/// What is counted: the evaluation as the gateway does it, and the end of its result.
#[inline(never)]
fn measured(program: &Program, context: &mut JsonContext, limits: &Limits, turns: u32) {
    for _ in 0..turns {
        black_box(program.evaluate(black_box(context), limits)).expect("the expression has a value");
    }
}

/// Nanoseconds of one evaluation: the best of many short rounds, which other work on the machine disturbs least.
fn time(program: &Program) -> f64 {
    let (mut context, limits) = (call(), Limits::default());
    let turns = 1000;
    let mut best = Duration::MAX;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(300) {
        let round = Instant::now();
        measured(program, &mut context, &limits, turns);
        best = best.min(round.elapsed());
    }
    best.as_secs_f64() * 1e9 / f64::from(turns)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, name, turns] = arguments.as_slice()
        && mode == "count"
    {
        let (_, text) = EXPRESSIONS.iter().find(|(found, _)| found == name).expect("a name of the list");
        let (program, mut context, limits) = (compiled(text), call(), Limits::default());
        // Tables that are made once are not counted.
        let _ = black_box(program.evaluate(&mut context, &limits));
        measured(&program, &mut context, &limits, turns.parse().expect("a number of turns"));
        return;
    }
    for (name, text) in EXPRESSIONS {
        println!("{name} {:.0}", time(&compiled(text)));
    }
}
