//! Which members of a request have a counterpart in the Messages API.

use serde_json::{Map, Value};

use crate::translate::ChatError;

/// What becomes of a member.
enum Member {
    /// It has a counterpart.
    Translated,
    /// It has none, and the reply is an answer to the request without it as well.
    Dropped,
    /// It has none: only values that ask for nothing are taken.
    Only(fn(&Value) -> bool),
}

use Member::{Dropped, Only, Translated};

/// Every member of a request. `null` is as good as absent for all of them.
const MEMBERS: [(&str, Member); 40] = [
    ("model", Translated),
    ("messages", Translated),
    ("max_completion_tokens", Translated),
    ("max_tokens", Translated),
    ("parallel_tool_calls", Translated),
    ("response_format", Translated),
    ("safety_identifier", Translated),
    ("stop", Translated),
    ("stream", Translated),
    ("stream_options", Translated),
    ("temperature", Translated),
    ("tool_choice", Translated),
    ("tools", Translated),
    ("top_p", Translated),
    ("user", Translated),
    // Hints for speed, price and bookkeeping of OpenAI's service.
    ("metadata", Dropped),
    ("prediction", Dropped),
    ("prompt_cache_key", Dropped),
    ("prompt_cache_options", Dropped),
    ("prompt_cache_retention", Dropped),
    ("service_tier", Dropped),
    ("store", Dropped),
    ("user_security_context", Dropped),
    // Sampling that is only tried for anyway.
    ("seed", Dropped),
    ("verbosity", Dropped),
    // A thinking budget would need the blocks of thoughts sent back between tool calls, for which a chat completion has
    // no place.
    ("reasoning_effort", Dropped),
    // What clients send although it asks for nothing.
    ("audio", Only(asks_nothing)),
    ("data_sources", Only(asks_nothing)),
    ("enhancements", Only(asks_nothing)),
    ("frequency_penalty", Only(asks_nothing)),
    ("function_call", Only(asks_nothing)),
    ("functions", Only(asks_nothing)),
    ("logit_bias", Only(asks_nothing)),
    ("logprobs", Only(asks_nothing)),
    ("modalities", Only(is_text_only)),
    ("moderation", Only(asks_nothing)),
    ("n", Only(is_one)),
    ("presence_penalty", Only(asks_nothing)),
    ("top_logprobs", Only(asks_nothing)),
    ("web_search_options", Only(never)),
];

/// Refuses what cannot be translated.
pub(super) fn check(request: &Map<String, Value>) -> Result<(), ChatError> {
    for (name, value) in request.iter().filter(|(_, value)| !value.is_null()) {
        match MEMBERS.iter().find(|(known, _)| known == name) {
            Some((_, Translated | Dropped)) => {}
            Some((_, Only(is_taken))) if is_taken(value) => {}
            Some((_, Only(_))) => {
                let message = format!("`{name}` with this value is not supported for this model.");
                return Err(ChatError::invalid(name, "unsupported_parameter", message));
            }
            None => {
                let message = format!("Unrecognized request argument supplied: {name}");
                return Err(ChatError::invalid(name, "unknown_parameter", message));
            }
        }
    }
    Ok(())
}

/// False, 0, and what is empty.
fn asks_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn is_one(value: &Value) -> bool {
    value.as_f64() == Some(1.0)
}

fn is_text_only(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(|kind| kind == "text"))
}

fn never(_: &Value) -> bool {
    false
}
