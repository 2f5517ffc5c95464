//! Connections of the credential manager: tokens for other services, such as those of OAuth 2.0 client credentials.

use std::sync::Arc;

use sekisho_expression::value::Value;

use super::PortFuture;

/// What a connection gives: the `Authorization` object of expressions.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// `AccessToken`.
    pub access_token: Arc<str>,
    /// `Claims`: further members of the token endpoint's answer.
    pub claims: Vec<(Arc<str>, Value)>,
}

/// Why there is no token. The text names the connection and the cause, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AuthorizationError {
    /// One lower-case sentence.
    pub message: String,
}

/// The connections of a configuration.
pub trait Authorizations: Send + Sync {
    /// The token of a connection (`authorization-id`) of a provider (`provider-id`), from a cache that is refreshed
    /// ahead of expiry. `identity` is a token of the caller for connections that ask for one.
    fn authorization<'a>(
        &'a self,
        provider: &'a str,
        connection: &'a str,
        identity: Option<&'a str>,
    ) -> PortFuture<'a, Result<Authorization, AuthorizationError>>;
}
