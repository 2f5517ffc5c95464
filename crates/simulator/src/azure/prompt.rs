//! Messages of a conversation: what is asked, and how many tokens it has.
//!
//! A message counts 3 tokens and those of its text, name and tool calls; an image counts 85; a conversation counts
//! 3 more for the answer's beginning, and the tokens of its tool definitions as JSON.

use serde::Deserialize;
use serde_json::Value;

use crate::tokens;

const PER_MESSAGE: u64 = 3;
const PER_ANSWER: u64 = 3;
const PER_IMAGE: u64 = 85;

#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) role: String,
    #[serde(default)]
    content: Option<Content>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    tool_calls: Option<Value>,
}

/// A text, or parts of several types.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Part {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    text: Option<String>,
}

impl Content {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => {
                let texts: Vec<&str> = parts.iter().filter_map(|part| part.text.as_deref()).collect();
                texts.join("\n")
            }
        }
    }

    pub(crate) fn tokens(&self) -> u64 {
        let images = match self {
            Self::Text(_) => 0,
            Self::Parts(parts) => parts.iter().filter(|part| part.kind.contains("image")).count() as u64,
        };
        tokens::count(&self.text()) + images * PER_IMAGE
    }
}

impl Message {
    fn text(&self) -> String {
        self.content.as_ref().map(Content::text).unwrap_or_default()
    }

    fn tokens(&self) -> u64 {
        let content = self.content.as_ref().map_or(0, Content::tokens);
        let name = self.name.as_deref().map_or(0, tokens::count);
        let tool_calls = self.tool_calls.as_ref().map_or(0, |calls| tokens::count(&calls.to_string()));
        PER_MESSAGE + content + name + tool_calls
    }
}

/// Tokens of a conversation with its tools.
pub(crate) fn conversation_tokens(messages: &[Message], tools: &[Value]) -> u64 {
    let tools: u64 = tools.iter().map(|tool| tokens::count(&tool.to_string())).sum();
    messages.iter().map(Message::tokens).sum::<u64>() + tools + PER_ANSWER
}

/// The text of the last message of a user; empty when there is none.
pub(crate) fn question(messages: &[Message]) -> String {
    messages.iter().rev().find(|message| message.role == "user").map(Message::text).unwrap_or_default()
}

/// The whole conversation as one text.
pub(crate) fn transcript(messages: &[Message]) -> String {
    messages.iter().map(|message| format!("{}: {}\n", message.role, message.text())).collect()
}
