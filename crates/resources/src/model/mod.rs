//! The resources of one service, in ARM's own names.
//!
//! Everything a later check may want to point at keeps its [`Span`](sekisho_diagnostics::Span). Maps are keyed by
//! resource name, which is not the display name.

mod agent;
mod api;
mod authentication;
mod backend;
mod breaker;
mod cache;
mod certificate;
mod contract;
mod credentials;
mod diagnostic;
mod event_hub;
mod logger;
mod mcp;
mod named_value;
mod origin;
mod policy;
mod product;
mod redis;
mod schema;
mod spanned;
mod subscription;
mod unified;
mod version_set;

use std::collections::BTreeMap;

pub use agent::A2aAgent;
pub use api::{
    Api, ApiType, Operation, OperationSource, Protocol, SpecificationSource, SubscriptionKeyParameterNames,
    TemplateParameter,
};
pub use authentication::{ApiAuthentication, AuthorizationServer, OpenIdConnectProvider};
pub use backend::{
    Backend, BackendKind, BackendProtocol, BackendProxy, BackendTls, Pool, PoolMember, SingleBackend,
};
pub use breaker::{CircuitBreakerRule, FailureThreshold, StatusCodeRange};
pub use cache::Cache;
pub use certificate::{Certificate, CertificateMaterial};
pub use contract::{
    ContractBody, ContractParameter, ContractResponse, Example, OperationContract, ParameterPlace,
    SchemaSource,
};
pub use credentials::{Authorization, BackendCredentials, BackendManagedIdentity, NamedCredential};
pub use diagnostic::{
    CorrelationProtocol, DiagnosticSettings, LanguageModelLogging, MessageDiagnostic, MessageLogging,
    Verbosity,
};
pub use event_hub::{EventHubConnection, EventHubCredentials, EventHubError};
pub use logger::{Logger, LoggerType};
pub use mcp::{McpServer, McpTool, McpTransport};
pub use named_value::{Expanded, NamedValue, NamedValues, UnresolvedNamedValue};
pub use origin::Origins;
pub use policy::{PolicyDocument, PolicyFormat, PolicyFragment};
pub use product::{Product, ProductState};
pub use redis::{ConnectionStringError, RedisConnection, RedisServer};
pub use schema::{SchemaDocument, SchemaResource};
pub use spanned::Spanned;
pub use subscription::{Subscription, SubscriptionScope, SubscriptionState};
pub use unified::{ModelApiFormat, ModelTarget, UnifiedModel, UnifiedModelApi};
pub use version_set::{VersionSet, VersioningScheme};

/// One whole service: what the gateway serves. Immutable once loaded.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// APIs by resource name; a revision that is not current is `name;rev=N`.
    pub apis: BTreeMap<String, Api>,
    /// API version sets by resource name.
    pub version_sets: BTreeMap<String, VersionSet>,
    /// Products by resource name.
    pub products: BTreeMap<String, Product>,
    /// Subscriptions by resource name.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// Named values; looked up by display name.
    pub named_values: NamedValues,
    /// Authorization servers by resource name.
    pub authorization_servers: BTreeMap<String, AuthorizationServer>,
    /// OpenID Connect providers by resource name.
    pub openid_connect_providers: BTreeMap<String, OpenIdConnectProvider>,
    /// Backends by resource name, pools included.
    pub backends: BTreeMap<String, Backend>,
    /// Certificates by resource name, which is the `certificate-id`.
    pub certificates: BTreeMap<String, Certificate>,
    /// Policy fragments by resource name, which is the `fragment-id`.
    pub policy_fragments: BTreeMap<String, PolicyFragment>,
    /// External caches by resource name.
    pub caches: BTreeMap<String, Cache>,
    /// Loggers by resource name, which is the `logger-id`.
    pub loggers: BTreeMap<String, Logger>,
    /// Diagnostics of all APIs by resource name (`applicationinsights`, `azuremonitor`, …).
    pub diagnostics: BTreeMap<String, DiagnosticSettings>,
    /// Schemas of the service by resource name, which is the `schema-id`.
    pub schemas: BTreeMap<String, SchemaResource>,
    /// The global policy document.
    pub policy: Option<PolicyDocument>,
    /// Where texts that were written inside another file came from.
    pub origins: Origins,
}
