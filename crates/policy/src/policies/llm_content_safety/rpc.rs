//! JSON-RPC, as MCP servers and A2A agents speak it.

use http::Method;
use sekisho_llm::{Event, RpcDirection, rpc_texts};

use super::service::Failure;
use crate::exchange::Response;

/// The status of a server that took a message and has no answer to it.
const ACCEPTED: u16 = 202;

/// True for a request of JSON-RPC, or a list with one.
pub(super) fn is_request(body: &[u8]) -> bool {
    let found = rpc_texts(body).unwrap_or_default();
    found.messages.iter().any(|message| message.direction == RpcDirection::Request)
}

/// Gives the texts of messages. False when the body is something else; one without anything in it is not.
pub(super) fn read(body: &[u8], on_text: &mut impl FnMut(&str)) -> Result<bool, Failure> {
    let Some(found) = rpc_texts(body) else { return Ok(body.trim_ascii().is_empty()) };
    if found.truncated {
        return Err(Failure::new("TextTooLong", "the message has more texts than are read of one"));
    }
    found.messages.iter().flat_map(|message| &message.texts).for_each(|text| on_text(text));
    Ok(true)
}

/// True when a response has to be a message. The card of an agent is none, nor what a server says where it only took one.
pub(super) fn is_answer(response: &Response, method: &Method) -> bool {
    *method == Method::POST && response.status != ACCEPTED
}

/// True for the event with which streams of the older transport of MCP begin: it names the place that takes messages.
pub(super) fn names_a_place(event: &Event<'_>) -> bool {
    event.name == b"endpoint"
}
