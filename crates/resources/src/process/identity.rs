//! Where tokens of managed identities come from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

/// `identity`.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// The system-assigned identity, and the one for client ids that are not listed.
    pub source: IdentitySource,
    /// `identities`: user-assigned identities by client id.
    pub by_client_id: BTreeMap<String, IdentitySource>,
}

/// One source of tokens; `kind` says which.
///
/// Endpoints are https, or plain http on a loopback address. `imds` and `appService` may also be plain http on a
/// link-local address, because that is where Azure puts them.
#[derive(Clone, Debug, Default)]
pub enum IdentitySource {
    /// `auto`: from the environment: workload identity, then App Service, then IMDS. The default.
    #[default]
    Auto,
    /// `imds`: the instance metadata service of a virtual machine.
    Imds {
        /// `endpoint`; `http://169.254.169.254` when not set.
        endpoint: Option<Url>,
    },
    /// `appService`: the endpoint that App Service and Container Apps give a container.
    AppService {
        /// `endpoint`; `IDENTITY_ENDPOINT` of the environment when not set.
        endpoint: Option<Url>,
        /// `header`: the value of `X-IDENTITY-HEADER`; `IDENTITY_HEADER` of the environment when not set.
        header: Option<SecretString>,
    },
    /// `workloadIdentity`: a federated token from a file.
    WorkloadIdentity {
        /// `endpoint`: the authority; `https://login.microsoftonline.com` when not set.
        endpoint: Option<Url>,
        /// `tenantId`; `AZURE_TENANT_ID` of the environment when not set.
        tenant_id: Option<String>,
        /// `clientId`; `AZURE_CLIENT_ID` of the environment when not set.
        client_id: Option<String>,
        /// `tokenFile`; `AZURE_FEDERATED_TOKEN_FILE` of the environment when not set.
        token_file: Option<PathBuf>,
    },
    /// `clientSecret`: an application with a secret.
    ClientSecret {
        /// `endpoint`: the authority; `https://login.microsoftonline.com` when not set.
        endpoint: Option<Url>,
        /// `tenantId`.
        tenant_id: String,
        /// `clientId`.
        client_id: String,
        /// `clientSecret`.
        client_secret: SecretString,
    },
    /// `static`: always this token, for tests and other issuers.
    Static {
        /// `token`.
        token: SecretString,
    },
}
