//! Tokens of the gateway's own identities.

use std::sync::Arc;

use super::PortFuture;

/// Gives Entra tokens for managed identities, from a cache that is refreshed ahead of expiry.
pub trait Tokens: Send + Sync {
    /// A token for `resource` (an application id URI such as `https://cognitiveservices.azure.com`).
    ///
    /// `client_id` names a user-assigned identity; none means the system-assigned one.
    fn token<'a>(
        &'a self,
        resource: &'a str,
        client_id: Option<&'a str>,
    ) -> PortFuture<'a, Result<Arc<str>, TokenError>>;

    /// The same without waiting: a token that is in the cache and still good.
    fn cached(&self, resource: &str, client_id: Option<&str>) -> Option<Arc<str>>;
}

/// Why there is no token. The text names the source and the cause, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TokenError {
    /// One lower-case sentence.
    pub message: String,
}
