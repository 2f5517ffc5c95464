//! `authenticationSettings` of APIs, and the issuers that they name.

use super::{plain, reference};
use crate::fields::{Fields, Unknown};
use crate::model::{ApiAuthentication, AuthorizationServer, OpenIdConnectProvider, Spanned};
use crate::reading::Reading;
use crate::value::Node;

/// Reads `authenticationSettings` of an API.
pub(crate) fn authentication(api: &mut Fields<'_>, reading: &mut Reading<'_>) -> ApiAuthentication {
    let mut out = ApiAuthentication::default();
    let Some(mut fields) = api.object("authenticationSettings", reading) else { return out };
    let wanted = fields.node("returnProtectedResourceMetadata").map(|node| node.span);
    let is_wanted = fields.boolean("returnProtectedResourceMetadata", reading).unwrap_or(false);
    out.protected_resource_metadata = wanted.filter(|_| is_wanted);
    let servers = fields.node("oAuth2").into_iter();
    let servers: Vec<&Node> = servers.chain(fields.list("oAuth2AuthenticationSettings", reading)).collect();
    for node in servers {
        let named = setting(node, "authorizationServerId", "authorizationServers", &mut out.scopes, reading);
        add(&mut out.authorization_servers, named);
    }
    let providers = fields.node("openid").into_iter();
    let providers: Vec<&Node> =
        providers.chain(fields.list("openidAuthenticationSettings", reading)).collect();
    for node in providers {
        let named = setting(node, "openidProviderId", "openidConnectProviders", &mut out.scopes, reading);
        add(&mut out.openid_providers, named);
    }
    fields.finish(Unknown::Tolerated, reading);
    out
}

/// The name of an issuer in one setting; its scopes are added to the others.
fn setting(
    node: &Node,
    key: &'static str,
    collection: &'static str,
    scopes: &mut Vec<String>,
    reading: &mut Reading<'_>,
) -> Option<Spanned<String>> {
    let mut fields = Fields::of(node, "authentication settings", reading)?;
    let scope = plain(&mut fields, "scope", reading).unwrap_or_default();
    for scope in scope.split_whitespace().filter(|scope| !scope.is_empty()) {
        if !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    let id = fields.filled_text(key, reading)?;
    reference(id, collection, reading)
}

/// A server may stand in both shapes.
fn add(names: &mut Vec<Spanned<String>>, name: Option<Spanned<String>>) {
    names.extend(name.filter(|name| !names.iter().any(|known| known.value == name.value)));
}

/// Reads an authorization server.
pub(crate) fn authorization_server(node: &Node, reading: &mut Reading<'_>) -> Option<AuthorizationServer> {
    let mut fields = Fields::of_resource(node, "authorization server", reading)?;
    Some(AuthorizationServer {
        authorization_endpoint: fields.required_text("authorizationEndpoint", reading)?,
        default_scope: plain(&mut fields, "defaultScope", reading),
    })
}

/// Reads an OpenID Connect provider.
pub(crate) fn openid_connect_provider(
    node: &Node,
    reading: &mut Reading<'_>,
) -> Option<OpenIdConnectProvider> {
    let mut fields = Fields::of_resource(node, "OpenID Connect provider", reading)?;
    Some(OpenIdConnectProvider { metadata_endpoint: fields.required_text("metadataEndpoint", reading)? })
}
