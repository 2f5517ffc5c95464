//! Items of records as the service gets them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sekisho_expression::context::LastErrorFacts;
use sekisho_policy::observation::headers::KeptHeaders;
use sekisho_policy::observation::secrets::SecretNames;
use sekisho_policy::observation::{
    Agent, DiagnosticPlan, HeaderChoice, MaskMode, MessagePlan, Observation, Verbosity,
};
use sekisho_policy::payload::{Excess, Payload, SharedPayload};
use sekisho_policy::ports::backends::AttemptMessages;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::correlation::REQUEST_ID;
use sekisho_policy::ports::record::TraceEntry;
use sekisho_policy::ports::{
    Attempt, CallRecord, Message, Metric, PortFuture, TokenError, Tokens, TraceContext,
};
use serde_json::{Value, json};

use super::item::Item;
use crate::diagnostic::GatewayFacts;

mod golden;
mod service;

/// Tokens that name whom they are for.
pub(crate) struct NamedTokens;

impl Tokens for NamedTokens {
    fn token<'a>(
        &'a self,
        resource: &'a str,
        client_id: Option<&'a str>,
    ) -> PortFuture<'a, Result<Arc<str>, TokenError>> {
        Box::pin(async move { Ok(format!("{resource} {}", client_id.unwrap_or("system")).into()) })
    }

    fn cached(&self, _resource: &str, _client_id: Option<&str>) -> Option<Arc<str>> {
        None
    }
}

/// A diagnostic that wants everything but contents.
pub(crate) fn plan() -> DiagnosticPlan {
    DiagnosticPlan {
        logger: "insights".into(),
        sampling_percentage: 100.0,
        always_log_errors: true,
        verbosity: Verbosity::Information,
        log_client_ip: false,
        metrics: true,
        names_operations_by_url: false,
        request: MessagePlan::default(),
        response: MessagePlan::default(),
        backend_request: MessagePlan::default(),
        backend_response: MessagePlan::default(),
        language_model: None,
    }
}

pub(crate) fn gateway() -> GatewayFacts {
    GatewayFacts {
        service_name: "apim-team".into(),
        region: "West Europe".into(),
        id: "managed".into(),
        version: "1.2.3",
    }
}

/// Wants this of one message.
pub(crate) fn message_plan(names: &[&str], body_bytes: usize) -> MessagePlan {
    let read = |name: &&str| HeaderName::from_bytes(name.as_bytes()).unwrap();
    MessagePlan {
        headers: names.iter().map(read).collect(),
        header_names: names.iter().map(|name| Arc::from(*name)).collect(),
        body_bytes,
        ..MessagePlan::default()
    }
}

pub(crate) fn message(headers: &[(&'static str, &'static str)], body: &[u8]) -> Message {
    let payload = SharedPayload::new(Payload::new(1 << 20, Excess::Cut));
    payload.with(|payload| payload.push(&Bytes::copy_from_slice(body)));
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    let headers = KeptHeaders::of(&headers, &HeaderChoice::All, &SecretNames::default());
    Message { headers, body: Some(payload), ..Message::default() }
}

/// A call that went well at the second attempt.
pub(crate) fn record(plan: DiagnosticPlan) -> CallRecord {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = HeaderMap::from_iter([(HeaderName::from_static("traceparent"), parent.parse().unwrap())]);
    let attempt = |id: &str, milliseconds: u64, status, failure| Attempt {
        backend_id: Some(id.into()),
        pool_id: Some("pool".into()),
        authority: format!("https://{id}.example:443").into(),
        started: Duration::from_millis(1000 + milliseconds),
        duration: Duration::from_millis(40),
        method: Method::POST,
        path: "/openai/deployments/gpt/chat/completions".into(),
        span_id: Some([milliseconds as u8; 8]),
        status,
        failure,
        ..Attempt::default()
    };
    CallRecord {
        request_id: [0xAB; 16],
        timestamp_ticks: UNIX_EPOCH_TICKS + 15_000_000,
        started: Duration::from_secs(1),
        duration: Duration::from_micros(2_260_406),
        ip_address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))),
        method: "POST".into(),
        url: "https://gw.example/openai/chat".to_owned(),
        query: Some("api-version=2024-10-21&team=red".to_owned()),
        protocol: "HTTP/1.1",
        api_id: Some("openai".into()),
        api_name: Some("Azure OpenAI".into()),
        api_revision: Some("2".into()),
        operation_id: Some("chat".into()),
        product_id: Some("gold".into()),
        subscription_id: Some("team-a".into()),
        user_id: Some("ada".into()),
        status: 200,
        attempts: vec![
            attempt("east", 10, None, Some("BackendConnectionFailure")),
            attempt("west", 60, Some(200), None),
        ],
        trace: Some(TraceContext::of(&headers, [1; 16], [2; 8])),
        observation: Arc::new(Observation { insights: Some(plan), ..Observation::default() }),
        ..CallRecord::default()
    }
}

