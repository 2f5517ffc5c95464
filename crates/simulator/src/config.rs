//! What is simulated. Every type reads from YAML or JSON with camel-case names; unknown names are errors.

mod check;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

use crate::faults::Fault;

pub use check::ConfigError;

/// A simulated Azure. The default is one resource `openai` that accepts any deployment name.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Config {
    /// Address to listen on, a loopback address. Default `127.0.0.1`.
    pub address: IpAddr,
    /// The main port; 0 takes a free one (default).
    pub port: u16,
    /// The Azure OpenAI accounts.
    pub resources: Vec<ResourceConfig>,
    /// Managed identities and applications.
    pub identity: IdentityConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            resources: vec![ResourceConfig::new("openai", vec![DeploymentConfig::new("*")])],
            identity: IdentityConfig::default(),
        }
    }
}

/// An Azure OpenAI account.
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

/// How a deployment is paid for, and so how it is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentKind {
    /// Tokens and requests per minute in fixed windows.
    #[default]
    Paygo,
    /// Provisioned throughput: a utilisation that rises with use and falls with time.
    Ptu,
}

/// How a deployment counts tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenCounting {
    /// The simulator's own tokens of at least four bytes.
    #[default]
    Simple,
    /// The tokens of the model's own vocabulary, as far as it is public, else of GPT-4o's.
    Bpe,
}

/// Parts of the counts in a usage. Cached, created, accepted and prompt audio tokens are a part of what was read or
/// written anyway and never more than that; the others are generated beside the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UsageDetails {
    /// Prompt tokens read from a cache.
    pub cached_tokens: u64,
    /// Prompt tokens written to a cache (Anthropic).
    pub cache_creation_tokens: u64,
    /// Prompt tokens that are audio.
    pub prompt_audio_tokens: u64,
    /// Completion tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// Completion tokens that are audio.
    pub audio_tokens: u64,
    /// Completion tokens that stood in the prediction.
    pub accepted_prediction_tokens: u64,
    /// Tokens of the prediction that were generated and dropped.
    pub rejected_prediction_tokens: u64,
}

/// A model under a name.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentConfig {
    /// Its name; `*` accepts any name that has no entry of its own.
    pub name: String,
    /// The model it runs. Default: the deployment's name.
    #[serde(default)]
    pub model: Option<String>,
    /// How it is paid for and limited.
    #[serde(default)]
    pub kind: DeploymentKind,
    /// Tokens per minute; with `ptu`, the tokens per minute that make 100 % utilisation. Default: no limit.
    #[serde(default)]
    pub tokens_per_minute: Option<u64>,
    /// Requests per minute (`paygo` only). Default: no limit.
    #[serde(default)]
    pub requests_per_minute: Option<u64>,
    /// Milliseconds before the headers of a reply. Default 0.
    #[serde(default)]
    pub first_byte_ms: u64,
    /// Milliseconds between two events of a stream. Default 0: one after the other, each flushed by itself.
    #[serde(default)]
    pub chunk_ms: u64,
    /// Tokens of each completion, unless the request's maximum is lower. Default: depends on the prompt.
    #[serde(default)]
    pub completion_tokens: Option<u32>,
    /// How tokens are counted.
    #[serde(default)]
    pub tokens: TokenCounting,
    /// What its usage tells beside prompt and completion.
    #[serde(default)]
    pub usage_details: UsageDetails,
    /// Dimensions of an embedding, unless the request names them. Default: 3072 for a model with `3-large` in its name,
    /// else 1536.
    #[serde(default)]
    pub dimensions: Option<usize>,
    /// Faults from the start, used up in order; one without `count` stays.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

impl DeploymentConfig {
    /// An unlimited, immediate pay-as-you-go deployment.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            model: None,
            kind: DeploymentKind::Paygo,
            tokens_per_minute: None,
            requests_per_minute: None,
            first_byte_ms: 0,
            chunk_ms: 0,
            completion_tokens: None,
            tokens: TokenCounting::default(),
            usage_details: UsageDetails::default(),
            dimensions: None,
            faults: Vec::new(),
        }
    }
}

/// Managed identities, applications, and the tokens they get.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct IdentityConfig {
    /// Lifetime of a token in seconds. Default 3600.
    pub token_lifetime_seconds: u32,
    /// Whether a system-assigned identity exists. Default yes.
    pub system_assigned: bool,
    /// User-assigned identities, by client id, object id or resource id. Empty (default): any is known.
    pub user_assigned: Vec<String>,
    /// The value `X-IDENTITY-HEADER` must have. Default `simulated-identity-header`.
    pub identity_header: Secret,
    /// Applications that may ask for tokens. Empty (default): any client with any non-empty proof.
    pub applications: Vec<Application>,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            token_lifetime_seconds: 3600,
            system_assigned: true,
            user_assigned: Vec::new(),
            identity_header: Secret::from("simulated-identity-header"),
            applications: Vec::new(),
        }
    }
}

/// An application registered in Entra.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Application {
    /// Its client id.
    pub client_id: String,
    /// Its secret; without one only a client assertion is accepted.
    #[serde(default)]
    pub client_secret: Option<Secret>,
}

/// A text that is not shown in debug output.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

fn default_region() -> String {
    "Sweden Central".to_owned()
}

fn default_bare_chunks() -> u32 {
    50
}
