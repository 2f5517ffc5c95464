//! Sending a message, and its answer brought into memory.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use parking_lot::Mutex;
use sekisho_expression::value::{HostReference, StoredMessage, Value};

use super::message::Message;
use crate::body::{Body, BodyError};
use crate::exchange::Response;
use crate::pipeline::{PolicyError, response_body_error};
use crate::ports::clock::within;
use crate::ports::{Clock, HttpError, Ports};

/// Sends a message and waits for the whole answer. `limit` bounds its body in bytes.
///
/// # Errors
/// `Timeout`, `BackendConnectionFailure`, `ResponseBodyTooLarge`. A status is never an error.
pub(crate) async fn send(ports: &Ports, message: Message, limit: usize) -> Result<Response, PolicyError> {
    let deadline = Deadline::after(&*ports.clock, message.options.timeout);
    let response = begin(ports, message).await?;
    deadline.whole(response, limit).await
}

/// Sends a message; the body of the answer still arrives.
///
/// # Errors
/// `Timeout`, `BackendConnectionFailure`.
pub(crate) async fn begin(ports: &Ports, message: Message) -> Result<Response, PolicyError> {
    let Message { method, url, headers, body, options } = message;
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = url;
    *request.headers_mut() = headers;
    let (parts, body) = ports.http.send(request, options).await.map_err(unanswered)?.into_parts();
    Ok(Response { status: parts.status.as_u16(), reason: None, headers: parts.headers, body })
}

/// `Timeout` or `BackendConnectionFailure`.
fn unanswered(error: HttpError) -> PolicyError {
    let reason = if error.timed_out { "Timeout" } else { "BackendConnectionFailure" };
    PolicyError::internal(reason, error.message)
}

/// When an answer must be there to its last byte.
pub(crate) struct Deadline<'c> {
    clock: &'c dyn Clock,
    /// Since the clock's start.
    at: Duration,
}

impl<'c> Deadline<'c> {
    pub(crate) fn after(clock: &'c dyn Clock, time: Duration) -> Self {
        Self { clock, at: clock.monotonic().saturating_add(time) }
    }

    /// Brings the body of an answer into memory, at most `limit` bytes.
    pub(crate) async fn whole(&self, mut response: Response, limit: usize) -> Result<Response, PolicyError> {
        let left = self.at.saturating_sub(self.clock.monotonic());
        match within(self.clock, left, response.body.buffer(limit)).await {
            Some(Ok(())) => Ok(response),
            Some(Err(error)) => Err(response_body_error(error)),
            None => Err(response_body_error(BodyError::Idle)),
        }
    }
}

/// An answer as the `IResponse` of a variable.
pub(crate) fn stored(response: Response) -> Value {
    let reason = Arc::from(response.reason());
    let Response { status, headers, body, .. } = response;
    let bytes = match body {
        Body::Full(bytes) if !bytes.is_empty() => Some(bytes),
        _ => None,
    };
    Value::Host(HostReference::Stored(Arc::new(StoredMessage {
        status,
        reason,
        headers,
        has_body: bytes.is_some(),
        body: Mutex::new(bytes),
    })))
}
