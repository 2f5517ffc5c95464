//! APIs that speak MCP and A2A.

use sekisho_resources::model::McpTransport;

use crate::support::{assert_clean, folder, load_path, load_text, places};

const SPECIFICATION: &str = "openapi: 3.0.1
info: {title: Orders, version: '1'}
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
";

const SERVICE: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/apim";

#[test]
fn a_service_directory_has_a_folder_for_each_tool() {
    let tool = format!(
        r#"{{"properties": {{"displayName": "Look an order up", "description": "One order.",
            "operationId": "{SERVICE}/apis/orders/operations/getOrder"}}}}"#
    );
    let folder = folder(&[
        ("apis/orders/apiInformation.json", r#"{"properties": {"path": "orders"}}"#),
        ("apis/orders/specification.yaml", SPECIFICATION),
        (
            "apis/tools/apiInformation.json",
            r#"{"properties": {"path": "tools", "type": "mcp", "mcpTools": [
                {"name": "older", "operationId": "/apis/orders/operations/getOrder", "description": "Older."}]}}"#,
        ),
        ("apis/tools/tools/get_order/toolInformation.json", &tool),
    ]);
    let loaded = load_path(folder.path());
    assert_clean(&loaded);
    let server = loaded.configuration.apis["tools"].mcp.as_ref().unwrap();
    let seen: Vec<_> = server
        .tools
        .iter()
        .map(|tool| (&*tool.name.value, &*tool.api.value, &*tool.operation.value, tool.title.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            ("get_order", "orders", "getOrder", Some("Look an order up")),
            ("older", "orders", "getOrder", None)
        ]
    );
}

#[test]
fn a_server_behind_the_gateway_has_a_backend_and_endpoints() {
    for (endpoints, endpoint) in [
        ("{mcp: {uriTemplate: /runtime/webhooks/mcp}}", Some("/runtime/webhooks/mcp")),
        ("{message: {uriTemplate: mcp/}}", Some("/mcp")),
        ("[{name: message, uriTemplate: /mcp}]", Some("/mcp")),
        ("{mcp: {uriTemplate: /}}", None),
    ] {
        let (_folder, loaded) = load_text(&format!(
            "apis: {{a: {{path: a, type: mcp, backendId: b, mcpProperties: {{transportType: sse, endpoints: {endpoints}}}}}}}
backends: {{b: {{url: 'https://b.example', protocol: http}}}}
"
        ));
        assert_clean(&loaded);
        let server = loaded.configuration.apis["a"].mcp.as_ref().unwrap();
        assert_eq!((server.transport, server.endpoint.as_deref()), (McpTransport::Sse, endpoint));
    }
}

#[test]
fn an_agent_has_a_card_and_an_endpoint() {
    let (_folder, loaded) = load_text(
        "apis:
  one:
    path: one
    type: a2a
    isAgent: true
    agent: {id: agent-one, name: One}
    a2aProperties: {agentCardPath: .well-known/agent.json, agentCardBackendUrl: 'https://a.example/card.json'}
    jsonRpcProperties: {backendUrl: 'https://a.example/', path: /rpc/}
  two:
    path: two
    apiType: a2a
    a2aProperties: {agentCardBackendUrl: 'https://a.example/card.json'}
    jsonRpcProperties: {backendUrl: 'https://a.example', path: /}
",
    );
    assert_clean(&loaded);
    let agent = |name: &str| loaded.configuration.apis[name].agent.clone().unwrap();
    let (one, two) = (agent("one"), agent("two"));
    assert_eq!((&*one.id, &*one.card_path), ("agent-one", "/.well-known/agent.json"));
    assert_eq!(one.json_rpc_url.value, "https://a.example/rpc");
    assert_eq!((&*two.id, &*two.card_path), ("two", "/.well-known/agent-card.json"));
    assert_eq!(two.json_rpc_url.value, "https://a.example");
}

#[test]
fn issuers_of_tokens_are_read() {
    let folder = folder(&[
        (
            "apis/a/apiInformation.yaml",
            "properties:
  path: a
  type: graphql
  authenticationSettings:
    returnProtectedResourceMetadata: true
    oAuth2: {authorizationServerId: entra, scope: read write}
    oAuth2AuthenticationSettings: [{authorizationServerId: /authorizationServers/entra, scope: read}]
    openidAuthenticationSettings: [{openidProviderId: keycloak}]
",
        ),
        (
            "authorization servers/entra/authorizationServerInformation.json",
            r#"{"properties": {"authorizationEndpoint": "https://id.example/authorize", "clientId": "x"}}"#,
        ),
        (
            "openid connect providers/keycloak/openidConnectProviderInformation.json",
            r#"{"properties": {"metadataEndpoint": "https://k.example/.well-known/openid-configuration"}}"#,
        ),
    ]);
    let loaded = load_path(folder.path());
    assert_clean(&loaded);
    let authentication = &loaded.configuration.apis["a"].authentication;
    assert_eq!(authentication.scopes, ["read", "write"]);
    assert_eq!(authentication.authorization_servers.len(), 1);
    assert_eq!(loaded.configuration.authorization_servers["entra"].issuer().unwrap(), "https://id.example");
    assert_eq!(loaded.configuration.openid_connect_providers["keycloak"].issuer(), "https://k.example");
}

#[test]
fn mistakes_have_a_place() {
    let text = "apis:
  orders:
    path: orders
    operations:
      get: {method: GET, urlTemplate: /a}
      any: {method: '*', urlTemplate: /b}
  graph: {path: graph, type: graphql}
  none: {path: none, type: mcp}
  tools:
    path: tools
    type: mcp
    tools:
      gone: {operationId: /apis/orders/operations/got}
      lost: {operationId: apis/order/operations/get}
      odd: {operationId: /apis/graph/operations/get}
      any: {operationId: /apis/orders/operations/any}
      'a b': {operationId: /apis/orders/operations/get}
      vague: {operationId: get}
    mcpTools:
      - {name: any, operationId: /apis/orders/operations/get}
      - {operationId: /apis/orders/operations/get}
    authenticationSettings:
      returnProtectedResourceMetadata: true
      oAuth2: {authorizationServerId: nobody}
  sse:
    path: sse
    type: mcp
    mcpProperties: {transportType: sse}
    tools: {t: {operationId: /apis/orders/operations/get}}
  agent: {path: agent, type: a2a, a2aProperties: {agentCardBackendUrl: 'https://a.example'}}
";
    let (folder, loaded) = load_text(text);
    assert_eq!(
        places(&folder, &loaded),
        [
            "sekisho.yaml:8:9 mcp-server-without-tools",
            "sekisho.yaml:13:51 unknown-operation",
            "sekisho.yaml:14:32 unknown-api",
            "sekisho.yaml:15:32 tool-of-other-api-type",
            "sekisho.yaml:16:50 tool-without-method",
            "sekisho.yaml:17:7 invalid-tool-name",
            "sekisho.yaml:18:28 invalid-reference",
            "sekisho.yaml:20:16 duplicate-tool",
            "sekisho.yaml:21:9 missing-property",
            "sekisho.yaml:24:39 unknown-authorization-server",
            "sekisho.yaml:29:13 unsupported-transport",
            "sekisho.yaml:30:10 missing-property",
        ]
    );
}
