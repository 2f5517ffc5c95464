//! The fields of a line: API Management's names where it has one (tables `ApiManagementGatewayLogs` and
//! `ApiManagementGatewayLlmLog`). What is not known is absent, never 0 and never empty.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sekisho_llm::usage::{Provenance, Usage};
use sekisho_policy::pipeline::uuid_text;
use sekisho_policy::ports::record::TraceEntry;
use sekisho_policy::ports::{Attempt, CallRecord};
use serde::{Serialize, Serializer};

use crate::text;

const MAX_URL_BYTES: usize = 4096;
const MAX_MESSAGE_BYTES: usize = 4096;
const MAX_TRACES: usize = 64;
const MAX_METADATA: usize = 64;
const MAX_ATTEMPTS: usize = 64;

/// One line. Times are in milliseconds, with fractions.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time_generated: Option<String>,
    correlation_id: String,
    method: &'a str,
    url: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    client_protocol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_ip_address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apim_subscription_id: Option<&'a str>,
    response_code: u16,
    /// Status below 400, and the response was sent to its end.
    is_request_success: bool,
    #[serde(skip_serializing_if = "is_false")]
    is_response_incomplete: bool,
    request_size: u64,
    response_size: u64,
    total_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_first_byte: Option<f64>,
    #[serde(flatten)]
    backend: Backend<'a>,
    #[serde(flatten)]
    last_error: Option<LastError<'a>>,
    #[serde(flatten)]
    model: Option<Model<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trace_records: Vec<Trace<'a>>,
}

/// The last attempt; `BackendTime` is the time of all attempts until their response headers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Backend<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_response_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_time: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    backend_attempts: Vec<BackendAttempt<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BackendAttempt<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_pool_id: Option<&'a str>,
    backend_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_response_code: Option<u16>,
    backend_time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(flatten)]
    tokens: Option<Tokens>,
}

#[derive(Serialize)]
struct LastError<'a> {
    #[serde(rename = "LastErrorSource")]
    source: &'a str,
    #[serde(rename = "LastErrorReason", skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(rename = "LastErrorMessage")]
    message: Cow<'a, str>,
    #[serde(rename = "LastErrorScope", skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(rename = "LastErrorSection", skip_serializing_if = "Option::is_none")]
    section: Option<&'a str>,
}

/// Present for calls of a model.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Model<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<&'a str>,
    is_stream_completion: bool,
    #[serde(flatten)]
    tokens: Tokens,
}

/// Counts that are not known are left out.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tokens {
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_tokens: Option<u64>,
    /// `reported`, `counted`, `estimated` or `unknown`: the least certain of the counts.
    token_provenance: &'static str,
    prompt_tokens_provenance: &'static str,
    completion_tokens_provenance: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Trace<'a> {
    source: &'a str,
    severity: &'a str,
    message: Cow<'a, str>,
    elapsed: f64,
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "metadata")]
    metadata: &'a [(Arc<str>, String)],
}

/// Appends a record as one line, with its line feed.
pub fn append(lines: &mut Vec<u8>, record: &CallRecord) {
    let start = lines.len();
    // Neither a map with odd keys nor a failing writer is in play; should it fail still, no half line stays.
    match serde_json::to_writer(&mut *lines, &line(record)) {
        Ok(()) => lines.push(b'\n'),
        Err(_) => lines.truncate(start),
    }
}

/// The same as a JSON object.
pub(crate) fn value(record: &CallRecord) -> serde_json::Value {
    serde_json::to_value(line(record)).unwrap_or_default()
}

