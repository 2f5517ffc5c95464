//! What APIs speak beside HTTP: MCP servers with their tools, agents, unified models; and what clients are told of
//! tokens.

use std::collections::HashMap;
use std::sync::Arc;

use sekisho_diagnostics::{Diagnostic, SourceMap};
use sekisho_expression::context::ApiFacts;
use sekisho_policy::ports::BaseUrl;
use sekisho_resources::contracts::ApiContracts;
use sekisho_resources::model::{Api, Configuration, McpServer, McpTool};

use super::ApiEntry;
use super::apis::base_url;
use super::pipelines::PipelineStore;
use crate::a2a::{Agent, KeyScheme};
use crate::mcp::{Relay, Source, Tool, ToolMaker, ToolServer};
use crate::protected_resource::{ProtectedResource, ProtectedResources};
use crate::protocol::Protocol;
use crate::unified::UnifiedModels;

/// The endpoint of an MCP server that is made of operations.
const MCP_ENDPOINT: &str = "/mcp";

/// True for an API whose calls go to no backend of its own: tools, and models that choose theirs.
pub(super) fn answers_by_itself(api: &Api) -> bool {
    tools_of(api).is_some() || api.unified_models.is_some()
}

fn tools_of(api: &Api) -> Option<&McpServer> {
    api.mcp.as_ref().filter(|server| !server.tools.is_empty())
}

/// The URL template of the one operation of an API whose protocol is a matter between client and backend.
pub(super) fn endpoint(api: &Api) -> &str {
    match tools_of(api) {
        Some(server) => server.endpoint.as_deref().unwrap_or(MCP_ENDPOINT),
        None => "/*",
    }
}

/// An API with what policies see of it and its service URL.
type Located<'c> = (&'c Api, Arc<ApiFacts>, Option<Arc<BaseUrl>>);

/// The URLs of agent cards by the names of their APIs.
pub(super) fn agents<'c>(
    located: &[Located<'c>],
    configuration: &Configuration,
    known: &mut HashMap<String, Arc<BaseUrl>>,
    diagnostics: &mut Vec<Diagnostic>,
) -> HashMap<&'c str, Arc<BaseUrl>> {
    let card = |(api, ..): &Located<'c>| {
        let url = &api.agent.as_ref()?.card_url;
        Some((api.name.value.as_str(), base_url(api, url, configuration, known, diagnostics)?))
    };
    located.iter().filter_map(card).collect()
}

/// What protocols are built from, when all APIs are.
pub(super) struct ProtocolBuilder<'b, 'c> {
    pub(super) configuration: &'b Configuration,
    pub(super) sources: &'b SourceMap,
    pub(super) pipelines: &'b PipelineStore<'c>,
    /// The URLs of agent cards.
    pub(super) cards: &'b HashMap<&'b str, Arc<BaseUrl>>,
}

impl ProtocolBuilder<'_, '_> {
    /// Gives every API what it speaks.
    pub(super) fn add(&self, entries: &mut [ApiEntry]) -> ProtectedResources {
        let mut resources = ProtectedResources::default();
        let protocols: Vec<(Protocol, Option<Arc<ProtectedResource>>)> = entries
            .iter()
            .map(|entry| match self.configuration.apis.get(&*entry.facts.id) {
                Some(api) => (self.protocol(api, entry, entries), self.protected_resource(api, entry)),
                None => (Protocol::Http, None),
            })
            .collect();
        for (entry, (protocol, resource)) in entries.iter_mut().zip(protocols) {
            if let Some(resource) = &resource {
                resources.insert(&entry.path, resource);
            }
            entry.protocol = protocol;
            entry.protected_resource = resource;
        }
        resources
    }

    fn protocol(&self, api: &Api, entry: &ApiEntry, entries: &[ApiEntry]) -> Protocol {
        if let Some(server) = tools_of(api) {
            let tools = self.tools(server, entries);
            return Protocol::Tools(Arc::new(ToolServer::new(tools, api.description.clone())));
        }
        if let Some(server) = &api.mcp {
            return Protocol::McpServer(Arc::new(Relay::new(server, &entry.path)));
        }
        if let Some(unified) = &api.unified_models {
            return Protocol::UnifiedModels(Arc::new(UnifiedModels::new(api, unified, &entry.keys)));
        }
        let card = api.agent.as_ref().zip(self.cards.get(api.name.value.as_str()));
        card.map_or(Protocol::Http, |(agent, card_url)| {
            let keys = &entry.keys;
            let needs_key = keys.required && keys.open_product.is_none();
            Protocol::Agent(Arc::new(Agent {
                card_path: agent.card_path.clone(),
                card_url: Arc::clone(card_url),
                key: needs_key.then(|| KeyScheme { header: keys.header_text.to_string() }),
            }))
        })
    }

    /// The tools of a server. One whose API is off line is left out: its operation cannot be called either.
    fn tools(&self, server: &McpServer, entries: &[ApiEntry]) -> Vec<Tool> {
        let mut contracts: HashMap<&str, ApiContracts> = HashMap::new();
        let make = |tool: &McpTool| {
            let api = self.configuration.apis.get(&tool.api.value)?;
            let entry = entries.iter().find(|entry| *entry.facts.id == *api.name.value)?;
            let operation = api.referenced_operation(&tool.operation.value)?;
            let built = entry.operations.iter().find(|built| *built.facts.id == *operation.name.value)?;
            let documents = [api.policy, operation.policy].map(|policy| policy.map(|policy| policy.file));
            let source = Source {
                api: Arc::clone(&entry.facts),
                api_path: Arc::clone(&entry.path),
                operation: Arc::clone(&built.facts),
                contract: built.contract.clone(),
                keys: entry.keys.clone(),
                route: entry.route.clone(),
                pipeline: self.pipelines.continued(documents),
            };
            let known = contracts.entry(api.name.value.as_str());
            let contracts = known.or_insert_with(|| ApiContracts::read(api, self.sources));
            ToolMaker { configuration: self.configuration, api, contracts }.tool(tool, operation, source)
        };
        server.tools.iter().filter_map(make).collect()
    }

    /// What clients are told of the tokens that an API wants.
    fn protected_resource(&self, api: &Api, entry: &ApiEntry) -> Option<Arc<ProtectedResource>> {
        let authentication = &api.authentication;
        authentication.protected_resource_metadata?;
        let configuration = self.configuration;
        let mut issuers = Vec::new();
        let mut scopes = authentication.scopes.clone();
        for name in &authentication.authorization_servers {
            let Some(server) = configuration.authorization_servers.get(&name.value) else { continue };
            issuers.extend(server.issuer());
            if scopes.is_empty() {
                scopes.extend(
                    server.default_scope.iter().flat_map(|all| all.split_whitespace()).map(str::to_owned),
                );
            }
        }
        for name in &authentication.openid_providers {
            let provider = configuration.openid_connect_providers.get(&name.value);
            issuers.extend(provider.map(|provider| provider.issuer().to_owned()));
        }
        let endpoint = match &api.mcp {
            Some(server) => server.endpoint.as_deref().unwrap_or(MCP_ENDPOINT),
            None => "",
        };
        let base = if entry.path.is_empty() { String::new() } else { format!("/{}", entry.path) };
        let path = format!("{base}{endpoint}");
        let api = Arc::clone(&entry.facts);
        Some(Arc::new(ProtectedResource { api, path, authorization_servers: issuers, scopes }))
    }
}
