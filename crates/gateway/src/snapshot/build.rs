//! From the resource model to a snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderValue;
use sekisho_diagnostics::diagnostic::has_errors;
use sekisho_diagnostics::{Diagnostic, SourceMap, Span};
use sekisho_expression::Limits;
use sekisho_expression::context::DeploymentFacts;
use sekisho_policy::compile::{self, ContentSafetySettings, Environment, TokenWindow};
use sekisho_policy::exchange::ExchangeLimits;
use sekisho_policy::ports::Ports;
use sekisho_resources::model::{Api, ApiType, Configuration, Product};
use sekisho_resources::process::{self, ContentSafety, OnSafetyFailure, Process};

use super::apis::{ApiBuilder, api_facts, service_url};
use super::observations::{Observations, Observing};
use super::people::{add_keys, product_facts};
use super::pipelines::{PipelineStore, Purpose, environment};
use super::protocols::{ProtocolBuilder, agents};
use super::{ApiEntry, Snapshot};
use crate::backend::{BackendSet, CallBackends, Forwarded};
use crate::certificates::Certificates;
use crate::router::Router;
use crate::subscription::KeyIndex;
use crate::tracing::Configured;
use crate::upstream::Upstream;

/// What a snapshot is made with, besides the configuration.
#[derive(Clone)]
pub struct SnapshotOptions {
    /// The ports of the gateway.
    pub ports: Ports,
    /// Connections to backends; the same for all snapshots, so that a reload keeps them open.
    pub upstream: Arc<Upstream>,
    /// Bounds of every call.
    pub limits: Arc<ExchangeLimits>,
    /// What `context.Deployment` shows.
    pub deployment: Arc<DeploymentFacts>,
    /// How tokens per minute are counted.
    pub token_window: TokenWindow,
    /// How `llm-content-safety` works with its service.
    pub content_safety: ContentSafetySettings,
    /// What is written down of calls.
    pub observing: Arc<Observing>,
}

impl SnapshotOptions {
    /// The options that the settings of the process ask for.
    pub fn new(process: &Process, ports: Ports, upstream: Arc<Upstream>) -> Self {
        let gateway = &process.gateway;
        let deployment = DeploymentFacts {
            gateway_id: gateway.id.as_str().into(),
            is_managed: gateway.id == "managed",
            region: gateway.region.as_str().into(),
            service_id: gateway.service_name.as_str().into(),
            service_name: gateway.service_name.as_str().into(),
            certificates: Vec::new(),
        };
        let limits = ExchangeLimits {
            buffered_body: process.limits.buffered_body_bytes,
            expression: Limits {
                // The largest body, read, taken apart and put together several times.
                allocated_bytes: (process.limits.buffered_body_bytes as u64 * 32).max(64 << 20),
                overtime: Some(&crate::overtime::TURNS),
                ..Limits::DEFAULT
            },
        };
        let token_window = match process.state.token_window {
            process::TokenWindow::Bucket => TokenWindow::Bucket,
            process::TokenWindow::Sliding => TokenWindow::Sliding,
        };
        Self {
            ports,
            upstream,
            limits: Arc::new(limits),
            deployment: Arc::new(deployment),
            token_window,
            content_safety: content_safety(&process.content_safety),
            observing: Arc::new(Observing::new(process)),
        }
    }
}

fn content_safety(process: &ContentSafety) -> ContentSafetySettings {
    let on_failure = |setting: OnSafetyFailure| match setting {
        OnSafetyFailure::Deny => compile::OnSafetyFailure::Deny,
        OnSafetyFailure::Allow => compile::OnSafetyFailure::Allow,
    };
    ContentSafetySettings {
        on_failure: on_failure(process.on_failure),
        on_failure_by_policy: process
            .policies
            .iter()
            .map(|(id, setting)| (id.clone(), on_failure(*setting)))
            .collect(),
        timeout: process.timeout,
        longest_hold: process.longest_hold,
    }
}

impl Snapshot {
    /// Compiles a configuration. `previous` is the snapshot in service: breakers and rotations of backends that did
    /// not change keep their state.
    ///
    /// The findings are returned in any case; with errors among them there is no snapshot.
    pub fn build(
        configuration: &Configuration,
        sources: &SourceMap,
        options: &SnapshotOptions,
        previous: Option<&Snapshot>,
    ) -> (Option<Snapshot>, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let snapshot = build(configuration, sources, options, previous, &mut diagnostics);
        configuration.origins.relocate(&mut diagnostics);
        let snapshot = snapshot.filter(|_| !has_errors(&diagnostics));
        (snapshot, diagnostics)
    }
}

