//! The table of calls: one row for each, with all that is known of it.
//!
//! - this file: the columns
//! - [`row`]: a row, before it is columns
//! - [`bodies`]: what columns show of bodies
//! - [`json`]: columns that are JSON
//! - [`written`]: columns that are other texts made of something

mod bodies;
mod json;
mod row;
mod written;

use std::borrow::Cow;

use sekisho_llm::usage::{Provenance, Usage};

use super::column::{Column, Rows};
use crate::record::Attempt;
use bodies::{backend_kept, backend_text, kept, passed, text};
use json::{attempts, headers, limits, list};
pub(crate) use row::CallRow;
use written::{address, concat, hex, uuid};

/// The table of calls.
pub(crate) struct Calls;

impl Rows for Calls {
    type Row<'a> = CallRow<'a>;
    const COLUMNS: &'static [Column<Self>] = &[
        Column::time("timestamp", |row| Some(row.ticks)),
        Column::id("request_id", |row, to| uuid(to, &row.call.request_id)),
        Column::id("trace_id", |row, to| hex(to, row.call.trace?.trace_id)),
        Column::id("span_id", |row, to| hex(to, row.call.trace?.span_id)),
        Column::id("parent_id", |row, to| hex(to, row.call.trace?.parent_id?)),
        Column::duration("duration_ms", |row| Some(milliseconds(row.call.duration))),
        Column::duration("time_to_first_byte_ms", |row| row.call.time_to_first_byte.map(milliseconds)),
        Column::written("ip_address", |row, to| address(to, row.call.ip_address?)),
        Column::text("method", |row| is(row.call.method)),
        Column::text("url", |row| is(row.call.url)),
        Column::text("query", |row| is(row.call.query?)),
        Column::text("protocol", |row| is(row.call.protocol)),
        Column::text("api_id", |row| is(row.call.api_id?)),
        Column::text("api_name", |row| is(row.call.api_name?)),
        Column::text("api_revision", |row| is(row.call.api_revision?)),
        Column::text("api_version", |row| is(row.call.api_version?)),
        Column::text("operation_id", |row| is(row.call.operation_id?)),
        Column::text("operation_name", |row| is(row.call.operation_name?)),
        Column::text("product_id", |row| is(row.call.product_id?)),
        Column::text("subscription_id", |row| is(row.call.subscription_id?)),
        Column::text("user_id", |row| is(row.call.user_id?)),
        Column::int("status", |row| Some(row.call.status.into())),
        Column::bool("success", |row| Some(row.call.status < 400 && !row.call.incomplete)),
        Column::bool("incomplete", |row| Some(row.call.incomplete)),
        Column::bool("private", |row| Some(row.call.is_private)),
        Column::long("request_bytes", |row| i64::try_from(row.call.request_bytes).ok()),
        Column::long("response_bytes", |row| i64::try_from(row.call.response_bytes).ok()),
        Column::text("model", |row| is(row.call.model?)),
        Column::bool("is_stream", |row| Some(row.call.is_stream)),
        Column::long("prompt_tokens", |row| tokens(row, |usage| (usage.prompt, usage.prompt_provenance))),
        Column::long("completion_tokens", |row| {
            tokens(row, |usage| (usage.completion, usage.completion_provenance))
        }),
        Column::long("total_tokens", |row| tokens(row, |usage| (usage.total, usage.provenance))),
        Column::long("cached_tokens", |row| tokens(row, |usage| (usage.cached, usage.prompt_provenance))),
        Column::long("reasoning_tokens", |row| {
            tokens(row, |usage| (usage.reasoning, usage.completion_provenance))
        }),
        Column::text("token_provenance", |row| is(row.call.usage?.provenance.as_str())),
        Column::text("prompt_tokens_provenance", |row| is(row.call.usage?.prompt_provenance.as_str())),
        Column::text("completion_tokens_provenance", |row| {
            is(row.call.usage?.completion_provenance.as_str())
        }),
        Column::real("cost", |row| Some(row.call.cost?.0)),
        Column::text("currency", |row| is(row.call.cost?.1)),
        Column::text("cache_policy", |row| is(row.call.cache?.0)),
        Column::bool("cache_hit", |row| Some(row.call.cache?.1)),
        Column::int("attempt_count", |row| i32::try_from(row.call.attempts.len()).ok()),
        Column::text("backend_id", |row| is(last(row)?.backend_id?)),
        Column::text("backend_pool_id", |row| is(last(row)?.pool_id?)),
        Column::text("backend_method", |row| is(last(row)?.method)),
        Column::written("backend_url", |row, to| concat(to, [last(row)?.authority, last(row)?.path])),
        Column::int("backend_status", |row| last(row)?.status.map(i32::from)),
        Column::text("backend_failure", |row| is(last(row)?.failure?)),
        Column::duration("backend_time_ms", |row| last(row).map(|_| backend_time(row))),
        Column::dynamic("attempts", |row, to| attempts(to, row)),
        Column::text("last_error_source", |row| is(row.call.last_error?.source)),
        Column::text("last_error_reason", |row| is(row.call.last_error?.reason?)),
        Column::text("last_error_message", |row| is(row.call.last_error?.message)),
        Column::text("last_error_scope", |row| is(row.call.last_error?.scope?)),
        Column::text("last_error_section", |row| is(row.call.last_error?.section?)),
        Column::text("last_error_path", |row| is(row.call.last_error?.path?)),
        Column::text("last_error_policy_id", |row| is(row.call.last_error?.policy_id?)),
        Column::text("llm_deployment_name", |row| is(row.model_call()?.deployment_name?)),
        Column::text("llm_model_name", |row| is(row.model_call()?.model_name.as_deref()?)),
        Column::text("llm_api_version", |row| is(row.model_call()?.api_version?)),
        Column::int("llm_request_parts", |row| Some(row.model_call()?.request.count)),
        Column::large("llm_request_messages", |row| is(row.model_call()?.request.lines.as_deref()?)),
        Column::int("llm_response_parts", |row| Some(row.model_call()?.response.count)),
        Column::large("llm_response_messages", |row| is(row.model_call()?.response.lines.as_deref()?)),
        Column::text("mcp_server_name", |row| is(row.call.mcp?.server_name)),
        Column::text("mcp_method", |row| is(row.call.mcp?.method?)),
        Column::text("mcp_tool_name", |row| is(row.call.mcp?.tool_name?)),
        Column::text("mcp_client_name", |row| is(row.call.mcp?.client_name?)),
        Column::text("mcp_client_version", |row| is(row.call.mcp?.client_version?)),
        Column::text("mcp_session_id", |row| is(row.call.mcp?.session_id?)),
        Column::text("mcp_protocol_version", |row| is(row.call.mcp?.protocol_version?)),
        Column::dynamic("limits", |row, to| limits(to, &row.call.limits)),
        Column::dynamic("policies", |row, to| list(to, &row.call.policies)),
        Column::dynamic("traces", |row, to| list(to, &row.call.traces)),
        Column::dynamic("request_headers", |row, to| headers(to, &row.call.request)),
        Column::text("request_content_type", |row| is(row.call.request.content_type?)),
        Column::text("request_body_kept", |row| kept(row.call.request.body)),
        Column::long("request_body_bytes", |row| passed(row.call.request.body)),
        Column::large("request_body", |row| text(row, 0, &row.call.request)),
        Column::dynamic("response_headers", |row, to| headers(to, &row.call.response)),
        Column::text("response_content_type", |row| is(row.call.response.content_type?)),
        Column::text("response_body_kept", |row| kept(row.call.response.body)),
        Column::long("response_body_bytes", |row| passed(row.call.response.body)),
        Column::large("response_body", |row| text(row, 1, &row.call.response)),
        Column::dynamic("backend_request_headers", |row, to| headers(to, &last(row)?.request)),
        Column::text("backend_request_body_kept", |row| backend_kept(row, last(row)?.request.body)),
        Column::large("backend_request_body", |row| backend_text(row, 0, &last(row)?.request)),
        Column::dynamic("backend_response_headers", |row, to| headers(to, &last(row)?.response)),
        Column::text("backend_response_body_kept", |row| backend_kept(row, last(row)?.response.body)),
        Column::large("backend_response_body", |row| backend_text(row, 1, &last(row)?.response)),
    ];
}

fn is(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

fn own<'a>(text: String) -> Option<Cow<'a, str>> {
    Some(Cow::Owned(text))
}

fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1000.0
}

/// A count without a source is no count.
fn tokens(row: &CallRow<'_>, of: fn(Usage) -> (Option<u64>, Provenance)) -> Option<i64> {
    let (count, provenance) = of(row.call.usage?);
    count.filter(|_| provenance != Provenance::Unknown).and_then(|count| i64::try_from(count).ok())
}

fn last<'r, 'a>(row: &'r CallRow<'a>) -> Option<&'r Attempt<'a>> {
    row.call.attempts.last()
}

/// Of all attempts until their response headers.
fn backend_time(row: &CallRow<'_>) -> f64 {
    milliseconds(row.call.attempts.iter().map(|attempt| attempt.duration).sum())
}
