//! Texts of JSON-RPC messages: of tools (MCP) and of agents (A2A).
//!
//! A body holds one message or a batch; in a stream each event holds one. Members that are not known are passed over.

use std::borrow::Cow;

use crate::json::{self, Json};

/// Texts of one body that are given at most.
pub const MAX_TEXTS: usize = 10_000;

/// The messages of a body.
#[derive(Debug, Default, PartialEq)]
pub struct RpcTexts<'a> {
    /// The messages in their order; more than one only in a batch.
    pub messages: Vec<RpcMessage<'a>>,
    /// There are more texts than [`MAX_TEXTS`]: those behind are missing.
    pub truncated: bool,
}

/// One message.
#[derive(Debug, PartialEq)]
pub struct RpcMessage<'a> {
    /// What it is.
    pub direction: RpcDirection,
    /// The method of a request or notification: `tools/call`, `message/send`, …
    pub method: Option<Cow<'a, str>>,
    /// The tool that `tools/call` names.
    pub tool: Option<Cow<'a, str>>,
    /// The texts in their order: of a request to run a tool, every text in its arguments; of a message to an agent, its
    /// text parts; of a result, the texts of its content, messages and artifacts. Other requests have none.
    pub texts: Vec<Cow<'a, str>>,
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RpcDirection {
    /// A request, or a notification, which is not answered.
    Request,
    /// The answer to a request.
    Response,
}

/// Methods that send a message to an agent, in the names of every version of A2A.
const AGENT_METHODS: [&str; 6] = [
    "message/send",
    "message/stream",
    "SendMessage",
    "SendStreamingMessage",
    "tasks/send",
    "tasks/sendSubscribe",
];

/// Reads a body. `None` when it holds no JSON-RPC message.
pub fn rpc_texts(body: &[u8]) -> Option<RpcTexts<'_>> {
    let objects = match json::read(body)? {
        Json::List(batch) => batch.items,
        single => vec![single],
    };
    let mut found = RpcTexts::default();
    let mut left = MAX_TEXTS;
    for object in objects {
        let mut texts = Texts { texts: Vec::new(), left, truncated: false };
        if let Some(mut message) = read_message(object, &mut texts) {
            left = texts.left;
            found.truncated |= texts.truncated;
            message.texts = texts.texts;
            found.messages.push(message);
        }
    }
    (!found.messages.is_empty()).then_some(found)
}

fn read_message<'a>(mut object: Json<'a>, texts: &mut Texts<'a>) -> Option<RpcMessage<'a>> {
    if let Some(method) = object.take_text("method") {
        let mut params = object.take("params");
        let mut tool = None;
        if method == "tools/call" {
            tool = params.take_text("name");
            texts.add_leaves(params.take("arguments"));
        } else if AGENT_METHODS.contains(&&*method) {
            texts.add_parts(&mut params.take("message"));
        }
        let direction = RpcDirection::Request;
        return Some(RpcMessage { direction, method: Some(method), tool, texts: Vec::new() });
    }
    let is_response = object.get("result").is_some() || object.get("error").is_some();
    let mut result = object.take("result");
    texts.add_tool_result(&mut result);
    texts.add_agent_result(&mut result);
    let direction = RpcDirection::Response;
    is_response.then_some(RpcMessage { direction, method: None, tool: None, texts: Vec::new() })
}

/// Texts of one message.
struct Texts<'a> {
    texts: Vec<Cow<'a, str>>,
    /// How many more there may be in the body.
    left: usize,
    truncated: bool,
}

impl<'a> Texts<'a> {
    fn add(&mut self, text: Option<Cow<'a, str>>) {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.texts.push(text);
            }
            None => self.truncated = true,
        }
    }

    /// Every text in a value, however deep; names of members are not texts.
    fn add_leaves(&mut self, value: Json<'a>) {
        match value {
            Json::Text(text) => self.add(Some(text)),
            Json::List(list) => list.items.into_iter().for_each(|item| self.add_leaves(item)),
            Json::Object(members) => members.into_iter().for_each(|(_, value)| self.add_leaves(value)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    /// The result of `tools/call`, `resources/read` or `prompts/get`.
    fn add_tool_result(&mut self, result: &mut Json<'a>) {
        for content in result.take("content").into_items() {
            self.add_content(content);
        }
        self.add_leaves(result.take("structuredContent"));
        for content in result.take("contents").into_items() {
            self.add_content(content);
        }
        for mut message in result.take("messages").into_items() {
            self.add_content(message.take("content"));
        }
    }

    /// A block of content: a text, or a resource with one.
    fn add_content(&mut self, mut content: Json<'a>) {
        self.add(content.take_text("text"));
        self.add(content.take("resource").take_text("text"));
    }

    /// What an agent answers: a message, a task, or an event of a stream. Newer versions name which one it is.
    fn add_agent_result(&mut self, result: &mut Json<'a>) {
        self.add_agent_object(result);
        for name in ["message", "task", "statusUpdate", "artifactUpdate"] {
            self.add_agent_object(&mut result.take(name));
        }
    }

    fn add_agent_object(&mut self, object: &mut Json<'a>) {
        self.add_parts(object);
        self.add_parts(&mut object.take("status").take("message"));
        self.add_parts(&mut object.take("artifact"));
        for list in ["artifacts", "history"] {
            for mut item in object.take(list).into_items() {
                self.add_parts(&mut item);
            }
        }
    }

    /// The text parts of a message or artifact, whether they say `kind` or `type`.
    fn add_parts(&mut self, message: &mut Json<'a>) {
        for mut part in message.take("parts").into_items() {
            self.add(part.take_text("text"));
        }
    }
}

#[cfg(test)]
mod tests;
