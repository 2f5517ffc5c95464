//! Any OAuth 2.0 token endpoint with client credentials (RFC 6749, 4.4): connections of the credential manager.

use std::collections::BTreeMap;

use http::{Request, header};
use secrecy::{ExposeSecret, SecretString};
use sekisho_policy::body::Body;
use url::Url;

use super::RequestError;
use crate::config::ConfigError;
use crate::endpoint::{self, PlainHttp};

/// An application at a token endpoint.
#[derive(Clone, Debug)]
pub(crate) struct OAuthClient {
    token_endpoint: Url,
    client_id: String,
    pub(super) client_secret: SecretString,
    /// Parted by spaces; empty for none.
    scope: String,
    parameters: BTreeMap<String, String>,
}

impl OAuthClient {
    /// # Errors
    /// An endpoint that would show the secret to the network.
    pub(crate) fn new(
        token_endpoint: Url,
        client_id: String,
        client_secret: SecretString,
        scopes: &[String],
        parameters: BTreeMap<String, String>,
        connection: &str,
    ) -> Result<OAuthClient, ConfigError> {
        endpoint::check(&token_endpoint, PlainHttp::Loopback, connection)?;
        Ok(OAuthClient { token_endpoint, client_id, client_secret, scope: scopes.join(" "), parameters })
    }

    pub(super) fn name(&self) -> String {
        endpoint::origin(&self.token_endpoint)
    }

    pub(crate) fn request(&self) -> Result<Request<Body>, RequestError> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &self.client_id)
            .append_pair("client_secret", self.client_secret.expose_secret());
        if !self.scope.is_empty() {
            form.append_pair("scope", &self.scope);
        }
        form.extend_pairs(&self.parameters);
        Request::post(self.token_endpoint.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Body::full(form.finish()))
            .map_err(|error| RequestError(error.to_string()))
    }
}
