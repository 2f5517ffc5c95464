//! Golden files of translations, and streams cut anywhere.
//!
//! Each folder is a case: `requests/<case>/{chat.json, messages.json}`, `refusals/<case>/{chat.json, error.json}`,
//! `replies/<case>/{message.json, completion.json}`, `streams/<case>/{message.sse, chunks.sse}`. A reply or stream has
//! the `chat.json` of its request beside it where that matters. `UPDATE_FIXTURES=1` writes what comes out.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop at the first thing that fails")]

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use sekisho_llm::translate::{
    ReplyForm, StreamTranslator, from_anthropic_error, to_chat_completion, to_messages,
};
use serde_json::Value;

/// The time of every reply.
const CREATED: i64 = 1_700_000_000;

fn cases(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/translate").join(kind);
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Compares with a file, or writes it.
fn compare(path: &Path, found: &str) {
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(path, found).unwrap();
    }
    assert_eq!(found, String::from_utf8(read(path)).unwrap(), "{}", path.display());
}

fn pretty(json: &[u8]) -> String {
    let value: Value = serde_json::from_slice(json).unwrap();
    format!("{}\n", serde_json::to_string_pretty(&value).unwrap())
}

/// What the request of a case wants; nothing in particular without one.
fn form(case: &Path) -> ReplyForm {
    let request = case.join("chat.json");
    if !request.exists() {
        return ReplyForm::default();
    }
    to_messages(&read(&request), "claude-test").unwrap().reply
}

#[test]
fn requests() {
    for case in cases("requests") {
        let request = to_messages(&read(&case.join("chat.json")), "claude-test")
            .unwrap_or_else(|error| panic!("{}: {error:?}", case.display()));
        compare(&case.join("messages.json"), &pretty(&request.body));
    }
}

#[test]
fn refusals() {
    for case in cases("refusals") {
        let error = to_messages(&read(&case.join("chat.json")), "claude-test").unwrap_err();
        assert_eq!(error.status, 400);
        compare(&case.join("error.json"), &pretty(&error.body()));
    }
}

#[test]
fn replies() {
    for case in cases("replies") {
        let reply = to_chat_completion(&read(&case.join("message.json")), &form(&case), CREATED).unwrap();
        compare(&case.join("completion.json"), &pretty(&reply));
    }
}

#[test]
fn replies_that_are_no_messages() {
    for body in ["", "[]", "{}", "{\"content\":\"x\"}", "<html>"] {
        let error = to_chat_completion(body.as_bytes(), &ReplyForm::default(), CREATED).unwrap_err();
        assert_eq!((error.status, error.code), (502, Some("invalid_reply")), "{body}");
    }
    assert_eq!(from_anthropic_error(529, b"").status, 503);
}

fn translated<'p>(form: ReplyForm, pieces: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut translator = StreamTranslator::new(form, CREATED);
    let mut out = Vec::new();
    pieces.into_iter().for_each(|piece| translator.push(piece, &mut out));
    translator.finish(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn streams() {
    for case in cases("streams") {
        let stream = read(&case.join("message.sse"));
        let whole = translated(form(&case), [&*stream]);
        compare(&case.join("chunks.sse"), &whole);
        assert_eq!(translated(form(&case), stream.chunks(1)), whole, "{}", case.display());
        for data in whole.split("\n\n").filter(|event| !event.is_empty()) {
            let data = data.strip_prefix("data: ").unwrap();
            assert!(data == "[DONE]" || serde_json::from_str::<Value>(data).unwrap().is_object());
        }
        let proper_end = usize::from(String::from_utf8_lossy(&stream).contains("\"message_stop\""));
        assert_eq!(whole.matches("data: [DONE]\n\n").count(), proper_end, "{}", case.display());
    }
}

#[test]
fn each_event_is_passed_on_at_once() {
    let stream = String::from_utf8(read(&cases("streams")[0].join("message.sse"))).unwrap();
    let mut translator = StreamTranslator::new(ReplyForm::default(), CREATED);
    for event in stream.split_inclusive("\n\n") {
        let mut out = Vec::new();
        translator.push(event.as_bytes(), &mut out);
        let says_something = ["text_delta", "message_start", "stop_reason\":\"", "message_stop"];
        assert_eq!(!out.is_empty(), says_something.iter().any(|word| event.contains(word)), "{event}");
    }
    assert!(translator.has_ended());
}

#[test]
fn a_stream_without_end_gets_no_done() {
    let stream = read(&cases("streams")[0].join("message.sse"));
    let end = stream.len() - b"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".len();
    let out = translated(ReplyForm::default(), [&stream[..end]]);
    assert!(out.contains("finish_reason\":\"stop\"") && !out.contains("[DONE]"));
}

#[test]
fn memory_is_bounded() {
    let mut translator = StreamTranslator::new(ReplyForm::default(), CREATED);
    let mut out = Vec::new();
    translator.push(b"data: {\"type\":\"content_block_delta\",\"x\":\"", &mut out);
    let filler = vec![b'x'; 64 * 1024];
    for _ in 0..32 {
        translator.push(&filler, &mut out);
    }
    translator.push(b"\"}\n\ndata: {\"type\":\"message_stop\"}\n\n", &mut out);
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("too large") && !out.contains("[DONE]") && out.len() < 1000, "{out}");

    let mut translator = StreamTranslator::new(ReplyForm::default(), CREATED);
    let mut out = Vec::new();
    for index in 0..100 {
        let block = format!("{{\"type\":\"tool_use\",\"id\":\"t{index}\",\"name\":\"f\"}}");
        let start = format!(
            "data: {{\"type\":\"content_block_start\",\"index\":{index},\"content_block\":{block}}}\n\n"
        );
        translator.push(start.as_bytes(), &mut out);
    }
    assert!(translator.has_ended() && String::from_utf8(out).unwrap().contains("too many blocks"));
}

proptest! {
    /// Wherever the pieces end, the chunks are the same.
    #[test]
    fn cuts_do_not_matter(cuts in prop::collection::vec(0usize..10_000, 0..20)) {
        for case in cases("streams") {
            let stream = read(&case.join("message.sse"));
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
            ends.push(stream.len());
            ends.sort_unstable();
            let mut start = 0;
            let pieces = ends.iter().map(|end| {
                let piece = &stream[start..*end];
                start = *end;
                piece
            });
            let pieces: Vec<&[u8]> = pieces.collect();
            prop_assert_eq!(translated(form(&case), pieces), translated(form(&case), [&*stream]));
        }
    }

    /// Whatever comes, it is answered and nothing panics.
    #[test]
    fn anything_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..400), json in "[\\[\\]{}\":,a-z0-9 ]{0,200}") {
        for input in [&bytes[..], json.as_bytes()] {
            let _ = to_messages(input, "m");
            let _ = to_chat_completion(input, &ReplyForm::default(), 0);
            let _ = from_anthropic_error(500, input);
            let event = [b"data: ", input, b"\n\n"].concat();
            let _ = translated(ReplyForm { include_usage: true, content_tool: Some("a".to_owned()) }, [&event[..]]);
        }
    }
}
