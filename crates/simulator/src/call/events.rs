//! Server-sent events as bytes.

use bytes::Bytes;
use serde_json::Value;

use super::Event;

/// The end of chat and text streams.
pub(crate) fn done() -> Event {
    Bytes::from_static(b"data: [DONE]\n\n").into()
}

/// `data:` alone, as chat and text streams have it.
pub(crate) fn data(value: &Value) -> Event {
    Bytes::from(format!("data: {value}\n\n")).into()
}

/// `event:` and `data:`, as Responses and Anthropic have it.
pub(crate) fn named(name: &str, value: &Value) -> Event {
    Bytes::from(format!("event: {name}\ndata: {value}\n\n")).into()
}
