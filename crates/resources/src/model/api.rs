//! APIs and their operations.

use std::collections::BTreeMap;
use std::sync::Arc;

use sekisho_diagnostics::{FileId, Span};

use super::{
    A2aAgent, ApiAuthentication, DiagnosticSettings, McpServer, PolicyDocument, SchemaResource, Spanned,
    UnifiedModelApi,
};
use crate::openapi::normalised;
use crate::read::GivenContract;

/// `properties.type` (or `apiType`) of an API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiType {
    /// HTTP; the default.
    #[default]
    Http,
    /// SOAP.
    Soap,
    /// WebSocket pass-through.
    WebSocket,
    /// GraphQL.
    GraphQl,
    /// OData.
    OData,
    /// gRPC.
    Grpc,
    /// Model Context Protocol server.
    Mcp,
    /// Agent-to-agent.
    A2a,
}

/// A scheme under which an API is reachable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `http`
    Http,
    /// `https`
    Https,
    /// `ws`
    Ws,
    /// `wss`
    Wss,
}

/// Where a client puts its subscription key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionKeyParameterNames {
    /// Header; `Ocp-Apim-Subscription-Key` when not set.
    pub header: String,
    /// Query parameter, looked at only when the header is absent; `subscription-key` when not set.
    pub query: String,
    /// True for `bearer: enabled`: the key is also accepted as `Authorization: Bearer <key>`.
    pub bearer: bool,
}

impl Default for SubscriptionKeyParameterNames {
    fn default() -> Self {
        Self {
            header: "Ocp-Apim-Subscription-Key".to_owned(),
            query: "subscription-key".to_owned(),
            bearer: false,
        }
    }
}

/// One API (one revision of it).
#[derive(Clone, Debug)]
pub struct Api {
    /// Resource name; `name;rev=N` for a revision that is not current.
    pub name: Spanned<String>,
    /// `properties.displayName`; the resource name when not set.
    pub display_name: String,
    /// `properties.description`.
    pub description: Option<String>,
    /// `properties.path`, without slashes at both ends; may be empty for one API.
    pub path: Spanned<String>,
    /// `properties.serviceUrl`, or the server of the specification, without a slash at the end. May hold `{{named
    /// values}}`.
    pub service_url: Option<Spanned<String>>,
    /// `properties.protocols`; `https` and `http` (`wss` and `ws` of a WebSocket API) when not set, because the gateway
    /// may stand behind a TLS proxy.
    pub protocols: Vec<Protocol>,
    /// `properties.type`.
    pub api_type: ApiType,
    /// `properties.subscriptionRequired`, true when not set.
    pub subscription_required: bool,
    /// `properties.subscriptionKeyParameterNames`.
    pub subscription_key_parameter_names: SubscriptionKeyParameterNames,
    /// `properties.apiVersion`; `None` is the original version.
    pub api_version: Option<Spanned<String>>,
    /// `properties.apiVersionSetId` as the name of the version set.
    pub api_version_set: Option<Spanned<String>>,
    /// `properties.apiRevision`, `1` when not set.
    pub api_revision: String,
    /// `properties.isCurrent`; when not set, true unless the resource name has `;rev=`.
    pub is_current: bool,
    /// `properties.isOnline`, true when not set. An API that is not online is unreachable.
    pub is_online: bool,
    /// `properties.backendId` as the name of a backend (MCP and agent APIs).
    pub backend_id: Option<Spanned<String>>,
    /// Tools and endpoints, for the type `mcp`.
    pub mcp: Option<McpServer>,
    /// Agent card and endpoint, for the type `a2a`.
    pub agent: Option<A2aAgent>,
    /// `properties.authenticationSettings`.
    pub authentication: ApiAuthentication,
    /// `properties.unifiedModelApi`: calls go to the models of several backends.
    pub unified_models: Option<UnifiedModelApi>,
    /// The policy document of the API.
    pub policy: Option<PolicyDocument>,
    /// Where the specification is.
    pub specification: Option<SpecificationSource>,
    /// Schemas of this API by resource name.
    pub schemas: BTreeMap<String, SchemaResource>,
    /// Operations in the order of their declaration; `onHandshake` alone for a WebSocket API.
    pub operations: Vec<Operation>,
    /// Diagnostics of this API by resource name.
    pub diagnostics: BTreeMap<String, DiagnosticSettings>,
    /// The place of the resource as a whole.
    pub span: Span,
}

impl Api {
    /// The name without `;rev=N`.
    pub fn root_name(&self) -> &str {
        root_name(&self.name)
    }

    /// The operation of a resource name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name.value == name)
    }

    /// The operation that a reference means: names are compared as normalised on import, which other resources may
    /// have been written without.
    pub fn referenced_operation(&self, name: &str) -> Option<&Operation> {
        let wanted = normalised(name);
        let is_meant = |operation: &&Operation| normalised(&operation.name.value) == wanted;
        self.operation(name).or_else(|| self.operations.iter().find(is_meant))
    }
}

/// The name of an API without `;rev=N`.
pub(crate) fn root_name(name: &str) -> &str {
    name.split_once(";rev=").map_or(name, |(root, _)| root)
}

/// One operation of an API.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Resource name, unique in its API.
    pub name: Spanned<String>,
    /// `properties.displayName`; the resource name when not set.
    pub display_name: String,
    /// `properties.method`, in upper case; any token, or `*`.
    pub method: Spanned<String>,
    /// `properties.urlTemplate` with a leading slash: `/deployments/{id}/chat?api-version={api-version}`.
    pub url_template: Spanned<String>,
    /// `properties.templateParameters`: every variable of the template, of path and query.
    pub template_parameters: Vec<TemplateParameter>,
    /// `properties.description`.
    pub description: Option<String>,
    /// The policy document of the operation.
    pub policy: Option<PolicyDocument>,
    /// Where it stands in the specification.
    pub source: Option<OperationSource>,
    /// What its own properties say of its messages.
    pub(crate) given_contract: Option<Arc<GivenContract>>,
}

/// Where an operation stands in the specification of its API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationSource {
    /// The member of `paths`.
    pub path: String,
    /// The member of that.
    pub method: String,
}

/// Where the specification of an API is.
#[derive(Clone, Debug)]
pub enum SpecificationSource {
    /// A text of the source map.
    File {
        /// The text.
        file: FileId,
        /// True when it stood inside another file.
        is_inner: bool,
    },
    /// An object inside another file.
    Inline(Arc<serde_json::Value>),
}

/// A variable of a URL template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateParameter {
    /// Name as in the template, without braces and `*`.
    pub name: String,
    /// `type`, such as `string`.
    pub value_type: String,
    /// `required`; path variables always are.
    pub required: bool,
}
