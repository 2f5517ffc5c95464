//! APIs and operations: routes, key rules, targets and pipelines.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderName;
use sekisho_diagnostics::{Diagnostic, SourceMap};
use sekisho_expression::context::{ApiFacts, OperationFacts, UrlFacts};
use sekisho_policy::exchange::Route;
use sekisho_policy::ports::{Backends, BaseUrl, Target};
use sekisho_resources::model::{
    Api, ApiType, Configuration, Operation, Product, Protocol, Spanned, VersioningScheme,
};

use super::observations::Observations;
use super::pipelines::{PipelineStore, Purpose};
use super::{ApiEntry, OperationEntry, Pipelines, contracts, protocols};
use crate::router::{ApiRoute, OperationTree, Template, VersionLocator};
use crate::subscription::KeyRules;

/// What policies see of an API.
pub(super) fn api_facts(api: &Api, service_url: Option<&BaseUrl>) -> Arc<ApiFacts> {
    let names = &api.subscription_key_parameter_names;
    Arc::new(ApiFacts {
        id: api.name.value.as_str().into(),
        name: api.display_name.as_str().into(),
        path: api.path.value.as_str().into(),
        version: api.api_version.as_ref().map_or("", |version| version.value.as_str()).into(),
        revision: api.api_revision.as_str().into(),
        is_current_revision: api.is_current,
        protocols: api.protocols.iter().map(|protocol| protocol_name(*protocol).into()).collect(),
        service_url: service_url.map(|base| UrlFacts {
            scheme: Arc::clone(&base.scheme),
            host: Arc::clone(&base.host),
            port: base.port,
            path: Arc::clone(&base.path),
            query: if base.query.is_empty() { Arc::default() } else { format!("?{}", base.query).into() },
        }),
        subscription_key_header: names.header.as_str().into(),
        subscription_key_query: names.query.as_str().into(),
    })
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http => "http",
        Protocol::Https => "https",
        Protocol::Ws => "ws",
        Protocol::Wss => "wss",
    }
}

/// What APIs are built from.
pub(super) struct ApiBuilder<'b, 'c> {
    pub(super) configuration: &'b Configuration,
    pub(super) sources: &'b SourceMap,
    /// Products in the order of their places.
    pub(super) products: &'b [&'b Product],
    pub(super) backends: &'b dyn Backends,
    pub(super) pipelines: &'b mut PipelineStore<'c>,
    pub(super) observations: &'b Observations<'b>,
    pub(super) diagnostics: &'b mut Vec<Diagnostic>,
}

impl ApiBuilder<'_, '_> {
    /// The entry of an API and its place in the router; none when it is not served.
    pub(super) fn build(
        &mut self,
        api: &Api,
        place: usize,
        facts: Arc<ApiFacts>,
        service_url: Option<Arc<BaseUrl>>,
    ) -> Option<(ApiEntry, String, ApiRoute)> {
        let keys = self.key_rules(api)?;
        let route = self.route(api, service_url);
        let mut operations = Vec::new();
        let mut tree = OperationTree::default();
        for operation in &api.operations {
            self.operation(api, operation, &keys, &mut operations, &mut tree);
        }
        contracts::add(api, self.configuration, self.sources, &mut operations, self.diagnostics);
        if operations.is_empty() && takes_every_call(api.api_type) {
            let url_template = protocols::endpoint(api);
            operations.push(self.any_operation(api, url_template, &keys));
            if let Ok(template) = Template::parse(url_template, |_| true) {
                tree.insert("*", template, 0);
            }
        }
        let (path, locator) = self.location(api);
        let is_web_socket = api.api_type == ApiType::WebSocket;
        // A WebSocket API may have its protocols under either name.
        let serves = |plain, web_socket| {
            api.protocols.contains(&plain) || is_web_socket && api.protocols.contains(&web_socket)
        };
        let api_route = ApiRoute {
            api: place,
            version: api.api_version.as_ref().map(|version| version.value.as_str().into()),
            locator,
            revision: api.api_revision.as_str().into(),
            is_current: api.is_current,
            http: serves(Protocol::Http, Protocol::Ws),
            https: serves(Protocol::Https, Protocol::Wss),
            is_web_socket,
            operations: tree,
        };
        let entry = ApiEntry {
            facts,
            path: path.as_str().into(),
            keys,
            is_web_socket,
            route,
            operations,
            observation: self.observations.of(api),
            protocol: Default::default(),
            protected_resource: None,
        };
        Some((entry, path, api_route))
    }

