//! Who issues the tokens of an API.

use sekisho_diagnostics::Span;

use super::Spanned;

/// `authenticationSettings` of an API.
#[derive(Clone, Debug, Default)]
pub struct ApiAuthentication {
    /// `authorizationServerId` of `oAuth2` and of `oAuth2AuthenticationSettings`, as names.
    pub authorization_servers: Vec<Spanned<String>>,
    /// `openidProviderId` of `openid` and of `openidAuthenticationSettings`, as names.
    pub openid_providers: Vec<Spanned<String>>,
    /// `scope` of these, each once.
    pub scopes: Vec<String>,
    /// `returnProtectedResourceMetadata`, with its place: clients are told of all of this by RFC 9728.
    pub protected_resource_metadata: Option<Span>,
}

/// An authorization server.
#[derive(Clone, Debug)]
pub struct AuthorizationServer {
    /// `authorizationEndpoint`.
    pub authorization_endpoint: Spanned<String>,
    /// `defaultScope`.
    pub default_scope: Option<String>,
}

impl AuthorizationServer {
    /// The identifier of the issuer, which the resource does not hold: for Microsoft Entra ID that of the tenant, else
    /// the origin of the authorization endpoint. None for an endpoint that is no URL.
    pub fn issuer(&self) -> Option<String> {
        let url = url::Url::parse(self.authorization_endpoint.value.trim()).ok()?;
        let origin = url.origin().ascii_serialization();
        let path = url.path().to_ascii_lowercase();
        let is_entra = path.ends_with("/oauth2/v2.0/authorize") || path.ends_with("/oauth2/authorize");
        match url.path_segments().and_then(|mut segments| segments.next()).filter(|_| is_entra) {
            Some(tenant) => Some(format!("{origin}/{tenant}/v2.0")),
            None => Some(origin),
        }
    }
}

/// An OpenID Connect provider.
#[derive(Clone, Debug)]
pub struct OpenIdConnectProvider {
    /// `metadataEndpoint`.
    pub metadata_endpoint: Spanned<String>,
}

impl OpenIdConnectProvider {
    /// The identifier of the issuer: the metadata endpoint without its well-known end.
    pub fn issuer(&self) -> &str {
        let endpoint = self.metadata_endpoint.value.trim();
        endpoint.strip_suffix("/.well-known/openid-configuration").unwrap_or(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_found_in_endpoints() {
        let server = |endpoint: &str| AuthorizationServer {
            authorization_endpoint: Spanned { value: endpoint.to_owned(), ..Spanned::default() },
            default_scope: None,
        };
        let entra = "https://login.microsoftonline.com/contoso/oauth2/v2.0/authorize";
        assert_eq!(server(entra).issuer().as_deref(), Some("https://login.microsoftonline.com/contoso/v2.0"));
        assert_eq!(server("https://id.example/authorize").issuer().as_deref(), Some("https://id.example"));
        assert_eq!(server("nonsense").issuer(), None);
        let provider = OpenIdConnectProvider {
            metadata_endpoint: Spanned {
                value: "https://id.example/realms/a/.well-known/openid-configuration".to_owned(),
                ..Spanned::default()
            },
        };
        assert_eq!(provider.issuer(), "https://id.example/realms/a");
    }
}
