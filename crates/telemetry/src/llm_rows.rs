//! Rows of `ApiManagementGatewayLlmLog`: what was asked, what was answered, and the tokens of both.
//!
//! Row 0 has model and tokens and no messages; what was asked follows in parts of 32 KB, then what was answered. Calls
//! that reach no model have no rows.

use std::borrow::Cow;

use sekisho_llm::transcript::parts::split;
use sekisho_llm::transcript::{answered, asked};
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_llm::{Kind, classify, deployment};
use sekisho_policy::observation::LanguageModelPlan;
use sekisho_policy::pipeline::uuid_text;
use sekisho_policy::ports::{CallRecord, Message};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::diagnostic::{GatewayFacts, body};
use crate::text;

/// What is kept of the messages of one side at most: the cloud's bound.
const MAX_MESSAGES: usize = 2 * 1024 * 1024;
/// What is read of one body. Messages lie in bodies that are larger than they are.
const MAX_BODY: usize = 16 * MAX_MESSAGES;

/// A row. What is not known is absent.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LlmRow<'a> {
    #[serde(flatten)]
    call: Facts<'a>,
    sequence_number: u32,
    #[serde(flatten)]
    tokens: Tokens,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_messages: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_messages: Option<Box<RawValue>>,
}

/// What all rows of a call say.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Facts<'a> {
    time_generated: String,
    correlation_id: String,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation_name: Option<&'a str>,
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<&'a str>,
    is_stream_completion: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tokens {
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_tokens: Option<u64>,
}

impl Tokens {
    /// A count without a source is no count.
    fn of(usage: Usage) -> Self {
        let known = |count: Option<u64>, provenance| count.filter(|_| provenance != Provenance::Unknown);
        Self {
            prompt_tokens: known(usage.prompt, usage.prompt_provenance),
            completion_tokens: known(usage.completion, usage.completion_provenance),
            total_tokens: known(usage.total, usage.provenance),
        }
    }
}

/// The rows of a call, with as much of its messages as the diagnostic wants.
pub fn rows<'a>(
    record: &'a CallRecord,
    plan: LanguageModelPlan,
    gateway: &'a GatewayFacts,
) -> Vec<LlmRow<'a>> {
    let Some(spoken) = Spoken::of(record) else { return Vec::new() };
    let wanted = |most: Option<usize>| most.filter(|_| !record.is_private).map(|most| most.min(MAX_MESSAGES));
    let asked = wanted(plan.requests).and_then(|most| {
        let body = body::bytes(spoken.request, MAX_BODY)?;
        Some(split(asked(spoken.kind, &body).messages, most))
    });
    // The backend's own name of the model stands in the answer, whether its messages are wanted or not.
    let reply = body::bytes(spoken.response, MAX_BODY).filter(|_| !record.is_private).unwrap_or_default();
    let answer = answered(spoken.kind, &reply, record.is_stream);
    let answers = wanted(plan.responses).map(|most| split(answer.messages, most));
    let facts = facts(record, answer.model.map(Cow::into_owned), gateway);
    let parts = asked.into_iter().flatten().map(|part| (Some(part), None));
    let parts = parts.chain(answers.into_iter().flatten().map(|part| (None, Some(part))));
    let first = LlmRow {
        call: facts.clone(),
        sequence_number: 0,
        tokens: record.usage.map(Tokens::of).unwrap_or_default(),
        request_messages: None,
        response_messages: None,
    };
    let raw = |part: Option<String>| part.and_then(|part| RawValue::from_string(part).ok());
    let rest = parts.zip(1..).map(|((request, response), sequence_number)| LlmRow {
        call: facts.clone(),
        sequence_number,
        tokens: Tokens::default(),
        request_messages: raw(request),
        response_messages: raw(response),
    });
    std::iter::once(first).chain(rest).collect()
}

fn facts<'a>(record: &'a CallRecord, model: Option<String>, gateway: &'a GatewayFacts) -> Facts<'a> {
    let id = uuid_text(&record.request_id).to_string();
    let path = path(&record.url);
    Facts {
        time_generated: text::utc(record.timestamp_ticks).unwrap_or_default(),
        correlation_id: id.clone(),
        request_id: id,
        operation_name: record.operation_name.as_deref().or(record.operation_id.as_deref()),
        region: &gateway.region,
        deployment_name: deployment(path).or(record.model.as_deref()),
        model_name: model.map(Cow::Owned).or(record.model.as_deref().map(Cow::Borrowed)),
        api_version: record.query.as_deref().and_then(api_version),
        is_stream_completion: record.is_stream,
    }
}

/// The messages in which a model was spoken to, and how.
struct Spoken<'a> {
    kind: Kind,
    request: &'a Message,
    response: &'a Message,
}

