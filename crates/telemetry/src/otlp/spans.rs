//! A call as a span of kind `SERVER`, its calls of backends as spans of kind `CLIENT` below it.
//!
//! Names and attributes are those of the semantic conventions for HTTP and generative AI where there is one; the rest
//! begins with `sekisho.`.

use std::time::Duration;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use sekisho_expression::context::LastErrorFacts;
use sekisho_policy::pipeline::uuid_text;
use sekisho_policy::ports::record::TraceEntry;
use sekisho_policy::ports::{Attempt, CallRecord, TraceContext};

use super::answers::AnswerFacts;
use super::gen_ai::{GenAi, path_of, tokens};
use super::values::{Attributes, after, nanoseconds};

/// The most events of a span; further ones are counted.
const MAX_EVENTS: usize = 128;
/// The most spans of backends of one call.
const MAX_ATTEMPTS: usize = 64;
/// `flags`: the parent is known to be remote, and it is.
const REMOTE_PARENT: u32 = 0x100 | 0x200;
/// `flags`: the parent is known to be remote, and it is not.
const LOCAL_PARENT: u32 = 0x100;
const SAMPLED: u32 = 1;

/// All spans of a call; none for one that stands in no trace. `now` is the same moment on both clocks.
pub(super) fn of(record: &CallRecord, now: (Duration, u64)) -> Vec<Span> {
    let Some(trace) = &record.trace else { return Vec::new() };
    let gen_ai = GenAi::of(record);
    let start = nanoseconds(record.timestamp_ticks);
    let end = after(start, record.duration);
    let mut spans = vec![server(record, trace, gen_ai, start, end)];
    let attempts = record.attempts.iter().take(MAX_ATTEMPTS);
    spans.extend(attempts.filter_map(|attempt| {
        // Clocks may have been set meanwhile; a span below another does not begin before it.
        let began = now.1.saturating_sub(nanoseconds_of(now.0.saturating_sub(attempt.started)));
        client(attempt, trace, gen_ai.map(|gen_ai| gen_ai.of_attempt(attempt)), began.clamp(start, end))
    }));
    spans
}

fn server(
    record: &CallRecord,
    trace: &TraceContext,
    gen_ai: Option<GenAi<'_>>,
    start: u64,
    end: u64,
) -> Span {
    let mut events: Vec<_> =
        record.traces.iter().take(MAX_EVENTS).map(|entry| traced(entry, start)).collect();
    let dropped_events = record.traces.len() - events.len();
    events.extend(record.last_error.as_ref().map(|error| exception(error, end)));
    let has_failed = record.status >= 500 || record.incomplete;
    Span {
        trace_id: trace.trace_id.to_vec(),
        span_id: trace.span_id.to_vec(),
        parent_span_id: trace.parent_id.map(Vec::from).unwrap_or_default(),
        trace_state: state(trace),
        flags: SAMPLED | if trace.parent_id.is_some() { REMOTE_PARENT } else { 0 },
        name: name(record),
        kind: SpanKind::Server as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        attributes: call_attributes(record, gen_ai),
        events,
        dropped_events_count: u32::try_from(dropped_events).unwrap_or(u32::MAX),
        status: has_failed.then(failed),
        ..Span::default()
    }
}

/// Method and operation: few different names, as the conventions want it.
fn name(record: &CallRecord) -> String {
    match (&record.api_id, &record.operation_id) {
        (Some(api), Some(operation)) => format!("{} {api}/{operation}", record.method),
        (Some(api), None) => format!("{} {api}", record.method),
        (None, _) => record.method.to_string(),
    }
}

/// What spans and log entries say of a call.
pub(super) fn call_attributes(record: &CallRecord, gen_ai: Option<GenAi<'_>>) -> Vec<KeyValue> {
    let mut all = Attributes::default();
    let address = record.ip_address.map(|address| address.to_string());
    all.text("http.request.method", Some(&record.method));
    all.text("url.path", Some(path_of(&record.url)));
    all.text("url.query", record.query.as_deref());
    let (scheme, host, port) = endpoint(&record.url);
    all.text("url.scheme", scheme);
    all.text("server.address", host);
    all.count("server.port", port);
    all.text("client.address", address.as_deref());
    all.text("network.protocol.version", record.protocol.strip_prefix("HTTP/"));
    all.count("http.response.status_code", Some(u64::from(record.status)));
    all.count("http.request.body.size", Some(record.request_bytes));
    all.count("http.response.body.size", Some(record.response_bytes));
    let has_failed = record.status >= 400 || record.incomplete;
    all.text("error.type", has_failed.then(|| error_type(record)).as_deref());
    if let Some(gen_ai) = gen_ai {
        add_gen_ai(&mut all, gen_ai);
        add_answer(&mut all, record);
    }
    add_own(&mut all, record);
    add_costs(&mut all, record);
    all.done()
}

