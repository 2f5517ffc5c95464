//! What is kept of the messages with a backend, for whoever writes the call down.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use sekisho_policy::body::Body;
use sekisho_policy::exchange::Response;
use sekisho_policy::observation::secrets::{SecretNames, kept_headers};
use sekisho_policy::observation::{Capture, MessageCapture, Observation};
use sekisho_policy::ports::Message;
use sekisho_policy::ports::backends::AttemptMessages;

/// The messages of one attempt while they pass by.
pub(super) struct Observed<'o> {
    capture: &'o Capture,
    names: &'o SecretNames,
    request: Message,
}

impl<'o> Observed<'o> {
    /// Begins with the headers of the request; none when nothing is kept.
    pub(super) fn begin(observation: &'o Observation, headers: &HeaderMap) -> Option<Self> {
        let (capture, names) = (&observation.capture, &observation.names);
        (!capture.skips_backends()).then(|| Self {
            capture,
            names,
            request: message(&capture.backend_request, headers, names),
        })
    }

    /// Keeps the body of the request as it is sent.
    pub(super) fn watch_request(&self, body: Body) -> Body {
        match &self.request.body {
            Some(payload) => payload.watch(body),
            None => body,
        }
    }

    /// Keeps the response as it arrives.
    pub(super) fn watch_response(self, response: &mut Response) -> Box<AttemptMessages> {
        let kept = message(&self.capture.backend_response, &response.headers, self.names);
        if let Some(payload) = &kept.body {
            response.body = payload.watch(std::mem::take(&mut response.body));
        }
        Box::new(AttemptMessages { request: self.request, response: kept })
    }

    /// For a request that got no response.
    pub(super) fn request_alone(self) -> Box<AttemptMessages> {
        Box::new(AttemptMessages { request: self.request, response: Message::default() })
    }
}

/// What is kept of a message from the start.
pub(crate) fn message(capture: &MessageCapture, headers: &HeaderMap, names: &SecretNames) -> Message {
    if capture.is_none() {
        return Message::default();
    }
    let body = capture.payload();
    let of_body = |name| body.as_ref().and_then(|_| headers.get(name)).cloned();
    Message {
        headers: kept_headers(headers, &capture.headers, names),
        content_type: of_body(CONTENT_TYPE),
        content_encoding: of_body(CONTENT_ENCODING),
        body,
    }
}
