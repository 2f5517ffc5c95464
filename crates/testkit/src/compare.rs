//! What came of a call, held against what a case expects.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use http::HeaderMap;
use http_body_util::BodyExt;
use sekisho_policy::compile::setting::to_text;
use sekisho_policy::exchange::{Exchange, Response};
use sekisho_policy::ports::{HubEvent, Metric, Partition};
use serde_json::{Value, json};

use crate::backends::{Received, ScriptedBackends, shown};
use crate::case::{Call, Expected, Wait};
use crate::ports::FakePorts;
use crate::services::ServiceCall;

/// Compares the response; the length of its body.
pub(crate) async fn response(
    call: &Call,
    response: Response,
    differences: &mut Vec<String>,
) -> Result<usize> {
    let Some(expected) = &call.response else { return Ok(response.body.collect().await?.to_bytes().len()) };
    let mut differs = |what: &str, expected: String, found: String| {
        if expected != found {
            differences.push(format!("{what}: expected {expected}, found {found}"));
        }
    };
    differs("status", expected.status.to_string(), response.status.to_string());
    if let Some(reason) = &expected.reason {
        differs("reason", reason.clone(), response.reason().to_owned());
    }
    for name in expected.headers.keys() {
        differs(
            name.as_str(),
            values(&expected.headers, name.as_str()),
            values(&response.headers, name.as_str()),
        );
    }
    for name in &call.expected.absent_headers {
        differs(name, String::new(), values(&response.headers, name));
    }
    let body = response.body.collect().await?.to_bytes();
    differs(
        "body",
        String::from_utf8_lossy(&expected.body).into_owned(),
        String::from_utf8_lossy(&body).into_owned(),
    );
    Ok(body.len())
}

fn values(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    values.join("\n")
}

/// Compares what else a call must do.
pub(crate) fn rest(
    expected: &Expected,
    exchange: &mut Exchange,
    ports: &FakePorts,
    backends: &ScriptedBackends,
    differences: &mut Vec<String>,
) -> Result<()> {
    let received = backends.take_received();
    if let Some(requests) = &expected.backend {
        compare_requests(
            "backend",
            requests,
            &received.iter().map(members_of_request).collect::<Vec<_>>(),
            differences,
        );
    }
    let embedded = backends.take_embedded();
    if let Some(requests) = &expected.embeddings {
        compare_requests(
            "embeddings",
            requests,
            &embedded.iter().map(members_of_request).collect::<Vec<_>>(),
            differences,
        );
    }
    let calls = ports.services.take_calls();
    if let Some(requests) = &expected.services {
        compare_requests(
            "services",
            requests,
            &calls.iter().map(members_of_call).collect::<Vec<_>>(),
            differences,
        );
    }
    let metrics: Vec<String> =
        std::mem::take(&mut *ports.recorder.metrics.lock()).iter().flat_map(metric_texts).collect();
    if let Some(expected) = &expected.metrics {
        note(differences, "metrics", &json!(expected), &json!(metrics));
    }
    let events: Vec<String> =
        std::mem::take(&mut *ports.recorder.events.lock()).iter().map(|event| format!("{event:?}")).collect();
    if let Some(expected) = &expected.events {
        note(differences, "events", &json!(expected), &json!(events));
    }
    let hub_events = std::mem::take(&mut *ports.event_hubs.events.lock());
    if let Some(expected) = &expected.hub_events {
        compare_hub_events(expected, &hub_events, differences);
    }
    let waits = ports.clock.take_waits();
    if let Some(expected) = &expected.waits {
        let found: Vec<f64> = waits.iter().map(Duration::as_secs_f64).collect();
        if found.len() != expected.len()
            || !found.iter().zip(expected).all(|(found, wait)| is_about(*found, *wait))
        {
            differences.push(format!("waits: expected {expected:?}, found {found:?}"));
        }
    }
    if let Some(members) = &expected.last_error {
        let found = last_error(exchange);
        for (name, value) in members {
            note(differences, name, value, found.get(name.as_str()).unwrap_or(&Value::Null));
        }
    }
    for (name, value) in &expected.variables {
        let found = match exchange.variables.get(name).cloned() {
            Some(value) => to_text(exchange, &value)
                .map_err(|error| anyhow::anyhow!(error.message))?
                .map(|text| text.to_string()),
            None => None,
        };
        note(differences, &format!("variable {name}"), &json!(value), &json!(found));
    }
    if let Some(traces) = &expected.traces {
        let found: Vec<String> = exchange
            .traces
            .iter()
            .map(|entry| format!("{} {}: {}", entry.severity, entry.source, entry.message))
            .collect();
        note(differences, "traces", &json!(traces), &json!(found));
    }
    Ok(())
}

