//! A row of `ApiManagementGatewayLogs`. What is not known is absent, never 0 and never empty.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use sekisho_expression::context::LastErrorFacts;
use sekisho_policy::observation::{DiagnosticPlan, MessagePlan, Verbosity};
use sekisho_policy::pipeline::uuid_text;
use sekisho_policy::ports::record::TraceEntry;
use sekisho_policy::ports::{CallRecord, Message};
use serde::Serialize;

use crate::diagnostic::{GatewayFacts, body, is_success, masking};
use crate::text;

/// The longest message of an error or a trace, in bytes.
const MAX_MESSAGE: usize = 8192;
/// The most trace records of a row.
const MAX_TRACES: usize = 64;

/// Times are in milliseconds.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row<'a> {
    time_generated: String,
    correlation_id: String,
    category: &'static str,
    region: &'a str,
    method: &'a str,
    url: Cow<'a, str>,
    client_protocol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_ip_address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_revision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apim_subscription_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    is_request_success: bool,
    response_code: u16,
    request_size: u64,
    response_size: u64,
    cache: &'static str,
    total_time: u64,
    #[serde(flatten)]
    backend: Option<Backend<'a>>,
    #[serde(flatten)]
    last_error: Option<LastError<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_headers: Option<Headers<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_headers: Option<Headers<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trace_records: Vec<Trace<'a>>,
}

type Headers<'a> = BTreeMap<&'a str, Cow<'a, str>>;

/// The last attempt; `BackendTime` is the time of all attempts until their response headers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Backend<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_id: Option<&'a str>,
    backend_method: &'a str,
    backend_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_response_code: Option<u16>,
    backend_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_request_headers: Option<Headers<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_request_body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_response_headers: Option<Headers<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_response_body: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LastError<'a> {
    last_error_source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error_message: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error_scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error_section: Option<&'a str>,
}

#[derive(Serialize)]
struct Trace<'a> {
    source: &'a str,
    severity: &'a str,
    message: Cow<'a, str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'a str, &'a str>,
}

/// The row of a call as JSON. Without a diagnostic it holds no addresses, headers, bodies or traces.
pub fn row(record: &CallRecord, plan: Option<&DiagnosticPlan>, gateway: &GatewayFacts) -> Vec<u8> {
    let open = plan.filter(|_| !record.is_private);
    let who = Some(record).filter(|record| !record.is_private);
    let row = Row {
        time_generated: text::utc(record.timestamp_ticks).unwrap_or_default(),
        correlation_id: uuid_text(&record.request_id).to_string(),
        category: "GatewayLogs",
        region: &gateway.region,
        method: &record.method,
        url: url(record, open),
        client_protocol: record.protocol,
        caller_ip_address: record.ip_address.filter(|_| open.is_some_and(|plan| plan.log_client_ip)),
        api_id: record.api_id.as_deref(),
        api_revision: record.api_revision.as_deref(),
        operation_id: record.operation_id.as_deref(),
        operation_name: record.operation_name.as_deref(),
        product_id: who.and_then(|record| record.product_id.as_deref()),
        apim_subscription_id: who.and_then(|record| record.subscription_id.as_deref()),
        user_id: who.and_then(|record| record.user_id.as_deref()),
        is_request_success: is_success(record),
        response_code: record.status,
        request_size: record.request_bytes,
        response_size: record.response_bytes,
        cache: record.cache.map_or("none", |cache| if cache.is_hit { "hit" } else { "miss" }),
        total_time: milliseconds(record.duration),
        backend: backend(record, open),
        last_error: record.last_error.as_ref().map(|error| last_error(error, record.is_private)),
        request_headers: open.and_then(|plan| headers(&plan.request, &record.request)),
        request_body: open.and_then(|plan| body::text(&record.request, plan.request.body_bytes)),
        response_headers: open.and_then(|plan| headers(&plan.response, &record.response)),
        response_body: open.and_then(|plan| body::text(&record.response, plan.response.body_bytes)),
        trace_records: open.map(|plan| traces(record, plan.verbosity)).unwrap_or_default(),
    };
    // Texts and numbers can always be written.
    serde_json::to_vec(&row).unwrap_or_default()
}

/// With the query, masked as the diagnostic says; only the host of a private call.
fn url<'a>(record: &'a CallRecord, plan: Option<&DiagnosticPlan>) -> Cow<'a, str> {
    let url = record.url.as_str();
    if record.is_private {
        let host = url.find("://").map_or(0, |scheme| scheme + 3);
        let end = url.get(host..).and_then(|rest| rest.find('/')).map_or(url.len(), |slash| host + slash);
        return url.get(..end).unwrap_or_default().into();
    }
    let whole = MessagePlan::default();
    let plan = plan.map_or(&whole, |plan| &plan.request);
    match record.query.as_deref().and_then(|query| masking::query(plan, query)) {
        Some(query) => format!("{url}?{query}").into(),
        None => url.into(),
    }
}

fn backend<'a>(record: &'a CallRecord, plan: Option<&'a DiagnosticPlan>) -> Option<Backend<'a>> {
    let last = record.attempts.last()?;
    let path = if record.is_private { "" } else { &*last.path };
    let messages = last.messages.as_deref().zip(plan);
    let request = messages.map(|(messages, plan)| (&plan.backend_request, &messages.request));
    let response = messages.map(|(messages, plan)| (&plan.backend_response, &messages.response));
    Some(Backend {
        backend_id: last.backend_id.as_deref(),
        backend_method: last.method.as_str(),
        backend_url: format!("{}{path}", last.authority),
        backend_response_code: last.status,
        backend_time: milliseconds(record.attempts.iter().map(|attempt| attempt.duration).sum()),
        backend_request_headers: request.and_then(|(plan, message)| headers(plan, message)),
        backend_request_body: request.and_then(|(plan, message)| body::text(message, plan.body_bytes)),
        backend_response_headers: response.and_then(|(plan, message)| headers(plan, message)),
        backend_response_body: response.and_then(|(plan, message)| body::text(message, plan.body_bytes)),
    })
}

fn headers<'a>(plan: &'a MessagePlan, message: &'a Message) -> Option<Headers<'a>> {
    let shown: Headers<'_> = masking::headers(plan, message).into_iter().collect();
    (!shown.is_empty()).then_some(shown)
}

fn last_error(error: &LastErrorFacts, is_private: bool) -> LastError<'_> {
    LastError {
        last_error_source: &error.source,
        last_error_reason: error.reason.as_deref(),
        // What a policy says may repeat what was sent.
        last_error_message: (!is_private).then(|| text::cut(&error.message, MAX_MESSAGE)),
        last_error_scope: error.scope.as_deref(),
        last_error_section: error.section.as_deref(),
    }
}

fn traces(record: &CallRecord, verbosity: Verbosity) -> Vec<Trace<'_>> {
    let severity = |entry: &TraceEntry| match entry.severity {
        "error" => Verbosity::Error,
        "information" => Verbosity::Information,
        _ => Verbosity::Verbose,
    };
    let wanted = record.traces.iter().filter(|entry| severity(entry) >= verbosity).take(MAX_TRACES);
    let shown = wanted.map(|entry| Trace {
        source: &entry.source,
        severity: entry.severity,
        message: text::cut(&entry.message, MAX_MESSAGE),
        metadata: entry.metadata.iter().map(|(name, value)| (&**name, value.as_str())).collect(),
    });
    shown.collect()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
