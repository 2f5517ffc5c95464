use std::sync::Arc;

use bytes::Bytes;
use sekisho_llm::transcript::chat::{reply_messages, request_messages};
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_policy::payload::{Excess, Payload, SharedPayload};
use sekisho_policy::ports::{Attempt, CallRecord, Message, ReplyFacts};
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

fn written(record: &CallRecord) -> Vec<u8> {
    let mut frame = Vec::new();
    let masking = Masking::default();
    assert!(write(&mut frame, record, BodyRules { masking: &masking, maximum: 1 << 20 }).is_written);
    frame
}

/// The parts of what was asked, and of what was answered; none for what is no model call.
fn parts(record: &CallRecord, maximum: Option<u64>) -> Option<[Vec<Value>; 2]> {
    let frame = written(record);
    let read = ReadCall::parse(Frame::parse(&frame[PREFIX..]).unwrap()).unwrap();
    let call = ModelCall::of(&read, maximum)?;
    let parsed = |parts: Parts, body: usize, in_body: fn(&str) -> Option<String>| -> Vec<Value> {
        let lines = parts.lines.or_else(|| in_body(read.body(body)?)).unwrap_or_default();
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>();
        assert_eq!(i32::try_from(lines.len()), Ok(parts.count));
        lines
    };
    Some([parsed(call.request, 0, request_messages), parsed(call.response, 1, reply_messages)])
}

/// The contents of all parts of a side, joined.
fn joined(parts: &[Value]) -> String {
    let messages = parts.iter().filter_map(Value::as_array).flatten();
    messages.map(|message| message["content"].as_str().unwrap()).collect()
}

#[test]
fn what_was_asked_and_answered_is_told() {
    let request = json!({"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Two\nlines"}]});
    let response = json!({"model": "gpt-4o-2024", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}}]});
    let answer = json!([{"role": "assistant", "content": "Hi"}]);
    assert_eq!(
        parts(&call(CHAT, &request.to_string(), &response.to_string(), false), None),
        Some([vec![request["messages"].clone()], vec![answer]])
    );
}

#[test]
fn what_was_metered_is_not_parsed_again() {
    // No JSON at its end, so that it shows who parses it.
    let request = r#"{"messages":[{"role":"user","content":"Hello"}],"#;
    let response =
        r#"{"model":"other","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"}}],"#;
    let metered = |usage: Usage| {
        let facts = ReplyFacts { usage, model: Some("gpt-4o-2024".into()) };
        let attempt = Attempt { reply: Some(Arc::new(facts.into())), ..Attempt::default() };
        CallRecord { usage: Some(usage), attempts: vec![attempt], ..call(CHAT, request, response, false) }
    };
    let reported = metered(Usage::new(Provenance::Reported, Some(12), Some(3)));
    let counts = |record: &CallRecord, maximum: Option<u64>| {
        let frame = written(record);
        let read = ReadCall::parse(Frame::parse(&frame[PREFIX..]).unwrap()).unwrap();
        let call = ModelCall::of(&read, maximum).unwrap();
        assert_eq!(call.model_name.as_deref(), Some("gpt-4o-2024"));
        [call.request.count, call.response.count]
    };
    assert_eq!(counts(&reported, None), [1, 1]);
    let mut cut = Payload::new(response.len() - 1, Excess::Cut);
    cut.push(&Bytes::from_static(response.as_bytes()));
    let cut = Message { body: Some(SharedPayload::new(cut)), ..Message::default() };
    assert_eq!(counts(&CallRecord { response: cut, ..reported.clone() }, None), [1, 0]);
    assert_eq!(counts(&reported, Some(20)), [0, 0], "bodies may be longer than the bound");
    let is_stream = CallRecord { is_stream: true, ..reported.clone() };
    assert_eq!(counts(&is_stream, None), [1, 0]);
    let responses = CallRecord { url: "https://g/openai/v1/responses".to_owned(), ..reported };
    assert_eq!(counts(&responses, None), [0, 0]);
    assert_eq!(counts(&metered(Usage::new(Provenance::Reported, Some(12), None)), None), [0, 0]);
    assert_eq!(counts(&metered(Usage::new(Provenance::Counted, Some(12), Some(3))), None), [0, 0]);
}

