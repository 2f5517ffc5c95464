//! The body of a call, checked as the service checks it.

use std::collections::HashSet;

use http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use super::{VERSION, invalid};
use crate::azure::tools;
use crate::call::ApiError;

/// Tokens beside the texts: of a message, of the answer's beginning, of an image.
const PER_MESSAGE: u64 = 3;
const PER_ANSWER: u64 = 3;
const PER_IMAGE: u64 = 85;

/// A request for a message, or for its token count.
#[derive(Debug, Deserialize)]
pub(super) struct Request {
    #[serde(default)]
    messages: Option<Vec<Message>>,
    #[serde(default)]
    max_tokens: Option<i64>,
    #[serde(default)]
    system: Option<Content>,
    #[serde(default)]
    pub(super) stream: Option<bool>,
    #[serde(default)]
    pub(super) tools: Vec<Value>,
    #[serde(default)]
    tool_choice: Option<Value>,
    #[serde(default)]
    pub(super) stop_sequences: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    content: Content,
}

/// A text, or blocks of several types.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Blocks(Vec<Value>),
}

impl Content {
    /// The texts of all blocks; tool results and calls are texts too.
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Blocks(blocks) => blocks.iter().map(block_text).collect::<Vec<_>>().join("\n"),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Blocks(blocks) => blocks.is_empty(),
        }
    }

    /// Members of the blocks of one type.
    fn members<'a>(&'a self, kind: &'a str, member: &'a str) -> impl Iterator<Item = &'a str> {
        let blocks = match self {
            Self::Text(_) => &[][..],
            Self::Blocks(blocks) => blocks,
        };
        let of_kind = move |block: &&Value| block.get("type").and_then(Value::as_str) == Some(kind);
        blocks.iter().filter(of_kind).filter_map(move |block| block.get(member).and_then(Value::as_str))
    }

    fn images(&self) -> u64 {
        match self {
            Self::Text(_) => 0,
            Self::Blocks(blocks) => {
                blocks.iter().filter(|block| block.get("type").is_some_and(|kind| kind == "image")).count()
                    as u64
            }
        }
    }
}

fn block_text(block: &Value) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match block.get("type").and_then(Value::as_str) {
        Some("text") => block.get("text").and_then(text).unwrap_or_default(),
        Some("tool_use") => block.get("input").map(Value::to_string).unwrap_or_default(),
        Some("tool_result") => match block.get("content") {
            Some(Value::Array(blocks)) => blocks.iter().map(block_text).collect(),
            Some(content) => text(content).unwrap_or_default(),
            None => String::new(),
        },
        _ => String::new(),
    }
}

impl Request {
    /// Reads and checks a body. Only a message needs `max_tokens`, its count does not.
    pub(super) fn read(headers: &HeaderMap, body: &[u8], needs_max_tokens: bool) -> Result<Self, ApiError> {
        if !headers.contains_key(VERSION) {
            return Err(invalid("anthropic-version: header is required"));
        }
        let request: Self = serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
        if needs_max_tokens {
            match request.max_tokens {
                None => return Err(invalid("max_tokens: Field required")),
                Some(..=0) => {
                    return Err(invalid("max_tokens: Input should be greater than or equal to 1"));
                }
                Some(_) => {}
            }
        }
        request.check_messages()?;
        let is_nameless = |tool: &Value| tool_name(tool).is_empty();
        if let Some(place) = request.tools.iter().position(is_nameless) {
            return Err(invalid(format!("tools.{place}.name: Field required")));
        }
        Ok(request)
    }

    fn check_messages(&self) -> Result<(), ApiError> {
        let messages = self.messages.as_deref().ok_or_else(|| invalid("messages: Field required"))?;
        let first = messages.first().ok_or_else(|| invalid("messages: at least one message is required"))?;
        for (place, message) in messages.iter().enumerate() {
            check_role(place, &message.role)?;
            let is_prefill = message.role == "assistant" && place + 1 == messages.len();
            if message.content.is_empty() && !is_prefill {
                return Err(invalid(format!("messages.{place}: all messages must have non-empty content")));
            }
        }
        if first.role != "user" {
            return Err(invalid("messages: first message must use the \"user\" role"));
        }
        check_tool_results(messages)
    }

