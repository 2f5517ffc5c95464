//! What was asked and answered, as messages of roles: how logs show a model call, whatever its wire format.
//!
//! - this file: the messages of a request and of a reply, streams joined again
//! - [`parts`]: long conversations in parts
//! - [`chat`]: messages that are left in a body until someone asks for them
//! - [`usual`]: the usual shape, read at less cost

pub mod chat;
pub mod parts;
#[cfg(test)]
mod tests;
mod usual;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::completion::{Part, Piece, delta, read_named_completion};
use crate::prompt::{Message, Role, ToolCall, read_prompt};
use crate::usage::read_reply;
use crate::{Event, Kind, Scanner};

/// The largest event of a stream that is read, in bytes.
const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;

/// A message. [`parts`] writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said<'a> {
    /// `system`, `user`, `assistant`, `tool` and whatever else the format knows.
    pub role: Cow<'a, str>,
    /// Its texts, joined. Images are not shown.
    pub content: Cow<'a, str>,
    /// Tools that it calls.
    pub tool_calls: Vec<Called>,
}

/// A call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// The tool.
    pub name: String,
    /// Its arguments, as the model wrote them.
    pub arguments: String,
}

/// What a model was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question<'a> {
    /// Its messages.
    pub messages: Vec<Said<'a>>,
    /// Its shape is the usual one of Chat Completions: [`chat`] reads its messages again at little cost.
    pub is_usual: bool,
}

/// What a model answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The model, as the backend names it.
    pub model: Option<Cow<'a, str>>,
    /// One message for each choice that says something.
    pub messages: Vec<Said<'a>>,
    /// Its shape is the usual one of Chat Completions: [`chat`] reads its messages again at little cost.
    pub is_usual: bool,
}

/// The messages of a request; none when it cannot be read.
pub fn asked(kind: Kind, body: &[u8]) -> Question<'_> {
    if kind == Kind::ChatCompletions
        && let Some(messages) = usual::asked(body)
    {
        return Question { messages, is_usual: true };
    }
    let prompt = read_prompt(kind, body);
    let messages = prompt.map(|prompt| prompt.messages.into_iter().map(said).collect()).unwrap_or_default();
    Question { messages, is_usual: false }
}

fn said(mut message: Message<'_>) -> Said<'_> {
    let called =
        |call: ToolCall<'_>| Called { name: call.name.into_owned(), arguments: call.arguments.into_owned() };
    let role = match (message.role, &*message.role_name) {
        (Role::Other, "") => "user".into(),
        _ => message.role_name,
    };
    let content = match message.texts.as_mut_slice() {
        [text] => std::mem::take(text),
        texts => texts.concat().into(),
    };
    Said { role, content, tool_calls: message.tool_calls.into_iter().map(called).collect() }
}

/// The answer of a response: of a whole one, or the deltas of a stream joined. What was not kept of a body is not there.
pub fn answered(kind: Kind, body: &[u8], is_stream: bool) -> Answer<'_> {
    if !is_stream {
        return answered_at_once(kind, body);
    }
    let mut joined = Joined::default();
    let mut named = None;
    let mut read = |event: Event<'_>| {
        if named.is_none() {
            named = model(kind, event.data);
        }
        delta(kind, &event).iter().for_each(|piece| joined.add(piece));
    };
    let mut scanner = Scanner::new(MAX_EVENT_BYTES);
    scanner.push(body, &mut read);
    scanner.finish(&mut read);
    Answer { model: named.map(Cow::Owned), messages: joined.messages(), is_usual: false }
}

fn answered_at_once(kind: Kind, body: &[u8]) -> Answer<'_> {
    if kind == Kind::ChatCompletions
        && let Some(answer) = usual::answered(body)
    {
        return answer;
    }
    match read_named_completion(kind, body) {
        Some((model, pieces)) => Answer { model, messages: Joined::of(pieces), is_usual: false },
        None => Answer { model: model(kind, body).map(Cow::Owned), ..Answer::default() },
    }
}

fn model(kind: Kind, body: &[u8]) -> Option<String> {
    read_reply(kind, body).model.map(Cow::into_owned)
}

/// Texts of the answers, by choice. What a model thought is no message.
#[derive(Default)]
struct Joined<'a> {
    choices: BTreeMap<u64, Choice<'a>>,
}

#[derive(Default)]
struct Choice<'a> {
    content: Cow<'a, str>,
    calls: BTreeMap<u64, Called>,
}

impl<'a> Joined<'a> {
    /// The messages of a whole reply.
    fn of(pieces: Vec<Piece<'a>>) -> Vec<Said<'a>> {
        let mut joined = Joined::default();
        pieces.into_iter().for_each(|piece| joined.take(piece));
        joined.messages()
    }

    /// A piece of a whole reply: a text in one piece stays where it is.
    fn take(&mut self, piece: Piece<'a>) {
        let choice = self.choices.entry(piece.choice).or_default();
        match piece.part {
            Part::Content | Part::Refusal if choice.content.is_empty() => choice.content = piece.text,
            _ => self.add(&piece),
        }
    }

    fn add(&mut self, piece: &Piece<'_>) {
        let choice = self.choices.entry(piece.choice).or_default();
        match piece.part {
            Part::Content | Part::Refusal => choice.content.to_mut().push_str(&piece.text),
            Part::Reasoning => {}
            Part::ToolName(call) => choice.calls.entry(call).or_default().name.push_str(&piece.text),
            Part::ToolArguments(call) => {
                choice.calls.entry(call).or_default().arguments.push_str(&piece.text);
            }
        }
    }

    fn messages(self) -> Vec<Said<'a>> {
        let said = |choice: Choice<'a>| Said {
            role: "assistant".into(),
            content: choice.content,
            tool_calls: choice.calls.into_values().collect(),
        };
        let messages = self.choices.into_values().map(said);
        messages.filter(|said| !said.content.is_empty() || !said.tool_calls.is_empty()).collect()
    }
}