fn build(
    configuration: &Configuration,
    sources: &SourceMap,
    options: &SnapshotOptions,
    previous: Option<&Snapshot>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Snapshot> {
    let seed = &options.deployment.service_name;
    let known = previous.map(|previous| &*previous.backends);
    let certificates = Certificates::read(configuration, diagnostics);
    let mut backends = BackendSet::build(
        configuration,
        &certificates,
        &options.upstream,
        &options.ports,
        seed,
        known,
        diagnostics,
    )?;
    let mut keys = match KeyIndex::new() {
        Ok(keys) => keys,
        Err(error) => {
            diagnostics.push(Diagnostic::error("no-randomness", Span::default(), error.to_string()));
            return None;
        }
    };
    let environment = Environment {
        token_window: options.token_window,
        content_safety: options.content_safety.clone(),
        ..environment(configuration, &certificates, sources)
    };
    let mut pipelines = PipelineStore::new(&environment, sources, configuration.policy);
    let products: Vec<&Product> = configuration.products.values().collect();

    let mut base_urls = HashMap::new();
    let served: Vec<&Api> = configuration.apis.values().filter(|api| is_served(api, diagnostics)).collect();
    let located = served.into_iter().map(|api| {
        let base = service_url(api, configuration, &mut base_urls, diagnostics);
        (api, api_facts(api, base.as_deref()), base)
    });
    let located: Vec<_> = located.collect();
    let facts_by_name: HashMap<&str, _> =
        located.iter().map(|(api, facts, _)| (api.name.value.as_str(), Arc::clone(facts))).collect();
    located.iter().filter_map(|(_, _, base)| base.as_ref()).for_each(|base| backends.trust(base));
    let agents = agents(&located, configuration, &mut base_urls, diagnostics);
    agents.values().for_each(|card| backends.trust(card));
    let backends = Arc::new(backends);
    let view = CallBackends {
        set: Arc::clone(&backends),
        forwarded: nobody(),
        consent: None,
        observation: Arc::default(),
        request: None,
        trace: None,
    };
    let observations = Observations::new(&options.observing, configuration, diagnostics);
    let mut builder = ApiBuilder {
        configuration,
        sources,
        products: &products,
        backends: &view,
        pipelines: &mut pipelines,
        observations: &observations,
        diagnostics,
    };
    let mut apis: Vec<ApiEntry> = Vec::new();
    let mut router = Router::default();
    for (api, facts, base) in located {
        if let Some((entry, path, route)) = builder.build(api, apis.len(), facts, base) {
            apis.push(entry);
            router.insert(&path, route);
        }
    }

    let protocols = ProtocolBuilder { configuration, sources, pipelines: &pipelines, cards: &agents };
    let protected_resources = protocols.add(&mut apis);
    let places =
        products.iter().enumerate().map(|(place, product)| (product.name.value.as_str(), place)).collect();
    add_keys(&mut keys, configuration, &places, diagnostics);
    let global = pipelines.pipeline([None; 3], Purpose::Calls);
    let traced = Configured::new(configuration, sources, pipelines.files(), &backends);
    diagnostics.extend(pipelines.into_diagnostics());
    Some(Snapshot {
        router,
        apis,
        protected_resources,
        products: products.iter().map(|product| product_facts(product, &facts_by_name)).collect(),
        keys,
        backends,
        global,
        limits: Arc::clone(&options.limits),
        deployment: Arc::new(DeploymentFacts {
            certificates: certificates.facts(),
            ..DeploymentFacts::clone(&options.deployment)
        }),
        trust_store: Arc::clone(options.upstream.trust_store()),
        observation: observations.of_all(),
        traced: Arc::new(traced),
    })
}

/// An API that is off line is unreachable; one of a type that cannot be served is, with a warning.
fn is_served(api: &Api, diagnostics: &mut Vec<Diagnostic>) -> bool {
    if api.api_type == ApiType::Grpc {
        let message = format!("API `{}` is of a type that is not served yet", api.name.value);
        let finding = Diagnostic::warning("api-type-not-served", api.span, message);
        diagnostics.push(finding.with_help("calls of gRPC APIs answer 404"));
        return false;
    }
    api.is_online
}

/// The connection of no client: only descriptions are asked for while a snapshot is built.
fn nobody() -> Forwarded {
    Forwarded { peer: HeaderValue::from_static("unknown"), secure: false, host: None }
}