    fn messages(&self) -> &[Message] {
        self.messages.as_deref().unwrap_or_default()
    }

    /// The tokens the answer may have.
    pub(super) fn max_tokens(&self) -> Option<u64> {
        self.max_tokens.and_then(|max| u64::try_from(max).ok())
    }

    /// The text of the last message of a user.
    pub(super) fn question(&self) -> String {
        let last = self.messages().iter().rev().find(|message| message.role == "user");
        last.map(|message| message.content.text()).unwrap_or_default()
    }

    /// System text and conversation as one text.
    pub(super) fn transcript(&self) -> String {
        let system = self.system.as_ref().map(|system| format!("system: {}\n", system.text()));
        let messages =
            self.messages().iter().map(|message| format!("{}: {}\n", message.role, message.content.text()));
        system.into_iter().chain(messages).collect()
    }

    /// Tokens of the conversation with its tools, of which `count` says how many a text has.
    pub(super) fn tokens(&self, count: impl Fn(&str) -> u64) -> u64 {
        let system = self.system.as_ref().map_or(0, |system| count(&system.text()));
        let tools: u64 = self.tools.iter().map(|tool| count(&tool.to_string())).sum();
        let message = |message: &Message| {
            PER_MESSAGE + count(&message.content.text()) + PER_IMAGE * message.content.images()
        };
        system + tools + self.messages().iter().map(message).sum::<u64>() + PER_ANSWER
    }

    /// The tool the answer calls.
    pub(super) fn called_tool(&self, question: &str) -> Option<&Value> {
        let names: Vec<&str> = self.tools.iter().map(tool_name).collect();
        let member =
            |name| self.tool_choice.as_ref().and_then(|choice| choice.get(name)).and_then(Value::as_str);
        let choice = match member("type") {
            Some("none") => tools::Choice::None,
            Some("any") => tools::Choice::Any,
            Some("tool") => tools::Choice::Named(member("name").unwrap_or_default()),
            _ => tools::Choice::Auto { asks: self.asks() },
        };
        tools::called(&names, question, choice).and_then(|place| self.tools.get(place))
    }

    /// Whether the last message is a question of the user and not the result of a tool.
    fn asks(&self) -> bool {
        self.messages().last().is_some_and(|last| {
            last.role == "user" && last.content.members("tool_result", "tool_use_id").next().is_none()
        })
    }
}

/// A tool's name; empty when it has none.
pub(super) fn tool_name(tool: &Value) -> &str {
    tool.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn check_role(place: usize, role: &str) -> Result<(), ApiError> {
    match role {
        "user" | "assistant" => Ok(()),
        "system" => Err(invalid(
            "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \
             \"system\" as an input message role.",
        )),
        _ => Err(invalid(format!("messages.{place}.role: Input should be 'user' or 'assistant'"))),
    }
}

/// Every tool that was called has its result in the next message, and every result belongs to a call before it.
fn check_tool_results(messages: &[Message]) -> Result<(), ApiError> {
    let mut called = HashSet::new();
    for (place, message) in messages.iter().enumerate() {
        let answered: HashSet<&str> = message.content.members("tool_result", "tool_use_id").collect();
        if let Some(unknown) = answered.iter().find(|id| !called.contains(*id)) {
            return Err(invalid(format!(
                "messages.{place}: unexpected `tool_use_id` found in `tool_result` blocks: {unknown}. Each \
                 `tool_result` block must have a corresponding `tool_use` block in the previous message."
            )));
        }
        if let Some(open) = called.iter().find(|id| !answered.contains(*id)) {
            return Err(invalid(format!(
                "messages.{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {open}."
            )));
        }
        called = message.content.members("tool_use", "id").collect();
    }
    Ok(())
}
