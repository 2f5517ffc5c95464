//! What a request asks: words to compare, and everything else that an answer depends on.

use std::sync::Arc;

use bytes::Bytes;
use sekisho_llm::Kind;
use serde_json::{Map, Value};

use super::messages::{self, Message};
use super::partition::PartitionName;
use crate::exchange::{Exchange, Request};

/// Members of a body that may differ between requests that share an answer: how creative the model is, who asks, and how
/// the service keeps and bills the call. Members that are not known here tell answers apart.
const SHARED: [&str; 16] = [
    "frequency_penalty",
    "metadata",
    "model",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "seed",
    "service_tier",
    "store",
    "stream",
    "temperature",
    "top_k",
    "top_p",
    "truncation",
    "user",
];

/// How a request is read.
pub(crate) struct Reading<'r> {
    /// `ignore-system-messages`.
    pub(crate) ignores_system: bool,
    /// `max-message-count`.
    pub(crate) most_messages: Option<usize>,
    /// `embeddings-backend-id`: vectors of different models cannot be compared.
    pub(crate) embeddings: &'r str,
    /// The values of `vary-by`.
    pub(crate) vary_by: &'r [Arc<str>],
}

/// A question.
#[derive(Debug)]
pub(crate) struct Question {
    /// The words.
    pub(crate) text: String,
    /// The name of the partition in which an answer may be, in hexadecimal digits.
    pub(crate) partition: Arc<str>,
    /// An event stream is asked for.
    pub(crate) is_stream: bool,
}

/// Why a request is no question, in the words of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoQuestion(pub(crate) &'static str);

/// True for calls whose answers can be kept.
pub(crate) fn is_answered(kind: Kind) -> bool {
    !messages::members(kind).is_empty()
}

/// Reads the question of a request whose body is `body`.
pub(crate) fn read(exchange: &Exchange, body: &Bytes, reading: &Reading<'_>) -> Result<Question, NoQuestion> {
    let call = exchange.model_call();
    let not_json = NoQuestion("the body is not a JSON object");
    let body: Map<String, Value> = serde_json::from_slice(body).map_err(|_| not_json)?;
    let all = messages::read(call.kind, &body).ok_or(NoQuestion("the prompt is more than text"))?;
    let is_left = |message: &&Message<'_>| !(reading.ignores_system && message.is_system());
    let left: Vec<&Message<'_>> = all.iter().filter(is_left).collect();
    if reading.most_messages.is_some_and(|most| left.len() > most) {
        return Err(NoQuestion("there are more messages than `max-message-count`"));
    }
    let texts: Vec<&str> = left.iter().flat_map(|message| message.texts.iter().copied()).collect();
    if texts.iter().all(|text| text.trim().is_empty()) {
        return Err(NoQuestion("the prompt is empty"));
    }
    let is_stream = body.get("stream").and_then(Value::as_bool).unwrap_or(false);

    let mut name = PartitionName::new();
    let facts = &exchange.facts;
    let api = facts.api.as_deref();
    name.text(api.map_or("", |api| &api.id));
    name.text(api.map_or("", |api| &api.revision));
    name.text(facts.operation.as_deref().map_or("", |operation| &operation.id));
    // Policies of the product may have changed the answer.
    name.text(facts.product.as_deref().map_or("", |product| &product.id));
    name.text(call.kind.as_str());
    name.optional(call.deployment.as_deref());
    name.optional(body.get("model").and_then(Value::as_str));
    name.optional(api_version(&exchange.request));
    name.text(reading.embeddings);
    name.count(usize::from(is_stream));
    name.count(usize::from(reading.ignores_system));
    name.count(reading.vary_by.len());
    reading.vary_by.iter().for_each(|value| name.text(value));
    name.count(left.len());
    left.iter().for_each(|message| name.text(message.role));
    let told_apart = |member: &&String| {
        !SHARED.contains(&member.as_str()) && !messages::members(call.kind).contains(&member.as_str())
    };
    let mut others: Vec<&String> = body.keys().filter(told_apart).collect();
    others.retain(|member| body.get(*member).is_some_and(|value| !value.is_null()));
    others.sort_unstable();
    name.count(others.len());
    for member in others {
        name.text(member);
        name.json(&body[member]);
    }
    Ok(Question { text: texts.join("\n"), partition: name.finish().into(), is_stream })
}

/// The `api-version` that the client asked for.
pub(super) fn api_version(request: &Request) -> Option<&str> {
    parameter(request.query(), "api-version")
}

/// The value of a parameter, as it stands in the query.
pub(super) fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
