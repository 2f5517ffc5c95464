//! What may be configured: where tokens come from, for each identity.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

/// Reads one environment variable; none when it is not set. A port, so that tests bring their own environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The identities of a gateway.
#[derive(Clone, Debug, Default)]
pub struct IdentityConfig {
    /// The system-assigned identity, and the source for client ids that are not listed.
    pub default: SourceConfig,
    /// Identities by the client id that policies name.
    pub by_client_id: BTreeMap<String, SourceConfig>,
}

/// One source of tokens.
///
/// Endpoints are https, or plain http on a loopback address. Those of [`SourceConfig::Imds`] and
/// [`SourceConfig::AppService`] may also be plain http on a link-local address, because Azure puts them there.
#[derive(Clone, Debug, Default)]
pub enum SourceConfig {
    /// What the environment offers, in the order of the Azure SDKs: client secret, workload identity, App Service,
    /// IMDS.
    #[default]
    Auto,
    /// The instance metadata service of a virtual machine.
    Imds {
        /// Scheme and host; `AZURE_POD_IDENTITY_AUTHORITY_HOST`, else `http://169.254.169.254`, when not set.
        endpoint: Option<Url>,
    },
    /// The endpoint that App Service, Functions and Container Apps give a process.
    AppService {
        /// `IDENTITY_ENDPOINT` when not set.
        endpoint: Option<Url>,
        /// The value of `X-IDENTITY-HEADER`; `IDENTITY_HEADER` when not set.
        header: Option<SecretString>,
    },
    /// Workload identity federation: a token of another issuer, read from a file, is exchanged.
    WorkloadIdentity {
        /// `AZURE_AUTHORITY_HOST`, else `https://login.microsoftonline.com`, when not set.
        authority: Option<Url>,
        /// `AZURE_TENANT_ID` when not set.
        tenant_id: Option<String>,
        /// The client id policies name, else `AZURE_CLIENT_ID`, when not set.
        client_id: Option<String>,
        /// `AZURE_FEDERATED_TOKEN_FILE` when not set. Read anew for every request, because it is rotated.
        token_file: Option<PathBuf>,
    },
    /// An application with a secret.
    ClientSecret {
        /// `AZURE_AUTHORITY_HOST`, else `https://login.microsoftonline.com`, when not set.
        authority: Option<Url>,
        /// The tenant's id or domain name.
        tenant_id: String,
        /// The application's id.
        client_id: String,
        /// The application's secret.
        client_secret: SecretString,
    },
    /// Always this token, whatever the resource: for development.
    Static {
        /// The token, without `Bearer`.
        token: SecretString,
    },
}

/// A source that cannot work as it is configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value is neither configured nor in the environment.
    #[error("{identity} needs {value}: configure it, or set {variable}")]
    Missing {
        /// Which source of which identity.
        identity: String,
        /// The value in words.
        value: &'static str,
        /// The environment variable that would give it.
        variable: &'static str,
    },
    /// An endpoint is not a URL.
    #[error("{variable} is not an absolute url")]
    NotAUrl {
        /// The environment variable.
        variable: &'static str,
    },
    /// An endpoint is not https and not local.
    #[error("{identity} may not use {endpoint}: {reason}")]
    Endpoint {
        /// Which source of which identity.
        identity: String,
        /// Scheme, host and port.
        endpoint: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value has characters it must not have.
    #[error("{identity} has a {value} with characters that do not belong there")]
    Characters {
        /// Which source of which identity.
        identity: String,
        /// The value in words.
        value: &'static str,
    },
    /// The environment is of a kind that is not supported.
    #[error("{0} is not supported as a source of tokens; configure another one")]
    Unsupported(&'static str),
}
