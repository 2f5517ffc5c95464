//! The words of a request, message by message.
//!
//! [`sekisho_llm::read_prompt`] passes over what it does not know, as is right for counting. Here the opposite is: a prompt of
//! which a part is not understood could be taken for another one, so it is none.

use sekisho_llm::Kind;
use serde_json::{Map, Value};

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message<'b> {
    /// Who says it, as the request has it.
    pub(super) role: &'b str,
    /// The parts of its text.
    pub(super) texts: Vec<&'b str>,
}

impl Message<'_> {
    /// True for instructions that are not part of the dialog.
    pub(super) fn is_system(&self) -> bool {
        matches!(self.role, "system" | "developer")
    }
}

/// The members of a body that [`read`] reads.
pub(super) fn members(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::ChatCompletions => &["messages"],
        Kind::Completions => &["prompt"],
        Kind::Responses => &["input", "instructions"],
        Kind::AnthropicMessages => &["messages", "system"],
        _ => &[],
    }
}

/// The messages of a body; none when it holds anything but text (images, files, calls of tools and what came of them), or
/// goes on with what the service remembers.
pub(super) fn read(kind: Kind, body: &Map<String, Value>) -> Option<Vec<Message<'_>>> {
    let mut messages = Vec::new();
    let [main, rest @ ..] = members(kind) else { return None };
    for name in rest {
        if let Some(instructions) = body.get(*name).filter(|value| !value.is_null()) {
            messages.push(Message { role: "system", texts: texts(instructions)? });
        }
    }
    match (body.get(*main)?, kind) {
        (text @ Value::String(_), Kind::Completions | Kind::Responses) => {
            messages.push(Message { role: "user", texts: texts(text)? });
        }
        (Value::Array(items), Kind::Completions) => match &items[..] {
            [text @ Value::String(_)] => messages.push(Message { role: "user", texts: texts(text)? }),
            _ => return None,
        },
        (Value::Array(items), _) => {
            let items = items.iter().map(|item| message(item.as_object()?));
            messages.extend(items.collect::<Option<Vec<_>>>()?);
        }
        _ => return None,
    }
    let remembers = ["previous_response_id", "conversation"].iter().any(|name| is_set(body.get(*name)));
    (kind != Kind::Responses || !remembers).then_some(messages)
}

/// A message that is nothing but text.
fn message(item: &Map<String, Value>) -> Option<Message<'_>> {
    let is_known = |(name, value): (&String, &Value)| match name.as_str() {
        "role" | "content" | "id" | "status" => true,
        "type" => value == "message",
        _ => !is_set(Some(value)),
    };
    if !item.iter().all(is_known) {
        return None;
    }
    Some(Message { role: item.get("role")?.as_str()?, texts: texts(item.get("content")?)? })
}

/// A text, or a list of parts that all are texts.
fn texts(content: &Value) -> Option<Vec<&str>> {
    match content {
        Value::String(text) => Some(vec![text]),
        Value::Array(parts) => parts.iter().map(part).collect(),
        _ => None,
    }
}

fn part(part: &Value) -> Option<&str> {
    let is_text = matches!(part.get("type")?.as_str()?, "text" | "input_text" | "output_text");
    part.get("text").filter(|_| is_text)?.as_str()
}

/// True for a member that says something.
fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}
