//! The response on its way to the client.
//!
//! - this file: status, reason phrase, headers, and the body piece by piece
//! - `call`: the account of the call
//! - `request`: the client's body on its way in
//! - `model`: tokens of a model call

mod call;
mod model;
mod request;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use sekisho_policy::body::{Body, BodyError};
use sekisho_policy::exchange::Response;

pub(crate) use call::Call;
pub(crate) use model::ModelCall;
pub(crate) use request::{Keep, metered};

use crate::upstream::headers::{ask_for_web_socket, remove_hop_by_hop};

/// Puts a response on its way. The call is recorded when the body is gone.
pub(crate) fn respond(
    mut response: Response,
    mut call: Call,
    method: &Method,
    version: Version,
) -> http::Response<ClientBody> {
    // 101 and other preliminary answers are not for policies to give, and some numbers are no status at all.
    let status = StatusCode::from_u16(response.status)
        .ok()
        .filter(|status| !status.is_informational())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    remove_hop_by_hop(&mut response.headers);
    let has_no_body =
        *method == Method::HEAD || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    if !has_no_body {
        // The body knows its length, also after a policy changed it.
        response.headers.remove(CONTENT_LENGTH);
    }
    call.responding(status.as_u16(), &response.headers, is_event_stream(&response.headers), !has_no_body);
    if has_no_body || response.body.is_end_stream() {
        call.complete();
    }
    let reason = response
        .reason
        .filter(|reason| version < Version::HTTP_2 && Some(&**reason) != status.canonical_reason());
    let reason = reason.and_then(|reason| ReasonPhrase::try_from(reason.as_bytes().to_vec()).ok());
    let mut out = http::Response::new(ClientBody { body: response.body, call: Some(Box::new(call)) });
    *out.status_mut() = status;
    *out.headers_mut() = response.headers;
    if let Some(reason) = reason {
        out.extensions_mut().insert(reason);
    }
    out
}

/// A response that no record tells of.
pub(crate) fn unrecorded(response: Response) -> http::Response<ClientBody> {
    let mut out = http::Response::new(ClientBody { body: response.body, call: None });
    *out.headers_mut() = response.headers;
    out
}

/// The consent to become a WebSocket, as policies left it. The record of the call is that of the WebSocket.
pub(crate) fn switching_protocols(mut response: Response) -> http::Response<ClientBody> {
    remove_hop_by_hop(&mut response.headers);
    response.headers.remove(CONTENT_LENGTH);
    ask_for_web_socket(&mut response.headers);
    let mut out = unrecorded(Response { headers: response.headers, ..Response::default() });
    *out.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    out
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|value| value.as_bytes().trim_ascii_start());
    let head = kind.and_then(|kind| kind.get(.."text/event-stream".len()));
    head.is_some_and(|head| head.eq_ignore_ascii_case(b"text/event-stream"))
}

/// The body of a response: passed on piece by piece, never held.
pub(crate) struct ClientBody {
    body: Body,
    /// None for a response that no record tells of.
    call: Option<Box<Call>>,
}

impl HttpBody for ClientBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let body = Pin::new(&mut this.body);
        // A body may run code of policies; its panic ends this response only.
        let Ok(polled) = catch_unwind(AssertUnwindSafe(|| body.poll_frame(context))) else {
            this.body = Body::Consumed;
            return Poll::Ready(Some(Err(BodyError::Aborted("the response failed".to_owned()))));
        };
        if let Some(call) = &mut this.call {
            match &polled {
                Poll::Ready(Some(Ok(frame))) => {
                    if let Some(piece) = frame.data_ref() {
                        call.sending(piece);
                    }
                    if this.body.is_end_stream() {
                        call.complete();
                    }
                }
                Poll::Ready(None) => call.complete(),
                Poll::Ready(Some(Err(_))) | Poll::Pending => {}
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
