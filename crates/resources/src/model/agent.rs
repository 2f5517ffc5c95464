//! APIs of agents that speak the Agent2Agent protocol.

use super::Spanned;

/// What makes an API an agent.
#[derive(Clone, Debug)]
pub struct A2aAgent {
    /// `agent.id`; the resource name when not set.
    pub id: String,
    /// `a2aProperties.agentCardPath` with a leading slash; `/.well-known/agent-card.json` when not set.
    pub card_path: String,
    /// `a2aProperties.agentCardBackendUrl`. May hold `{{named values}}`.
    pub card_url: Spanned<String>,
    /// `jsonRpcProperties.backendUrl` with `jsonRpcProperties.path` behind it, without a slash at the end. May hold
    /// `{{named values}}`.
    pub json_rpc_url: Spanned<String>,
}
