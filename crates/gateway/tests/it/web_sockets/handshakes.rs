//! Who gets a WebSocket, and from which backend.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use sekisho_gateway::GatewayConfig;
use sekisho_policy::ports::Event;
use tokio::sync::mpsc;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::protocol::Message;

use super::{Echo, echo, events, live, next, open, refused, request, try_open};
use crate::bench::{Backend, Bench, plain, soon};
use crate::tls::{Authority, SecureBackend};

#[tokio::test]
async fn realtime_handshake_without_key_401() {
    let echo = Echo::start().await;
    let mut bench = Bench::start(&live(echo.address, "")).await;
    let (status, headers, body) = refused(&bench, request(&bench, "/live")).await;
    assert_eq!(status, 401);
    assert!(headers["www-authenticate"].to_str().unwrap().starts_with("AzureApiManagementKey"));
    assert!(body.contains("missing subscription key"), "{body}");
    let record = bench.record().await;
    assert_eq!((record.status, record.operation_id.as_deref()), (401, Some("onHandshake")));
    assert!(record.attempts.is_empty());
}

#[tokio::test]
async fn realtime_handshake_with_key_101_and_mi_token_added_upstream() {
    let mut echo = Echo::start().await;
    let policies = "<inbound>
        <authentication-managed-identity resource='urn:cached' />
        <set-header name='x-operation' exists-action='override'><value>@(context.Operation.Id)</value></set-header>
      </inbound>
      <outbound><set-header name='x-added' exists-action='override'><value>1</value></set-header></outbound>";
    let mut bench = Bench::start(&live(echo.address, policies)).await;
    let mut asked = request(&bench, "/Live/deeper/path?deployment=d");
    asked.headers_mut().insert("api-key", "team-key".parse().unwrap());
    asked.headers_mut().insert("sec-websocket-protocol", "first, second".parse().unwrap());
    asked.headers_mut().insert("sec-websocket-extensions", "permessage-deflate".parse().unwrap());
    let key = asked.headers()["sec-websocket-key"].clone();
    let (mut socket, response) = try_open(&bench, asked).await.unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "second", "the backend's choice");
    assert_eq!(
        (&response.headers()["x-backend"], &response.headers()["x-added"]),
        (&"echo".parse().unwrap(), &"1".parse().unwrap())
    );

    let (target, seen) = echo.handshake().await;
    assert_eq!(target, "/base/deeper/path?deployment=d");
    assert_eq!(seen["authorization"], "Bearer the-token");
    assert_eq!(seen["x-operation"], "onHandshake");
    assert_eq!(seen["sec-websocket-key"], key);
    assert_eq!(seen["sec-websocket-extensions"], "permessage-deflate", "no model: what is offered stays");
    assert_eq!(seen["host"], echo.address.to_string().as_str());
    assert_eq!(seen["x-forwarded-for"], "127.0.0.1");

    socket.send("hello".into()).await.unwrap();
    assert_eq!(next(&mut socket).await, "hello".into());
    assert_eq!(events(&bench).last(), Some(&Event::WebSocketOpened));
    socket.close(None).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::Close(None));
    drop(socket);
    let record = bench.record().await;
    assert_eq!((record.status, record.incomplete, record.usage), (101, false, None));
    // A masked frame of 5 bytes and an empty one; the same without masks.
    assert_eq!((record.request_bytes, record.response_bytes), (11 + 6, 7 + 2));
    assert_eq!(
        (record.api_id.as_deref(), record.operation_id.as_deref()),
        (Some("live"), Some("onHandshake"))
    );
    assert_eq!(record.subscription_id.as_deref(), Some("team"));
    assert_eq!((record.attempts.len(), record.attempts[0].status), (1, Some(101)));
    assert!(record.time_to_first_byte.unwrap() <= record.duration);
    assert_eq!(events(&bench).last(), Some(&Event::WebSocketClosed { reason: "closed" }));
}

#[tokio::test]
async fn both_sides_may_be_encrypted() {
    let authority = Authority::new();
    // One that would rather speak HTTP/2, as it may to other calls.
    let backend = SecureBackend::start(&authority.identity("localhost"), &["h2", "http/1.1"]).await;
    let yaml = live(
        SocketAddr::from(([127, 0, 0, 1], 9)),
        "<backend><forward-request http-version='2' /></backend>",
    )
    .replace("ws://127.0.0.1:9", &backend.url.replace("https", "wss"))
    .replace("type: websocket", "type: websocket\n    protocols: [wss]");
    let config = GatewayConfig { https: vec![authority.listener()], ..plain() };
    let mut bench = Bench::start_towards(&yaml, config, authority.trusted()).await;
    let (sender, _handshakes) = mpsc::channel(1);
    tokio::spawn(async move { echo(backend.accept().await.unwrap(), sender).await });
    let stream = authority.connect(bench.address, &["http/1.1"]).await;
    let asked = request(&bench, "/live?api-key=team-key");
    let (mut socket, _) = soon(client_async(asked, stream)).await.unwrap();
    let long = Message::Binary(vec![7; 1_000_000].into());
    socket.send(long.clone()).await.unwrap();
    assert!(soon(socket.next()).await.unwrap().unwrap() == long);
    socket.close(None).await.unwrap();
    assert_eq!(soon(socket.next()).await.unwrap().unwrap(), Message::Close(None));
    drop(socket);
    let record = bench.record().await;
    assert_eq!((record.status, record.incomplete), (101, false));
    assert!(record.attempts[0].authority.starts_with("https://localhost:"));
}

