//! What clients are told of the tokens that an API wants.

use serde_json::{Value, json};

use crate::bench::Bench;

const CONFIGURATION: &str = "apis:
  tools:
    path: ai/tools
    type: mcp
    displayName: Tools
    subscriptionRequired: false
    backendId: remote
    authenticationSettings:
      returnProtectedResourceMetadata: true
      oAuth2AuthenticationSettings: [{authorizationServerId: entra, scope: 'tools.read tools.call'}]
      openidAuthenticationSettings: [{openidProviderId: keycloak}]
    policy: |
      <policies><inbound><base />
        <validate-jwt header-name='Authorization' failed-validation-error-message='no token'>
          <issuer-signing-keys><key>c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=</key></issuer-signing-keys>
        </validate-jwt>
      </inbound></policies>
  keyed:
    path: keyed
    type: mcp
    backendId: remote
    authenticationSettings: {returnProtectedResourceMetadata: true, oAuth2: {authorizationServerId: entra}}
  plain:
    path: plain
    type: mcp
    backendId: remote
backends:
  remote: {url: 'http://127.0.0.1:9', protocol: http}
authorizationServers:
  entra: {authorizationEndpoint: 'https://login.example/contoso/oauth2/v2.0/authorize', defaultScope: all}
openidConnectProviders:
  keycloak: {metadataEndpoint: 'https://id.example/realms/a/.well-known/openid-configuration'}
";

#[tokio::test]
async fn mcp_oauth_challenges_lead_to_the_metadata() {
    let mut bench = Bench::start(CONFIGURATION).await;
    let refused =
        bench.call("POST /ai/tools/mcp HTTP/1.1\r\nHost: gw.example\r\nContent-Length: 2\r\n\r\n{}").await;
    assert_eq!(refused.status(), 401);
    let place = "http://gw.example/.well-known/oauth-protected-resource/ai/tools/mcp";
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer "), "{challenge}");
    assert!(challenge.contains(&format!("resource_metadata=\"{place}\"")), "{challenge}");
    bench.record().await;

    for path in [
        "/.well-known/oauth-protected-resource/ai/tools/mcp",
        "/.well-known/oauth-protected-resource/AI/tools/",
        "/ai/tools/.well-known/oauth-protected-resource",
        "/ai/tools/mcp/.well-known/oauth-protected-resource",
    ] {
        let found = bench.call(&format!("GET {path} HTTP/1.1\r\nHost: gw.example\r\n\r\n")).await;
        assert_eq!((found.status(), found.header("content-type")), (200, Some("application/json")), "{path}");
        assert_eq!(
            serde_json::from_str::<Value>(&found.body).unwrap(),
            json!({
                "resource": "http://gw.example/ai/tools/mcp",
                "resource_name": "Tools",
                "authorization_servers": ["https://login.example/contoso/v2.0", "https://id.example/realms/a"],
                "bearer_methods_supported": ["header"],
                "scopes_supported": ["tools.read", "tools.call"],
            })
        );
        assert_eq!(bench.record().await.api_id.as_deref(), Some("tools"));
    }
}

#[tokio::test]
async fn a_missing_key_is_told_beside_the_metadata() {
    let bench = Bench::start(CONFIGURATION).await;
    let call =
        |path: &str| format!("POST {path} HTTP/1.1\r\nHost: gw.example\r\nContent-Length: 2\r\n\r\n{{}}");
    let refused = bench.call(&call("/keyed/mcp")).await;
    let challenges: Vec<&str> = refused
        .headers
        .iter()
        .filter(|(name, _)| name == "www-authenticate")
        .map(|(_, value)| &**value)
        .collect();
    assert_eq!(challenges.len(), 2, "{challenges:?}");
    assert!(challenges[0].starts_with("AzureApiManagementKey "), "{challenges:?}");
    assert_eq!(
        challenges[1],
        "Bearer resource_metadata=\"http://gw.example/.well-known/oauth-protected-resource/keyed/mcp\""
    );
    let plain = bench.call(&call("/plain/mcp")).await;
    assert!(!plain.header("www-authenticate").unwrap().contains("resource_metadata"));
    let none = "GET /.well-known/oauth-protected-resource/plain/mcp HTTP/1.1\r\nHost: gw.example\r\n\r\n";
    assert_eq!(bench.call(none).await.status(), 404);
}