fn add_gen_ai(all: &mut Attributes, gen_ai: GenAi<'_>) {
    all.text("gen_ai.operation.name", Some(gen_ai.operation));
    all.text("gen_ai.provider.name", gen_ai.provider);
    all.text("gen_ai.request.model", gen_ai.model);
}

fn add_answer(all: &mut Attributes, record: &CallRecord) {
    if let Some(usage) = &record.usage {
        let (input, output) = tokens(usage);
        all.count("gen_ai.usage.input_tokens", input);
        all.count("gen_ai.usage.output_tokens", output);
    }
    let facts = AnswerFacts::of(&record.response, record.is_stream);
    all.text("gen_ai.response.model", facts.model.as_deref());
    all.text("gen_ai.response.id", facts.id.as_deref());
    all.texts("gen_ai.response.finish_reasons", facts.finish_reasons);
    if let Some(mcp) = &record.mcp {
        all.text("gen_ai.tool.name", mcp.tool_name.as_deref());
    }
}

fn add_own(all: &mut Attributes, record: &CallRecord) {
    all.text("sekisho.request.id", Some(&uuid_text(&record.request_id)));
    all.text("sekisho.api.id", record.api_id.as_deref());
    all.text("sekisho.api.version", record.api_version.as_deref());
    all.text("sekisho.operation.id", record.operation_id.as_deref());
    all.text("sekisho.operation.name", record.operation_name.as_deref());
    all.text("sekisho.product.id", record.product_id.as_deref());
    all.text("sekisho.subscription.id", record.subscription_id.as_deref());
    all.text("sekisho.user.id", record.user_id.as_deref());
    if let Some(last) = record.attempts.last() {
        all.text("sekisho.backend.id", last.backend_id.as_deref());
        all.text("sekisho.backend.pool.id", last.pool_id.as_deref());
        all.count("sekisho.backend.attempts", Some(record.attempts.len() as u64));
    }
    let first_byte = record.time_to_first_byte.map(|time| time.as_secs_f64());
    all.number("sekisho.time_to_first_byte", first_byte);
    if record.is_stream {
        all.flag("sekisho.stream", true);
    }
    if record.incomplete {
        all.flag("sekisho.response.incomplete", true);
    }
    if let Some(mcp) = &record.mcp {
        all.text("mcp.method.name", mcp.method.as_deref());
        all.text("mcp.session.id", mcp.session_id.as_deref());
        all.text("mcp.protocol.version", mcp.protocol_version.as_deref());
    }
}

fn add_costs(all: &mut Attributes, record: &CallRecord) {
    if let Some(usage) = &record.usage {
        all.text("sekisho.token.provenance", Some(usage.provenance.as_str()));
        all.count("sekisho.token.cached", usage.cached);
        all.count("sekisho.token.reasoning", usage.reasoning);
    }
    if let Some(cost) = &record.cost {
        all.number("sekisho.cost.amount", Some(cost.amount));
        all.text("sekisho.cost.currency", Some(&cost.currency));
    }
    if let Some(cache) = record.cache {
        all.text("sekisho.cache.policy", Some(cache.policy));
        all.flag("sekisho.cache.hit", cache.is_hit);
    }
    let refused = record.limits.iter().filter(|limit| limit.is_refused);
    all.texts("sekisho.limits.refused", refused.map(|limit| limit.policy.to_owned()).collect());
}