#[test]
fn long_prompts_come_in_parts_that_join_again() {
    let text = "関所を通る旅人は手形を見せる。".repeat(3_000).chars().take(34_000).collect::<String>();
    assert!(text.len() > 100_000);
    let request = json!({"messages": [{"role": "user", "content": text}]}).to_string();
    let [asked, answered] = parts(&call(CHAT, &request, "{}", false), None).unwrap();
    assert_eq!((asked.len(), answered.len()), (4, 0));
    assert_eq!(joined(&asked), text);
    let longest = asked.chunks(1).map(|part| joined(part).len()).max();
    assert!(longest.is_some_and(|longest| longest <= 32 * 1024 && longest > 32 * 1024 - 4));
}

#[test]
fn messages_are_cut_only_where_a_bound_is_set() {
    let text = "x".repeat(3 * 1024 * 1024);
    let request = json!({"messages": [{"role": "user", "content": text}]}).to_string();
    let call = call(CHAT, &request, "{}", false);
    let asked = |maximum| parts(&call, maximum).unwrap()[0].clone();
    assert_eq!(joined(&asked(None)).len(), text.len());
    let cut = asked(Some(2 * 1024 * 1024));
    assert_eq!((joined(&cut).len(), cut.len()), (2 * 1024 * 1024, 64));
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
    let [asked, answered] = parts(&call(CHAT, r#"{"messages":[]}"#, &stream, true), None).unwrap();
    assert_eq!((joined(&answered), asked), (words.concat(), Vec::new()));
}

#[test]
fn other_formats_are_told_too() {
    let responses = json!({"input": "Hello", "instructions": "Be kind."}).to_string();
    let reply = json!({"output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]})
        .to_string();
    let said = parts(&call("https://g/openai/v1/responses", &responses, &reply, false), None).unwrap();
    assert_eq!(joined(&said[1]), "Hi");
    assert!(joined(&said[0]).contains("Hello"));

    let anthropic =
        json!({"system": "Be kind.", "messages": [{"role": "user", "content": "Hello"}]}).to_string();
    let stream = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n";
    let said = parts(&call("https://g/anthropic/v1/messages", &anthropic, stream, true), None).unwrap();
    assert_eq!(joined(&said[1]), "Hi");

    let completions = json!({"prompt": "Once"}).to_string();
    let reply = r#"{"choices":[{"text":" upon"}]}"#;
    let said = parts(&call("https://g/openai/v1/completions", &completions, reply, false), None).unwrap();
    assert_eq!((joined(&said[0]), joined(&said[1])), ("Once".into(), " upon".into()));
}

#[test]
fn calls_that_reach_no_model_are_none() {
    let plain = CallRecord { model: None, usage: None, ..call("https://g/echo", "{}", "{}", false) };
    assert_eq!(parts(&plain, None), None);
    let refused =
        CallRecord { attempts: Vec::new(), usage: None, ..call(CHAT, r#"{"messages":[]}"#, "{}", false) };
    assert_eq!(parts(&refused, None), None);
}

#[test]
fn calls_of_tools_are_told() {
    let response = json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": null,
        "tool_calls": [{"function": {"name": "weather", "arguments": "{\"city\":\"Hakone\"}"}}]}}]});
    let said = parts(&call(CHAT, r#"{"messages":[]}"#, &response.to_string(), false), None).unwrap();
    assert_eq!(
        said[1],
        [
            json!([{"role": "assistant", "content": "", "tool_calls": [{"name": "weather", "arguments": "{\"city\":\"Hakone\"}"}]}])
        ]
    );
}
