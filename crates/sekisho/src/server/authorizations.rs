//! The `authorizations` settings of the process as the identity crate takes them.

use sekisho_identity::ConnectionConfig;
use sekisho_resources::process::Connection;

/// The connections of the credential manager.
pub(crate) fn connections(connections: &[Connection]) -> Vec<ConnectionConfig> {
    let config = |connection: &Connection| ConnectionConfig {
        provider: connection.provider.clone(),
        connection: connection.name.clone(),
        token_endpoint: connection.token_endpoint.clone(),
        client_id: connection.client_id.clone(),
        client_secret: connection.client_secret.clone(),
        scopes: connection.scopes.clone(),
        parameters: connection.parameters.clone(),
    };
    connections.iter().map(config).collect()
}
