//! What is simulated. Every type reads from YAML or JSON with camel-case names; unknown names are errors.

mod check;
mod deployment;
mod identity;
mod resource;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use serde::Deserialize;

pub use check::ConfigError;
pub use deployment::{DeploymentConfig, DeploymentKind, TokenCounting, UsageDetails};
pub use identity::{Application, IdentityConfig};
pub use resource::{A2aConfig, McpAnswers, McpConfig, ResourceConfig};

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
