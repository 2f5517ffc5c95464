//! A Chat Completions request as a Messages request.
//!
//! - this file: the members at the top
//! - `members`: which of them are translated, dropped or refused
//! - `messages`, `content`: the conversation
//! - `tools`: tools, the choice among them, and replies of a given schema
//!
//! A value that has the same meaning on both sides passes on as it is: whether it is in range is the backend's to say.

mod content;
mod members;
mod messages;
mod tools;

use serde_json::{Map, Value, json};

use super::ChatError;
use messages::Conversation;
use tools::Tools;

/// `max_tokens` where the request has no limit: a Messages request must have one.
const DEFAULT_MAX_TOKENS: u64 = 4096;

/// What a model of Chat Completions is told when it must answer with JSON of no particular schema.
const JSON_ONLY: &str = "Answer with one JSON object and nothing else.";

/// A request for the Messages API.
#[derive(Clone, Debug)]
pub struct MessagesRequest {
    /// The body.
    pub body: Vec<u8>,
    /// What the reply must be made into.
    pub reply: ReplyForm,
}

/// What a request says of the reply that it wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyForm {
    /// `stream_options.include_usage`: the stream ends with a chunk of the usage.
    pub include_usage: bool,
    /// The tool whose input is the content of the reply: that of `response_format`.
    pub content_tool: Option<String>,
}

/// Translates a request; `model` is the backend's name of the model.
///
/// # Errors
/// A body that is no request, and members that the Messages API has nothing for: a 400 that names the member.
pub fn to_messages(body: &[u8], model: &str) -> Result<MessagesRequest, ChatError> {
    let Ok(Value::Object(request)) = serde_json::from_slice(body) else {
        return Err(ChatError::invalid("", "invalid_json", "The body of the request is not a JSON object."));
    };
    members::check(&request)?;
    let mut conversation = Conversation::read(given(&request, "messages"))?;
    let tools = Tools::read(&request)?;
    if tools.wants_any_json {
        conversation.add_system(JSON_ONLY);
    }
    let Conversation { system, turns } = conversation;

    let mut out = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            out.insert(name.to_owned(), value);
        }
    };
    put("model", Some(model.into()));
    put("max_tokens", Some(max_tokens(&request)));
    put("system", (!system.is_empty()).then_some(Value::Array(system)));
    put("messages", Some(turns.into_iter().map(|turn| turn.into_json()).collect()));
    put("temperature", given(&request, "temperature").map(temperature));
    put("top_p", given(&request, "top_p").cloned());
    put("stop_sequences", given(&request, "stop").map(stop_sequences));
    put("stream", given(&request, "stream").cloned());
    let user = given(&request, "safety_identifier").or_else(|| given(&request, "user"));
    put("metadata", user.map(|user| json!({ "user_id": user })));
    put("tools", tools.declarations);
    put("tool_choice", tools.choice);

    let options = given(&request, "stream_options");
    let include_usage = options.and_then(|options| options.get("include_usage")?.as_bool()).unwrap_or(false);
    let reply = ReplyForm { include_usage, content_tool: tools.content_tool };
    Ok(MessagesRequest { body: Value::Object(out).to_string().into_bytes(), reply })
}

/// A member that is there and not null.
fn given<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// `max_completion_tokens`, else the older `max_tokens`.
fn max_tokens(request: &Map<String, Value>) -> Value {
    let limit = given(request, "max_completion_tokens").or_else(|| given(request, "max_tokens"));
    limit.cloned().unwrap_or_else(|| DEFAULT_MAX_TOKENS.into())
}

/// OpenAI's scale ends at 2, Anthropic's at 1: what is hotter is as hot as can be.
fn temperature(value: &Value) -> Value {
    if value.as_f64().is_some_and(|degrees| degrees > 1.0) { 1.into() } else { value.clone() }
}

fn stop_sequences(stop: &Value) -> Value {
    if stop.is_array() { stop.clone() } else { json!([stop]) }
}
