//! Sources of tokens, ready for use: everything is read from the environment and checked.

mod app_service;
mod auto;
mod entra;
mod imds;
mod oauth;
#[cfg(test)]
mod tests;

use http::Request;
use secrecy::{ExposeSecret, SecretString};
use sekisho_policy::body::Body;

use crate::config::{ConfigError, Environment, SourceConfig};

pub(crate) use app_service::AppService;
pub(crate) use entra::{ClientSecret, WorkloadIdentity};
pub(crate) use imds::Imds;
pub(crate) use oauth::OAuthClient;

/// One source of tokens.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The instance metadata service.
    Imds(Imds),
    /// App Service, Functions, Container Apps.
    AppService(AppService),
    /// A federated token.
    WorkloadIdentity(WorkloadIdentity),
    /// An application's secret.
    ClientSecret(ClientSecret),
    /// An application at any token endpoint.
    OAuth(OAuthClient),
    /// Always this token.
    Static(SecretString),
    /// The environment promises a source that cannot work. Known at the start, told when a token is needed, because
    /// a gateway whose policies need none works without.
    Unavailable(ConfigError),
}

/// What is asked of a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// The resource, without `/.default`.
    pub(crate) resource: &'a str,
    /// The client id that the policy names.
    pub(crate) client_id: Option<&'a str>,
}

impl Source {
    /// Makes a source of its configuration. `identity` names it in messages.
    pub(crate) fn resolve(
        config: &SourceConfig,
        environment: Environment<'_>,
        identity: &str,
    ) -> Result<Source, ConfigError> {
        Ok(match config {
            SourceConfig::Auto => auto::resolve(environment, identity),
            SourceConfig::Imds { endpoint } => {
                Source::Imds(Imds::resolve(endpoint.as_ref(), environment, identity)?)
            }
            SourceConfig::AppService { endpoint, header } => Source::AppService(AppService::resolve(
                endpoint.as_ref(),
                header.as_ref(),
                environment,
                identity,
            )?),
            SourceConfig::WorkloadIdentity { authority, tenant_id, client_id, token_file } => {
                Source::WorkloadIdentity(WorkloadIdentity::resolve(
                    authority.as_ref(),
                    tenant_id.as_deref(),
                    client_id.as_deref(),
                    token_file.as_deref(),
                    environment,
                    identity,
                )?)
            }
            SourceConfig::ClientSecret { authority, tenant_id, client_id, client_secret } => {
                Source::ClientSecret(ClientSecret::resolve(
                    authority.as_ref(),
                    tenant_id,
                    client_id,
                    client_secret.clone(),
                    environment,
                    identity,
                )?)
            }
            SourceConfig::Static { token } => Source::Static(token.clone()),
        })
    }

    /// What messages call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Source::Imds(imds) => imds.name(),
            Source::AppService(app_service) => app_service.name(),
            Source::WorkloadIdentity(workload) => workload.name(),
            Source::ClientSecret(application) => application.name(),
            Source::OAuth(client) => client.name(),
            Source::Static(_) => "the static token".to_owned(),
            Source::Unavailable(_) => "the identity of the environment".to_owned(),
        }
    }

    /// Whether an answer with this status is worth another attempt.
    ///
    /// IMDS answers 404 and 410 while it is being updated; elsewhere those are final.
    pub(crate) fn is_transient(&self, status: u16) -> bool {
        match status {
            404 | 410 => matches!(self, Source::Imds(_)),
            408 | 429 => true,
            _ => status >= 500,
        }
    }

    /// How long a token is good whose lifetime the answer does not tell, in seconds. RFC 6749 only recommends to tell it.
    pub(crate) fn assumed_lifetime(&self) -> Option<i64> {
        matches!(self, Source::OAuth(_)).then_some(300)
    }

    /// The secret that the request carries; error texts that echo it are not shown.
    pub(crate) fn secret(&self) -> Option<&str> {
        match self {
            Source::AppService(app_service) => Some(app_service.header.expose_secret()),
            Source::ClientSecret(application) => Some(application.client_secret.expose_secret()),
            Source::OAuth(client) => Some(client.client_secret.expose_secret()),
            _ => None,
        }
    }
}

/// Why there is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct RequestError(pub(crate) String);

/// A GET for a URL that is already checked.
fn get(url: &url::Url, headers: &[(&'static str, &str)]) -> Result<Request<Body>, RequestError> {
    let mut request = Request::get(url.as_str());
    for (name, value) in headers {
        let mut value = http::HeaderValue::from_str(value)
            .map_err(|_| RequestError(format!("the value of the header {name} is not one line of text")))?;
        value.set_sensitive(true);
        request = request.header(*name, value);
    }
    request.body(Body::Empty).map_err(|error| RequestError(error.to_string()))
}

/// A value that is configured, or else in the environment; an empty one counts as none.
fn configured_or_variable(
    configured: Option<&str>,
    environment: Environment<'_>,
    variable: &'static str,
    value: &'static str,
    identity: &str,
) -> Result<String, ConfigError> {
    configured
        .map(str::to_owned)
        .or_else(|| environment(variable))
        .filter(|text| !text.trim().is_empty())
        .map(|text| text.trim().to_owned())
        .ok_or_else(|| ConfigError::Missing { identity: identity.to_owned(), value, variable })
}

/// A URL that an environment variable holds.
fn url_variable(
    environment: Environment<'_>,
    variable: &'static str,
) -> Result<Option<url::Url>, ConfigError> {
    match environment(variable).filter(|text| !text.trim().is_empty()) {
        None => Ok(None),
        Some(text) => url::Url::parse(text.trim()).map(Some).map_err(|_| ConfigError::NotAUrl { variable }),
    }
}
