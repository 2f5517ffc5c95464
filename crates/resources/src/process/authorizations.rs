//! `authorizations`: connections of the credential manager.

use std::collections::BTreeMap;

use secrecy::SecretString;
use url::Url;

use super::identity::{required_secret, token_url};
use crate::fields::{Fields, Unknown, text_of};
use crate::reading::Reading;

/// A connection: how its tokens are asked for by OAuth 2.0 client credentials.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `provider-id` of `get-authorization-context`.
    pub provider: String,
    /// `authorization-id` of `get-authorization-context`.
    pub name: String,
    /// `tokenEndpoint` of the provider.
    pub token_endpoint: Url,
    /// `clientId`.
    pub client_id: String,
    /// `clientSecret`.
    pub client_secret: SecretString,
    /// `scopes`, a list or a text with spaces between them; those of the provider when not set.
    pub scopes: Vec<String>,
    /// `parameters`: further fields of the request, those of the provider and over them those of the connection.
    pub parameters: BTreeMap<String, String>,
}

/// Reads `authorizations`: providers by name, each with its `connections`.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<Connection> {
    let mut connections = Vec::new();
    for entry in top.members("authorizations", reading) {
        let Some(mut provider) = Fields::of(&entry.value, "provider", reading) else { continue };
        let endpoint = token_url(&mut provider, "tokenEndpoint", false, reading);
        if provider.node("tokenEndpoint").is_none() {
            provider.missing("tokenEndpoint", reading);
        }
        let scopes = scopes(&mut provider, reading);
        let parameters = parameters(&mut provider, reading);
        for inner in provider.members("connections", reading) {
            let Some(mut fields) = Fields::of(&inner.value, "connection", reading) else { continue };
            let client_id = fields.required_text("clientId", reading);
            let client_secret = required_secret(&mut fields, "clientSecret", reading);
            let own_scopes = self::scopes(&mut fields, reading);
            let own_parameters = self::parameters(&mut fields, reading);
            fields.finish(Unknown::Refused, reading);
            let (Some(token_endpoint), Some(client_id), Some(client_secret)) =
                (endpoint.clone(), client_id, client_secret)
            else {
                continue;
            };
            connections.push(Connection {
                provider: entry.key.clone(),
                name: inner.key.clone(),
                token_endpoint,
                client_id: client_id.value,
                client_secret,
                scopes: if own_scopes.is_empty() { scopes.clone() } else { own_scopes },
                parameters: parameters.clone().into_iter().chain(own_parameters).collect(),
            });
        }
        provider.finish(Unknown::Refused, reading);
    }
    connections
}

fn scopes(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<String> {
    let Some(node) = fields.node("scopes") else { return Vec::new() };
    let texts: Vec<_> = match node.scalar() {
        Some(_) => text_of(node, "scopes", reading).into_iter().collect(),
        None => node.elements().iter().filter_map(|node| text_of(node, "scopes", reading)).collect(),
    };
    texts.iter().flat_map(|text| text.value.split_ascii_whitespace()).map(str::to_owned).collect()
}

fn parameters(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> BTreeMap<String, String> {
    let entries = fields.members("parameters", reading).iter();
    entries
        .filter_map(|entry| Some((entry.key.clone(), text_of(&entry.value, &entry.key, reading)?.value)))
        .collect()
}
