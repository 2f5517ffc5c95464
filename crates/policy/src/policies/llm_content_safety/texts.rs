//! The text of messages, by their wire format.
//!
//! What cannot be read is not taken for empty: it is a failure, and so it does not pass.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use sekisho_llm::{Event, Kind, Part, Piece, Prompt, Role, delta, read_completion, read_prompt};
use serde::de::IgnoredAny;

use super::rpc;
use super::service::Failure;
use crate::body::{Body, Within};
use crate::exchange::{ApiType, Exchange, Response};

/// How the messages of a call are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A call of a model.
    Model(Kind),
    /// JSON-RPC to an MCP server or an A2A agent, which take nothing else.
    Rpc,
    /// JSON-RPC in an API that may take something else as well.
    PerhapsRpc,
}

/// The text of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Texts {
    /// All of it.
    pub(super) all: String,
    /// What users wrote.
    pub(super) prompt: String,
    /// What the model reads besides: results of tools.
    pub(super) documents: Vec<String>,
}

impl Texts {
    /// Adds a text to the whole.
    pub(super) fn add(&mut self, text: &str) {
        add_line(&mut self.all, text);
    }

    /// Adds what a user wrote.
    pub(super) fn add_prompt(&mut self, text: &str) {
        self.add(text);
        add_line(&mut self.prompt, text);
    }

    /// Adds what comes from a tool.
    pub(super) fn add_document(&mut self, text: &str) {
        self.add(text);
        self.documents.push(text.to_owned());
    }
}

fn add_line(whole: &mut String, text: &str) {
    if !whole.is_empty() && !text.is_empty() {
        whole.push('\n');
    }
    whole.push_str(text);
}

impl Format {
    /// False when the request of a call is of no kind that is judged, as far as can be told without its body.
    pub(super) fn may_be_request(exchange: &Exchange) -> bool {
        let kind = exchange.model_call().kind;
        if is_judged(kind) {
            return true;
        }
        let request = &exchange.request;
        let may_be_rpc = takes_rpc(exchange) || is_json(&request.headers);
        kind == Kind::Other && request.method == Method::POST && may_be_rpc
    }

    /// The format of a request that is in memory unless it is too large. None when it is not judged.
    pub(super) fn of_request(exchange: &Exchange, size: Within) -> Option<Self> {
        let kind = exchange.model_call().kind;
        if is_judged(kind) {
            return Some(Self::Model(kind));
        }
        match &exchange.request.body {
            _ if takes_rpc(exchange) => Some(Self::Rpc),
            Body::Full(body) if size == Within::Whole && rpc::is_request(body) => Some(Self::PerhapsRpc),
            _ => None,
        }
    }

    /// The format of a response. None when it is not judged.
    pub(super) fn of_response(exchange: &Exchange) -> Option<Self> {
        let kind = exchange.model_call().kind;
        if is_judged(kind) {
            return Some(Self::Model(kind));
        }
        if takes_rpc(exchange) {
            return (kind == Kind::Other).then_some(Self::Rpc);
        }
        let response = exchange.response.as_ref()?;
        let may_be_rpc = response.is_event_stream() || is_json(&response.headers);
        (kind == Kind::Other && may_be_rpc).then_some(Self::PerhapsRpc)
    }

    /// True for JSON-RPC.
    pub(super) fn is_rpc(self) -> bool {
        matches!(self, Self::Rpc | Self::PerhapsRpc)
    }

    /// True when there is no doubt about the format, so that a message which cannot be read is not something else.
    pub(super) fn is_certain(self, exchange: &Exchange) -> bool {
        match (self, &exchange.request.body) {
            (Self::Model(_) | Self::Rpc, _) => true,
            (Self::PerhapsRpc, Body::Full(body)) => memchr::memmem::find(body, b"jsonrpc").is_some(),
            (Self::PerhapsRpc, _) => false,
        }
    }

    /// The text of a request.
    pub(super) fn texts_of_request(self, body: &Body) -> Result<Texts, Failure> {
        let Body::Full(body) = body else { return Ok(Texts::default()) };
        match self {
            Self::Rpc | Self::PerhapsRpc => {
                let mut texts = Texts::default();
                let is_message = rpc::read(body, &mut |text| texts.add_prompt(text))?;
                if self == Self::Rpc && !is_message { Err(unreadable("the request")) } else { Ok(texts) }
            }
            Self::Model(kind) => match read_prompt(kind, body) {
                Some(prompt) => Ok(texts_of_prompt(&prompt)),
                None if may_be_form(kind) => Ok(Texts::default()),
                None => Err(unreadable("the request")),
            },
        }
    }

