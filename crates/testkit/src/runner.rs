//! Runs a conformance case and says how it differs from what it expects.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use http_body_util::BodyExt;
use sekisho_diagnostics::{Diagnostic, SourceMap, has_errors, render};
use sekisho_expression::Limits;
use sekisho_expression::context::{
    ApiFacts, DeploymentFacts, OperationFacts, ProductFacts, SubscriptionFacts, TrustStore, UrlFacts,
};
use sekisho_policy::body::Body;
use sekisho_policy::compile::{
    Compiler, Environment, FragmentSource, LoggerKind, NamedValue, ServiceSchema, TokenWindow,
};
use sekisho_policy::document::{CompiledDocument, assemble};
use sekisho_policy::exchange::{Arrival, CallFacts, Exchange, ExchangeLimits, Request, Response, Route};
use sekisho_policy::pipeline::{CallEnd, Pipeline, Scope};
use sekisho_policy::ports::{Backends, BaseUrl, Clock, Ports, Target};
use sekisho_policy::semantic::SemanticSettings;
use sekisho_state::memory::MemoryCache;
use serde_json::Value;

use crate::backends::ScriptedBackends;
use crate::case::{Call, CallSettings, Case};
use crate::compare;
use crate::pem::PemFile;
use crate::ports::{Connection, FakeAuthorizations, FakePorts, FakeTokens};

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

/// Everything that comes out of a case: its findings by code and line, and of each call the response, what reached the backend, the error,
/// the variables, metrics and traces.
pub async fn transcript(case: &Case) -> Result<Vec<String>> {
    let mut sources = SourceMap::new();
    let (pipeline, findings) = compile(case, &mut sources);
    // Columns depend on the lengths of names before them.
    let place = |finding: &Diagnostic| format!("{} {}", finding.code, sources.locate(finding.span).line);
    let mut lines: Vec<String> = findings.iter().map(place).collect();
    if case.findings.is_some() {
        return Ok(lines);
    }
    let bench = Bench::new(case);
    for (number, call) in case.calls.iter().enumerate() {
        let (mut exchange, response) = bench.run(&pipeline, number, call).await?;
        let mut headers: Vec<String> =
            response.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        let status = response.status;
        let body = response.body.collect().await?.to_bytes();
        bench.end(&mut exchange, CallEnd { status, ..CallEnd::default() }).await;
        lines.extend([status.to_string(), headers.join("\n"), String::from_utf8_lossy(&body).into_owned()]);
        lines.push(format!("{:?}", bench.backends.take_received()));
        lines.push(format!("{:?} {:?}", exchange.last_error, exchange.variables.entries()));
        lines.push(format!("{:?} {:?}", bench.fakes.recorder.metrics.lock().split_off(0), exchange.traces));
    }
    Ok(lines)
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
        fakes.semantic_cache = SemanticSettings {
            replays_streams: !case.settings.semantic_cache.bypasses_streams,
            marks_hits: case.settings.semantic_cache.marks_hits,
            ..SemanticSettings::default()
        };
        let mut backends = ScriptedBackends::new(case.settings.backends.clone(), case.backend.clone())
            .with_services(Arc::clone(&fakes.services));
        if let Some(embeddings) = &case.settings.embeddings {
            backends = backends.with_embeddings(embeddings.clone());
        }
        Self { case, ports: fakes.ports(), fakes, backends: Arc::new(backends) }
    }

    async fn call(
        &self,
        pipeline: &Pipeline,
        number: usize,
        call: &Call,
        differences: &mut Vec<String>,
    ) -> Result<()> {
        let (mut exchange, response) = self.run(pipeline, number, call).await?;
        let mut end = CallEnd { status: response.status, ..CallEnd::default() };
        end.request_bytes = call.request.body.len() as u64;
        let body = compare::response(call, response, differences).await?;
        end.response_bytes = body as u64;
        self.end(&mut exchange, end).await;
        compare::rest(&call.expected, &mut exchange, &self.fakes, &self.backends, differences)
    }
}

impl Bench<'_> {
    /// Sends a call through the policies.
    async fn run(&self, pipeline: &Pipeline, number: usize, call: &Call) -> Result<(Exchange, Response)> {
        let settings = self.case.settings.calls.get(number).cloned().unwrap_or_default();
        self.fakes.clock.advance(Duration::from_secs_f64(settings.pause));
        let mut exchange = exchange(self.case, call, &settings, &self.ports, &self.backends)?;
        pipeline.run(&mut exchange).await;
        let response = exchange.response.take().unwrap_or_default();
        Ok((exchange, response))
    }

    /// Does what policies left to do when the call is over.
    async fn end(&self, exchange: &mut Exchange, end: CallEnd) {
        for work in std::mem::take(&mut exchange.at_end) {
            work.run(end).await;
        }
        self.fakes.spawner.run().await;
        // What the adapters do in the background gets its turn.
        tokio::task::yield_now().await;
    }
}

fn logger(kind: &str) -> LoggerKind {
    match kind {
        "azureEventHub" => LoggerKind::EventHub,
        "azureMonitor" => LoggerKind::Other("azureMonitor"),
        _ => LoggerKind::Other("applicationInsights"),
    }
}

fn connections(case: &Case) -> BTreeMap<String, Connection> {
    let settings = case.settings.authorizations.iter();
    settings.map(|(name, settings)| (name.clone(), settings.connection())).collect()
}

fn compile(case: &Case, sources: &mut SourceMap) -> (Pipeline, Vec<Diagnostic>) {
    let mut environment = Environment {
        backends: case.settings.backends.iter().cloned().collect(),
        content_safety: case.settings.content_safety.settings(),
        ..Environment::default()
    };
    if case.settings.sliding_tokens {
        environment.token_window = TokenWindow::Sliding;
    }
    environment.loggers.extend(case.settings.loggers.iter().map(|(id, kind)| (id.clone(), logger(kind))));
    environment.caches.extend(case.settings.caches.iter().cloned());
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
        api_type: case.settings.api_type.api_type(),
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
