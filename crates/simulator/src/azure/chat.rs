//! Chat completions: plain and streamed, with tools.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::prompt::{self, Message};
use super::{AzureError, Call, Payload, Product, events, filters};
use crate::text::{self, Shape};
use crate::tokens;

/// Choices of one request at most, as with OpenAI.
const MOST_CHOICES: u64 = 128;
const FINGERPRINT: &str = "fp_simulated";

#[derive(Deserialize)]
struct Request {
    messages: Vec<Message>,
    #[serde(default)]
    stream: Option<bool>,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    max_completion_tokens: Option<u64>,
    #[serde(default)]
    n: Option<u64>,
    #[serde(default)]
    tools: Option<Vec<Value>>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    response_format: Option<Value>,
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(default)]
pub(super) struct StreamOptions {
    pub(super) include_usage: bool,
}

/// What one choice says.
enum Choice {
    Text { tokens: Vec<String>, finish_reason: &'static str },
    ToolCall { id: String, name: String, arguments: String },
}

impl Choice {
    fn tokens(&self) -> u64 {
        match self {
            Self::Text { tokens, .. } => tokens.len() as u64,
            Self::ToolCall { name, arguments, .. } => tokens::count(name) + tokens::count(arguments),
        }
    }

    fn finish_reason(&self) -> &'static str {
        match self {
            Self::Text { finish_reason, .. } => finish_reason,
            Self::ToolCall { .. } => "tool_calls",
        }
    }
}

pub(super) fn answer(call: &Call, body: &[u8]) -> Result<Product, AzureError> {
    let request: Request =
        serde_json::from_slice(body).map_err(|error| AzureError::invalid_request(error.to_string(), None))?;
    if request.messages.is_empty() {
        return Err(AzureError::invalid_request("[] is too short - 'messages'", Some("messages")));
    }
    let count = request.n.unwrap_or(1);
    if count == 0 || count > MOST_CHOICES {
        return Err(AzureError::invalid_request("'n' must be between 1 and 128", Some("n")));
    }
    let transcript = prompt::transcript(&request.messages);
    if transcript.contains(filters::FILTERED_MARK) {
        return Err(AzureError::filtered_prompt());
    }
    let choices: Vec<Choice> = (0..count).map(|index| choose(call, &request, &transcript, index)).collect();
    let tools = request.tools.as_deref().unwrap_or_default();
    let prompt_tokens = prompt::conversation_tokens(&request.messages, tools);
    let completion_tokens = choices.iter().map(Choice::tokens).sum();
    let usage = call.usage.then(|| usage(prompt_tokens, completion_tokens));
    let payload = if request.stream == Some(true) {
        let asks_for_usage = request.stream_options.unwrap_or_default().include_usage;
        Payload::Events(stream(call, &choices, usage.filter(|_| asks_for_usage)))
    } else {
        Payload::Json(whole(call, &choices, usage))
    };
    Ok(Product { prompt_tokens, completion_tokens, payload })
}

fn choose(call: &Call, request: &Request, transcript: &str, index: u64) -> Choice {
    let question = prompt::question(&request.messages);
    if let Some(function) = called_function(request, &question) {
        let name = function.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let arguments = text::arguments(function.get("parameters"));
        return Choice::ToolCall { id: format!("{}{index}", call.id("call_")), name, arguments };
    }
    let format =
        request.response_format.as_ref().and_then(|format| format.get("type")).and_then(Value::as_str);
    let shape = Shape {
        max_tokens: request.max_completion_tokens.or(request.max_tokens),
        exact_tokens: call.completion_tokens,
        json: matches!(format, Some("json_object" | "json_schema")),
    };
    let answer = text::answer(&question, text::hash(transcript).wrapping_add(index), shape);
    let tokens = tokens::split(&answer.text).map(str::to_owned).collect();
    Choice::Text { tokens, finish_reason: answer.finish_reason() }
}

/// The function to call: the one `tool_choice` forces, or one the question names. The result of a tool is answered
/// with text, unless a call is forced.
fn called_function<'a>(request: &'a Request, question: &str) -> Option<&'a Value> {
    let functions = || request.tools.iter().flatten().filter_map(|tool| tool.get("function"));
    let name_of = |function: &'a Value| function.get("name").and_then(Value::as_str).unwrap_or_default();
    match &request.tool_choice {
        Some(Value::String(choice)) if choice == "none" => return None,
        Some(Value::String(choice)) if choice == "required" => {
            let named = functions().find(|function| mentions(question, name_of(function)));
            return named.or_else(|| functions().next());
        }
        Some(Value::Object(choice)) => {
            let forced =
                choice.get("function").and_then(|function| function.get("name")).and_then(Value::as_str);
            return functions().find(|function| Some(name_of(function)) == forced);
        }
        _ => {}
    }
    let asks = request.messages.last().is_some_and(|message| message.role == "user");
    functions().find(|function| asks && mentions(question, name_of(function)))
}

