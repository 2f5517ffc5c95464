//! Runs a conformance case and says how it differs from what it expects.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::HeaderMap;
use http_body_util::BodyExt;
use sekisho_diagnostics::{Diagnostic, SourceMap, has_errors, render};
use sekisho_expression::Limits;
use sekisho_expression::context::{ApiFacts, OperationFacts, SubscriptionFacts, UrlFacts};
use sekisho_policy::body::Body;
use sekisho_policy::compile::setting::to_text;
use sekisho_policy::compile::{Compiler, Environment, FragmentSource, NamedValue};
use sekisho_policy::document::{CompiledDocument, assemble};
use sekisho_policy::exchange::{CallFacts, Exchange, ExchangeLimits, Request, Response, Route};
use sekisho_policy::pipeline::{Pipeline, Scope, Section};
use sekisho_policy::ports::{Backends, BaseUrl, Target};
use serde_json::{Value, json};

use crate::case::{Case, Wait};
use crate::ports::{FakePorts, FakeTokens, Received, ScriptedBackends};

/// Runs a case; the error tells every difference.
pub async fn run(case: &Case) -> Result<()> {
    let mut sources = SourceMap::new();
    let (pipeline, findings) = compile(case, &mut sources);
    if let Some(expected) = &case.expected.findings {
        return same_findings(expected, &findings, &sources);
    }
    ensure!(!has_errors(&findings), "the case does not load:\n{}", render::text(&findings, &sources, false));
    let ports = FakePorts {
        tokens: Arc::new(FakeTokens { failure: case.settings.token_failure.clone() }),
        ..FakePorts::default()
    };
    let backends = Arc::new(ScriptedBackends::new(case.settings.backends.clone(), case.backend.clone()));
    let mut exchange = exchange(case, &ports, &backends)?;
    pipeline.run(&mut exchange).await;
    let response = exchange.response.take().unwrap_or_default();
    let mut differences = Vec::new();
    if let Some(expected) = &case.response {
        compare_response(expected, response, &case.expected.absent_headers, &mut differences).await?;
    }
    compare_rest(case, &mut exchange, &ports, &backends.received(), &mut differences)?;
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}

fn compile(case: &Case, sources: &mut SourceMap) -> (Pipeline, Vec<Diagnostic>) {
    let mut environment =
        Environment { backends: case.settings.backends.iter().cloned().collect(), ..Environment::default() };
    for (name, value) in &case.settings.named_values {
        environment.named_values.insert(name.clone(), NamedValue { value: Some(Arc::from(value.as_str())) });
    }
    for (id, text) in &case.fragments {
        let file = sources.add(format!("fragment-{id}.xml"), text.as_str());
        environment.fragments.insert(id.clone(), FragmentSource { file, text: sources.shared_text(file) });
    }
    let files: Vec<_> =
        case.documents.iter().map(|(name, text)| (name, sources.add(name.as_str(), text.as_str()))).collect();
    let mut compiler = Compiler::new(&environment, sources);
    let documents: Vec<CompiledDocument> = files
        .iter()
        .map(|(name, file)| {
            let scope = match name.as_str() {
                "global.xml" => Scope::Global,
                "product.xml" => Scope::Product,
                "operation.xml" => Scope::Operation,
                _ => Scope::Api,
            };
            compiler.document(sources.text(*file), *file, scope)
        })
        .collect();
    let pipeline = assemble(&documents.iter().collect::<Vec<_>>());
    (pipeline, compiler.into_diagnostics())
}

fn same_findings(expected: &[String], findings: &[Diagnostic], sources: &SourceMap) -> Result<()> {
    let found: Vec<String> = findings
        .iter()
        .map(|finding| {
            let place = sources.locate(finding.span);
            format!("{} {}:{}", finding.code, place.line, place.column)
        })
        .collect();
    ensure!(
        found == expected,
        "expected findings {expected:#?}\nfound {found:#?}\n{}",
        render::text(findings, sources, false)
    );
    Ok(())
}

