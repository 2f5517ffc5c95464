//! Puts an answer on the wire: headers as Azure has them, events at their pace, the planned end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use super::{Asked, Dialect, Payload, Product};
use crate::body::{Body, End, Script};
use crate::faults::Fault;
use crate::limits::Admission;
use crate::resource::{Deployment, Resource};
use crate::stats::{StreamPlan, Tokens};
use crate::text;

/// A plain body that is sent slowly or cut is sent in slices of this size.
const SLICE_BYTES: usize = 64;

/// The reply that carries a generated answer, counted as it is sent.
pub(super) fn send(
    asked: &Asked<'_>,
    name: &str,
    deployment: &Deployment,
    product: Product,
    admission: &Admission,
    fault: &Fault,
) -> Response<Body> {
    let mut response = match product.payload {
        Payload::Events(events) => {
            let bytes: Arc<[Bytes]> = events.iter().map(|event| event.bytes.clone()).collect();
            let pace_ms = fault.chunk_delay_ms.unwrap_or(deployment.config.chunk_ms);
            let open = asked.resource.recorder.open_stream(asked.tally.clone(), product.plan, events);
            let body = script(asked, bytes, pace_ms, fault).counted(open);
            with_type("text/event-stream; charset=utf-8", Body::Script(Box::new(body)))
        }
        Payload::Json(ref value) => {
            asked.resource.recorder.tokens(&asked.tally, whole_tokens(&product, fault));
            plain(asked, "application/json", Bytes::from(value.to_string()), fault)
        }
        Payload::Bytes(content_type, ref bytes) => {
            asked.resource.recorder.tokens(&asked.tally, whole_tokens(&product, fault));
            plain(asked, content_type, bytes.clone(), fault)
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

/// What a reply in one piece counts: it is told when the reply tells it and arrives whole.
fn whole_tokens(product: &Product, fault: &Fault) -> Tokens {
    let StreamPlan { prompt_tokens: prompt, completion_tokens: completion, .. } = product.plan;
    let tells_usage = product.tells_usage;
    let reported = |tokens| if tells_usage && !fault.cuts() { tokens } else { 0 };
    Tokens {
        prompt,
        completion,
        reported_prompt: reported(prompt),
        reported_completion: reported(completion),
    }
}

/// A body in one piece, or in slices where a fault slows or cuts it.
fn plain(asked: &Asked<'_>, content_type: &'static str, bytes: Bytes, fault: &Fault) -> Response<Body> {
    if !fault.cuts() && fault.chunk_delay_ms.is_none() {
        return with_type(content_type, Body::whole(bytes));
    }
    let length = bytes.len();
    let body = script(asked, slices(&bytes), fault.chunk_delay_ms.unwrap_or_default(), fault);
    let mut response = with_type(content_type, Body::Script(Box::new(body)));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// A stream of events that counts no tokens; a fault may set its pace and its end.
pub(crate) fn stream(asked: &Asked<'_>, events: Vec<Bytes>, pace: Duration, fault: &Fault) -> Response<Body> {
    let pace_ms = fault.chunk_delay_ms.or_else(|| u64::try_from(pace.as_millis()).ok());
    let body = script(asked, events.into(), pace_ms.unwrap_or_default(), fault);
    with_type("text/event-stream", Body::Script(Box::new(body)))
}

fn script(asked: &Asked<'_>, events: Arc<[Bytes]>, pace_ms: u64, fault: &Fault) -> Script {
    let end = end(fault, events.len());
    Script::new(events, asked.connection.clone()).pace(Duration::from_millis(pace_ms)).end(end)
}

/// How a body of so many events ends. A random cut leaves at least one event, and the last is missing at least.
fn end(fault: &Fault, events: usize) -> End {
    let random = |seed| {
        let places = events.saturating_sub(1).max(1) as u64;
        1 + usize::try_from(text::mix(seed) % places).unwrap_or_default()
    };
    match (fault.reset_after, fault.cut_after, fault.cut_at_random) {
        (Some(after), _, _) => End::Reset(after),
        (None, Some(after), _) => End::Cut(after),
        (None, None, Some(seed)) => End::Cut(random(seed)),
        (None, None, None) => End::Whole,
    }
}

pub(crate) fn with_type(content_type: &'static str, body: Body) -> Response<Body> {
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
    dialect: Dialect,
) {
    let headers = response.headers_mut();
    let request_id = format!("00000000-0000-4000-8000-{serial:012x}");
    if dialect == Dialect::Anthropic {
        insert(headers, "request-id", &request_id);
    }
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
