//! The token endpoint of Entra ID: client credentials with a federated token or with a secret.

use std::path::{Path, PathBuf};

use http::{Request, header};
use secrecy::{ExposeSecret, SecretString};
use sekisho_policy::body::Body;
use tokio::io::AsyncReadExt;
use url::Url;

use super::{Ask, RequestError, configured_or_variable, url_variable};
use crate::config::{ConfigError, Environment};
use crate::endpoint::{self, PlainHttp};

const DEFAULT_AUTHORITY: &str = "https://login.microsoftonline.com";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// More than any projected token has.
const MAX_TOKEN_FILE_BYTES: u64 = 64 * 1024;

/// The token endpoint of one tenant.
#[derive(Clone, Debug)]
struct TokenEndpoint {
    url: Url,
}

impl TokenEndpoint {
    fn resolve(
        authority: Option<&Url>,
        tenant_id: &str,
        environment: Environment<'_>,
        identity: &str,
    ) -> Result<TokenEndpoint, ConfigError> {
        let variable = "AZURE_AUTHORITY_HOST";
        let authority = match authority {
            Some(authority) => authority.clone(),
            None => match url_variable(environment, variable)? {
                Some(authority) => authority,
                None => Url::parse(DEFAULT_AUTHORITY).map_err(|_| ConfigError::NotAUrl { variable })?,
            },
        };
        endpoint::check(&authority, PlainHttp::Loopback, identity)?;
        if !tenant_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.') {
            return Err(ConfigError::Characters { identity: identity.to_owned(), value: "tenant id" });
        }
        Ok(TokenEndpoint { url: endpoint::join(&authority, &[tenant_id, "oauth2", "v2.0", "token"]) })
    }

    /// A client-credentials request; `proof` are the fields that show who asks.
    fn request(
        &self,
        client_id: &str,
        resource: &str,
        proof: &[(&str, &str)],
    ) -> Result<Request<Body>, RequestError> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(proof)
            .append_pair("client_id", client_id)
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", &format!("{resource}/.default"))
            .finish();
        Request::post(self.url.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(Body::full(form))
            .map_err(|error| RequestError(error.to_string()))
    }
}

/// Workload identity federation.
#[derive(Clone, Debug)]
pub(crate) struct WorkloadIdentity {
    endpoint: TokenEndpoint,
    /// The configured client id, which wins over the one a policy names.
    own_client_id: Option<String>,
    /// `AZURE_CLIENT_ID`, for policies that name none.
    default_client_id: Option<String>,
    token_file: PathBuf,
}

impl WorkloadIdentity {
    pub(super) fn resolve(
        authority: Option<&Url>,
        tenant_id: Option<&str>,
        client_id: Option<&str>,
        token_file: Option<&Path>,
        environment: Environment<'_>,
        identity: &str,
    ) -> Result<WorkloadIdentity, ConfigError> {
        let tenant_id =
            configured_or_variable(tenant_id, environment, "AZURE_TENANT_ID", "a tenant id", identity)?;
        let token_file = match token_file {
            Some(path) => path.to_owned(),
            None => {
                let variable = "AZURE_FEDERATED_TOKEN_FILE";
                configured_or_variable(None, environment, variable, "a token file", identity)?.into()
            }
        };
        Ok(WorkloadIdentity {
            endpoint: TokenEndpoint::resolve(authority, &tenant_id, environment, identity)?,
            own_client_id: client_id.map(str::to_owned),
            default_client_id: environment("AZURE_CLIENT_ID").filter(|text| !text.trim().is_empty()),
            token_file,
        })
    }

    pub(super) fn name(&self) -> String {
        format!("workload identity federation at {}", endpoint::origin(&self.endpoint.url))
    }

    /// Reads the federated token and makes the request.
    pub(crate) async fn request(&self, ask: Ask<'_>) -> Result<Request<Body>, RequestError> {
        let client_id = self.own_client_id.as_deref().or(ask.client_id).or(self.default_client_id.as_deref());
        let client_id = client_id.ok_or_else(|| {
            RequestError("no client id is known: configure one, or set AZURE_CLIENT_ID".to_owned())
        })?;
        let assertion = read_token_file(&self.token_file).await?;
        let proof = [("client_assertion", assertion.expose_secret()), ("client_assertion_type", JWT_BEARER)];
        self.endpoint.request(client_id, ask.resource, &proof)
    }
}

async fn read_token_file(path: &Path) -> Result<SecretString, RequestError> {
    let failed = |cause: String| RequestError(format!("the token file {}: {cause}", path.display()));
    let file = tokio::fs::File::open(path).await.map_err(|error| failed(error.to_string()))?;
    let mut text = String::new();
    file.take(MAX_TOKEN_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .await
        .map_err(|error| failed(error.to_string()))?;
    if text.len() as u64 > MAX_TOKEN_FILE_BYTES {
        return Err(failed(format!("it has more than {MAX_TOKEN_FILE_BYTES} bytes")));
    }
    match text.trim() {
        "" => Err(failed("it is empty".to_owned())),
        token => Ok(token.into()),
    }
}

/// An application with a secret.
#[derive(Clone, Debug)]
pub(crate) struct ClientSecret {
    endpoint: TokenEndpoint,
    client_id: String,
    pub(super) client_secret: SecretString,
}

impl ClientSecret {
    pub(super) fn resolve(
        authority: Option<&Url>,
        tenant_id: &str,
        client_id: &str,
        client_secret: SecretString,
        environment: Environment<'_>,
        identity: &str,
    ) -> Result<ClientSecret, ConfigError> {
        Ok(ClientSecret {
            endpoint: TokenEndpoint::resolve(authority, tenant_id.trim(), environment, identity)?,
            client_id: client_id.trim().to_owned(),
            client_secret,
        })
    }

    pub(super) fn name(&self) -> String {
        format!("entra id at {}", endpoint::origin(&self.endpoint.url))
    }

    /// The client id of its application.
    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn request(&self, ask: Ask<'_>) -> Result<Request<Body>, RequestError> {
        let proof = [("client_secret", self.client_secret.expose_secret())];
        self.endpoint.request(&self.client_id, ask.resource, &proof)
    }
}
