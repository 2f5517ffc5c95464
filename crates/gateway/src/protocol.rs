//! APIs whose calls are messages of a protocol: what stands between their policies and their backends.

use std::sync::Arc;

use sekisho_policy::exchange::{ApiType, Exchange};
use sekisho_policy::pipeline::Pipeline;

use crate::a2a::{Agent, AgentBackends};
use crate::backend::CallBackends;
use crate::mcp::{Relay, RelayBackends, ToolBackends, ToolServer};
use crate::service::Client;
use crate::snapshot::Snapshot;
use crate::unified::{UnifiedBackends, UnifiedModels};

/// What an API speaks.
#[derive(Clone, Default)]
pub(crate) enum Protocol {
    /// Calls that are passed on as they are.
    #[default]
    Http,
    /// MCP, answered by operations of other APIs.
    Tools(Arc<ToolServer>),
    /// MCP, answered by a server behind the gateway.
    McpServer(Arc<Relay>),
    /// A2A.
    Agent(Arc<Agent>),
    /// Chat Completions, answered by models of several backends.
    UnifiedModels(Arc<UnifiedModels>),
}

/// What the backends of a protocol are made of, beside the call itself.
pub(crate) struct Surroundings<'s> {
    /// The configuration that the call keeps.
    pub(crate) snapshot: &'s Arc<Snapshot>,
    /// The backends of the configuration.
    pub(crate) backends: &'s Arc<CallBackends>,
    /// Who calls.
    pub(crate) client: &'s Client,
    /// The path of the API without slashes at its ends.
    pub(crate) api_path: &'s str,
}

impl Protocol {
    /// What policies see of it.
    pub(crate) fn api_type(&self) -> ApiType {
        match self {
            Protocol::Http | Protocol::UnifiedModels(_) => ApiType::Http,
            Protocol::Tools(_) | Protocol::McpServer(_) => ApiType::Mcp,
            Protocol::Agent(_) => ApiType::A2a,
        }
    }

    /// Runs the policies of a call.
    pub(crate) async fn run(&self, pipeline: &Pipeline, exchange: &mut Exchange, around: Surroundings<'_>) {
        let Surroundings { snapshot, backends, client, api_path } = around;
        match self {
            Protocol::Http => pipeline.run(exchange).await,
            Protocol::Tools(server) => {
                let snapshot = Arc::clone(snapshot);
                let tools = ToolBackends::new(Arc::clone(server), api_path, snapshot, client, exchange);
                let tools = Arc::new(tools);
                exchange.backends = Arc::clone(&tools) as _;
                pipeline.run(exchange).await;
                tools.record(exchange);
            }
            Protocol::McpServer(relay) => {
                let relayed = RelayBackends::new(Arc::clone(relay), Arc::clone(backends), exchange);
                exchange.backends = Arc::new(relayed);
                pipeline.run(exchange).await;
            }
            Protocol::Agent(agent) => {
                let url = client.url(&format!("/{api_path}"));
                let backends = Arc::clone(&exchange.backends);
                exchange.backends = Arc::new(AgentBackends::new(Arc::clone(agent), backends, url));
                pipeline.run(exchange).await;
            }
            Protocol::UnifiedModels(models) => {
                exchange.backends = Arc::new(UnifiedBackends::new(Arc::clone(models), exchange));
                pipeline.run(exchange).await;
            }
        }
    }
}
