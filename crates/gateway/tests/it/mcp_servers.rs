//! MCP servers behind the gateway.

use std::net::SocketAddr;

use crate::bench::{Backend, Bench};

/// An MCP server `tools` with this path behind its host, these other properties, and this policy of its inbound section.
fn server(backend: SocketAddr, path: &str, properties: &str, inbound: &str) -> String {
    format!(
        "apis:
  tools:
    path: tools
    type: mcp
    displayName: Remote tools
    subscriptionRequired: false
    backendId: remote
    mcpProperties: {properties}
    policy: |
      <policies><inbound><base />{inbound}</inbound></policies>
backends:
  remote: {{url: 'http://{backend}{path}', protocol: http}}
"
    )
}

fn post(path: &str, headers: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: gw.example\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nMcp-Session-Id: s1\r\n\
                      Transfer-Encoding: chunked\r\n\r\n";

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

#[tokio::test]
async fn mcp_passthrough_relays_messages_and_streams() {
    let backend = Backend::start().await;
    let mut bench =
        Bench::start(&server(backend.address, "/api/mcp", "{transportType: streamable}", "")).await;
    let mut client = bench.client().await;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#;
    let headers =
        "Authorization: Bearer of-the-client\r\nMcp-Session-Id: s1\r\nMCP-Protocol-Version: 2025-06-18\r\n";
    client.send(&post("/tools/mcp", headers, body)).await;
    let mut wire = backend.accept().await;
    let request = wire.message().await;
    assert_eq!((&*request.start, &*request.body), ("POST /api/mcp HTTP/1.1", body));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("mcp-session-id"), Some("s1"));
    assert_eq!(request.header("mcp-protocol-version"), Some("2025-06-18"));
    wire.send(STREAM).await;
    assert_eq!(client.head().await.header("mcp-session-id"), Some("s1"));
    for event in ["event: message\ndata: {\"n\":1}\n\n", "data: 2\n\n"] {
        wire.send(&chunk(event)).await;
        assert_eq!(client.chunk().await, event);
    }
    wire.send("0\r\n\r\n").await;
    assert_eq!(client.chunk().await, "");
    let record = bench.record().await;
    let told = record.mcp.unwrap();
    assert_eq!((&*told.server_name, told.method.as_deref()), ("Remote tools", Some("resources/list")));
    assert_eq!(told.session_id.as_deref(), Some("s1"));
}

#[tokio::test]
async fn mcp_passthrough_sends_the_authorization_that_a_policy_sets() {
    let backend = Backend::start().await;
    for (inbound, sent) in [
        ("", None),
        ("<set-header name='Authorization'><value>Bearer own</value></set-header>", Some("Bearer own")),
        (
            "<set-header name='Authorization'><value>@(context.Request.Headers.GetValueOrDefault(\"Authorization\"))</value></set-header>",
            Some("Bearer a"),
        ),
        (
            "<set-variable name='token' value='@(context.Request.Headers.GetValueOrDefault(\"Authorization\"))' />",
            None,
        ),
    ] {
        let bench = Bench::start(&server(backend.address, "", "{}", inbound)).await;
        let request = post("/tools/mcp", "Authorization: Bearer a\r\n", "{}");
        let serve = async {
            let mut wire = backend.accept().await;
            let request = wire.message().await;
            wire.send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await;
            request
        };
        let (request, answer) = tokio::join!(serve, bench.call(&request));
        assert_eq!(request.start, "POST /mcp HTTP/1.1");
        assert_eq!(request.header("authorization"), sent, "{inbound}");
        assert_eq!(answer.status(), 202);
    }
}

#[tokio::test]
async fn mcp_passthrough_has_endpoints_of_its_own() {
    let backend = Backend::start().await;
    let properties = "{endpoints: {mcp: {uriTemplate: /runtime/webhooks/mcp}}}";
    let bench = Bench::start(&server(backend.address, "", properties, "")).await;
    for path in ["/tools/runtime/webhooks/mcp", "/tools/mcp", "/tools"] {
        let serve = async {
            let mut wire = backend.accept().await;
            let request = wire.message().await;
            wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await;
            request.start
        };
        let call = post(path, "", "{}");
        let (start, _) = tokio::join!(serve, bench.call(&call));
        assert_eq!(start, "POST /runtime/webhooks/mcp HTTP/1.1", "{path}");
    }
}

#[tokio::test]
async fn mcp_passthrough_event_streams_lead_back_to_the_gateway() {
    for (path, stream, messages) in
        [("", "/sse", "/messages/?session_id=7"), ("/deep/sse", "/deep/sse", "/deep/messages/?session_id=7")]
    {
        let backend = Backend::start().await;
        let bench = Bench::start(&server(backend.address, path, "{transportType: sse}", "")).await;
        let mut client = bench.client().await;
        client.send("GET /tools/sse HTTP/1.1\r\nHost: gw.example\r\nAccept-Encoding: gzip\r\n\r\n").await;
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        assert_eq!(request.start, format!("GET {stream} HTTP/1.1"));
        assert_eq!(request.header("accept-encoding"), None);
        wire.send(STREAM).await;
        client.head().await;
        wire.send(&chunk(&format!("event: endpoint\r\ndata: {messages}\r\n\r\n"))).await;
        assert_eq!(client.chunk().await, "event: endpoint\r\ndata: /tools/messages/?session_id=7\r\n\r\n");
        let event = "event: message\r\ndata: {}\r\n\r\n";
        wire.send(&chunk(event)).await;
        assert_eq!(client.chunk().await, event);

        let mut second = bench.client().await;
        second.send(&post("/tools/messages/?session_id=7", "", "{}")).await;
        let mut taken = backend.accept().await;
        assert_eq!(taken.message().await.start, format!("POST {messages} HTTP/1.1"));
        taken.send("HTTP/1.1 202 Accepted\r\nContent-Length: 8\r\n\r\nAccepted").await;
        assert_eq!(second.message().await.status(), 202);
    }
}
