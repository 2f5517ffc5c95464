//! What is kept of the messages with a backend, for whoever writes the call down.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use sekisho_policy::body::Body;
use sekisho_policy::exchange::Response;
use sekisho_policy::observation::headers::{KeptHeaders, kept_value};
use sekisho_policy::observation::secrets::SecretNames;
use sekisho_policy::observation::{Capture, MessageCapture, Observation};
use sekisho_policy::payload::SharedPayload;
use sekisho_policy::ports::Message;
use sekisho_policy::ports::backends::AttemptMessages;

/// The messages of one attempt while they pass by.
pub(super) struct Observed<'o> {
    capture: &'o Capture,
    names: &'o SecretNames,
    request: Message,
}

impl<'o> Observed<'o> {
    /// Begins with the request, whose body is kept as it is sent; none when nothing is kept. `client` keeps the body of the
    /// client's request: when this is the same, it is kept once.
    pub(super) fn begin(
        observation: &'o Observation,
        headers: &HeaderMap,
        body: &mut Body,
        client: Option<&SharedPayload>,
    ) -> Option<Self> {
        let (capture, names) = (&observation.capture, &observation.names);
        if capture.skips_backends() {
            return None;
        }
        let same = client.filter(|client| is_kept_in(body, client));
        let request = message(&capture.backend_request, headers, names, same);
        if let Some(payload) = request.body.as_ref().filter(|payload| same != Some(*payload)) {
            *body = payload.watch(std::mem::take(body));
        }
        Some(Self { capture, names, request })
    }

    /// Keeps the response as it arrives.
    pub(super) fn watch_response(self, response: &mut Response) -> Box<AttemptMessages> {
        let kept = message(&self.capture.backend_response, &response.headers, self.names, None);
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

/// Whether a payload keeps just what the body is, now or as it passes by.
fn is_kept_in(body: &Body, payload: &SharedPayload) -> bool {
    match body {
        Body::Full(bytes) => payload.with(|payload| payload.is_all_of(bytes)),
        Body::Stream(stream) => stream.kept() == Some(payload),
        Body::Empty | Body::Consumed => false,
    }
}

/// What is kept of a message from the start. `elsewhere` keeps the same body already.
pub(crate) fn message(
    capture: &MessageCapture,
    headers: &HeaderMap,
    names: &SecretNames,
    elsewhere: Option<&SharedPayload>,
) -> Message {
    if capture.is_none() {
        return Message::default();
    }
    let body = capture.payload(elsewhere);
    let of_body = |name| body.as_ref().and_then(|_| headers.get(name)).map(kept_value);
    Message {
        headers: KeptHeaders::of(headers, &capture.headers, names),
        content_type: of_body(CONTENT_TYPE),
        content_encoding: of_body(CONTENT_ENCODING),
        body,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::{BodyExt, Full};
    use sekisho_policy::body::{BodyError, Stream};
    use sekisho_policy::payload::{Excess, Payload};

    use super::*;

    const BYTES: usize = 1024;

    fn observation(backend_bytes: usize) -> Observation {
        let capture = |body_bytes| MessageCapture { body_bytes, ..MessageCapture::default() };
        let capture = Capture {
            request: capture(BYTES),
            backend_request: capture(backend_bytes),
            backend_response: capture(BYTES),
            ..Capture::default()
        };
        Observation { capture, ..Observation::default() }
    }

    /// What is kept of a client's request.
    fn client(text: &'static str) -> SharedPayload {
        let mut payload = Payload::new(BYTES, Excess::Cut);
        payload.push(&Bytes::from_static(text.as_bytes()));
        SharedPayload::new(payload)
    }

    fn stream() -> impl http_body::Body<Data = Bytes, Error = BodyError> {
        Full::new(Bytes::from_static(b"question")).map_err(|never| match never {})
    }

    /// Sends a request, and tells whether its body is kept where the client's is; gives what is kept of it.
    fn sent(observation: &Observation, mut body: Body, client: &SharedPayload) -> (bool, Bytes) {
        let observed = Observed::begin(observation, &HeaderMap::new(), &mut body, Some(client)).unwrap();
        let collected =
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(body.collect());
        assert_eq!(collected.unwrap().to_bytes(), "question");
        let kept = observed.request.body.unwrap();
        (kept == *client, kept.with(|payload| payload.joined()))
    }

    #[test]
    fn a_request_that_is_passed_on_as_it_came_is_kept_once() {
        let question = Bytes::from_static(b"question");
        let observation = observation(BYTES);
        let same = |body| sent(&observation, body, &client("question"));
        assert_eq!(same(Body::Full(question.clone())), (true, question.clone()));
        let kept = client("question");
        let passed_on = Body::Stream(Stream::kept_in(kept.clone(), stream()));
        assert_eq!(sent(&observation, passed_on, &kept), (true, question.clone()));
        // Others have a payload of their own.
        assert_eq!(same(Body::Stream(Stream::new(stream()))), (false, question.clone()));
        let changed = sent(&observation, Body::Full(question.clone()), &client("another!"));
        assert_eq!(changed, (false, question.clone()));
        let less = sent(&self::observation(4), Body::Full(question.clone()), &client("question"));
        assert_eq!(less, (false, question.slice(..4)), "as much as is wanted of it");
    }

    #[test]
    fn a_response_tells_where_it_is_kept() {
        let observation = observation(BYTES);
        let observed = Observed::begin(&observation, &HeaderMap::new(), &mut Body::Empty, None).unwrap();
        let mut response = Response { body: Body::Stream(Stream::new(stream())), ..Response::default() };
        let messages = observed.watch_response(&mut response);
        assert!(response.body.kept().is_some() && response.body.kept() == messages.response.body.as_ref());
    }
}
