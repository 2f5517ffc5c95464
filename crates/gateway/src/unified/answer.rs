//! Answers of the gateway's own, in OpenAI's shape.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use sekisho_llm::translate::ChatError;
use sekisho_policy::body::Body;
use sekisho_policy::exchange::Response;

pub(super) static JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer in JSON.
pub(super) fn json(status: u16, body: impl Into<Bytes>) -> Response {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON.clone())]);
    Response { status, headers, body: Body::full(body), ..Response::default() }
}

/// An answer that says what is wrong.
pub(super) fn refusal(error: &ChatError) -> Response {
    json(error.status, error.body())
}
