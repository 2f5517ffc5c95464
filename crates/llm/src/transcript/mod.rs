//! What was asked and answered, as messages of roles: how logs show a model call, whatever its wire format.
//!
//! - this file: the messages of a request and of a reply, streams joined again
//! - [`parts`]: long conversations in parts

pub mod parts;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::completion::{Part, Piece, delta, read_named_completion};
use crate::prompt::{Message, Role, ToolCall, read_prompt};
use crate::usage::read_reply;
use crate::{Event, Kind, Scanner};

/// The largest event of a stream that is read, in bytes.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Said {
    /// `system`, `user`, `assistant`, `tool` and whatever else the format knows.
    pub role: String,
    /// Its texts, joined. Images are not shown.
    pub content: String,
    /// Tools that it calls.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Called>,
}

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Called {
    /// The tool.
    pub name: String,
    /// Its arguments, as the model wrote them.
    pub arguments: String,
}

/// What a model answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The model, as the backend names it.
    pub model: Option<String>,
    /// One message for each choice that says something.
    pub messages: Vec<Said>,
}

/// The messages of a request; none when it cannot be read.
pub fn asked(kind: Kind, body: &[u8]) -> Vec<Said> {
    let prompt = read_prompt(kind, body);
    prompt.map(|prompt| prompt.messages.into_iter().map(said).collect()).unwrap_or_default()
}

fn said(message: Message<'_>) -> Said {
    let called =
        |call: ToolCall<'_>| Called { name: call.name.into_owned(), arguments: call.arguments.into_owned() };
    let role = match (message.role, &*message.role_name) {
        (Role::Other, "") => "user".to_owned(),
        (_, name) => name.to_owned(),
    };
    Said {
        role,
        content: message.texts.concat(),
        tool_calls: message.tool_calls.into_iter().map(called).collect(),
    }
}

/// The answer of a response: of a whole one, or the deltas of a stream joined. What was not kept of a body is not there.
pub fn answered(kind: Kind, body: &[u8], is_stream: bool) -> Answer {
    let mut joined = Joined::default();
    if !is_stream {
        let Some((model, pieces)) = read_named_completion(kind, body) else {
            return Answer { model: model(kind, body), messages: Vec::new() };
        };
        pieces.into_iter().for_each(|piece| joined.add(piece));
        return Answer { model: model.map(Cow::into_owned), messages: joined.messages() };
    }
    let mut named = None;
    let mut read = |event: Event<'_>| {
        if named.is_none() {
            named = model(kind, event.data);
        }
        delta(kind, &event).into_iter().for_each(|piece| joined.add(piece));
    };
    let mut scanner = Scanner::new(MAX_EVENT_BYTES);
    scanner.push(body, &mut read);
    scanner.finish(&mut read);
    Answer { model: named, messages: joined.messages() }
}

fn model(kind: Kind, body: &[u8]) -> Option<String> {
    let model = read_reply(kind, body).model?;
    (!model.is_empty()).then(|| model.into_owned())
}

/// Texts of the answers, by choice. What a model thought is no message.
#[derive(Default)]
struct Joined {
    choices: BTreeMap<u64, Choice>,
}

#[derive(Default)]
struct Choice {
    content: String,
    calls: BTreeMap<u64, Called>,
}

impl Joined {
    fn add(&mut self, piece: Piece<'_>) {
        let choice = self.choices.entry(piece.choice).or_default();
        match piece.part {
            Part::Content | Part::Refusal => choice.content.push_str(&piece.text),
            Part::Reasoning => {}
            Part::ToolName(call) => choice.calls.entry(call).or_default().name.push_str(&piece.text),
            Part::ToolArguments(call) => {
                choice.calls.entry(call).or_default().arguments.push_str(&piece.text);
            }
        }
    }

    fn messages(self) -> Vec<Said> {
        let said = |choice: Choice| Said {
            role: "assistant".to_owned(),
            content: choice.content,
            tool_calls: choice.calls.into_values().collect(),
        };
        let messages = self.choices.into_values().map(said);
        messages.filter(|said| !said.content.is_empty() || !said.tool_calls.is_empty()).collect()
    }
}
