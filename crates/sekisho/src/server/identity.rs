//! The `identity` settings of the process as the identity crate takes them.

use sekisho_identity::{IdentityConfig, SourceConfig};
use sekisho_resources::process::{Identity, IdentitySource};

/// The configuration of the token sources.
pub(crate) fn config(identity: &Identity) -> IdentityConfig {
    IdentityConfig {
        default: source(&identity.source),
        by_client_id: identity.by_client_id.iter().map(|(id, from)| (id.clone(), source(from))).collect(),
    }
}

fn source(from: &IdentitySource) -> SourceConfig {
    match from {
        IdentitySource::Auto => SourceConfig::Auto,
        IdentitySource::Imds { endpoint } => SourceConfig::Imds { endpoint: endpoint.clone() },
        IdentitySource::AppService { endpoint, header } => {
            SourceConfig::AppService { endpoint: endpoint.clone(), header: header.clone() }
        }
        IdentitySource::WorkloadIdentity { endpoint, tenant_id, client_id, token_file } => {
            SourceConfig::WorkloadIdentity {
                authority: endpoint.clone(),
                tenant_id: tenant_id.clone(),
                client_id: client_id.clone(),
                token_file: token_file.clone(),
            }
        }
        IdentitySource::ClientSecret { endpoint, tenant_id, client_id, client_secret } => {
            SourceConfig::ClientSecret {
                authority: endpoint.clone(),
                tenant_id: tenant_id.clone(),
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
            }
        }
        IdentitySource::Static { token } => SourceConfig::Static { token: token.clone() },
    }
}
