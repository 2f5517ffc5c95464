//! Runs a conformance case and says how it differs from what it expects.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http::HeaderMap;
use http_body_util::BodyExt;
use sekisho_diagnostics::{Diagnostic, SourceMap, has_errors, render};
use sekisho_expression::Limits;
use sekisho_expression::context::{
    ApiFacts, DeploymentFacts, OperationFacts, ProductFacts, SubscriptionFacts, TrustStore, UrlFacts,
};
use sekisho_policy::body::Body;
use sekisho_policy::compile::setting::to_text;
use sekisho_policy::compile::{Compiler, Environment, FragmentSource, NamedValue, ServiceSchema};
use sekisho_policy::document::{CompiledDocument, assemble};
use sekisho_policy::exchange::{Arrival, CallFacts, Exchange, ExchangeLimits, Request, Response, Route};
use sekisho_policy::pipeline::{CallEnd, Pipeline, Scope};
use sekisho_policy::ports::{Backends, BaseUrl, Clock, Metric, Ports, Target};
use sekisho_state::memory::MemoryCache;
use serde_json::{Value, json};

use crate::backends::{Received, ScriptedBackends, shown};
use crate::case::{Call, CallSettings, Case, Expected, Wait};
use crate::pem::PemFile;
use crate::ports::{Connection, FakeAuthorizations, FakePorts, FakeTokens};
use crate::services::ServiceCall;

/// Runs a case; the error tells every difference.
pub async fn run(case: &Case) -> Result<()> {
    let mut sources = SourceMap::new();
    let (pipeline, findings) = compile(case, &mut sources);
    if let Some(expected) = &case.findings {
        return same_findings(expected, &findings, &sources);
    }
    ensure!(!has_errors(&findings), "the case does not load:\n{}", render::text(&findings, &sources, false));
    ensure!(!case.calls.is_empty(), "the case has no request.http");
    let bench = Bench::new(case);
    let mut differences = Vec::new();
    for (number, call) in case.calls.iter().enumerate() {
        let mut found = Vec::new();
        bench.call(&pipeline, number, call, &mut found).await?;
        let place = if case.calls.len() > 1 { format!("call {}: ", number + 1) } else { String::new() };
        differences.extend(found.into_iter().map(|difference| format!("{place}{difference}")));
    }
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    Ok(())
}

/// What the calls of a case share.
struct Bench<'c> {
    case: &'c Case,
    fakes: FakePorts,
    ports: Ports,
    backends: Arc<ScriptedBackends>,
}

impl<'c> Bench<'c> {
    fn new(case: &'c Case) -> Self {
        let mut fakes = FakePorts {
            tokens: Arc::new(FakeTokens { failure: case.settings.token_failure.clone() }),
            authorizations: Arc::new(FakeAuthorizations { connections: connections(case) }),
            ..FakePorts::default()
        };
        if case.settings.external_cache {
            let clock = Arc::clone(&fakes.clock) as Arc<dyn Clock>;
            fakes.external_cache = Some(Arc::new(MemoryCache::new(clock)));
        }
        fakes.services.answers.lock().clone_from(&case.services);
        let backends = Arc::new(ScriptedBackends::new(case.settings.backends.clone(), case.backend.clone()));
        Self { case, ports: fakes.ports(), fakes, backends }
    }

    async fn call(
        &self,
        pipeline: &Pipeline,
        number: usize,
        call: &Call,
        differences: &mut Vec<String>,
    ) -> Result<()> {
        let settings = self.case.settings.calls.get(number).cloned().unwrap_or_default();
        self.fakes.clock.advance(Duration::from_secs_f64(settings.pause));
        let mut exchange = exchange(self.case, call, &settings, &self.ports, &self.backends)?;
        pipeline.run(&mut exchange).await;
        let response = exchange.response.take().unwrap_or_default();
        let mut end = CallEnd { status: response.status, ..CallEnd::default() };
        end.request_bytes = call.request.body.len() as u64;
        let body = compare_response(call, response, differences).await?;
        end.response_bytes = body as u64;
        for work in std::mem::take(&mut exchange.at_end) {
            work.run(end).await;
        }
        self.fakes.spawner.run().await;
        // What the adapters do in the background gets its turn.
        tokio::task::yield_now().await;
        compare_rest(&call.expected, &mut exchange, &self.fakes, &self.backends.take_received(), differences)
    }
}

fn connections(case: &Case) -> BTreeMap<String, Connection> {
    let settings = case.settings.authorizations.iter();
    settings.map(|(name, settings)| (name.clone(), settings.connection())).collect()
}

