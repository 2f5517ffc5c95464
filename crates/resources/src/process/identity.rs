//! Where tokens of managed identities come from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use secrecy::SecretString;
use url::{Host, Url};

use crate::fields::{Fields, Unknown};
use crate::reading::Reading;

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

/// `kind`.
#[derive(Clone, Copy)]
enum Kind {
    Auto,
    Imds,
    AppService,
    WorkloadIdentity,
    ClientSecret,
    Static,
}

const KINDS: [(&str, Kind); 6] = [
    ("auto", Kind::Auto),
    ("imds", Kind::Imds),
    ("appService", Kind::AppService),
    ("workloadIdentity", Kind::WorkloadIdentity),
    ("clientSecret", Kind::ClientSecret),
    ("static", Kind::Static),
];

/// Reads `identity`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Identity {
    let Some(mut fields) = top.object("identity", reading) else { return Identity::default() };
    let mut by_client_id = BTreeMap::new();
    for entry in fields.members("identities", reading) {
        let Some(mut inner) = Fields::of(&entry.value, "identity", reading) else { continue };
        let source = source(&mut inner, reading);
        inner.finish(Unknown::Refused, reading);
        by_client_id.extend(source.map(|source| (entry.key.clone(), source)));
    }
    let source = source(&mut fields, reading).unwrap_or_default();
    fields.finish(Unknown::Refused, reading);
    Identity { source, by_client_id }
}

fn source(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Option<IdentitySource> {
    let kind = match fields.node("kind") {
        Some(_) => fields.choice("kind", &KINDS, reading)?,
        None => Kind::Auto,
    };
    Some(match kind {
        Kind::Auto => IdentitySource::Auto,
        Kind::Imds => IdentitySource::Imds { endpoint: endpoint(fields, true, reading) },
        Kind::AppService => IdentitySource::AppService {
            endpoint: endpoint(fields, true, reading),
            header: secret(fields, "header", reading),
        },
        Kind::WorkloadIdentity => IdentitySource::WorkloadIdentity {
            endpoint: endpoint(fields, false, reading),
            tenant_id: text(fields, "tenantId", reading),
            client_id: text(fields, "clientId", reading),
            token_file: super::read::file_path(fields, "tokenFile", reading),
        },
        Kind::ClientSecret => {
            let endpoint = endpoint(fields, false, reading);
            let tenant_id = fields.required_text("tenantId", reading);
            let client_id = fields.required_text("clientId", reading);
            let client_secret = required_secret(fields, "clientSecret", reading);
            IdentitySource::ClientSecret {
                endpoint,
                tenant_id: tenant_id?.value,
                client_id: client_id?.value,
                client_secret: client_secret?,
            }
        }
        Kind::Static => IdentitySource::Static { token: required_secret(fields, "token", reading)? },
    })
}

fn text(fields: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Option<String> {
    fields.filled_text(key, reading).map(|text| text.value)
}

fn secret(fields: &mut Fields<'_>, key: &'static str, reading: &mut Reading<'_>) -> Option<SecretString> {
    fields.secret(key, reading).map(|secret| secret.value)
}

pub(super) fn required_secret(
    fields: &mut Fields<'_>,
    key: &'static str,
    reading: &mut Reading<'_>,
) -> Option<SecretString> {
    if fields.node(key).is_none() {
        fields.missing(key, reading);
    }
    secret(fields, key, reading)
}

/// `endpoint`: https, or http where nobody can listen on the way.
fn endpoint(fields: &mut Fields<'_>, link_local: bool, reading: &mut Reading<'_>) -> Option<Url> {
    token_url(fields, "endpoint", link_local, reading)
}

/// The URL of a token endpoint, by the same rule.
pub(super) fn token_url(
    fields: &mut Fields<'_>,
    key: &'static str,
    link_local: bool,
    reading: &mut Reading<'_>,
) -> Option<Url> {
    let text = fields.filled_text(key, reading)?;
    let Ok(url) = Url::parse(&text.value) else {
        let help = "write it like `https://login.example.org`";
        reading.error("invalid-url", text.span, format!("`{key}` is not a URL"), help);
        return None;
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_near(&url, link_local));
    if !is_safe {
        let message = "a token endpoint must be https; plain http is for loopback addresses only";
        reading.error("insecure-endpoint", text.span, message, "use https, or `127.0.0.1` or `localhost`");
        return None;
    }
    Some(url)
}

/// True for a loopback address, and for a link-local one where that is allowed.
fn is_near(url: &Url, link_local: bool) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback() || (link_local && address.is_link_local()),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
