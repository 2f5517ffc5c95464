//! Server-sent events as bytes.

use bytes::Bytes;
use serde_json::Value;

/// The end of chat and text streams.
pub(super) const DONE: Bytes = Bytes::from_static(b"data: [DONE]\n\n");

/// `data:` alone, as chat and text streams have it.
pub(super) fn data(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}

/// `event:` and `data:`, as Responses has it.
pub(super) fn named(name: &str, value: &Value) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {value}\n\n"))
}