fn is_about(found: f64, expected: Wait) -> bool {
    let (shortest, longest) = match expected {
        Wait::Exactly(seconds) => (seconds, seconds),
        Wait::Between(shortest, longest) => (shortest, longest),
    };
    (shortest - 1e-6..=longest + 1e-6).contains(&found)
}

/// The members of a request by which a case may know it; headers apart.
type Members<'r> = (BTreeMap<&'static str, Value>, &'r HeaderMap);

fn members_of_request(request: &Received) -> Members<'_> {
    let members = [
        ("target", json!(request.target)),
        ("method", json!(request.method)),
        ("uri", json!(request.uri)),
        ("body", json!(String::from_utf8_lossy(&request.body))),
        ("timeout", json!(request.timeout.as_secs_f64())),
        ("proxy", json!(request.proxy)),
        ("certificate", json!(request.certificate)),
    ];
    (members.into(), &request.headers)
}

fn members_of_call(call: &ServiceCall) -> Members<'_> {
    let proxy = call.options.proxy.as_ref().map(|proxy| proxy.url.authority());
    let members = [
        ("method", json!(call.method)),
        ("url", json!(call.url)),
        ("body", json!(String::from_utf8_lossy(&call.body))),
        ("timeout", json!(call.options.timeout.as_secs_f64())),
        ("proxy", json!(proxy)),
        ("hasCertificate", json!(call.options.certificate.is_some())),
        ("certificate", json!(call.options.certificate.as_deref().and_then(shown))),
    ];
    (members.into(), &call.headers)
}

fn compare_requests(what: &str, expected: &[Value], found: &[Members<'_>], differences: &mut Vec<String>) {
    note(differences, &format!("requests to the {what}"), &json!(expected.len()), &json!(found.len()));
    for (index, (expected, (members, headers))) in expected.iter().zip(found).enumerate() {
        for (name, value) in expected.as_object().into_iter().flatten() {
            if name == "headers" {
                for (header, value) in value.as_object().into_iter().flatten() {
                    let present = headers.contains_key(header);
                    let found = if present { json!(values(headers, header)) } else { Value::Null };
                    note(differences, &format!("{what} request {index} header {header}"), value, &found);
                }
                continue;
            }
            let found = members.get(name.as_str()).cloned().unwrap_or(Value::Null);
            note(differences, &format!("{what} request {index} {name}"), value, &found);
        }
    }
}

fn compare_hub_events(expected: &[Value], found: &[(String, HubEvent)], differences: &mut Vec<String>) {
    note(differences, "events for hubs", &json!(expected.len()), &json!(found.len()));
    for (index, (expected, (logger, event))) in expected.iter().zip(found).enumerate() {
        let (id, key) = match &event.partition {
            Partition::Any => (None, None),
            Partition::Id(id) => (Some(id), None),
            Partition::Key(key) => (None, Some(key)),
        };
        let found = json!({
            "logger": logger,
            "body": String::from_utf8_lossy(&event.body),
            "bytes": event.body.len(),
            "partitionId": id.map(|id| &**id),
            "partitionKey": key.map(|key| &**key),
            "truncated": event.truncated,
        });
        for (name, value) in expected.as_object().into_iter().flatten() {
            let place = format!("event {index} for a hub, {name}");
            note(differences, &place, value, found.get(name).unwrap_or(&Value::Null));
        }
    }
}

fn metric_texts(metric: &Metric) -> Vec<String> {
    let dimensions: Vec<String> =
        metric.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let namespace = metric.namespace.as_deref().unwrap_or("");
    let dimensions = dimensions.join(", ");
    let text = |(name, value): &_| format!("{namespace}/{name}={value} {{{dimensions}}}");
    metric.values.iter().map(text).collect()
}

fn last_error(exchange: &Exchange) -> serde_json::Map<String, Value> {
    let Some(error) = &exchange.last_error else { return serde_json::Map::new() };
    let value = json!({
        "source": &*error.source,
        "reason": error.reason.as_deref(),
        "message": &*error.message,
        "scope": error.scope.as_deref(),
        "section": error.section.as_deref(),
        "path": error.path.as_deref(),
        "policyId": error.policy_id.as_deref(),
    });
    value.as_object().cloned().unwrap_or_default()
}

fn note(differences: &mut Vec<String>, what: &str, expected: &Value, found: &Value) {
    if expected != found {
        differences.push(format!("{what}: expected {expected}, found {found}"));
    }
}