    /// The text of a response that is in memory, to a request with this method.
    pub(super) fn texts_of_response(self, response: &Response, method: &Method) -> Result<Texts, Failure> {
        let Body::Full(body) = &response.body else { return Ok(Texts::default()) };
        let mut texts = Texts::default();
        match self {
            Self::Rpc | Self::PerhapsRpc => {
                let is_message = rpc::read(body, &mut |text| texts.add_document(text))?;
                if self == Self::Rpc && !is_message && rpc::is_answer(response, method) {
                    return Err(unreadable("the response"));
                }
            }
            Self::Model(kind) if !writes_text(kind) => {}
            Self::Model(kind) => match (read_completion(kind, body), std::str::from_utf8(body)) {
                (Some(pieces), _) => {
                    pieces.iter().filter(|piece| is_text(piece)).for_each(|piece| texts.add(&piece.text))
                }
                // A transcription may be plain text.
                (None, Ok(plain)) if may_be_form(kind) => texts.add(plain),
                (None, _) => return Err(unreadable("the response")),
            },
        }
        Ok(texts)
    }
}

/// True when the API is an MCP server or an A2A agent.
fn takes_rpc(exchange: &Exchange) -> bool {
    exchange.facts.api_type != ApiType::Http
}

/// What a prompt says.
fn texts_of_prompt(prompt: &Prompt<'_>) -> Texts {
    let mut texts = Texts::default();
    for message in &prompt.messages {
        for text in &message.texts {
            match message.role {
                Role::User | Role::Other => texts.add_prompt(text),
                Role::Tool => texts.add_document(text),
                Role::System | Role::Developer | Role::Assistant => texts.add(text),
            }
        }
        message.tool_calls.iter().for_each(|call| texts.add(&call.arguments));
    }
    prompt.tools.iter().filter_map(|tool| tool.description.as_ref()).for_each(|text| texts.add(text));
    texts
}

/// Whether calls of this kind are judged. Embeddings are not: no model answers them in words.
fn is_judged(kind: Kind) -> bool {
    !matches!(kind, Kind::Embeddings | Kind::Realtime | Kind::Models | Kind::Other)
}

/// Whether the body may be a form with a file in place of JSON. Forms are not looked into.
fn may_be_form(kind: Kind) -> bool {
    matches!(kind, Kind::AudioTranscriptions | Kind::AudioTranslations | Kind::ImageEdits)
}

/// Whether the model answers in words.
fn writes_text(kind: Kind) -> bool {
    !matches!(kind, Kind::AudioSpeech | Kind::ImageGenerations | Kind::ImageEdits)
}

/// Names of tools are the caller's own words, which were in the request.
fn is_text(piece: &Piece<'_>) -> bool {
    !matches!(piece.part, Part::ToolName(_))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|value| value.as_bytes()).unwrap_or_default();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
    kind == b"application/json" || kind.ends_with(b"+json")
}

fn unreadable(what: &str) -> Failure {
    Failure::new(
        "UnreadableText",
        format!("{what} is not of the format of its path, so its text is not known"),
    )
}

/// The texts in the events of a stream.
#[derive(Debug)]
pub(super) struct EventTexts {
    format: Format,
}

impl EventTexts {
    /// For streams of this format.
    pub(super) fn new(format: Format) -> Self {
        Self { format }
    }

    /// True when each event is a message of its own, whose text does not go on in the next.
    pub(super) fn are_messages(&self) -> bool {
        self.format.is_rpc()
    }

    /// Gives each text of an event, with a number that is the same for pieces of one text.
    pub(super) fn read(&self, event: &Event<'_>, on_text: &mut impl FnMut(u64, &str)) -> Result<(), Failure> {
        let kind = match self.format {
            Format::Rpc | Format::PerhapsRpc => {
                let is_message = rpc::read(event.data, &mut |text| on_text(0, text))?;
                let may_be_other = self.format == Format::PerhapsRpc || rpc::names_a_place(event);
                return match is_message || may_be_other {
                    true => Ok(()),
                    false => Err(unreadable("an event of the stream")),
                };
            }
            Format::Model(kind) if writes_text(kind) => kind,
            Format::Model(_) => return Ok(()),
        };
        let pieces = delta(kind, event);
        if pieces.is_empty()
            && event.data != b"[DONE]"
            && serde_json::from_slice::<IgnoredAny>(event.data).is_err()
        {
            return Err(unreadable("an event of the stream"));
        }
        for piece in &pieces {
            if let Some(number) = number(piece) {
                on_text(number, &piece.text);
            }
        }
        Ok(())
    }
}

/// A number for the text that a piece belongs to; none for what is not judged.
fn number(piece: &Piece<'_>) -> Option<u64> {
    let part = match piece.part {
        Part::Content | Part::Refusal => 0,
        Part::Reasoning => 1,
        Part::ToolArguments(call) => call.saturating_add(2),
        Part::ToolName(_) => return None,
    };
    // Both are small: numbers of choices and calls in one reply.
    Some(piece.choice.wrapping_mul(1 << 32).wrapping_add(part))
}
