//! Puts an answer on the wire: headers as Azure has them, events at their pace, the planned end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use super::{Asked, Payload};
use crate::body::{Body, End, Script};
use crate::faults::Fault;
use crate::limits::Admission;
use crate::resource::{Deployment, Resource};
use crate::stats::OpenStream;

/// A plain body that is sent slowly or cut is sent in slices of this size.
const SLICE_BYTES: usize = 64;

/// The reply that carries a generated answer.
pub(super) fn send(
    asked: &Asked<'_>,
    name: &str,
    deployment: &Deployment,
    payload: Payload,
    admission: &Admission,
    fault: &Fault,
) -> Response<Body> {
    let end = match (fault.reset_after, fault.cut_after) {
        (Some(after), _) => End::Reset(after),
        (None, Some(after)) => End::Cut(after),
        (None, None) => End::Whole,
    };
    let script = |events: Arc<[Bytes]>, pace_ms: u64| {
        Script::new(events, asked.connection.clone()).pace(Duration::from_millis(pace_ms)).end(end)
    };
    let mut response = match payload {
        Payload::Events(events) => {
            let open = OpenStream::new(asked.resource.recorder.clone(), name);
            let pace_ms = fault.chunk_delay_ms.unwrap_or(deployment.config.chunk_ms);
            let body = script(events.into(), pace_ms).counted(open);
            with_type("text/event-stream; charset=utf-8", Body::Script(Box::new(body)))
        }
        Payload::Json(value) => {
            let bytes = Bytes::from(value.to_string());
            if end == End::Whole && fault.chunk_delay_ms.is_none() {
                with_type("application/json", Body::whole(bytes))
            } else {
                let length = bytes.len();
                let body = script(slices(&bytes), fault.chunk_delay_ms.unwrap_or_default());
                let mut response = with_type("application/json", Body::Script(Box::new(body)));
                response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
                response
            }
        }
    };
    let headers = response.headers_mut();
    for (name, value) in limit_headers(admission) {
        insert(headers, name, &value);
    }
    insert(headers, "x-ms-deployment-name", name);
    insert(headers, "azureml-model-session", "d001-20250101000000");
    response
}

fn with_type(content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn slices(bytes: &Bytes) -> Arc<[Bytes]> {
    bytes.chunks(SLICE_BYTES).map(|slice| bytes.slice_ref(slice)).collect()
}

/// Names and values of the headers that tell a limit's state.
pub(super) fn limit_headers(state: &Admission) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    if let Some(tokens) = state.tokens {
        headers.push(("x-ratelimit-limit-tokens", tokens.limit.to_string()));
        headers.push(("x-ratelimit-remaining-tokens", tokens.remaining.to_string()));
    }
    if let Some(requests) = state.requests {
        headers.push(("x-ratelimit-limit-requests", requests.limit.to_string()));
        headers.push(("x-ratelimit-remaining-requests", requests.remaining.to_string()));
    }
    if let Some(utilization) = state.utilization {
        headers.push(("azure-openai-deployment-utilization", format!("{utilization:.1}%")));
    }
    headers
}

/// Headers of every reply of a resource, errors included.
pub(super) fn add_common_headers(
    response: &mut Response<Body>,
    resource: &Resource,
    parts: &Parts,
    serial: u64,
) {
    let headers = response.headers_mut();
    let request_id = format!("00000000-0000-4000-8000-{serial:012x}");
    insert(headers, "apim-request-id", &request_id);
    insert(headers, "x-request-id", &request_id);
    insert(headers, "x-ms-region", &resource.config.region);
    insert(headers, "x-content-type-options", "nosniff");
    insert(headers, "strict-transport-security", "max-age=31536000; includeSubDomains; preload");
    if let Some(id) = parts.headers.get("x-ms-client-request-id") {
        headers.insert(HeaderName::from_static("x-ms-client-request-id"), id.clone());
    }
}

/// Sets a header; a configured text that cannot stand in one is left out.
fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}