fn mentions(question: &str, function: &str) -> bool {
    !function.is_empty() && (question.contains(function) || question.contains(&function.replace('_', " ")))
}

pub(super) fn usage(prompt_tokens: u64, completion_tokens: u64) -> Value {
    json!({
        "completion_tokens": completion_tokens,
        "completion_tokens_details": {"accepted_prediction_tokens": 0, "audio_tokens": 0, "reasoning_tokens": 0,
            "rejected_prediction_tokens": 0},
        "prompt_tokens": prompt_tokens,
        "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
        "total_tokens": prompt_tokens + completion_tokens,
    })
}

fn whole(call: &Call, choices: &[Choice], usage: Option<Value>) -> Value {
    let choices: Vec<Value> = choices
        .iter()
        .enumerate()
        .map(|(index, choice)| {
            let mut message = Map::new();
            message.insert("role".to_owned(), json!("assistant"));
            message.insert("refusal".to_owned(), Value::Null);
            match choice {
                Choice::Text { tokens, .. } => message.insert("content".to_owned(), json!(tokens.concat())),
                Choice::ToolCall { id, name, arguments } => {
                    let function = json!({"name": name, "arguments": arguments});
                    let calls = json!([{"id": id, "type": "function", "function": function}]);
                    message.insert("tool_calls".to_owned(), calls);
                    message.insert("content".to_owned(), Value::Null)
                }
            };
            json!({"content_filter_results": filters::safe(), "finish_reason": choice.finish_reason(),
                "index": index, "logprobs": null, "message": message})
        })
        .collect();
    let mut reply = json!({"choices": choices, "created": call.created, "id": call.id("chatcmpl-"),
        "model": call.model, "object": "chat.completion", "prompt_filter_results": filters::prompt(),
        "system_fingerprint": FINGERPRINT});
    if let (Some(usage), Some(reply)) = (usage, reply.as_object_mut()) {
        reply.insert("usage".to_owned(), usage);
    }
    reply
}

/// The events in Azure's order: the prompt's filter results, then for each choice its role, its content and its
/// finish reason, then the usage if asked for, then the end.
fn stream(call: &Call, choices: &[Choice], usage: Option<Value>) -> Vec<Bytes> {
    let id = call.id("chatcmpl-");
    let with_usage = usage.is_some();
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = json!({"choices": choices, "created": call.created, "id": id, "model": call.model,
            "object": "chat.completion.chunk", "system_fingerprint": FINGERPRINT});
        if let (true, Some(chunk)) = (with_usage, chunk.as_object_mut()) {
            chunk.insert("usage".to_owned(), usage);
        }
        events::data(&chunk)
    };
    let delta = |index: usize, delta: Value, finish_reason: Option<&str>| {
        let has_content = delta.get("content").is_some_and(Value::is_string);
        let filters = if has_content { filters::safe() } else { json!({}) };
        let choice = json!({"content_filter_results": filters, "delta": delta, "finish_reason": finish_reason,
            "index": index, "logprobs": null});
        chunk(json!([choice]), Value::Null)
    };

    let first = json!({"choices": [], "created": 0, "id": "", "model": "", "object": "",
        "prompt_filter_results": filters::prompt()});
    let mut stream = vec![events::data(&first)];
    for (index, choice) in choices.iter().enumerate() {
        stream.extend(deltas(choice).into_iter().map(|content| delta(index, content, None)));
        stream.push(delta(index, json!({}), Some(choice.finish_reason())));
    }
    stream.extend(usage.map(|usage| chunk(json!([]), usage)));
    stream.push(events::DONE);
    stream
}

/// The deltas of a choice: the role, then one token each.
fn deltas(choice: &Choice) -> Vec<Value> {
    match choice {
        Choice::Text { tokens, .. } => {
            let role = json!({"content": "", "refusal": null, "role": "assistant"});
            std::iter::once(role).chain(tokens.iter().map(|token| json!({"content": token}))).collect()
        }
        Choice::ToolCall { id, name, arguments } => {
            let begin = json!({"content": null, "role": "assistant", "tool_calls": [{"index": 0, "id": id,
                "type": "function", "function": {"name": name, "arguments": ""}}]});
            let more = |part| json!({"tool_calls": [{"index": 0, "function": {"arguments": part}}]});
            std::iter::once(begin).chain(tokens::split(arguments).map(more)).collect()
        }
    }
}
