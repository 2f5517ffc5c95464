//! Agents behind the gateway: A2A.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::bench::{Backend, Bench};

/// An agent whose key is `key`, with these policies.
fn agent(backend: SocketAddr, policies: &str) -> String {
    format!(
        "apis:
  travel:
    path: agents/travel
    type: a2a
    isAgent: true
    agent: {{id: travel-agent}}
    subscriptionKeyParameterNames: {{header: api-key, query: api-key}}
    a2aProperties:
      agentCardPath: /.well-known/agent-card.json
      agentCardBackendUrl: http://{backend}/inner/.well-known/agent-card.json
    jsonRpcProperties: {{backendUrl: 'http://{backend}/inner', path: /rpc}}
    policy: |
      <policies>{policies}</policies>
subscriptions:
  team: {{scope: /apis/travel, primaryKey: key}}
"
    )
}

const CARD_CALL: &str = "GET /agents/travel/.well-known/agent-card.json HTTP/1.1\r\nHost: gw.example:8443\r\n\
                         Accept-Encoding: gzip\r\n";

#[tokio::test]
async fn a2a_card_names_the_gateway_and_its_key() {
    let backend = Backend::start().await;
    let bench = Bench::start(&agent(backend.address, "")).await;
    assert_eq!(bench.call(&format!("{CARD_CALL}\r\n")).await.status(), 401);
    let card = json!({
        "name": "Travel", "protocolVersion": "0.3.0", "url": "http://inner:9000/rpc", "preferredTransport": "GRPC",
        "additionalInterfaces": [
            {"url": "http://inner:9000/rpc", "transport": "JSONRPC"},
            {"url": "http://inner:9001", "transport": "GRPC"},
        ],
        "skills": [{"id": "book"}],
    })
    .to_string();
    let serve = async {
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        wire.send(&format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"x\"\r\nContent-Length: {}\r\n\r\n{card}",
            card.len()
        ))
        .await;
        request
    };
    let call = format!("{CARD_CALL}api-key: key\r\n\r\n");
    let (request, answer) = tokio::join!(serve, bench.call(&call));
    assert_eq!(request.start, "GET /inner/.well-known/agent-card.json HTTP/1.1");
    assert_eq!(request.header("accept-encoding"), None);
    assert_eq!((answer.status(), answer.header("etag")), (200, None));
    let url = "http://gw.example:8443/agents/travel";
    assert_eq!(
        serde_json::from_str::<Value>(&answer.body).unwrap(),
        json!({
            "name": "Travel", "protocolVersion": "0.3.0", "url": url, "preferredTransport": "JSONRPC",
            "additionalInterfaces": [{"url": url, "transport": "JSONRPC"}],
            "skills": [{"id": "book"}],
            "securitySchemes": {"subscriptionKey": {"type": "apiKey", "in": "header", "name": "api-key"}},
            "security": [{"subscriptionKey": []}],
        })
    );
}

#[tokio::test]
async fn a2a_messages_and_streams_are_relayed() {
    let backend = Backend::start().await;
    let policies = "<inbound><base /><set-header name='X-Policy'><value>@(context.Api.Id)</value></set-header></inbound>";
    let bench = Bench::start(&agent(backend.address, policies)).await;
    let mut client = bench.client().await;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"message/stream","params":{}}"#;
    for path in ["/agents/travel", "/agents/travel/"] {
        client
            .send(&format!(
                "POST {path} HTTP/1.1\r\nHost: gw.example\r\napi-key: key\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ))
            .await;
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        assert_eq!((&*request.start, &*request.body), ("POST /inner/rpc HTTP/1.1", body), "{path}");
        assert_eq!(request.header("x-policy"), Some("travel"));
        wire.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n")
            .await;
        client.head().await;
        for event in ["data: {\"id\":1}\n\n", "data: {\"final\":true}\n\n"] {
            wire.send(&format!("{:x}\r\n{event}\r\n", event.len())).await;
            assert_eq!(client.chunk().await, event);
        }
        wire.send("0\r\n\r\n").await;
        assert_eq!(client.chunk().await, "");
    }
}

#[tokio::test]
async fn a_card_that_is_none_is_a_failure_of_the_backend() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&agent(backend.address, "")).await;
    let serve = async {
        let mut wire = backend.accept().await;
        wire.message().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]").await;
    };
    let call = format!("{CARD_CALL}api-key: key\r\n\r\n");
    let ((), answer) = tokio::join!(serve, bench.call(&call));
    assert_eq!(answer.status(), 500);
    assert_eq!(bench.record().await.last_error.unwrap().reason.as_deref(), Some("BackendConnectionFailure"));
}
