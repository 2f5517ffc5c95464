use std::sync::Arc;

use sekisho_llm::usage::{Provenance, Usage};
use sekisho_policy::ports::{Attempt, CallRecord, Message};
use serde_json::{Value, json};

use super::*;
use crate::mask::Masking;
use crate::record::body::BodyRules;
use crate::record::call::append as write;
use crate::record::frame::{Frame, PREFIX};
use crate::record::tests::payload;

const CHAT: &str = "https://gateway.example/openai/deployments/gpt-4o-prod/chat/completions";

fn call(url: &str, request: &str, response: &str, is_stream: bool) -> CallRecord {
    let body = |text: &str| Message { body: Some(payload(&[text.as_bytes()])), ..Message::default() };
    CallRecord {
        url: url.to_owned(),
        query: Some("api-version=2024-10-21".to_owned()),
        model: Some(Arc::from("gpt-4o-prod")),
        is_stream,
        status: 200,
        usage: Some(Usage::new(Provenance::Reported, Some(12), Some(3))),
        request: body(request),
        response: body(response),
        attempts: vec![Attempt::default()],
        ..CallRecord::default()
    }
}

/// Sequence, tokens, what was asked and what was answered.
type Shown = (i32, Option<i32>, Value, Value);

fn rows(record: &CallRecord, maximum: Option<u64>) -> Vec<Shown> {
    let mut frame = Vec::new();
    let masking = Masking::default();
    assert!(write(&mut frame, record, BodyRules { masking: &masking, maximum: 1 << 20 }).is_written);
    let read = ReadCall::parse(Frame::parse(&frame[PREFIX..]).unwrap()).unwrap();
    let mut rows = Vec::new();
    append(&mut rows, &read, maximum);
    let parsed =
        |text: &Option<String>| text.as_ref().map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
    let total = |row: &Row<'_>| tokens(row, |usage| (usage.total, usage.provenance));
    rows.iter().map(|row| (row.sequence, total(row), parsed(&row.request), parsed(&row.response))).collect()
}

/// The contents of all parts of a side, joined.
fn joined<'a>(sides: impl Iterator<Item = &'a Value>) -> String {
    let messages = sides.filter_map(Value::as_array).flatten();
    messages.map(|message| message["content"].as_str().unwrap()).collect()
}

#[test]
fn a_small_exchange_has_three_rows() {
    let request = json!({"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]});
    let response = json!({"model": "gpt-4o-2024", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}]});
    assert_eq!(
        rows(&call(CHAT, &request.to_string(), &response.to_string(), false), None),
        [
            (0, Some(15), Value::Null, Value::Null),
            (1, None, request["messages"].clone(), Value::Null),
            (2, None, Value::Null, json!([{"role": "assistant", "content": "Hi"}])),
        ]
    );
}

#[test]
fn long_prompts_come_in_parts_that_join_again() {
    let text = "関所を通る旅人は手形を見せる。".repeat(3_000).chars().take(34_000).collect::<String>();
    assert!(text.len() > 100_000);
    let request = json!({"messages": [{"role": "user", "content": text}]}).to_string();
    let rows = rows(&call(CHAT, &request, "{}", false), None);
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(joined(rows.iter().map(|row| &row.2)), text);
    let longest = rows.iter().map(|row| joined([&row.2].into_iter()).len()).max();
    assert!(longest.is_some_and(|longest| longest <= 32 * 1024 && longest > 32 * 1024 - 4));
}

#[test]
fn messages_are_cut_only_where_a_bound_is_set() {
    let text = "x".repeat(3 * 1024 * 1024);
    let request = json!({"messages": [{"role": "user", "content": text}]}).to_string();
    let call = call(CHAT, &request, "{}", false);
    assert_eq!(joined(rows(&call, None).iter().map(|row| &row.2)).len(), text.len());
    let cut = rows(&call, Some(2 * 1024 * 1024));
    assert_eq!((joined(cut.iter().map(|row| &row.2)).len(), cut.len()), (2 * 1024 * 1024, 65));
}

#[test]
fn the_deltas_of_a_stream_are_joined() {
    let words: Vec<String> = (0..5_000).map(|number| format!("word {number} ü ")).collect();
    let chunk = |word: &String| {
        format!(
            "data: {}\n\n",
            json!({"model": "gpt-4o-2024", "choices": [{"index": 0, "delta": {"content": word}}]})
        )
    };
    let stream: String = words.iter().map(chunk).chain(["data: [DONE]\n\n".to_owned()]).collect();
    let rows = rows(&call(CHAT, r#"{"messages":[]}"#, &stream, true), None);
    assert_eq!(joined(rows.iter().map(|row| &row.3)), words.concat());
    assert!(rows.iter().skip(1).all(|row| row.2.is_null()));
}

#[test]
fn other_formats_have_rows_too() {
    let responses = json!({"input": "Hello", "instructions": "Be kind."}).to_string();
    let reply = json!({"output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]})
        .to_string();
    let said = rows(&call("https://g/openai/v1/responses", &responses, &reply, false), None);
    assert_eq!(joined(said.iter().map(|row| &row.3)), "Hi");
    assert!(joined(said.iter().map(|row| &row.2)).contains("Hello"));

    let anthropic =
        json!({"system": "Be kind.", "messages": [{"role": "user", "content": "Hello"}]}).to_string();
    let stream = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n";
    let said = rows(&call("https://g/anthropic/v1/messages", &anthropic, stream, true), None);
    assert_eq!(joined(said.iter().map(|row| &row.3)), "Hi");

    let completions = json!({"prompt": "Once"}).to_string();
    let said = rows(
        &call("https://g/openai/v1/completions", &completions, r#"{"choices":[{"text":" upon"}]}"#, false),
        None,
    );
    assert_eq!(
        (joined(said.iter().map(|row| &row.2)), joined(said.iter().map(|row| &row.3))),
        ("Once".into(), " upon".into())
    );
}

#[test]
fn calls_that_reach_no_model_have_no_rows() {
    let plain = CallRecord { model: None, usage: None, ..call("https://g/echo", "{}", "{}", false) };
    assert_eq!(rows(&plain, None), []);
    let refused =
        CallRecord { attempts: Vec::new(), usage: None, ..call(CHAT, r#"{"messages":[]}"#, "{}", false) };
    assert_eq!(rows(&refused, None), []);
}

#[test]
fn calls_of_tools_are_told() {
    let response = json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": null,
        "tool_calls": [{"function": {"name": "weather", "arguments": "{\"city\":\"Hakone\"}"}}]}}]});
    let said = rows(&call(CHAT, r#"{"messages":[]}"#, &response.to_string(), false), None);
    assert_eq!(
        said[1].3,
        json!([{"role": "assistant", "content": "", "tool_calls": [{"name": "weather", "arguments": "{\"city\":\"Hakone\"}"}]}])
    );
}