    fn operation(
        &mut self,
        api: &Api,
        operation: &Operation,
        keys: &KeyRules,
        operations: &mut Vec<OperationEntry>,
        tree: &mut OperationTree,
    ) {
        let is_required = |name: &str| {
            let parameter = operation.template_parameters.iter().find(|parameter| parameter.name == name);
            parameter.is_none_or(|parameter| parameter.required)
        };
        let span = operation.url_template.span;
        let template = match Template::parse(&operation.url_template.value, is_required) {
            Ok(template) => template,
            Err(error) => {
                let finding = Diagnostic::error("invalid-url-template", span, error.to_string());
                self.diagnostics.push(finding.with_help("write it like `/orders/{id}/*?state={state}`"));
                return;
            }
        };
        if !tree.insert(&operation.method.value, template, operations.len()) {
            let message = format!("`{}` is not an HTTP method", operation.method.value);
            let finding = Diagnostic::error("invalid-method", operation.method.span, message);
            self.diagnostics.push(finding.with_help("write a method such as GET, or `*`"));
            return;
        }
        let facts = Arc::new(OperationFacts {
            id: operation.name.value.as_str().into(),
            method: operation.method.value.as_str().into(),
            name: operation.display_name.as_str().into(),
            url_template: operation.url_template.value.as_str().into(),
        });
        let document = operation.policy.map(|policy| policy.file);
        let pipelines = self.pipelines(api, document, keys);
        operations.push(OperationEntry { facts, contract: None, pipelines });
    }

    /// The one operation of an API whose protocol is a matter between client and backend.
    fn any_operation(&mut self, api: &Api, url_template: &str, keys: &KeyRules) -> OperationEntry {
        let facts = OperationFacts {
            id: "any".into(),
            method: "*".into(),
            name: "any".into(),
            url_template: url_template.into(),
        };
        OperationEntry { facts: Arc::new(facts), contract: None, pipelines: self.pipelines(api, None, keys) }
    }

    fn pipelines(
        &mut self,
        api: &Api,
        operation: Option<sekisho_diagnostics::FileId>,
        keys: &KeyRules,
    ) -> Pipelines {
        let document = api.policy.map(|policy| policy.file);
        let purpose = match api.api_type {
            ApiType::WebSocket => Purpose::Handshakes,
            _ => Purpose::Calls,
        };
        let without_product = self.pipelines.pipeline([None, document, operation], purpose);
        let mut by_product = Vec::new();
        for place in &keys.products {
            let policy = self.products.get(*place).and_then(|product| product.policy);
            if let Some(policy) = policy {
                let documents = [Some(policy.file), document, operation];
                by_product.push((*place, self.pipelines.pipeline(documents, purpose)));
            }
        }
        Pipelines { without_product, by_product }
    }

    fn key_rules(&mut self, api: &Api) -> Option<KeyRules> {
        let names = &api.subscription_key_parameter_names;
        let Ok(header) = HeaderName::from_bytes(names.header.as_bytes()) else {
            let message = format!("`{}` is not a header name", names.header);
            let finding = Diagnostic::error("invalid-header-name", api.span, message);
            self.diagnostics.push(finding.with_help("use letters, digits and `-`"));
            return None;
        };
        let root = api.root_name();
        let has_api = |product: &Product| {
            product
                .apis
                .iter()
                .any(|name| name.value.split_once(";rev=").map_or(name.as_str(), |(name, _)| name) == root)
        };
        let products: Vec<usize> = self
            .products
            .iter()
            .enumerate()
            .filter(|(_, product)| has_api(product))
            .map(|(place, _)| place)
            .collect();
        let is_open =
            |place: &&usize| self.products.get(**place).is_some_and(|product| !product.subscription_required);
        Some(KeyRules {
            api: root.into(),
            required: api.subscription_required,
            header,
            header_text: names.header.as_str().into(),
            query: names.query.as_str().into(),
            bearer: names.bearer,
            open_product: products.iter().find(is_open).copied(),
            products,
        })
    }

