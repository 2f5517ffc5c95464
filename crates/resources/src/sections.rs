//! The kinds of resources that have a collection of their own, and how they go into a configuration.

use std::collections::BTreeMap;

use sekisho_diagnostics::Span;

use crate::model::{Configuration, PolicyFragment, Spanned};
use crate::read;
use crate::reading::Reading;
use crate::value::Node;

/// A collection of resources at the top of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Apis,
    AuthorizationServers,
    Backends,
    Certificates,
    Caches,
    Diagnostics,
    Loggers,
    NamedValues,
    OpenIdConnectProviders,
    PolicyFragments,
    Products,
    Schemas,
    Subscriptions,
    VersionSets,
}

impl Section {
    /// Every section. Version sets and the like come in any order: references are checked at the end.
    pub(crate) const ALL: [Section; 14] = [
        Section::Apis,
        Section::AuthorizationServers,
        Section::Backends,
        Section::Certificates,
        Section::Caches,
        Section::Diagnostics,
        Section::Loggers,
        Section::NamedValues,
        Section::OpenIdConnectProviders,
        Section::PolicyFragments,
        Section::Products,
        Section::Schemas,
        Section::Subscriptions,
        Section::VersionSets,
    ];

    /// Its key in a YAML file, and the second name of its folder.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Section::Apis => "apis",
            Section::AuthorizationServers => "authorizationServers",
            Section::Backends => "backends",
            Section::Certificates => "certificates",
            Section::Caches => "caches",
            Section::Diagnostics => "diagnostics",
            Section::Loggers => "loggers",
            Section::NamedValues => "namedValues",
            Section::OpenIdConnectProviders => "openidConnectProviders",
            Section::PolicyFragments => "policyFragments",
            Section::Products => "products",
            Section::Schemas => "schemas",
            Section::Subscriptions => "subscriptions",
            Section::VersionSets => "versionSets",
        }
    }

    /// Its folder in a service directory.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Section::AuthorizationServers => "authorization servers",
            Section::NamedValues => "named values",
            Section::OpenIdConnectProviders => "openid connect providers",
            Section::PolicyFragments => "policy fragments",
            Section::VersionSets => "version sets",
            other => other.key(),
        }
    }

    /// The file of properties in the folder of a resource, without extension.
    pub(crate) fn information(self) -> &'static str {
        match self {
            Section::Apis => "apiInformation",
            Section::AuthorizationServers => "authorizationServerInformation",
            Section::Backends => "backendInformation",
            Section::Certificates => "certificateInformation",
            Section::Caches => "cacheInformation",
            Section::Diagnostics => "diagnosticInformation",
            Section::Loggers => "loggerInformation",
            Section::NamedValues => "namedValueInformation",
            Section::OpenIdConnectProviders => "openidConnectProviderInformation",
            Section::PolicyFragments => "policyFragmentInformation",
            Section::Products => "productInformation",
            Section::Schemas => "schemaInformation",
            Section::Subscriptions => "subscriptionInformation",
            Section::VersionSets => "versionSetInformation",
        }
    }
}

/// The file of properties of a version set in the layout of early extractors, without extension.
pub(crate) const EARLY_VERSION_SET_INFORMATION: &str = "apiVersionSetInformation";

/// The file of properties of a schema of the service as extractors name it, without extension.
pub(crate) const EXTRACTED_SCHEMA_INFORMATION: &str = "globalSchemaInformation";

/// What the loaders found beside the properties of a resource.
#[derive(Default)]
pub(crate) struct Beside {
    /// For APIs: specification, operations, diagnostics, policy. For products and fragments: policy.
    pub(crate) api: read::ApiParts,
    /// For products: the APIs linked by folders.
    pub(crate) product_apis: Vec<Spanned<String>>,
}

/// Reads one resource into the configuration.
pub(crate) fn add(
    section: Section,
    name: Spanned<String>,
    node: &Node,
    beside: Beside,
    configuration: &mut Configuration,
    reading: &mut Reading<'_>,
) {
    let key = name.value.clone();
    let was_read = insert_into(section, name, node, beside, configuration, reading);
    if !was_read {
        reading.broken.insert((section.key(), key));
    }
}

/// Reads one resource; false when that failed.
fn insert_into(
    section: Section,
    name: Spanned<String>,
    node: &Node,
    beside: Beside,
    configuration: &mut Configuration,
    reading: &mut Reading<'_>,
) -> bool {
    let key = name.value.clone();
    match section {
        Section::Apis => insert(&mut configuration.apis, key, read::api(name, node, beside.api, reading)),
        Section::AuthorizationServers => {
            insert(&mut configuration.authorization_servers, key, read::authorization_server(node, reading))
        }
        Section::Backends => insert(&mut configuration.backends, key, read::backend(name, node, reading)),
        Section::Certificates => {
            insert(&mut configuration.certificates, key, read::certificate(name, node, reading))
        }
        Section::Caches => insert(&mut configuration.caches, key, read::cache(name, node, reading)),
        Section::Diagnostics => {
            insert(&mut configuration.diagnostics, key, read::diagnostic(name, node, reading))
        }
        Section::Loggers => insert(&mut configuration.loggers, key, read::logger(name, node, reading)),
        Section::NamedValues => {
            let value = read::named_value(name, node, reading);
            value.map(|value| configuration.named_values.insert(value)).is_some()
        }
        Section::OpenIdConnectProviders => {
            let provider = read::openid_connect_provider(node, reading);
            insert(&mut configuration.openid_connect_providers, key, provider)
        }
        Section::PolicyFragments => {
            let fragment = fragment(name, node, beside, reading);
            insert(&mut configuration.policy_fragments, key, fragment)
        }
        Section::Products => {
            let product = read::product(name, node, reading).map(|mut product| {
                product.policy = beside.api.policy.or(product.policy);
                product.apis.extend(beside.product_apis);
                product
            });
            insert(&mut configuration.products, key, product)
        }
        Section::Schemas => insert(&mut configuration.schemas, key, read::schema(node, reading)),
        Section::Subscriptions => {
            insert(&mut configuration.subscriptions, key, read::subscription(name, node, reading))
        }
        Section::VersionSets => {
            insert(&mut configuration.version_sets, key, read::version_set(name, node, reading))
        }
    }
}

/// Inserts what was read; false when nothing was.
fn insert<T>(map: &mut BTreeMap<String, T>, key: String, value: Option<T>) -> bool {
    value.map(|value| map.insert(key, value)).is_some()
}

fn fragment(
    name: Spanned<String>,
    node: &Node,
    beside: Beside,
    reading: &mut Reading<'_>,
) -> Option<PolicyFragment> {
    let place: Span = name.span;
    let (description, inline) = read::fragment(node, reading)?;
    let Some(policy) = beside.api.policy.or(inline) else {
        let message = format!("policy fragment `{}` has no policy", name.value);
        let help = "add `policy.xml` to its folder, or `policy` or `policyFile` to its properties";
        reading.error("missing-policy", place, message, help);
        return None;
    };
    Some(PolicyFragment { name, description, policy })
}