/// A record's items as the service gets them.
pub(crate) fn items(record: CallRecord) -> Vec<Value> {
    let record = Arc::new(record);
    let plan = record.observation.insights.as_ref().unwrap();
    let lines = Item::of_call(plan, &record).map(|(item, bytes)| {
        let line = item.line("the-key", &gateway());
        assert!(bytes >= 512, "an item of {} bytes counts {bytes}", line.len());
        serde_json::from_slice(&line).unwrap()
    });
    lines.collect()
}

fn types(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["data"]["baseType"].as_str().unwrap()).collect()
}

fn failed(plan: DiagnosticPlan) -> CallRecord {
    CallRecord {
        status: 500,
        last_error: Some(LastErrorFacts {
            source: "forward-request".into(),
            reason: Some("BackendConnectionFailure".into()),
            message: "the call to https://east.example failed".into(),
            section: Some("backend".into()),
            ..LastErrorFacts::default()
        }),
        ..record(plan)
    }
}

fn entry(severity: &'static str, message: &str) -> TraceEntry {
    TraceEntry {
        source: "billing".into(),
        severity,
        message: message.to_owned(),
        metadata: vec![("team".into(), "red".to_owned())],
        elapsed: Duration::from_millis(5),
    }
}

#[test]
fn failures_are_sent_whatever_the_sampling_says() {
    let never = || DiagnosticPlan { sampling_percentage: 0.0, ..plan() };
    assert_eq!(items(record(never())), Vec::<Value>::new());
    let sent = items(failed(never()));
    assert_eq!(
        types(&sent),
        ["RequestData", "RemoteDependencyData", "RemoteDependencyData", "ExceptionData"]
    );
    assert!(sent.iter().all(|item| item["sampleRate"] == 100.0));
    let quiet = DiagnosticPlan { always_log_errors: false, ..never() };
    assert!(items(failed(quiet)).is_empty());
}