    fn route(&mut self, api: &Api, service_url: Option<Arc<BaseUrl>>) -> Route {
        if protocols::answers_by_itself(api) {
            return Route::default();
        }
        // A backend that does not exist was reported when the references were checked.
        if let Some(id) = &api.backend_id
            && let Some((backend, base)) = self.backends.describe(&id.value)
        {
            let target = Target::Backend(id.value.as_str().into());
            return Route { target, base, backend: Some(backend), ..Route::default() };
        }
        match service_url {
            Some(base) => {
                Route { target: Target::Url(Arc::clone(&base)), base: Some(base), ..Route::default() }
            }
            None => Route::default(),
        }
    }

    /// The path of an API, with the version where that is a part of it, and where else calls name the version.
    fn location(&self, api: &Api) -> (String, VersionLocator) {
        let path = api.path.value.trim_matches('/').to_owned();
        let set =
            api.api_version_set.as_ref().and_then(|set| self.configuration.version_sets.get(&set.value));
        match set.map(|set| &set.scheme) {
            Some(VersioningScheme::Query(name)) => (path, VersionLocator::Query(name.as_str().into())),
            Some(VersioningScheme::Header(name)) => (path, VersionLocator::Header(name.as_str().into())),
            Some(VersioningScheme::Segment) => match &api.api_version {
                Some(version) => {
                    (format!("{path}/{}", version.value).trim_matches('/').to_owned(), VersionLocator::Path)
                }
                None => (path, VersionLocator::Path),
            },
            None => (path, VersionLocator::Path),
        }
    }
}

/// True for APIs whose calls are not told apart by operations.
fn takes_every_call(api_type: ApiType) -> bool {
    matches!(api_type, ApiType::Mcp | ApiType::A2a | ApiType::GraphQl)
}

/// The service URL of an API with its named values in place.
pub(super) fn service_url(
    api: &Api,
    configuration: &Configuration,
    known: &mut HashMap<String, Arc<BaseUrl>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Arc<BaseUrl>> {
    let url = api.agent.as_ref().map(|agent| &agent.json_rpc_url).or(api.service_url.as_ref());
    base_url(api, url?, configuration, known, diagnostics)
}

/// A URL of an API with its named values in place.
pub(super) fn base_url(
    api: &Api,
    url: &Spanned<String>,
    configuration: &Configuration,
    known: &mut HashMap<String, Arc<BaseUrl>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Arc<BaseUrl>> {
    if url.value.trim().is_empty() {
        return None;
    }
    let text = match configuration.named_values.expand(&url.value) {
        Ok(text) => text,
        Err(error) => {
            let finding = Diagnostic::error("unknown-named-value", url.span, error.to_string());
            diagnostics.push(finding.with_help("define the named value or correct its name"));
            return None;
        }
    };
    if let Some(base) = known.get(text.expose()) {
        return Some(Arc::clone(base));
    }
    let Some(base) = BaseUrl::parse(text.expose()) else {
        let (schemes, example) = match api.api_type {
            ApiType::WebSocket => ("ws or wss", "write it as `wss://host/path`"),
            _ => ("http or https", "write it as `https://host/path`"),
        };
        let message = format!("a URL of API `{}` is not an absolute {schemes} URL", api.name.value);
        diagnostics.push(Diagnostic::error("invalid-service-url", url.span, message).with_help(example));
        return None;
    };
    let base = Arc::new(base);
    known.insert(text.expose().to_owned(), Arc::clone(&base));
    Some(base)
}
