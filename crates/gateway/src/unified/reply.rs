//! A reply of the Messages API as clients of Chat Completions take it.

use std::time::Duration;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG};
use sekisho_llm::translate::{
    ChatError, ReplyForm, StreamTranslator, from_anthropic_error, to_chat_completion,
};
use sekisho_policy::body::{Body, BodyError, Stream};
use sekisho_policy::exchange::Response;
use sekisho_policy::ports::Clock;
use sekisho_policy::ports::clock::{UNIX_EPOCH_TICKS, within};

use super::answer::{JSON, refusal};
use super::stream::TranslatedStream;

/// The most of an error that is read: more than any service writes.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// Ticks of a second.
const TICKS: i64 = 10_000_000;

/// What bounds a reply that is read as a whole.
pub(super) struct Bounds<'b> {
    pub(super) clock: &'b dyn Clock,
    /// How long its body may take.
    pub(super) time: Duration,
    /// How large it may be.
    pub(super) bytes: usize,
}

/// Translates a reply. A stream is translated while it passes, anything else when it is there as a whole.
pub(super) async fn translate(mut reply: Response, form: ReplyForm, bounds: Bounds<'_>) -> Response {
    let created = (bounds.clock.utc_ticks() - UNIX_EPOCH_TICKS) / TICKS;
    if is_encoded(&reply) {
        let message = "the model's service answered with a content encoding that was not asked for";
        return refusal(&ChatError::behind(502, "invalid_reply", message));
    }
    // These tell of the body as it was.
    for name in [CONTENT_ENCODING, CONTENT_LENGTH, ETAG] {
        reply.headers.remove(name);
    }
    if reply.status >= 400 {
        let bounds = Bounds { bytes: MAX_ERROR_BYTES, ..bounds };
        let body = whole(&mut reply.body, &bounds).await.unwrap_or_default();
        let error = from_anthropic_error(reply.status, &body);
        return replaced(reply, error.status, error.body());
    }
    if reply.is_event_stream() {
        let events = std::mem::take(&mut reply.body);
        let stream = TranslatedStream::new(events, StreamTranslator::new(form, created));
        reply.body = Body::Stream(Stream::new(stream));
        return reply;
    }
    let completion = match whole(&mut reply.body, &bounds).await {
        Ok(body) => to_chat_completion(&body, &form, created),
        Err(error) => Err(error),
    };
    match completion {
        Ok(body) => replaced(reply, 200, body),
        Err(error) => refusal(&error),
    }
}

/// The same reply with another body.
fn replaced(reply: Response, status: u16, body: Vec<u8>) -> Response {
    let reason = reply.reason.filter(|_| status == reply.status);
    let mut headers = reply.headers;
    headers.insert(CONTENT_TYPE, JSON.clone());
    Response { status, reason, headers, body: Body::full(body) }
}

/// All of a body.
async fn whole(body: &mut Body, bounds: &Bounds<'_>) -> Result<bytes::Bytes, ChatError> {
    let failure = match within(bounds.clock, bounds.time, body.buffer(bounds.bytes)).await {
        Some(Ok(())) => return Ok(body.read(false).unwrap_or_default()),
        Some(Err(BodyError::TooLarge { .. })) => (502, "invalid_reply", "is larger than the gateway buffers"),
        Some(Err(BodyError::Aborted(_))) => (502, "connection_failure", "broke off"),
        Some(Err(BodyError::Idle)) | None => (504, "timeout", "did not arrive in time"),
    };
    let (status, code, what) = failure;
    Err(ChatError::behind(status, code, format!("the reply of the model's service {what}")))
}

fn is_encoded(reply: &Response) -> bool {
    let encoding = reply.headers.get(CONTENT_ENCODING);
    encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
