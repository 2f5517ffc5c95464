//! The response on its way to the client.
//!
//! - this file: status, reason phrase, headers, and the body piece by piece
//! - `call`: the account of the call
//! - `ending`: the end of a large response
//! - `request`: the client's body on its way in
//! - `model`: tokens of a model call

mod call;
mod ending;
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

use ending::Ending;

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
    let kept = response.body.kept().filter(|_| !has_no_body);
    let is_event_stream = is_event_stream(&response.headers);
    call.responding(status.as_u16(), &response.headers, is_event_stream, !has_no_body, kept);
    if has_no_body || response.body.is_end_stream() {
        call.complete();
    }
    let reason = response
        .reason
        .filter(|reason| version < Version::HTTP_2 && Some(&**reason) != status.canonical_reason());
    let reason = reason.and_then(|reason| ReasonPhrase::try_from(reason.as_bytes().to_vec()).ok());
    let mut out = http::Response::new(ClientBody::new(response.body, Some(Box::new(call))));
    *out.status_mut() = status;
    *out.headers_mut() = response.headers;
    if let Some(reason) = reason {
        out.extensions_mut().insert(reason);
    }
    out
}

/// A response that no record tells of.
pub(crate) fn unrecorded(response: Response) -> http::Response<ClientBody> {
    let mut out = http::Response::new(ClientBody::new(response.body, None));
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

/// The body of a response: passed on piece by piece. Only the end of a large one is held back.
pub(crate) struct ClientBody {
    body: Body,
    /// None for a response that no record tells of, and once it is told.
    call: Option<Box<Call>>,
    /// What came behind a piece of a large response, when it was looked whether that was the last.
    ahead: Option<Result<Frame<Bytes>, BodyError>>,
    ending: Option<Box<Ending>>,
}

type Polled = Poll<Option<Result<Frame<Bytes>, BodyError>>>;

impl ClientBody {
    fn new(body: Body, call: Option<Box<Call>>) -> Self {
        Self { body, call, ahead: None, ending: None }
    }

    fn poll_body(&mut self, context: &mut Context<'_>) -> Polled {
        let body = Pin::new(&mut self.body);
        // A body may run code of policies; its panic ends this response only.
        catch_unwind(AssertUnwindSafe(|| body.poll_frame(context))).unwrap_or_else(|_| {
            self.body = Body::Consumed;
            Poll::Ready(Some(Err(BodyError::Aborted("the response failed".to_owned()))))
        })
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Polled {
        match self.ahead.take() {
            Some(ahead) => Poll::Ready(Some(ahead)),
            None => self.poll_body(context),
        }
    }

    /// Looks whether the last piece is there. A piece is never kept waiting for what comes behind it.
    fn poll_large(&mut self, polled: Polled, context: &mut Context<'_>) -> Polled {
        match polled {
            Poll::Ready(None) => self.hold_back(None, context),
            Poll::Ready(Some(Ok(frame))) if self.body.is_end_stream() => self.hold_back(Some(frame), context),
            Poll::Ready(Some(Ok(frame))) => match self.poll_body(context) {
                Poll::Ready(None) => self.hold_back(Some(frame), context),
                Poll::Ready(Some(next)) => {
                    self.ahead = Some(next);
                    Poll::Ready(Some(Ok(frame)))
                }
                Poll::Pending => Poll::Ready(Some(Ok(frame))),
            },
            Poll::Ready(Some(Err(_))) | Poll::Pending => polled,
        }
    }

    /// Records the call, and waits with the end.
    fn hold_back(&mut self, last: Option<Frame<Bytes>>, context: &mut Context<'_>) -> Polled {
        let Some(call) = self.call.take() else { return Poll::Ready(last.map(Ok)) };
        let (ending, hold) = Ending::new(last, call.recorder());
        // What counts tokens in the body is at rest only when the body is gone.
        self.body = Body::Consumed;
        call.end_with(hold);
        self.ending.insert(Box::new(ending)).poll(context).map(|last| last.map(Ok))
    }
}

impl HttpBody for ClientBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        if let Some(ending) = &mut this.ending {
            return ending.poll(context).map(|last| last.map(Ok));
        }
        let polled = this.poll_next(context);
        let Some(call) = &mut this.call else { return polled };
        let piece = match &polled {
            Poll::Ready(Some(Ok(frame))) => frame.data_ref(),
            _ => None,
        };
        if let Some(piece) = piece {
            call.sending(piece);
        }
        if call.is_held_back(piece) {
            return this.poll_large(polled, context);
        }
        let is_over = match &polled {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(_))) => this.body.is_end_stream(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        };
        if is_over {
            call.complete();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        match &self.ending {
            Some(ending) => ending.is_over(),
            None => self.ahead.is_none() && self.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        if let Some(ending) = &self.ending {
            return SizeHint::with_exact(ending.left());
        }
        let rest = self.body.size_hint();
        let Some(Ok(ahead)) = &self.ahead else { return rest };
        let ahead = ahead.data_ref().map_or(0, |piece| piece.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(ahead));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(ahead));
        }
        hint
    }
}
