//! The text of messages, by their wire format.

use http::Method;
use http::header::CONTENT_TYPE;
use sekisho_llm::{Event, Kind};
use serde_json::Value;

use super::service::Failure;
use crate::body::{Body, Within};
use crate::exchange::Exchange;

/// How the messages of a call are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A call of a model.
    Model(Kind),
    /// JSON-RPC, as MCP servers and A2A agents speak it.
    Rpc,
}

/// The text of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Texts {
    /// All of it.
    pub(super) all: String,
    /// What users wrote.
    pub(super) prompt: String,
    /// What came from tools.
    pub(super) documents: Vec<String>,
}

impl Format {
    pub(super) fn may_be_request(exchange: &Exchange) -> bool {
        match exchange.model_call().kind {
            Kind::Embeddings => false,
            Kind::Other | Kind::Models => {
                exchange.request.method == Method::POST
                    && is_json(exchange.request.headers.get(CONTENT_TYPE).map(|value| value.as_bytes()))
            }
            _ => true,
        }
    }

    pub(super) fn of_request(exchange: &Exchange, size: Within) -> Option<Self> {
        match exchange.model_call().kind {
            Kind::Other | Kind::Models => {
                let Body::Full(bytes) = &exchange.request.body else { return None };
                let value: Value = serde_json::from_slice(bytes).ok().filter(|_| size == Within::Whole)?;
                (value.get("jsonrpc").is_some() && value.get("method").is_some()).then_some(Self::Rpc)
            }
            kind => Some(Self::Model(kind)),
        }
    }

    pub(super) fn of_response(exchange: &Exchange) -> Option<Self> {
        match exchange.model_call().kind {
            Kind::Embeddings => None,
            Kind::Other | Kind::Models => {
                let response = exchange.response.as_ref()?;
                let kind = response.headers.get(CONTENT_TYPE).map(|value| value.as_bytes());
                (response.is_event_stream() || is_json(kind)).then_some(Self::Rpc)
            }
            kind => Some(Self::Model(kind)),
        }
    }

    pub(super) fn texts_of_request(self, body: &Body) -> Result<Texts, Failure> {
        let value = json(body)?;
        let mut texts = Texts::default();
        let messages = value.get("messages").or(value.get("input"));
        for message in messages.and_then(Value::as_array).into_iter().flatten() {
            let mut text = String::new();
            strings(message.get("content").unwrap_or(&Value::Null), &mut text);
            match message.get("role").and_then(Value::as_str) {
                Some("system" | "developer" | "assistant") => {}
                Some("tool") => texts.documents.push(text.clone()),
                _ => texts.prompt.push_str(&text),
            }
            texts.all.push_str(&text);
        }
        if self == Self::Rpc {
            strings(value.get("params").unwrap_or(&Value::Null), &mut texts.all);
        }
        Ok(texts)
    }

    pub(super) fn texts_of_response(self, body: &Body) -> Result<Texts, Failure> {
        let value = json(body)?;
        let mut texts = Texts::default();
        for key in ["choices", "content", "output", "result"] {
            strings(value.get(key).unwrap_or(&Value::Null), &mut texts.all);
        }
        Ok(texts)
    }
}

fn json(body: &Body) -> Result<Value, Failure> {
    let Body::Full(bytes) = body else { return Ok(Value::Null) };
    serde_json::from_slice(bytes).map_err(|_| Failure::new("UnreadableText", "the body is no JSON"))
}

fn strings(value: &Value, into: &mut String) {
    match value {
        Value::String(text) => into.push_str(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, into)),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !["role", "type", "id", "finish_reason", "index"].contains(&name.as_str()))
            .for_each(|(_, value)| strings(value, into)),
        _ => {}
    }
}

fn is_json(content_type: Option<&[u8]>) -> bool {
    content_type.is_some_and(|kind| kind.windows(4).any(|part| part.eq_ignore_ascii_case(b"json")))
}

/// The texts in the events of a stream.
pub(super) struct EventTexts(Format);

impl EventTexts {
    pub(super) fn new(format: Format) -> Self {
        Self(format)
    }

    pub(super) fn read(
        &mut self,
        event: &Event<'_>,
        on_text: &mut impl FnMut(u64, &str),
    ) -> Result<(), Failure> {
        if event.data == b"[DONE]" {
            return Ok(());
        }
        let value: Value = serde_json::from_slice(event.data)
            .map_err(|_| Failure::new("UnreadableText", "an event is no JSON"))?;
        let mut text = String::new();
        for key in ["choices", "delta", "result", "params"] {
            strings(value.get(key).unwrap_or(&Value::Null), &mut text);
        }
        if !text.is_empty() {
            on_text(0, &text);
        }
        Ok(())
    }
}
