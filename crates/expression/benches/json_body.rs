//! A body of 100 KB read as JObject and one member set, beside serde_json parsing the same text to its `Value`; and the
//! usual reads of a tree.
//!
//! `cargo bench -p sekisho-expression --bench json_body` prints microseconds and the quotient, then nanoseconds of reads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // A tool for developers; it may end with a panic.

use std::hint::black_box;
use std::time::{Duration, Instant};

use sekisho_diagnostics::{MappedText, SourceMap};
use sekisho_expression::image::JsonContext;
use sekisho_expression::{Limits, Program, compile};
use serde_json::{Value, json};

const SIZE: usize = 100 * 1024;

/// Reads of a small tree in a variable, and their forms in policies.
const READS: [(&str, &str); 6] = [
    ("variable", r#"@(context.Variables["body"])"#),
    ("two-names", r#"@((string)((JObject)context.Variables["body"])["model"]["name"])"#),
    ("to-string", r#"@(((JObject)context.Variables["body"])["region"]?.ToString())"#),
    ("value-of", r#"@(((JObject)context.Variables["body"]).Value<string>("region"))"#),
    ("absent", r#"@(((JObject)context.Variables["body"])["none"] == null)"#),
    ("set", r#"@{ var body = (JObject)context.Variables["body"]; body["region"] = "x"; return true; }"#),
];

/// Messages of a conversation.
fn chat() -> String {
    let mut messages = Vec::new();
    let mut size = 0;
    while size < SIZE {
        let at = messages.len();
        let content =
            format!("Question {at}: {}", "which mountain is the \"highest\" one of Japan?\n".repeat(at % 9));
        size += content.len() + 40;
        messages.push(json!({"role": if at % 2 == 0 { "user" } else { "assistant" }, "content": content}));
    }
    json!({"model": "gpt-4o", "temperature": 0.2, "stream": true, "messages": messages}).to_string()
}

/// Vectors of fractions, or of small integers as tokens are.
fn numbers(of: impl Fn(usize) -> Value, width: usize) -> String {
    let input: Vec<Value> = (0..SIZE / width).map(of).collect();
    json!({"model": "embedding", "input": input}).to_string()
}

fn compiled(text: &str) -> Program {
    let file = SourceMap::new().add("policy.xml", text);
    compile(&MappedText::verbatim(text, file, 0)).expect(text)
}

/// Seconds of one call: the best of many rounds, which other work on the machine disturbs least.
fn time(turns: u32, mut call: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(500) {
        let round = Instant::now();
        (0..turns).for_each(|_| call());
        best = best.min(round.elapsed());
    }
    best.as_secs_f64() / f64::from(turns)
}

fn bodies() {
    let program = compiled(
        r#"@{ var body = context.Request.Body.As<JObject>(preserveContent: true); body["model"] = "x"; return true; }"#,
    );
    let texts = [
        ("chat", chat()),
        ("fractions", numbers(|at| json!(at as f64 / 7919.0 - 0.5), 21)),
        ("tokens", numbers(|at| json!(at * 7919 % 100_000), 6)),
    ];
    for (name, text) in texts {
        let mut context = JsonContext::from_json(&json!({
            "request": {"method": "POST", "url": "https://gateway.example.com/", "headers": {}, "body": text},
        }))
        .unwrap();
        let limits = Limits::default();
        let ours = time(10, || {
            black_box(program.evaluate(&mut context, &limits)).expect("the expression has a value");
        });
        let theirs = time(10, || {
            black_box(serde_json::from_str::<Value>(black_box(&text)).unwrap());
        });
        println!("{name} {:.1} {:.1} {:.2}", ours * 1e6, theirs * 1e6, ours / theirs);
    }
}

fn reads() {
    for (name, text) in READS {
        let program = compiled(text);
        let mut context = JsonContext::from_json(&json!({"variables": {
            "body": {"type": "JObject", "value": {"region": "westeurope", "model": {"version": 1, "name": "gpt-4o"}}},
        }}))
        .unwrap();
        let limits = Limits::default();
        let seconds = time(1000, || {
            black_box(program.evaluate(&mut context, &limits)).expect("the expression has a value");
        });
        println!("{name} {:.0}", seconds * 1e9);
    }
}

fn main() {
    bodies();
    reads();
}