fn exchange(case: &Case, ports: &FakePorts, backends: &Arc<ScriptedBackends>) -> Result<Exchange> {
    let settings = &case.settings;
    let text = case.request.clone().context("the case has no request.http")?;
    let (path, query) = text.target.split_once('?').unwrap_or((&text.target, ""));
    let original_url = UrlFacts {
        scheme: "https".into(),
        host: "gateway.example".into(),
        port: 443,
        path: format!("/api{path}").into(),
        query: if query.is_empty() { "".into() } else { format!("?{query}").into() },
    };
    let address = settings.ip_address.as_deref().unwrap_or("203.0.113.7").parse()?;
    // As on the wire: a body that no policy asks for is never in memory as a whole.
    let body = Body::stream(http_body_util::Full::new(text.body));
    let mut request = Request::new(
        text.method,
        text.headers,
        body,
        original_url,
        address,
        path.to_owned(),
        query.to_owned(),
    );
    request.matched_parameters = settings
        .matched_parameters
        .iter()
        .map(|(name, value)| (Arc::from(name.as_str()), Arc::from(value.as_str())))
        .collect();
    let ports_of_exchange = ports.ports();
    let mut exchange = Exchange {
        timestamp_ticks: ports_of_exchange.clock.utc_ticks(),
        started: ports_of_exchange.clock.monotonic(),
        request_id: ports_of_exchange.entropy.uuid(),
        ports: ports_of_exchange,
        backends: Arc::clone(backends) as Arc<dyn Backends>,
        limits: Arc::new(ExchangeLimits {
            buffered_body: settings.buffered_body.unwrap_or(2 * 1024 * 1024),
            expression: Limits::default(),
        }),
        facts: facts(case),
        request,
        response: None,
        variables: Default::default(),
        last_error: None,
        route: Route::default(),
        cors_headers: None,
        section: Section::Inbound,
        tracing: false,
        attempts: Vec::new(),
        traces: Vec::new(),
    };
    let service_url = settings.service_url.as_deref().unwrap_or("https://service.example/base");
    if !service_url.is_empty() {
        let base = Arc::new(BaseUrl::parse(service_url).context("serviceUrl")?);
        exchange.set_route(Route {
            target: Target::Url(Arc::clone(&base)),
            base: Some(base),
            ..Route::default()
        });
    }
    Ok(exchange)
}

fn facts(case: &Case) -> CallFacts {
    let api = ApiFacts {
        id: "api".into(),
        name: "API".into(),
        path: "api".into(),
        revision: "1".into(),
        ..ApiFacts::default()
    };
    let operation = OperationFacts {
        id: "operation".into(),
        name: "Operation".into(),
        method: case.request.as_ref().map(|request| Arc::from(request.method.as_str())).unwrap_or_default(),
        url_template: case.settings.url_template.as_deref().unwrap_or("/*").into(),
    };
    let subscription = case.settings.subscription.as_deref().map(|id| {
        Arc::new(SubscriptionFacts { id: id.into(), name: id.into(), ..SubscriptionFacts::default() })
    });
    CallFacts {
        api: Some(Arc::new(api)),
        operation: Some(Arc::new(operation)),
        subscription,
        ..CallFacts::default()
    }
}

async fn compare_response(
    expected: &crate::message::ResponseText,
    response: Response,
    absent: &[String],
    differences: &mut Vec<String>,
) -> Result<()> {
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
    for name in absent {
        differs(name, String::new(), values(&response.headers, name));
    }
    let body = response.body.collect().await?.to_bytes();
    differs(
        "body",
        String::from_utf8_lossy(&expected.body).into_owned(),
        String::from_utf8_lossy(&body).into_owned(),
    );
    Ok(())
}

fn values(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<_> =
        headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    values.join("\n")
}

fn compare_rest(
    case: &Case,
    exchange: &mut Exchange,
    ports: &FakePorts,
    received: &[Received],
    differences: &mut Vec<String>,
) -> Result<()> {
    let expected = &case.expected;
    if let Some(requests) = &expected.backend {
        compare_requests(requests, received, differences);
    }
    if let Some(waits) = &expected.waits {
        let found: Vec<f64> = ports.clock.waits().iter().map(Duration::as_secs_f64).collect();
        if found.len() != waits.len() || !found.iter().zip(waits).all(|(found, wait)| is_about(*found, *wait))
        {
            differences.push(format!("waits: expected {waits:?}, found {found:?}"));
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

fn compare_requests(expected: &[Value], received: &[Received], differences: &mut Vec<String>) {
    note(differences, "requests to the backend", &json!(expected.len()), &json!(received.len()));
    for (index, (expected, found)) in expected.iter().zip(received).enumerate() {
        let members: BTreeMap<&str, Value> = [
            ("target", json!(found.target)),
            ("method", json!(found.method)),
            ("uri", json!(found.uri)),
            ("body", json!(String::from_utf8_lossy(&found.body))),
            ("timeout", json!(found.timeout.as_secs_f64())),
        ]
        .into();
        for (name, value) in expected.as_object().into_iter().flatten() {
            if name == "headers" {
                for (header, value) in value.as_object().into_iter().flatten() {
                    let present = found.headers.contains_key(header);
                    let found = if present { json!(values(&found.headers, header)) } else { Value::Null };
                    note(differences, &format!("request {index} header {header}"), value, &found);
                }
                continue;
            }
            let found = members.get(name.as_str()).cloned().unwrap_or(Value::Null);
            note(differences, &format!("request {index} {name}"), value, &found);
        }
    }
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
