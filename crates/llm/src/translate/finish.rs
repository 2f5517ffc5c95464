//! How a reply ended, and what it used.

use serde_json::{Map, Value};

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
    let mut object = known([
        ("prompt_tokens", usage.prompt),
        ("completion_tokens", usage.completion),
        ("total_tokens", usage.total),
    ]);
    let of_the_prompt = known([("cached_tokens", usage.cached), ("cache_write_tokens", usage.cache_written)]);
    if !of_the_prompt.is_empty() {
        object.insert("prompt_tokens_details".to_owned(), of_the_prompt.into());
    }
    Value::Object(object)
}

fn known<const N: usize>(counts: [(&str, Option<u64>); N]) -> Map<String, Value> {
    counts.into_iter().filter_map(|(name, count)| Some((name.to_owned(), count?.into()))).collect()
}
