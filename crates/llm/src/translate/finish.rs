//! How a reply ended, and what it used.

use serde_json::{Value, json};

use crate::usage::Usage;

/// `finish_reason` for a `stop_reason`. A reply whose content is the input of a tool ended by itself.
pub(super) fn finish_reason(stop_reason: &str, content_is_tool: bool) -> &'static str {
    match stop_reason {
        "tool_use" if content_is_tool => "stop",
        "tool_use" => "tool_calls",
        "max_tokens" | "model_context_window_exceeded" => "length",
        "refusal" => "content_filter",
        // `end_turn`, `stop_sequence`, `pause_turn`, and what comes to be.
        _ => "stop",
    }
}

/// `usage` of a chat completion. Counts that are not known are not there.
pub(super) fn chat_usage(usage: &Usage) -> Value {
    let counts = [
        ("prompt_tokens", usage.prompt),
        ("completion_tokens", usage.completion),
        ("total_tokens", usage.total),
    ];
    let known = counts.into_iter().filter_map(|(name, count)| Some((name.to_owned(), count?.into())));
    let mut object: serde_json::Map<String, Value> = known.collect();
    if let Some(cached) = usage.cached {
        object.insert("prompt_tokens_details".to_owned(), json!({ "cached_tokens": cached }));
    }
    Value::Object(object)
}
