//! What was asked and answered, as messages of roles.

use std::collections::BTreeMap;

use sekisho_llm::{
    Kind, Message, Part, Piece, Role, Scanner, delta, read_completion, read_prompt, read_reply,
};
use serde::Serialize;

/// The largest event of a stream that is read, in bytes.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Said {
    pub(super) role: String,
    pub(super) content: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<Called>,
}

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Called {
    pub(super) name: String,
    pub(super) arguments: String,
}

/// The messages of a request; none when it cannot be read.
pub(super) fn asked(kind: Kind, body: &str) -> Vec<Said> {
    let prompt = read_prompt(kind, body.as_bytes());
    prompt.map(|prompt| prompt.messages.into_iter().map(said).collect()).unwrap_or_default()
}

fn said(message: Message<'_>) -> Said {
    let called = |call: sekisho_llm::ToolCall<'_>| Called {
        name: call.name.into_owned(),
        arguments: call.arguments.into_owned(),
    };
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

/// What a model answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// The model, as the backend names it.
    pub(super) model: Option<String>,
    pub(super) messages: Vec<Said>,
}

/// The answer of a response: of a whole one, or the deltas of a stream joined.
pub(super) fn answered(kind: Kind, body: &str, is_stream: bool) -> Answer {
    let mut joined = Joined::default();
    if !is_stream {
        let model = read_reply(kind, body.as_bytes()).model.map(|model| model.into_owned());
        let pieces = read_completion(kind, body.as_bytes()).unwrap_or_default();
        pieces.into_iter().for_each(|piece| joined.add(piece));
        return Answer { model, messages: joined.messages() };
    }
    let mut model = None;
    let mut is_first = true;
    let mut read = |event: sekisho_llm::Event<'_>| {
        if std::mem::take(&mut is_first) {
            model = read_reply(kind, event.data).model.map(|model| model.into_owned());
        }
        delta(kind, &event).into_iter().for_each(|piece| joined.add(piece));
    };
    let mut scanner = Scanner::new(MAX_EVENT_BYTES);
    scanner.push(body.as_bytes(), &mut read);
    scanner.finish(&mut read);
    Answer { model: model.filter(|model| !model.is_empty()), messages: joined.messages() }
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
                choice.calls.entry(call).or_default().arguments.push_str(&piece.text)
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
