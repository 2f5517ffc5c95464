//! The events of a message. There is no `[DONE]`: a stream ends with `message_stop`.

use serde_json::{Value, json};

use super::messages::{Block, Message};
use crate::call::{Event, events};
use crate::tokens;

pub(super) fn events(message: &Message<'_>) -> Vec<Event> {
    let tells = message.call.usage;
    let begin = json!({"type": "message_start", "message": message.envelope(json!([]), false, 1)});
    let mut stream = vec![named(begin).telling_prompt(tells)];
    let start =
        |block: Value| named(json!({"type": "content_block_start", "index": 0, "content_block": block}));
    let delta = |delta: Value| named(json!({"type": "content_block_delta", "index": 0, "delta": delta}));
    let ping = || named(json!({"type": "ping"}));
    match &message.block {
        Block::Text(text) => {
            stream.extend([start(json!({"type": "text", "text": ""})), ping()]);
            let piece = |token| delta(json!({"type": "text_delta", "text": token})).saying(0, token);
            stream.extend(tokens::split(text).map(piece));
        }
        Block::ToolUse { id, name, input } => {
            let block = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
            stream.extend([start(block).saying(0, name.as_str()), ping()]);
            let piece =
                |part| delta(json!({"type": "input_json_delta", "partial_json": part})).saying(1, part);
            // The service begins the arguments with an empty piece.
            stream.push(delta(json!({"type": "input_json_delta", "partial_json": ""})));
            stream.extend(tokens::split(input).map(piece));
        }
    }
    stream.push(named(json!({"type": "content_block_stop", "index": 0})));
    let ended = json!({"stop_reason": message.stop_reason, "stop_sequence": message.stop_sequence});
    let mut end = json!({"type": "message_delta", "delta": ended});
    if let (true, Some(end)) = (tells, end.as_object_mut()) {
        end.insert("usage".to_owned(), json!({"output_tokens": message.spent.completion()}));
    }
    stream.push(named(end).telling_completion(tells));
    stream.push(named(json!({"type": "message_stop"})));
    stream
}

/// An event has the name of its type.
fn named(event: Value) -> Event {
    let name = event.get("type").and_then(Value::as_str).unwrap_or_default();
    events::named(name, &event)
}