fn client(attempt: &Attempt, trace: &TraceContext, gen_ai: Option<GenAi<'_>>, start: u64) -> Option<Span> {
    let mut all = Attributes::default();
    all.text("http.request.method", Some(attempt.method.as_str()));
    let (scheme, host, port) = endpoint(&attempt.authority);
    all.text("url.full", Some(&format!("{}{}", attempt.authority, attempt.path)));
    all.text("url.scheme", scheme);
    all.text("server.address", host);
    all.count("server.port", port);
    all.count("http.response.status_code", attempt.status.map(u64::from));
    let status = attempt.status.map(|status| status.to_string());
    let has_failed = attempt.failure.is_some() || attempt.status.is_none_or(|status| status >= 400);
    let error = attempt.failure.or(status.as_deref()).unwrap_or("NoAnswer");
    all.text("error.type", has_failed.then_some(error));
    if let Some(gen_ai) = gen_ai {
        add_gen_ai(&mut all, gen_ai);
    }
    if let Some(usage) = attempt.usage.as_ref().and_then(|usage| usage.get()) {
        let (input, output) = tokens(usage);
        all.count("gen_ai.usage.input_tokens", input);
        all.count("gen_ai.usage.output_tokens", output);
        all.text("sekisho.token.provenance", Some(usage.provenance.as_str()));
    }
    all.text("sekisho.backend.id", attempt.backend_id.as_deref());
    all.text("sekisho.backend.pool.id", attempt.pool_id.as_deref());
    Some(Span {
        trace_id: trace.trace_id.to_vec(),
        span_id: attempt.span_id?.to_vec(),
        parent_span_id: trace.span_id.to_vec(),
        trace_state: state(trace),
        flags: SAMPLED | LOCAL_PARENT,
        name: match gen_ai.filter(|gen_ai| gen_ai.provider.is_some()) {
            Some(GenAi { operation, model: Some(model), .. }) => format!("{operation} {model}"),
            Some(GenAi { operation, .. }) => operation.to_owned(),
            None => attempt.method.to_string(),
        },
        kind: SpanKind::Client as i32,
        start_time_unix_nano: start,
        end_time_unix_nano: after(start, attempt.duration),
        attributes: all.done(),
        status: has_failed.then(failed),
        ..Span::default()
    })
}

fn traced(entry: &TraceEntry, start: u64) -> Event {
    let mut all = Attributes::default();
    all.text("sekisho.trace.source", Some(&entry.source));
    all.text("sekisho.trace.severity", Some(entry.severity));
    all.text("sekisho.trace.message", Some(&entry.message));
    for (name, value) in entry.metadata.iter().take(MAX_EVENTS) {
        all.text(&format!("sekisho.trace.metadata.{name}"), Some(value));
    }
    Event {
        time_unix_nano: after(start, entry.elapsed),
        name: "trace".to_owned(),
        attributes: all.done(),
        ..Event::default()
    }
}

fn exception(error: &LastErrorFacts, end: u64) -> Event {
    let mut all = Attributes::default();
    all.text("exception.type", Some(error.reason.as_deref().unwrap_or(&error.source)));
    all.text("exception.message", Some(&error.message));
    all.text("sekisho.error.source", Some(&error.source));
    all.text("sekisho.error.scope", error.scope.as_deref());
    all.text("sekisho.error.section", error.section.as_deref());
    all.text("sekisho.error.path", error.path.as_deref());
    Event { time_unix_nano: end, name: "exception".to_owned(), attributes: all.done(), ..Event::default() }
}

/// The reason that the gateway names, else the status.
pub(super) fn error_type(record: &CallRecord) -> String {
    let told = record.last_error.as_ref().map(|error| error.reason.as_deref().unwrap_or(&error.source));
    match told {
        Some(reason) => reason.to_owned(),
        None if record.status < 400 => "ResponseIncomplete".to_owned(),
        None => record.status.to_string(),
    }
}

fn failed() -> Status {
    Status { code: StatusCode::Error as i32, message: String::new() }
}

fn state(trace: &TraceContext) -> String {
    let state = trace.state.as_ref().and_then(|state| state.to_str().ok());
    state.unwrap_or_default().to_owned()
}

/// Scheme, host and port of a URL, as far as it has them.
fn endpoint(url: &str) -> (Option<&str>, Option<&str>, Option<u64>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (None, None, None) };
    let authority = rest.split('/').next().unwrap_or_default();
    let bracket = authority.find(']').map_or(0, |at| at + 1);
    let (host, port) = match authority.get(bracket..).and_then(|end| end.rfind(':')) {
        Some(at) => (authority.get(..bracket + at), authority.get(bracket + at + 1..)),
        None => (Some(authority), None),
    };
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = port.and_then(|port| port.parse().ok()).unwrap_or(usual);
    (Some(scheme), host, host.map(|_| port))
}

fn nanoseconds_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