fn line(record: &CallRecord) -> Line<'_> {
    Line {
        time_generated: text::utc(record.timestamp_ticks),
        correlation_id: uuid_text(&record.request_id),
        method: &record.method,
        url: text::cut(&record.url, MAX_URL_BYTES),
        client_protocol: record.protocol,
        caller_ip_address: record.ip_address,
        api_id: record.api_id.as_deref(),
        api_version: record.api_version.as_deref(),
        operation_id: record.operation_id.as_deref(),
        product_id: record.product_id.as_deref(),
        apim_subscription_id: record.subscription_id.as_deref(),
        response_code: record.status,
        is_request_success: record.status < 400 && !record.incomplete,
        is_response_incomplete: record.incomplete,
        request_size: record.request_bytes,
        response_size: record.response_bytes,
        total_time: milliseconds(record.duration),
        time_to_first_byte: record.time_to_first_byte.map(milliseconds),
        backend: backend(&record.attempts),
        last_error: last_error(record),
        model: model(record),
        trace_records: record.traces.iter().take(MAX_TRACES).map(trace).collect(),
    }
}

fn backend(attempts: &[Attempt]) -> Backend<'_> {
    let last = attempts.last();
    let in_all = attempts.iter().map(|attempt| attempt.duration).sum();
    Backend {
        backend_id: last.and_then(|attempt| attempt.backend_id.as_deref()),
        backend_url: last.map(|attempt| &*attempt.authority),
        backend_response_code: last.and_then(|attempt| attempt.status),
        backend_time: last.map(|_| milliseconds(in_all)),
        backend_attempts: attempts.iter().take(MAX_ATTEMPTS).map(backend_attempt).collect(),
    }
}

fn backend_attempt(attempt: &Attempt) -> BackendAttempt<'_> {
    BackendAttempt {
        backend_id: attempt.backend_id.as_deref(),
        backend_pool_id: attempt.pool_id.as_deref(),
        backend_url: &attempt.authority,
        backend_response_code: attempt.status,
        backend_time: milliseconds(attempt.duration),
        reason: attempt.failure,
        tokens: attempt.usage().map(tokens),
    }
}

fn last_error(record: &CallRecord) -> Option<LastError<'_>> {
    record.last_error.as_ref().map(|error| LastError {
        source: &error.source,
        reason: error.reason.as_deref(),
        message: text::cut(&error.message, MAX_MESSAGE_BYTES),
        scope: error.scope.as_deref(),
        section: error.section.as_deref(),
    })
}

fn model(record: &CallRecord) -> Option<Model<'_>> {
    if record.model.is_none() && record.usage.is_none() {
        return None;
    }
    Some(Model {
        model_name: record.model.as_deref(),
        is_stream_completion: record.is_stream,
        tokens: tokens(&record.usage.unwrap_or_else(Usage::unknown)),
    })
}

fn tokens(usage: &Usage) -> Tokens {
    // A count without a source is no count.
    let known = |count: Option<u64>, from| count.filter(|_| from != Provenance::Unknown);
    Tokens {
        prompt_tokens: known(usage.prompt, usage.prompt_provenance),
        completion_tokens: known(usage.completion, usage.completion_provenance),
        total_tokens: known(usage.total, usage.provenance),
        cached_tokens: known(usage.cached, usage.prompt_provenance),
        reasoning_tokens: known(usage.reasoning, usage.completion_provenance),
        token_provenance: usage.provenance.as_str(),
        prompt_tokens_provenance: usage.prompt_provenance.as_str(),
        completion_tokens_provenance: usage.completion_provenance.as_str(),
    }
}

fn trace(entry: &TraceEntry) -> Trace<'_> {
    Trace {
        source: &entry.source,
        severity: entry.severity,
        message: text::cut(&entry.message, MAX_MESSAGE_BYTES),
        elapsed: milliseconds(entry.elapsed),
        metadata: &entry.metadata,
    }
}

/// As an object.
fn metadata<S: Serializer>(entries: &[(Arc<str>, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let entries = entries.iter().take(MAX_METADATA);
    serializer.collect_map(entries.map(|(name, value)| (name.as_ref(), text::cut(value, MAX_MESSAGE_BYTES))))
}

/// Milliseconds, rounded to the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

fn is_false(value: &bool) -> bool {
    !value
}
