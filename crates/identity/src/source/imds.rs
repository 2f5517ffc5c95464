//! The instance metadata service of virtual machines and scale sets (api-version 2018-02-01).

use http::Request;
use sekisho_policy::body::Body;
use url::Url;

use super::{Ask, RequestError, get, url_variable};
use crate::config::{ConfigError, Environment};
use crate::endpoint::{self, PlainHttp};

const DEFAULT_HOST: &str = "http://169.254.169.254";

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct Imds {
    endpoint: Url,
    /// The identity for policies that name none; without it the system-assigned one.
    pub(super) default_client_id: Option<String>,
}

impl Imds {
    pub(super) fn resolve(
        configured: Option<&Url>,
        environment: Environment<'_>,
        identity: &str,
    ) -> Result<Imds, ConfigError> {
        let variable = "AZURE_POD_IDENTITY_AUTHORITY_HOST";
        let endpoint = match configured {
            Some(endpoint) => endpoint.clone(),
            None => match url_variable(environment, variable)? {
                Some(endpoint) => endpoint,
                None => Url::parse(DEFAULT_HOST).map_err(|_| ConfigError::NotAUrl { variable })?,
            },
        };
        endpoint::check(&endpoint, PlainHttp::LinkLocal, identity)?;
        Ok(Imds { endpoint, default_client_id: None })
    }

    pub(super) fn name(&self) -> String {
        format!("the instance metadata service at {}", endpoint::origin(&self.endpoint))
    }

    pub(crate) fn request(&self, ask: Ask<'_>) -> Result<Request<Body>, RequestError> {
        let mut url = endpoint::join(&self.endpoint, &["metadata", "identity", "oauth2", "token"]);
        let mut query = url.query_pairs_mut();
        query.append_pair("api-version", "2018-02-01").append_pair("resource", ask.resource);
        if let Some(client_id) = ask.client_id.or(self.default_client_id.as_deref()) {
            query.append_pair("client_id", client_id);
        }
        drop(query);
        get(&url, &[("metadata", "true")])
    }
}
