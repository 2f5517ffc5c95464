//! The identity endpoint of App Service, Functions and Container Apps (api-version 2019-08-01).

use http::Request;
use secrecy::{ExposeSecret, SecretString};
use sekisho_policy::body::Body;
use url::Url;

use super::{Ask, RequestError, configured_or_variable, get, url_variable};
use crate::config::{ConfigError, Environment};
use crate::endpoint::{self, PlainHttp};

/// The endpoint, and the header that proves that the caller runs on this host.
#[derive(Clone, Debug)]
pub(crate) struct AppService {
    endpoint: Url,
    pub(super) header: SecretString,
    /// The identity for policies that name none; without it the system-assigned one.
    pub(super) default_client_id: Option<String>,
}

impl AppService {
    pub(super) fn resolve(
        configured: Option<&Url>,
        header: Option<&SecretString>,
        environment: Environment<'_>,
        identity: &str,
    ) -> Result<AppService, ConfigError> {
        let variable = "IDENTITY_ENDPOINT";
        let endpoint = match configured {
            Some(endpoint) => Some(endpoint.clone()),
            None => url_variable(environment, variable)?,
        };
        let endpoint = endpoint.ok_or_else(|| ConfigError::Missing {
            identity: identity.to_owned(),
            value: "an endpoint",
            variable,
        })?;
        endpoint::check(&endpoint, PlainHttp::LinkLocal, identity)?;
        let header = configured_or_variable(
            header.map(ExposeSecret::expose_secret),
            environment,
            "IDENTITY_HEADER",
            "the value of X-IDENTITY-HEADER",
            identity,
        )?;
        Ok(AppService { endpoint, header: header.into(), default_client_id: None })
    }

    pub(super) fn name(&self) -> String {
        format!("the app service identity endpoint at {}", endpoint::origin(&self.endpoint))
    }

    pub(crate) fn request(&self, ask: Ask<'_>) -> Result<Request<Body>, RequestError> {
        let mut url = self.endpoint.clone();
        let mut query = url.query_pairs_mut();
        query.append_pair("api-version", "2019-08-01").append_pair("resource", ask.resource);
        if let Some(client_id) = ask.client_id.or(self.default_client_id.as_deref()) {
            query.append_pair("client_id", client_id);
        }
        drop(query);
        get(&url, &[("x-identity-header", self.header.expose_secret()), ("metadata", "true")])
    }
}
