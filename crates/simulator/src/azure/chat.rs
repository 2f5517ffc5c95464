//! Chat completions: plain and streamed, with tools.

use sekisho_llm::Kind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::filters;
use super::prompt::{self, Message};
use super::tools;
use crate::call::{ApiError, Call, Event, Payload, Product, Spent, events};
use crate::text::{self, Shape};
use crate::tokens::{self, Tokenizer};

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
pub(crate) struct StreamOptions {
    pub(crate) include_usage: bool,
}

/// What one choice says.
enum Choice {
    Text { tokens: Vec<String>, finish_reason: &'static str },
    ToolCall { id: String, name: String, arguments: String },
}

impl Choice {
    fn tokens(&self, tokenizer: &Tokenizer) -> u64 {
        match self {
            Self::Text { tokens, .. } => tokenizer.count(&tokens.concat()),
            Self::ToolCall { name, arguments, .. } => tokenizer.count(name) + tokenizer.count(arguments),
        }
    }

    fn finish_reason(&self) -> &'static str {
        match self {
            Self::Text { finish_reason, .. } => finish_reason,
            Self::ToolCall { .. } => "tool_calls",
        }
    }
}

pub(crate) fn answer(call: &Call, body: &[u8]) -> Result<Product, ApiError> {
    let request: Request =
        serde_json::from_slice(body).map_err(|error| ApiError::invalid_request(error.to_string(), None))?;
    if request.messages.is_empty() {
        return Err(ApiError::invalid_request("[] is too short - 'messages'", Some("messages")));
    }
    let count = request.n.unwrap_or(1);
    if count == 0 || count > MOST_CHOICES {
        return Err(ApiError::invalid_request("'n' must be between 1 and 128", Some("n")));
    }
    let transcript = prompt::transcript(&request.messages);
    if transcript.contains(filters::FILTERED_MARK) {
        return Err(ApiError::filtered_prompt());
    }
    let choices: Vec<Choice> = (0..count).map(|index| choose(call, &request, &transcript, index)).collect();
    let tools = request.tools.as_deref().unwrap_or_default();
    let prompt_tokens = call
        .prompt_tokens(Kind::ChatCompletions, body, || prompt::conversation_tokens(&request.messages, tools));
    let text_tokens = choices.iter().map(|choice| choice.tokens(&call.tokenizer)).sum();
    let spent = Spent::new(call, &transcript, prompt_tokens, text_tokens);
    let usage = call.usage.then(|| spent.chat());
    let payload = if request.stream == Some(true) {
        let asks_for_usage = call.always_usage || request.stream_options.unwrap_or_default().include_usage;
        Payload::Events(stream(call, &choices, usage.filter(|_| asks_for_usage)))
    } else {
        Payload::Json(whole(call, &choices, usage))
    };
    Ok(Product::new(call, &spent, payload))
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
        tokenizer: &call.tokenizer,
        max_tokens: request.max_completion_tokens.or(request.max_tokens),
        exact_tokens: call.completion_tokens,
        json: matches!(format, Some("json_object" | "json_schema")),
    };
    let answer = text::answer(&question, text::hash(transcript).wrapping_add(index), shape);
    let tokens = tokens::split(&answer.text).map(str::to_owned).collect();
    Choice::Text { tokens, finish_reason: answer.finish_reason() }
}

fn called_function<'a>(request: &'a Request, question: &str) -> Option<&'a Value> {
    let functions: Vec<&Value> =
        request.tools.iter().flatten().filter_map(|tool| tool.get("function")).collect();
    let name_of = |function: &&'a Value| function.get("name").and_then(Value::as_str).unwrap_or_default();
    let names: Vec<&str> = functions.iter().map(name_of).collect();
    let choice = match &request.tool_choice {
        Some(Value::String(choice)) if choice == "none" => tools::Choice::None,
        Some(Value::String(choice)) if choice == "required" => tools::Choice::Any,
        Some(Value::Object(choice)) => {
            let forced = choice.get("function").and_then(|function| function.get("name"));
            tools::Choice::Named(forced.and_then(Value::as_str).unwrap_or_default())
        }
        _ => tools::Choice::Auto {
            asks: request.messages.last().is_some_and(|message| message.role == "user"),
        },
    };
    tools::called(&names, question, choice).and_then(|place| functions.get(place).copied())
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
fn stream(call: &Call, choices: &[Choice], usage: Option<Value>) -> Vec<Event> {
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
        stream.extend(deltas(choice).into_iter().map(|(content, said)| {
            let event = delta(index, content, None);
            match said {
                // Each choice has two texts at most: a name and arguments.
                Some((part, text)) => event.saying(2 * index + part, text),
                None => event,
            }
        }));
        stream.push(delta(index, json!({}), Some(choice.finish_reason())));
    }
    let tell = |usage| chunk(json!([]), usage).telling_prompt(true).telling_completion(true);
    stream.extend(usage.map(tell));
    stream.push(events::done());
    stream
}

/// The deltas of a choice, the role, then one token each, with the part and the text each says.
fn deltas(choice: &Choice) -> Vec<(Value, Option<(usize, String)>)> {
    match choice {
        Choice::Text { tokens, .. } => {
            let role = (json!({"content": "", "refusal": null, "role": "assistant"}), None);
            let more = |token: &String| (json!({"content": token}), Some((0, token.clone())));
            std::iter::once(role).chain(tokens.iter().map(more)).collect()
        }
        Choice::ToolCall { id, name, arguments } => {
            let begin = json!({"content": null, "role": "assistant", "tool_calls": [{"index": 0, "id": id,
                "type": "function", "function": {"name": name, "arguments": ""}}]});
            let more = |part: &str| {
                let delta = json!({"tool_calls": [{"index": 0, "function": {"arguments": part}}]});
                (delta, Some((1, part.to_owned())))
            };
            std::iter::once((begin, Some((0, name.clone()))))
                .chain(tokens::split(arguments).map(more))
                .collect()
        }
    }
}