#[test]
fn traces_are_sent_by_severity_alone() {
    let traced = |verbosity, sampling_percentage| {
        let plan = DiagnosticPlan { verbosity, sampling_percentage, ..plan() };
        let traces = vec![entry("verbose", "v"), entry("information", "i"), entry("error", "e")];
        let sent = items(CallRecord { traces, attempts: Vec::new(), ..record(plan) });
        let of = |item: &Value| item["data"]["baseData"]["message"].as_str().map(str::to_owned);
        sent.iter().map(|item| of(item).unwrap_or_else(|| "call".to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(traced(Verbosity::Verbose, 100.0), ["call", "v", "i", "e"]);
    assert_eq!(traced(Verbosity::Information, 0.0), ["i", "e"]);
    assert_eq!(traced(Verbosity::Error, 100.0), ["e"]);
}

#[test]
fn bodies_are_cut_where_the_diagnostic_says() {
    let wanted =
        DiagnosticPlan { request: message_plan(&[], 8192), response: message_plan(&[], 3), ..plan() };
    let kept = CallRecord {
        request: message(&[], "x".repeat(10_000).as_bytes()),
        response: message(&[], b"answer"),
        ..record(wanted)
    };
    let properties = &items(kept)[0]["data"]["baseData"]["properties"];
    assert_eq!(properties["Request-Body"].as_str().unwrap().len(), 8192);
    assert_eq!(properties["Response-Body"], "ans");
}

#[test]
fn headers_and_parameters_are_masked_or_hidden() {
    let request = MessagePlan {
        masked_headers: [
            (HeaderName::from_static("x-user"), MaskMode::Mask),
            (HeaderName::from_static("x-name"), MaskMode::Hide),
        ]
        .into(),
        masked_query: [("team".into(), MaskMode::Mask), ("api-version".into(), MaskMode::Hide)].into(),
        ..message_plan(&["X-Team", "X-User", "X-Name"], 0)
    };
    let headers = [("x-team", "red"), ("x-user", "ada"), ("x-name", "Ada"), ("x-other", "o")];
    let kept = CallRecord {
        request: message(&headers, b"not wanted"),
        ..record(DiagnosticPlan { request, ..plan() })
    };
    let sent = items(kept);
    let data = &sent[0]["data"]["baseData"];
    assert_eq!(data["url"], "https://gw.example/openai/chat?team=***");
    let properties = data["properties"].as_object().unwrap();
    let of_request: Vec<_> = properties.iter().filter(|(name, _)| name.starts_with("Request-")).collect();
    assert_eq!(json!(of_request), json!([["Request-X-Team", "red"], ["Request-X-User", "***"]]));
    assert!(!format!("{sent:?}").contains("Ada"));
}

#[test]
fn a_call_without_a_trace_is_an_operation_of_its_own() {
    let alone = CallRecord { trace: None, ..record(plan()) };
    let sent = items(CallRecord {
        attempts: alone
            .attempts
            .iter()
            .cloned()
            .map(|attempt| Attempt { span_id: None, ..attempt })
            .collect(),
        ..alone
    });
    assert_eq!(sent[0]["tags"]["ai.operation.id"], "abababababababababababababababab");
    assert_eq!(sent[0]["tags"]["ai.operation.parentId"], Value::Null);
    let id = sent[0]["data"]["baseData"]["id"].as_str().unwrap();
    assert_eq!(sent[1]["tags"]["ai.operation.parentId"], id);
    assert_eq!(sent[2]["data"]["baseData"]["id"], format!("{id}.2"));
}

#[test]
fn a_call_goes_on_by_request_id() {
    let headers = HeaderMap::from_iter([(REQUEST_ID.clone(), "|root.1.".parse().unwrap())]);
    let trace = TraceContext::legacy(&headers, [1; 16], [0xcc; 8]);
    let sent = items(CallRecord { trace: Some(trace), ..record(plan()) });
    assert_eq!(sent[0]["tags"]["ai.operation.id"], "root");
    assert_eq!(sent[0]["tags"]["ai.operation.parentId"], "|root.1.");
    assert_eq!(sent[0]["data"]["baseData"]["id"], "|root.1.cccccccc_");
    assert_eq!(sent[1]["tags"]["ai.operation.parentId"], "|root.1.cccccccc_");
    assert_eq!(sent[1]["data"]["baseData"]["id"], "|root.1.cccccccc_0a0a0a0a.");
}

#[test]
fn a_broken_response_is_no_success() {
    let sent = items(CallRecord { incomplete: true, is_stream: true, ..record(plan()) });
    assert_eq!(sent[0]["data"]["baseData"]["success"], false);
    assert_eq!(sent[0]["data"]["baseData"]["responseCode"], "200");
    let exception = &sent[3]["data"]["baseData"]["exceptions"][0];
    assert_eq!(exception["typeName"], "ClientConnectionFailure");
}

#[test]
fn operations_are_named_by_url_when_that_is_wanted() {
    let by_url = DiagnosticPlan { names_operations_by_url: true, ..plan() };
    let sent = items(record(by_url));
    assert_eq!(sent[0]["tags"]["ai.operation.name"], "POST https://gw.example/openai/chat");
}

#[test]
fn agents_are_named() {
    let known = record(plan());
    let agent = Agent { id: "weather".into(), name: "Weather agent".into() };
    let observation = Observation { agent: Some(agent), ..(*known.observation).clone() };
    let sent = items(CallRecord { observation: Arc::new(observation), ..known });
    let properties = &sent[0]["data"]["baseData"]["properties"];
    assert_eq!(properties["genai.agent.id"], "weather");
    assert_eq!(properties["genai.agent.name"], "Weather agent");
}

#[test]
fn a_value_of_a_policy_is_a_sum() {
    let metric = Metric {
        namespace: None,
        values: vec![("Other".into(), 1.0), ("Requests".into(), 2.5)],
        dimensions: vec![("API ID".into(), "openai".into()), ("Region".into(), "mine".into())],
        insights_logger: Some("insights".into()),
    };
    let item = Item::Metric { metric: Arc::new(metric), place: 1, ticks: UNIX_EPOCH_TICKS };
    let sent: Value = serde_json::from_slice(&item.line("the-key", &gateway())).unwrap();
    let data = &sent["data"]["baseData"];
    assert_eq!(sent["data"]["baseType"], "MetricData");
    let point = json!({"ns": "API Management", "name": "Requests", "kind": "Aggregation", "value": 2.5,
        "count": 1, "min": 2.5, "max": 2.5});
    assert_eq!(data["metrics"], json!([point]));
    assert_eq!(data["properties"]["API ID"], "openai");
    assert_eq!(data["properties"]["Region"], "mine");
    assert_eq!(data["properties"]["Service ID"], "apim-team");
}
