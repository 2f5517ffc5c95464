//! A call as a span of kind `SERVER`, its calls of backends as spans of kind `CLIENT` below it.
//!
//! Names and attributes are those of the semantic conventions for HTTP and generative AI where there is one; the rest
//! begins with `sekisho.`.

use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::span::{Event, SpanKind};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use sekisho_expression::context::LastErrorFacts;
use sekisho_policy::ports::record::TraceEntry;
use sekisho_policy::ports::{Attempt, CallRecord, TraceContext};

use super::call::{add_gen_ai, call_attributes, endpoint};
use super::gen_ai::{GenAi, tokens};
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
    all.text("gen_ai.response.model", attempt.response_model());
    if let Some(usage) = attempt.usage() {
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

fn failed() -> Status {
    Status { code: StatusCode::Error as i32, message: String::new() }
}

fn state(trace: &TraceContext) -> String {
    let state = trace.state.as_ref().and_then(|state| state.to_str().ok());
    state.unwrap_or_default().to_owned()
}

fn nanoseconds_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
