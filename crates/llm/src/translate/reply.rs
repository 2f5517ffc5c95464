//! A message as a chat completion.

use serde_json::{Map, Value, json};

use super::finish::{chat_usage, finish_reason};
use super::{ChatError, ReplyForm};
use crate::kind::Kind;
use crate::usage::read_usage;

/// Translates the reply to a request that [`to_messages`](super::to_messages) made. `created` is the time of the reply
/// in seconds since 1970. Thoughts are left out: a chat completion has no place for them.
///
/// # Errors
/// A body that is no message: a 502.
pub fn to_chat_completion(body: &[u8], form: &ReplyForm, created: i64) -> Result<Vec<u8>, ChatError> {
    let reply: Option<Value> = serde_json::from_slice(body).ok();
    let message = reply.as_ref().and_then(Value::as_object);
    let content = message.and_then(|message| message.get("content")?.as_array());
    let (Some(message), Some(blocks)) = (message, content) else {
        let text = "the model's service answered with something that is not a message";
        return Err(ChatError::behind(502, "invalid_reply", text));
    };
    let Parts { text, tool_calls } = Parts::read(blocks, form);
    let mut answer = Map::new();
    answer.insert("role".to_owned(), "assistant".into());
    answer.insert("content".to_owned(), text.map_or(Value::Null, Value::String));
    answer.insert("refusal".to_owned(), Value::Null);
    if !tool_calls.is_empty() {
        answer.insert("tool_calls".to_owned(), tool_calls.into());
    }
    let stop_reason = message.get("stop_reason").and_then(Value::as_str).unwrap_or_default();
    let mut completion = json!({
        "id": message.get("id"),
        "object": "chat.completion",
        "created": created,
        "model": message.get("model"),
        "choices": [{
            "index": 0,
            "message": answer,
            "logprobs": null,
            "finish_reason": finish_reason(stop_reason, form.content_tool.is_some()),
        }],
    });
    if let Some(usage) = read_usage(Kind::AnthropicMessages, body) {
        completion["usage"] = chat_usage(&usage);
    }
    Ok(completion.to_string().into_bytes())
}

/// What the blocks of a message say.
#[derive(Default)]
struct Parts {
    /// None where the message has no text.
    text: Option<String>,
    tool_calls: Vec<Value>,
}

impl Parts {
    fn read(blocks: &[Value], form: &ReplyForm) -> Self {
        let mut parts = Self::default();
        for block in blocks {
            match block.get("type").and_then(Value::as_str) {
                Some("text") if form.content_tool.is_none() => {
                    let text = block.get("text").and_then(Value::as_str).unwrap_or_default();
                    parts.text.get_or_insert_default().push_str(text);
                }
                Some("tool_use") => parts.add_tool_use(block, form),
                _ => {}
            }
        }
        parts
    }

    fn add_tool_use(&mut self, block: &Value, form: &ReplyForm) {
        let input = block.get("input").map_or_else(|| "{}".to_owned(), Value::to_string);
        let name = block.get("name").and_then(Value::as_str).unwrap_or_default();
        if form.content_tool.as_deref() == Some(name) {
            self.text.get_or_insert_default().push_str(&input);
            return;
        }
        self.tool_calls.push(json!({
            "id": block.get("id"),
            "type": "function",
            "function": { "name": name, "arguments": input },
        }));
    }
}