fn compile(case: &Case, sources: &mut SourceMap) -> (Pipeline, Vec<Diagnostic>) {
    let mut environment =
        Environment { backends: case.settings.backends.iter().cloned().collect(), ..Environment::default() };
    for (id, file) in &case.settings.certificates {
        let facts = case.pem.get(file).and_then(PemFile::certificate);
        environment.certificates.extend(facts.map(|facts| (id.clone(), facts)));
    }
    for (name, value) in &case.settings.named_values {
        environment.named_values.insert(name.clone(), NamedValue { value: Some(Arc::from(value.as_str())) });
    }
    for (id, schema) in &case.settings.schemas {
        let schema = match schema {
            Value::String(_) => ServiceSchema::Xml,
            document => ServiceSchema::Json(Arc::new(document.clone())),
        };
        environment.schemas.insert(id.clone(), schema);
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

fn exchange(
    case: &Case,
    call: &Call,
    of_call: &CallSettings,
    ports: &Ports,
    backends: &Arc<ScriptedBackends>,
) -> Result<Exchange> {
    let settings = &case.settings;
    let text = call.request.clone();
    let (path, query) = text.target.split_once('?').unwrap_or((&text.target, ""));
    let original_url = UrlFacts {
        scheme: "https".into(),
        host: "gateway.example".into(),
        port: 443,
        path: format!("/api{path}").into(),
        query: if query.is_empty() { "".into() } else { format!("?{query}").into() },
    };
    let address = of_call.ip_address.as_deref().or(settings.ip_address.as_deref());
    let address = address.unwrap_or("203.0.113.7").parse()?;
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
    let shown = of_call.client_certificate.as_ref().or(settings.client_certificate.as_ref());
    if let Some(shown) = shown.and_then(|file| case.pem.get(file)) {
        request.certificate = shown.certificates.first().cloned();
        request.certificate_issuers = shown.certificates.iter().skip(1).cloned().collect();
    }
    let mut exchange = Exchange::new(Arrival {
        ports: ports.clone(),
        backends: Arc::clone(backends) as Arc<dyn Backends>,
        limits: Arc::new(ExchangeLimits {
            buffered_body: settings.buffered_body.unwrap_or(2 * 1024 * 1024),
            expression: Limits::default(),
        }),
        facts: facts(case, call, of_call),
        request,
        request_id: ports.entropy.uuid(),
    });
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

fn facts(case: &Case, call: &Call, of_call: &CallSettings) -> CallFacts {
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
        method: call.request.method.as_str().into(),
        url_template: case.settings.url_template.as_deref().unwrap_or("/*").into(),
    };
    let subscription = of_call.subscription.as_deref().or(case.settings.subscription.as_deref()).map(|id| {
        Arc::new(SubscriptionFacts { id: id.into(), name: id.into(), ..SubscriptionFacts::default() })
    });
    let has_product = case.documents.iter().any(|(name, _)| name == "product.xml");
    let product = has_product.then(|| {
        Arc::new(ProductFacts { id: "product".into(), name: "Product".into(), ..ProductFacts::default() })
    });
    let pem = |file: &String| case.pem.get(file);
    let trusted = case.settings.trusted_certificates.as_ref().and_then(pem).map(|file| {
        let roots = file.certificates.iter().map(|der| der.to_vec());
        Arc::new(TrustStore::new(roots, []))
    });
    let certificates = case
        .settings
        .certificates
        .iter()
        .filter_map(|(id, file)| Some((Arc::from(id.as_str()), pem(file)?.certificate()?)));
    CallFacts {
        api: Some(Arc::new(api)),
        operation: Some(Arc::new(operation)),
        product,
        subscription,
        contract: crate::contract::shared(case.settings.contract.as_ref()),
        deployment: Arc::new(DeploymentFacts {
            certificates: certificates.collect(),
            ..DeploymentFacts::default()
        }),
        trust_store: trusted,
        ..CallFacts::default()
    }
}

/// Compares the response; the length of its body.
async fn compare_response(call: &Call, response: Response, differences: &mut Vec<String>) -> Result<usize> {
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

fn compare_rest(
    expected: &Expected,
    exchange: &mut Exchange,
    ports: &FakePorts,
    received: &[Received],
    differences: &mut Vec<String>,
) -> Result<()> {
    if let Some(requests) = &expected.backend {
        compare_requests(
            "backend",
            requests,
            &received.iter().map(members_of_request).collect::<Vec<_>>(),
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
        std::mem::take(&mut *ports.recorder.metrics.lock()).iter().map(metric_text).collect();
    if let Some(expected) = &expected.metrics {
        note(differences, "metrics", &json!(expected), &json!(metrics));
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

fn metric_text(metric: &Metric) -> String {
    let dimensions: Vec<String> =
        metric.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let namespace = metric.namespace.as_deref().unwrap_or("");
    format!("{namespace}/{}={} {{{}}}", metric.name, metric.value, dimensions.join(", "))
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