#[tokio::test]
async fn other_calls_at_the_same_path_go_to_the_other_api() {
    let backend = Backend::start().await;
    let bench = Bench::start(&live(backend.address, "")).await;
    let serve = async {
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        request.start
    };
    let plain_call = "GET /live/x HTTP/1.1\r\nHost: a\r\n\r\n";
    let (start, response) = tokio::join!(serve, bench.call(plain_call));
    assert_eq!((start.as_str(), &*response.body), ("GET /calls/x HTTP/1.1", "ok"));

    let only = live(backend.address, "")
        .replace("path: live\n    serviceUrl: http", "path: other\n    serviceUrl: http");
    let bench = Bench::start(&only).await;
    let response = bench.call("GET /live HTTP/1.1\r\nHost: a\r\napi-key: team-key\r\n\r\n").await;
    assert_eq!(response.status(), 404, "a WebSocket API takes nothing but handshakes");
}

#[tokio::test]
async fn an_mcp_server_may_have_the_path_of_a_web_socket_api() {
    let backend = Echo::start().await;
    let tools = "  tools:
    path: live
    type: mcp
    tools:
      any: {operationId: /apis/calls/operations/any}
  calls:
    path: calls
";
    let configuration = live(backend.address, "")
        .replace("  calls:\n    path: live\n", tools)
        .replace("method: '*', urlTemplate: '/*'", "method: GET, urlTemplate: /all")
        .replace("/apis/live", "/apis");
    let bench = Bench::start(&configuration).await;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let call = format!(
        "POST /live/mcp HTTP/1.1\r\nHost: a\r\nOcp-Apim-Subscription-Key: team-key\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{ping}",
        ping.len()
    );
    let answer = bench.call(&call).await;
    assert_eq!((answer.status(), &*answer.body), (200, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#));
    // A stream of the server, which it does not have; not the WebSocket API's 404.
    let stream = "GET /live/mcp HTTP/1.1\r\nHost: a\r\nOcp-Apim-Subscription-Key: team-key\r\n\
                  Accept: text/event-stream\r\n\r\n";
    assert_eq!(bench.call(stream).await.status(), 405);
    let (mut socket, _) = try_open(&bench, request(&bench, "/live/mcp?api-key=team-key")).await.unwrap();
    socket.send("hello".into()).await.unwrap();
    assert_eq!(next(&mut socket).await, "hello".into());
}

#[tokio::test]
async fn an_answer_that_is_no_consent_is_passed_on() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&live(backend.address, "")).await;
    let serve = async {
        let mut wire = backend.accept().await;
        let request = wire.message().await;
        assert_eq!(
            (request.header("upgrade"), request.header("connection")),
            (Some("websocket"), Some("Upgrade"))
        );
        wire.send("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\nslow down")
            .await;
    };
    let (_, (status, headers, body)) =
        tokio::join!(serve, refused(&bench, request(&bench, "/live?api-key=team-key")));
    assert_eq!((status, headers["retry-after"].to_str().unwrap(), body.as_str()), (429, "7", "slow down"));
    let record = bench.record().await;
    assert_eq!((record.status, record.attempts[0].status), (429, Some(429)));
    assert!(!events(&bench).contains(&Event::WebSocketOpened));
}

/// Backend entities, of which the first does not answer, in a pool.
fn pool(first: SocketAddr, second: SocketAddr) -> String {
    let policies = "<inbound><set-backend-service backend-id='both' /></inbound>
      <backend><retry condition='@(context.Response.StatusCode != 101)' count='1' interval='0' first-fast-retry='true'>
        <set-backend-service backend-id='both' /><forward-request />
      </retry></backend>";
    let rule = "circuitBreaker: {rules: [{name: r, tripDuration: PT1M, failureCondition: {count: 1, interval: PT1M, statusCodeRanges: [{min: 429, max: 429}]}}]}";
    format!(
        "{}backends:
  first: {{url: 'https://unused.invalid', protocol: http, {rule}}}
  second: {{url: 'wss://unused.invalid', protocol: http, credentials: {{managedIdentity: {{resource: 'urn:cached'}}, query: {{code: [hidden]}}}}}}
  both: {{type: Pool, pool: {{services: [{{id: /backends/first, priority: 1}}, {{id: /backends/second, priority: 2}}]}}}}
",
        live(first, policies)
    )
    .replace("https://unused.invalid", &format!("http://{first}"))
    .replace("wss://unused.invalid", &format!("ws://{second}/pooled"))
}

#[tokio::test]
async fn a_failed_handshake_fails_over_within_the_pool() {
    let (busy, mut echo) = (Backend::start().await, Echo::start().await);
    let mut bench = Bench::start(&pool(busy.address, echo.address)).await;
    let serve = async {
        let mut wire = busy.accept().await;
        wire.message().await;
        wire.send("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n").await;
    };
    let (_, mut socket) = tokio::join!(serve, open(&bench));
    let (target, seen) = echo.handshake().await;
    assert_eq!(target, "/pooled?api-key=team-key&code=hidden");
    assert_eq!(seen["authorization"], "Bearer the-token");
    socket.send("hello".into()).await.unwrap();
    assert_eq!(next(&mut socket).await, "hello".into());
    drop(socket);
    let record = bench.record().await;
    let tried: Vec<_> = record
        .attempts
        .iter()
        .map(|attempt| (attempt.backend_id.as_deref().unwrap(), attempt.status))
        .collect();
    assert_eq!(tried, [("first", Some(429)), ("second", Some(101))]);
    assert!(events(&bench).iter().any(|event| matches!(event, Event::BreakerOpened { .. })));
    open(&bench).await;
    let record = bench.record().await;
    assert_eq!(record.attempts[0].backend_id.as_deref(), Some("second"), "the breaker keeps it away");
}
