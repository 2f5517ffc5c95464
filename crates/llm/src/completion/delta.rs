//! Texts of the events of a stream.
//!
//! Every event of a stream comes through here: what is not text is skipped, not kept.

use serde::Deserialize;

use super::{Part, Piece};
use crate::kind::Kind;
use crate::lenient::{Count, List, Object, Text};
use crate::sse::Event;

/// The pieces of text an event brings, in their order; none when it brings no text or is not JSON.
///
/// Only pieces are read, not the whole texts that Responses repeats at the end (`response.output_text.done`).
pub fn delta<'a>(kind: Kind, event: &Event<'a>) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    read_delta(kind, event, &mut |piece| pieces.push(piece));
    pieces
}

/// As [`delta`], one piece after the other.
pub(crate) fn read_delta<'a>(kind: Kind, event: &Event<'a>, on_piece: &mut impl FnMut(Piece<'a>)) {
    let mut give = |choice, part, text: Text<'a>| {
        if let Some(text) = text.0.filter(|text| !text.is_empty()) {
            on_piece(Piece { choice, part, text });
        }
    };
    match kind {
        Kind::ChatCompletions | Kind::Completions => chunk(event.data, &mut give),
        Kind::Responses => response_event(event, &mut give),
        Kind::AnthropicMessages => message_event(event, &mut give),
        Kind::AudioTranscriptions => transcript_event(event.data, &mut give),
        _ => {}
    }
}

fn parse<'a, T: Deserialize<'a>>(data: &'a [u8]) -> Option<T> {
    serde_json::from_slice::<Object<T>>(data).ok()?.0
}

/// A chunk of Chat Completions or Completions.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: List<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Count,
    #[serde(borrow, default)]
    text: Text<'a>,
    #[serde(borrow, default)]
    delta: Object<ChatDelta<'a>>,
}

#[derive(Deserialize)]
struct ChatDelta<'a> {
    #[serde(borrow, default)]
    content: Text<'a>,
    #[serde(borrow, default)]
    refusal: Text<'a>,
    #[serde(borrow, default)]
    reasoning_content: Text<'a>,
    #[serde(borrow, default)]
    reasoning: Text<'a>,
    #[serde(borrow, default)]
    tool_calls: List<ToolDelta<'a>>,
    #[serde(borrow, default)]
    function_call: Object<CallDelta<'a>>,
}

#[derive(Deserialize)]
struct ToolDelta<'a> {
    #[serde(default)]
    index: Count,
    #[serde(borrow, default, alias = "custom")]
    function: Object<CallDelta<'a>>,
}

#[derive(Deserialize)]
struct CallDelta<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default, alias = "input")]
    arguments: Text<'a>,
}

fn chunk<'a>(data: &'a [u8], give: &mut impl FnMut(u64, Part, Text<'a>)) {
    for (position, item) in
        (0..).zip(parse::<Chunk<'a>>(data).map(|chunk| chunk.choices.0).unwrap_or_default())
    {
        let choice = item.index.0.unwrap_or(position);
        give(choice, Part::Content, item.text);
        let Some(delta) = item.delta.0 else { continue };
        give(
            choice,
            Part::Reasoning,
            if delta.reasoning_content.0.is_some() { delta.reasoning_content } else { delta.reasoning },
        );
        give(choice, Part::Content, delta.content);
        give(choice, Part::Refusal, delta.refusal);
        let single = delta.function_call.0.map(|call| (0, call));
        let calls = delta.tool_calls.0.into_iter().filter_map(|call| {
            let number = call.index.0.unwrap_or_default();
            call.function.0.map(|function| (number, function))
        });
        for (number, call) in calls.chain(single) {
            give(choice, Part::ToolName(number), call.name);
            give(choice, Part::ToolArguments(number), call.arguments);
        }
    }
}

/// An event of Responses, or of a streamed transcription.
#[derive(Deserialize)]
struct TypedEvent<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(default)]
    output_index: Count,
    #[serde(borrow, default)]
    delta: Text<'a>,
    #[serde(borrow, default)]
    item: Object<CallDelta<'a>>,
}

fn response_event<'a>(event: &Event<'a>, give: &mut impl FnMut(u64, Part, Text<'a>)) {
    if !event.name.is_empty() && response_part(event.name).is_none() {
        return;
    }
    let Some(read) = parse::<TypedEvent<'a>>(event.data) else { return };
    let kind = read.kind.0.as_deref().map_or(event.name, str::as_bytes);
    let choice = read.output_index.0.unwrap_or_default();
    match response_part(kind) {
        Some(Part::ToolName(call)) => {
            give(choice, Part::ToolName(call), read.item.0.map(|item| item.name).unwrap_or_default());
        }
        Some(part) => give(choice, part, read.delta),
        None => {}
    }
}

/// What an event of this type brings; an added item brings the name of the tool it calls.
fn response_part(kind: &[u8]) -> Option<Part> {
    match kind {
        b"response.output_text.delta" => Some(Part::Content),
        b"response.refusal.delta" => Some(Part::Refusal),
        b"response.reasoning_summary_text.delta" | b"response.reasoning_text.delta" => Some(Part::Reasoning),
        b"response.output_item.added" => Some(Part::ToolName(0)),
        b"response.function_call_arguments.delta"
        | b"response.mcp_call_arguments.delta"
        | b"response.custom_tool_call_input.delta" => Some(Part::ToolArguments(0)),
        _ => None,
    }
}

fn transcript_event<'a>(data: &'a [u8], give: &mut impl FnMut(u64, Part, Text<'a>)) {
    let Some(event) = parse::<TypedEvent<'a>>(data) else { return };
    if event.kind.0.as_deref() == Some("transcript.text.delta") {
        give(0, Part::Content, event.delta);
    }
}

/// An event of Anthropic Messages.
#[derive(Deserialize)]
struct MessageEvent<'a> {
    #[serde(default)]
    index: Count,
    #[serde(borrow, default)]
    delta: Object<BlockDelta<'a>>,
    #[serde(borrow, default)]
    content_block: Object<Block<'a>>,
}

#[derive(Deserialize)]
struct BlockDelta<'a> {
    #[serde(borrow, default)]
    text: Text<'a>,
    #[serde(borrow, default)]
    thinking: Text<'a>,
    #[serde(borrow, default)]
    partial_json: Text<'a>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, default)]
    name: Text<'a>,
    #[serde(borrow, default)]
    text: Text<'a>,
}

fn message_event<'a>(event: &Event<'a>, give: &mut impl FnMut(u64, Part, Text<'a>)) {
    if !matches!(event.name, b"" | b"content_block_start" | b"content_block_delta") {
        return;
    }
    let Some(event) = parse::<MessageEvent<'a>>(event.data) else { return };
    let choice = event.index.0.unwrap_or_default();
    if let Some(block) = event.content_block.0 {
        give(choice, Part::ToolName(0), block.name);
        give(choice, Part::Content, block.text);
    }
    if let Some(delta) = event.delta.0 {
        give(choice, Part::Reasoning, delta.thinking);
        give(choice, Part::Content, delta.text);
        give(choice, Part::ToolArguments(0), delta.partial_json);
    }
}
