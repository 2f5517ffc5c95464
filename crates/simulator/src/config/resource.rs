//! A resource and the services that stand at it.

use serde::Deserialize;

use super::{DeploymentConfig, Secret};
use crate::faults::Fault;

/// An account: its deployments and the services beside them.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceConfig {
    /// Its name: path prefix on the main port, name in the statistics.
    pub name: String,
    /// The region, shown in `x-ms-region`. Default `Sweden Central`.
    #[serde(default = "default_region")]
    pub region: String,
    /// Its own port; 0 takes a free one (default).
    #[serde(default)]
    pub port: u16,
    /// Accepted keys. Default: one key, `{name}-key`.
    #[serde(default)]
    pub api_keys: Vec<Secret>,
    /// Accepted bearer tokens, beside the keys and the tokens of the simulator's own endpoints.
    #[serde(default)]
    pub bearer_tokens: Vec<Secret>,
    /// Whether any non-empty bearer token is accepted.
    #[serde(default)]
    pub accept_any_token: bool,
    /// Accepted `api-version`s beside the known ones.
    #[serde(default)]
    pub api_versions: Vec<String>,
    /// The deployments.
    #[serde(default)]
    pub deployments: Vec<DeploymentConfig>,
    /// Faults from the start, of any deployment or of the service that each names (`contentsafety`).
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// The MCP server at `/mcp`, `/sse` and `/messages`.
    #[serde(default)]
    pub mcp: McpConfig,
    /// The A2A agent at `/.well-known/agent-card.json` and `/a2a`.
    #[serde(default)]
    pub a2a: A2aConfig,
    /// Benchmarks: every call is answered from prebuilt bytes; no keys, limits or statistics.
    #[serde(default)]
    pub bare: bool,
    /// With `bare`: milliseconds between two events of a stream. 0 (default): one after the other.
    #[serde(default)]
    pub bare_chunk_ms: u64,
    /// With `bare`: events with content in a stream. Default 50.
    #[serde(default = "default_bare_chunks")]
    pub bare_chunks: u32,
}

impl ResourceConfig {
    /// A resource with defaults.
    pub fn new(name: impl Into<String>, deployments: Vec<DeploymentConfig>) -> Self {
        Self {
            name: name.into(),
            region: default_region(),
            port: 0,
            api_keys: Vec::new(),
            bearer_tokens: Vec::new(),
            accept_any_token: false,
            api_versions: Vec::new(),
            deployments,
            faults: Vec::new(),
            mcp: McpConfig::default(),
            a2a: A2aConfig::default(),
            bare: false,
            bare_chunk_ms: 0,
            bare_chunks: default_bare_chunks(),
        }
    }

    /// A resource for benchmarks.
    pub fn bare(name: impl Into<String>) -> Self {
        Self { bare: true, ..Self::new(name, Vec::new()) }
    }
}

/// The MCP server of a resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct McpConfig {
    /// Whether calls need a key or token of the resource. Default no.
    pub require_key: bool,
    /// How a request is answered when both ways are possible.
    pub answers: McpAnswers,
}

/// How an MCP server answers a `POST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum McpAnswers {
    /// With JSON, unless there is progress to report.
    #[default]
    Json,
    /// Always with a stream of events.
    Sse,
}

/// The A2A agent of a resource.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct A2aConfig {
    /// Whether calls need a key or token of the resource. Default no.
    pub require_key: bool,
}

fn default_region() -> String {
    "Sweden Central".to_owned()
}

fn default_bare_chunks() -> u32 {
    50
}
