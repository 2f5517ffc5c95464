//! Connections of the credential manager: the adapter of [`sekisho_policy::ports::Authorizations`].

use std::future::ready;

use sekisho_policy::ports::{Authorization, AuthorizationError, Authorizations, PortFuture};

/// The connections of a configuration.
#[derive(Default)]
pub struct Connections {}

impl Authorizations for Connections {
    fn authorization<'a>(
        &'a self,
        provider: &'a str,
        connection: &'a str,
        _identity: Option<&'a str>,
    ) -> PortFuture<'a, Result<Authorization, AuthorizationError>> {
        let message = format!("there is no connection `{connection}` of provider `{provider}`");
        Box::pin(ready(Err(AuthorizationError { message })))
    }
}
