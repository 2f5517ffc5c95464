//! Identities and applications.

use serde::Deserialize;

use super::Secret;

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
