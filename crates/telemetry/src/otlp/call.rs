//! What the span of a call says of it.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use sekisho_policy::pipeline::uuid_text;
use sekisho_policy::ports::{Attempt, CallRecord};

use super::answers::AnswerFacts;
use super::gen_ai::{GenAi, path_of, tokens};
use super::values::Attributes;

/// All of them.
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

/// Operation, provider and model.
pub(super) fn add_gen_ai(all: &mut Attributes, gen_ai: GenAi<'_>) {
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
    let metered = record.attempts.last().and_then(Attempt::response_model);
    all.text("gen_ai.response.model", metered.or(facts.model.as_deref()));
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

/// The reason that the gateway names, else the status.
pub(super) fn error_type(record: &CallRecord) -> String {
    let told = record.last_error.as_ref().map(|error| error.reason.as_deref().unwrap_or(&error.source));
    match told {
        Some(reason) => reason.to_owned(),
        None if record.status < 400 => "ResponseIncomplete".to_owned(),
        None => record.status.to_string(),
    }
}

/// Scheme, host and port of a URL, as far as it has them.
pub(super) fn endpoint(url: &str) -> (Option<&str>, Option<&str>, Option<u64>) {
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
