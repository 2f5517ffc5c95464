//! The configuration in service: immutable, shared by all calls that began under it.
//!
//! - this file: what a call looks up
//! - `build`: from the resource model
//! - `apis`, `people`: the parts of it
//! - `contracts`: what specifications say of messages, for operations with a policy that asks for it
//! - `observations`: what is written down of calls
//! - `protocols`: what APIs speak: MCP servers with their tools, agents, unified models
//! - `pipelines`: compiled policies, one for each set of documents

mod apis;
mod build;
mod contracts;
mod observations;
mod people;
mod pipelines;
mod protocols;

use std::sync::Arc;

use sekisho_expression::context::{ApiFacts, DeploymentFacts, OperationFacts, ProductFacts, TrustStore};
use sekisho_policy::exchange::{Contract, ExchangeLimits, Route};
use sekisho_policy::observation::Observation;
use sekisho_policy::pipeline::Pipeline;

use crate::backend::BackendSet;
use crate::protected_resource::{ProtectedResource, ProtectedResources};
use crate::protocol::Protocol;
use crate::router::Router;
use crate::subscription::{KeyIndex, KeyRules};
use crate::tracing::Configured;
pub use build::SnapshotOptions;
pub use observations::Observing;

/// A configuration, ready to serve.
pub struct Snapshot {
    router: Router,
    apis: Vec<ApiEntry>,
    protected_resources: ProtectedResources,
    products: Vec<Arc<ProductFacts>>,
    keys: KeyIndex,
    backends: Arc<BackendSet>,
    global: Arc<Pipeline>,
    limits: Arc<ExchangeLimits>,
    deployment: Arc<DeploymentFacts>,
    trust_store: Arc<TrustStore>,
    observation: Arc<Observation>,
    traced: Arc<Configured>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("apis", &self.apis.len())
            .field("products", &self.products.len())
            .finish_non_exhaustive()
    }
}

/// An API.
pub(crate) struct ApiEntry {
    pub(crate) facts: Arc<ApiFacts>,
    /// The path without slashes at its ends.
    pub(crate) path: Arc<str>,
    pub(crate) keys: KeyRules,
    /// Its calls become WebSockets.
    pub(crate) is_web_socket: bool,
    /// Where calls go unless a policy says otherwise.
    pub(crate) route: Route,
    pub(crate) operations: Vec<OperationEntry>,
    /// What is written down of its calls.
    pub(crate) observation: Arc<Observation>,
    /// What it speaks.
    pub(crate) protocol: Protocol,
    /// What clients are told of the tokens that it wants.
    pub(crate) protected_resource: Option<Arc<ProtectedResource>>,
}

/// An operation.
pub(crate) struct OperationEntry {
    pub(crate) facts: Arc<OperationFacts>,
    /// What the specification says, when a policy of the pipelines asks for it.
    pub(crate) contract: Option<Arc<Contract>>,
    pub(crate) pipelines: Pipelines,
}

/// The effective policies of an operation, by the product in whose context a call is made.
pub(crate) struct Pipelines {
    without_product: Arc<Pipeline>,
    by_product: Vec<(usize, Arc<Pipeline>)>,
}

impl Pipelines {
    /// True when a policy of one of them reads the contract of the operation.
    pub(crate) fn read_contract(&self) -> bool {
        let all = std::iter::once(&self.without_product).chain(self.by_product.iter().map(|(_, one)| one));
        all.into_iter().any(|pipeline| pipeline.reads_contract)
    }

    /// The policies of a call in the context of this product.
    pub(crate) fn of(&self, product: Option<usize>) -> &Pipeline {
        let by_product =
            product.and_then(|product| self.by_product.iter().find(|(known, _)| *known == product));
        by_product.map_or(&self.without_product, |(_, pipeline)| pipeline)
    }
}

impl Snapshot {
    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    pub(crate) fn api(&self, place: usize) -> Option<&ApiEntry> {
        self.apis.get(place)
    }

    pub(crate) fn protected_resources(&self) -> &ProtectedResources {
        &self.protected_resources
    }

    pub(crate) fn product(&self, place: usize) -> Option<&Arc<ProductFacts>> {
        self.products.get(place)
    }

    pub(crate) fn keys(&self) -> &KeyIndex {
        &self.keys
    }

    pub(crate) fn backends(&self) -> &Arc<BackendSet> {
        &self.backends
    }

    /// The policies of calls that match no operation.
    pub(crate) fn global(&self) -> &Pipeline {
        &self.global
    }

    pub(crate) fn limits(&self) -> &Arc<ExchangeLimits> {
        &self.limits
    }

    /// What `X509Certificate2.Verify()` trusts.
    pub(crate) fn trust_store(&self) -> &Arc<TrustStore> {
        &self.trust_store
    }

    /// What is written down of calls for no API.
    pub(crate) fn observation(&self) -> &Arc<Observation> {
        &self.observation
    }

    /// True when there is an API of this name, in whatever revision.
    pub fn has_api(&self, name: &str) -> bool {
        self.apis.iter().any(|api| api.keys.api.eq_ignore_ascii_case(name))
    }

    /// What traces need of the configuration.
    pub(crate) fn traced(&self) -> &Arc<Configured> {
        &self.traced
    }

    pub(crate) fn deployment(&self) -> &Arc<DeploymentFacts> {
        &self.deployment
    }
}
