use proptest::prelude::*;

use super::*;
use crate::kind::Kind;
use crate::sse::Event;

/// Each piece as `choice part text`.
fn summary(pieces: &[Piece<'_>]) -> Vec<String> {
    pieces.iter().map(|piece| format!("{} {:?} {}", piece.choice, piece.part, piece.text)).collect()
}

fn reply(kind: Kind, body: &str) -> Vec<String> {
    summary(&read_completion(kind, body.as_bytes()).unwrap())
}

fn pieces(kind: Kind, data: &str) -> Vec<String> {
    summary(&delta(kind, &Event { name: b"", data: data.as_bytes() }))
}

#[test]
fn chat_replies_give_content_refusal_and_calls() {
    let body = r#"{"choices":[
        {"index":0,"message":{"role":"assistant","content":"a","refusal":null,"reasoning_content":"hm"}},
        {"index":1,"message":{"content":null,"refusal":"no","tool_calls":[
            {"type":"function","function":{"name":"f","arguments":"{}"}},{"type":"custom","custom":{"name":"g","input":"x"}}]}},
        {"index":2,"message":{"content":[{"type":"text","text":"b"}],"function_call":{"name":"h","arguments":"1"}}}]}"#;
    let expected = [
        "0 Reasoning hm",
        "0 Content a",
        "1 Refusal no",
        "1 ToolName(0) f",
        "1 ToolArguments(0) {}",
        "1 ToolName(1) g",
        "1 ToolArguments(1) x",
        "2 Content b",
        "2 ToolName(0) h",
        "2 ToolArguments(0) 1",
    ];
    assert_eq!(reply(Kind::ChatCompletions, body), expected);
    assert_eq!(
        reply(Kind::Completions, r#"{"choices":[{"text":"a"},{"text":"b"}]}"#),
        ["0 Content a", "1 Content b"]
    );
}

#[test]
fn other_replies_give_their_texts() {
    let responses = r#"{"output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}]},
        {"type":"message","content":[{"type":"output_text","text":"a"},{"type":"refusal","refusal":"no"}]},
        {"type":"function_call","name":"f","arguments":"{}"}]}"#;
    let expected =
        ["0 Reasoning hm", "1 Content a", "1 Refusal no", "2 ToolName(0) f", "2 ToolArguments(0) {}"];
    assert_eq!(reply(Kind::Responses, responses), expected);

    let anthropic = r#"{"type":"message","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"},
        {"type":"tool_use","name":"f","input":{"q":1}}]}"#;
    let expected = ["0 Reasoning hm", "1 Content a", "2 ToolName(0) f", "2 ToolArguments(0) {\"q\":1}"];
    assert_eq!(reply(Kind::AnthropicMessages, anthropic), expected);

    assert_eq!(reply(Kind::AudioTranscriptions, r#"{"text":"said"}"#), ["0 Content said"]);
    assert_eq!(read_completion(Kind::Embeddings, b"{}"), None);
    assert_eq!(read_completion(Kind::ChatCompletions, b"[]"), None);
    assert!(reply(Kind::ChatCompletions, r#"{"error":{"message":"no"}}"#).is_empty());
}

#[test]
fn chat_chunks_give_pieces_of_every_choice() {
    let kind = Kind::ChatCompletions;
    let data = r#"{"choices":[{"index":1,"delta":{"role":"assistant","content":"a\nb"}},{"index":0,"delta":{"refusal":"no"}}]}"#;
    assert_eq!(pieces(kind, data), ["1 Content a\nb", "0 Refusal no"]);
    let call = r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":2,"id":"x","function":{"name":"f","arguments":""}}]}}]}"#;
    assert_eq!(pieces(kind, call), ["0 ToolName(2) f"]);
    let more =
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":2,"function":{"arguments":"{\"a\""}}]}}]}"#;
    assert_eq!(pieces(kind, more), ["0 ToolArguments(2) {\"a\""]);
    let older = r#"{"choices":[{"delta":{"function_call":{"arguments":"x"},"reasoning":"hm"}}]}"#;
    assert_eq!(pieces(kind, older), ["0 Reasoning hm", "0 ToolArguments(0) x"]);
    assert_eq!(pieces(Kind::Completions, r#"{"choices":[{"text":"a","index":0}]}"#), ["0 Content a"]);
    for nothing in
        ["", "[DONE]", "{}", r#"{"choices":[]}"#, r#"{"choices":[null,{"delta":null}]}"#, r#"{"choices":7}"#]
    {
        assert!(pieces(kind, nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn responses_events_give_pieces_and_no_repetition() {
    let kind = Kind::Responses;
    let event = |name: &str, rest: &str| {
        pieces(kind, &format!(r#"{{"type":"response.{name}","output_index":1{rest}}}"#))
    };
    assert_eq!(event("output_text.delta", r#","content_index":0,"delta":"a""#), ["1 Content a"]);
    assert_eq!(event("refusal.delta", r#","delta":"no""#), ["1 Refusal no"]);
    assert_eq!(event("reasoning_summary_text.delta", r#","delta":"hm""#), ["1 Reasoning hm"]);
    assert_eq!(event("function_call_arguments.delta", r#","delta":"{}""#), ["1 ToolArguments(0) {}"]);
    let added = r#","item":{"type":"function_call","name":"f","arguments":""}"#;
    assert_eq!(event("output_item.added", added), ["1 ToolName(0) f"]);
    assert!(event("output_text.done", r#","text":"a""#).is_empty());
    assert!(event("audio.delta", r#","delta":"AAAA""#).is_empty());
}

#[test]
fn anthropic_events_give_pieces() {
    let kind = Kind::AnthropicMessages;
    let event =
        |delta: &str| pieces(kind, &format!(r#"{{"type":"content_block_delta","index":1,"delta":{delta}}}"#));
    assert_eq!(event(r#"{"type":"text_delta","text":"a"}"#), ["1 Content a"]);
    assert_eq!(event(r#"{"type":"thinking_delta","thinking":"hm"}"#), ["1 Reasoning hm"]);
    assert_eq!(
        event(r#"{"type":"input_json_delta","partial_json":"{\"q\""}"#),
        ["1 ToolArguments(0) {\"q\""]
    );
    assert!(event(r#"{"type":"signature_delta","signature":"x"}"#).is_empty());
    let start = r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","name":"f","input":{}}}"#;
    assert_eq!(pieces(kind, start), ["2 ToolName(0) f"]);
    assert!(
        pieces(kind, r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{}}"#).is_empty()
    );
}

proptest! {
    #[test]
    fn arbitrary_events_never_panic(data in "(\\{|\\}|\\[|\\]|,|:|\"choices\"|\"delta\"|\"content\"|\"index\"|\"a\"|-1|1e99|null){0,30}") {
        for kind in [Kind::ChatCompletions, Kind::Responses, Kind::AnthropicMessages, Kind::AudioTranscriptions] {
            delta(kind, &Event { name: b"", data: data.as_bytes() });
            read_completion(kind, data.as_bytes());
        }
    }
}