impl<'a> Spoken<'a> {
    /// As the client spoke; as the last backend was spoken to where the client's path tells nothing.
    fn of(record: &'a CallRecord) -> Option<Self> {
        let is_answered = !record.attempts.is_empty() || record.cache.is_some_and(|cache| cache.is_hit);
        if !is_answered || (record.model.is_none() && record.usage.is_none()) {
            return None;
        }
        let kind = classify(path(&record.url));
        if kind.uses_tokens() {
            return Some(Self { kind, request: &record.request, response: &record.response });
        }
        let last = record.attempts.last()?;
        let (request, response) = match last.messages.as_deref() {
            Some(messages) if messages.request.body.is_some() && messages.response.body.is_some() => {
                (&messages.request, &messages.response)
            }
            // Most bodies pass as they are.
            _ => (&record.request, &record.response),
        };
        let kind = classify(&last.path);
        kind.uses_tokens().then_some(Self { kind, request, response })
    }
}

/// The path of an absolute URL without its query.
fn path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|slash| rest.get(slash..)).unwrap_or("/")
}

fn api_version(query: &str) -> Option<&str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.eq_ignore_ascii_case("api-version")).map(|(_, version)| version)
}

#[cfg(test)]
mod tests {
    use sekisho_policy::ports::Attempt;
    use serde_json::{Value, json};

    use super::*;
    use crate::insights::tests::{gateway, message, plan, record};

    const PLAN: LanguageModelPlan = LanguageModelPlan { requests: Some(32_768), responses: Some(32_768) };

    fn call(question: &str) -> CallRecord {
        let asked = json!({"model": "m", "messages": [{"role": "user", "content": question}]}).to_string();
        let answer = br#"{"model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"A gate."}}]}"#;
        CallRecord {
            url: "https://gw.example/openai/deployments/chat/chat/completions".to_owned(),
            model: Some("chat".into()),
            usage: Some(Usage::new(Provenance::Reported, Some(7), Some(3))),
            request: message(&[], asked.as_bytes()),
            response: message(&[], answer),
            ..record(plan())
        }
    }

    fn written(record: &CallRecord, plan: LanguageModelPlan) -> Vec<Value> {
        rows(record, plan, &gateway()).iter().map(|row| serde_json::to_value(row).unwrap()).collect()
    }

    #[test]
    fn a_small_exchange_has_three_rows() {
        let rows = written(&call("What is it?"), PLAN);
        assert_eq!(rows.len(), 3);
        let first = json!({"TimeGenerated": "1970-01-01T00:00:01.5000000Z",
            "CorrelationId": "abababab-abab-abab-abab-abababababab",
            "RequestId": "abababab-abab-abab-abab-abababababab",
            "OperationName": "chat", "Region": "West Europe", "DeploymentName": "chat",
            "ModelName": "gpt-4o-2024-08-06", "ApiVersion": "2024-10-21", "IsStreamCompletion": false,
            "SequenceNumber": 0, "PromptTokens": 7, "CompletionTokens": 3, "TotalTokens": 10});
        assert_eq!(rows[0], first);
        assert_eq!(rows[1]["RequestMessages"], json!([{"role": "user", "content": "What is it?"}]));
        assert_eq!(rows[2]["ResponseMessages"], json!([{"role": "assistant", "content": "A gate."}]));
        assert_eq!((&rows[1]["SequenceNumber"], &rows[2]["SequenceNumber"]), (&json!(1), &json!(2)));
        assert_eq!(rows[1]["PromptTokens"], Value::Null);
    }

    #[test]
    fn long_messages_go_on_in_further_rows_up_to_the_bound() {
        let long = "x".repeat(100_000);
        let wide = LanguageModelPlan { requests: Some(80_000), responses: None };
        let rows = written(&call(&long), wide);
        assert_eq!(rows.len(), 4);
        let texts: String =
            rows[1..].iter().map(|row| row["RequestMessages"][0]["content"].as_str().unwrap()).collect();
        assert_eq!(texts.len(), 80_000);
    }

    #[test]
    fn only_calls_of_models_have_rows() {
        let none = CallRecord { model: None, usage: None, ..call("a") };
        assert!(written(&none, PLAN).is_empty());
        let refused = CallRecord { attempts: Vec::new(), ..call("a") };
        assert!(written(&refused, PLAN).is_empty());
        let elsewhere = CallRecord {
            url: "https://gw.example/assistant".to_owned(),
            attempts: vec![Attempt { path: "/v1/chat/completions".into(), ..Attempt::default() }],
            ..call("a")
        };
        assert_eq!(written(&elsewhere, PLAN).len(), 3);
    }

    #[test]
    fn what_is_private_or_unknown_is_not_there() {
        let private = CallRecord { is_private: true, ..call("a") };
        assert_eq!(written(&private, PLAN).len(), 1);
        let unknown = CallRecord { usage: Some(Usage::unknown()), ..call("a") };
        let rows = written(&unknown, LanguageModelPlan { requests: None, responses: None });
        assert_eq!((rows.len(), &rows[0]["TotalTokens"]), (1, &Value::Null));
    }
}
