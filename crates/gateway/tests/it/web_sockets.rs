//! WebSocket APIs: the handshake with its policies, the relay behind it, and what is recorded.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::HeaderMap;
use sekisho_gateway::{ClientLimits, GatewayConfig};
use sekisho_policy::ports::Event;
use sekisho_resources::process::WebSocketLimits;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::handshake::server;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::tungstenite::{Bytes, Error, Utf8Bytes};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use crate::bench::{Backend, Bench, findings, open_port, plain, soon};

type Socket = WebSocketStream<TcpStream>;

/// A backend that sends every message back; `close N` makes it close with that code.
struct Echo {
    address: SocketAddr,
    handshakes: mpsc::Receiver<(String, HeaderMap)>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, handshakes) = mpsc::channel(10);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(echo(stream, sender.clone()));
            }
        });
        Self { address, handshakes }
    }

    /// Path with query and the headers of the next handshake that reached it.
    async fn handshake(&mut self) -> (String, HeaderMap) {
        soon(self.handshakes.recv()).await.unwrap()
    }
}

async fn echo(stream: TcpStream, handshakes: mpsc::Sender<(String, HeaderMap)>) {
    #[expect(clippy::result_large_err, reason = "the library's own error")]
    let note = |request: &server::Request, mut response: server::Response| {
        handshakes.try_send((request.uri().to_string(), request.headers().clone())).unwrap();
        if let Some(offered) = request.headers().get("sec-websocket-protocol") {
            let last = offered.to_str().unwrap().rsplit(',').next().unwrap().trim().to_owned();
            response.headers_mut().insert("sec-websocket-protocol", last.parse().unwrap());
        }
        response.headers_mut().insert("x-backend", "echo".parse().unwrap());
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, note).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        if let Some(code) = message.to_text().ok().and_then(|text| text.strip_prefix("close ")) {
            let frame = CloseFrame { code: code.parse::<u16>().unwrap().into(), reason: "as asked".into() };
            let _closing = socket.close(Some(frame)).await;
        } else if message.is_text() || message.is_binary() {
            let _gone = socket.send(message).await;
        }
    }
}

/// A WebSocket API at `/live` and another API at the same path, both in front of this backend.
fn live(backend: SocketAddr, policies: &str) -> String {
    format!(
        "apis:
  live:
    path: live
    type: websocket
    serviceUrl: ws://{backend}/base
    subscriptionKeyParameterNames: {{header: api-key, query: api-key}}
    policy: |
      <policies>{policies}</policies>
  calls:
    path: live
    serviceUrl: http://{backend}/calls
    subscriptionRequired: false
    operations:
      any: {{method: '*', urlTemplate: '/*'}}
subscriptions:
  team: {{scope: /apis/live, primaryKey: team-key}}
"
    )
}

fn request(bench: &Bench, target: &str) -> Request {
    format!("ws://{}{target}", bench.address).into_client_request().unwrap()
}

async fn try_open(bench: &Bench, request: Request) -> Result<(Socket, http::Response<()>), Error> {
    let stream = TcpStream::connect(bench.address).await.unwrap();
    let (socket, response) = soon(client_async(request, stream)).await?;
    Ok((socket, response.map(|_| ())))
}

/// A WebSocket with the key of the team.
async fn open(bench: &Bench) -> Socket {
    try_open(bench, request(bench, "/live?api-key=team-key")).await.unwrap().0
}

/// The status and body of a handshake that is refused.
async fn refused(bench: &Bench, request: Request) -> (u16, HeaderMap, String) {
    match try_open(bench, request).await {
        Err(Error::Http(response)) => {
            let (head, body) = response.into_parts();
            let body = body.map(|body| String::from_utf8(body).unwrap());
            (head.status.as_u16(), head.headers, body.unwrap_or_default())
        }
        other => panic!("{other:?}"),
    }
}

async fn next(socket: &mut Socket) -> Message {
    soon(socket.next()).await.unwrap().unwrap()
}

fn events(bench: &Bench) -> Vec<Event> {
    bench.events.lock().clone()
}

async fn until_closed(bench: &Bench) -> &'static str {
    soon(async {
        loop {
            let closed = events(bench).into_iter().find_map(|event| match event {
                Event::WebSocketClosed { reason } => Some(reason),
                _ => None,
            });
            match closed {
                Some(reason) => return reason,
                None => tokio::task::yield_now().await,
            }
        }
    })
    .await
}

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
async fn realtime_10_mb_both_ways() {
    let echo = Echo::start().await;
    let mut bench = Bench::start(&live(echo.address, "")).await;
    let socket = open(&bench).await;
    let message: Vec<u8> = (0..10_000_000_u32).map(|number| (number / 7) as u8).collect();
    let message = Bytes::from(message);
    let (mut sender, mut receiver) = socket.split();
    let send = async {
        sender.send(Message::Binary(message.clone())).await.unwrap();
        sender.send(Message::Binary(message.clone())).await.unwrap();
    };
    let receive = async {
        for _ in 0..2 {
            let back = soon(receiver.next()).await.unwrap().unwrap();
            assert!(back == Message::Binary(message.clone()), "changed on its way");
        }
    };
    tokio::join!(send, receive);
    drop((sender, receiver));
    let record = bench.record().await;
    assert_eq!((record.request_bytes, record.response_bytes), (2 * 10_000_014, 2 * 10_000_010));
}

#[tokio::test]
async fn realtime_close_codes_relayed() {
    let echo = Echo::start().await;
    let bench = Bench::start(&live(echo.address, "")).await;
    let mut socket = open(&bench).await;
    socket.send("close 4321".into()).await.unwrap();
    let expected = CloseFrame { code: CloseCode::Library(4321), reason: Utf8Bytes::from_static("as asked") };
    assert_eq!(next(&mut socket).await, Message::Close(Some(expected)));
    assert!(soon(socket.next()).await.is_none(), "the connection ends");

    let mut socket = open(&bench).await;
    let mine = CloseFrame { code: CloseCode::Away, reason: "bye".into() };
    socket.close(Some(mine.clone())).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::Close(Some(mine)), "the backend's answer");
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

#[tokio::test]
async fn policies_may_refuse_before_and_after_the_consent() {
    let echo = Echo::start().await;
    let policies = "<inbound><rate-limit calls='1' renewal-period='300' /></inbound>
      <outbound><choose><when condition='@(context.Request.Headers.ContainsKey(\"x-not\"))'>
        <return-response><set-status code='403' reason='Forbidden' /></return-response>
      </when></choose></outbound>";
    let bench = Bench::start(&live(echo.address, policies)).await;
    let mut asked = request(&bench, "/live?api-key=team-key");
    asked.headers_mut().insert("x-not", "1".parse().unwrap());
    assert_eq!(refused(&bench, asked).await.0, 403, "the consent of the backend is given up");
    let (status, headers, _) = refused(&bench, request(&bench, "/live?api-key=team-key")).await;
    assert_eq!(status, 429);
    assert!(headers.contains_key("retry-after"));
}

const OUTER: &str = "policy: |
  <policies>
    <inbound>
      <cors><allowed-origins><origin>*</origin></allowed-origins><allowed-methods><method>*</method></allowed-methods></cors>
      <set-method>POST</set-method>
      <choose><when condition='@(true)'>
        <set-body>changed</set-body>
        <set-header name='x-global' exists-action='append'><value>1</value></set-header>
      </when></choose>
      <include-fragment fragment-id='shared' />
    </inbound>
    <backend><forward-request /></backend>
    <outbound><json-to-xml apply='always' /><set-header name='x-out' exists-action='append'><value>1</value></set-header></outbound>
  </policies>
policyFragments:
  shared:
    policy: \"<fragment><mock-response /><set-header name='x-fragment' exists-action='append'><value>1</value></set-header></fragment>\"
";

#[tokio::test]
async fn inherited_policies_run_and_those_that_handshakes_cannot_have_are_skipped() {
    let mut echo = Echo::start().await;
    let bench = Bench::start(&format!("{OUTER}{}", live(echo.address, "<inbound><base /></inbound>"))).await;
    let (mut socket, response) = try_open(&bench, request(&bench, "/live?api-key=team-key")).await.unwrap();
    let (_, seen) = echo.handshake().await;
    assert_eq!((&seen["x-global"], &seen["x-fragment"]), (&"1".parse().unwrap(), &"1".parse().unwrap()));
    assert_eq!(response.headers()["x-out"], "1");
    socket.send("still here".into()).await.unwrap();
    assert_eq!(next(&mut socket).await, "still here".into());
    // The other API at the path has them all.
    let answer = bench.call("GET /live HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!((answer.status(), echo.handshakes.try_recv().is_err()), (200, true), "mocked");
}

#[test]
fn policies_of_its_own_that_handshakes_cannot_have_are_errors() {
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    for (policies, expected) in [
        ("<inbound><set-body>x</set-body></inbound>", 1),
        (
            "<inbound><choose><when condition='@(true)'><set-method>PUT</set-method></when></choose></inbound>",
            1,
        ),
        ("<inbound><cors /><mock-response /></inbound><outbound><cache-store duration='1' /></outbound>", 3),
        ("<inbound><include-fragment fragment-id='shared' /></inbound>", 1),
        ("<inbound><set-header name='a'><value>1</value></set-header></inbound>", 0),
    ] {
        let found = findings(&format!("{OUTER}{}", live(address, policies)));
        assert_eq!(found, vec!["policy-not-allowed-on-handshake"; expected], "{policies}");
    }
    let of_handshake = live(address, "").replace(
        "    path: live\n    type",
        "    path: live\n    operations: {onHandshake: {policy: '<policies><inbound><set-body>x</set-body></inbound></policies>'}}\n    type",
    );
    assert_eq!(findings(&of_handshake), ["policy-not-allowed-on-handshake"]);
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

fn limited(web_sockets: WebSocketLimits) -> GatewayConfig {
    let limits = ClientLimits { web_sockets, ..ClientLimits::default() };
    GatewayConfig { http: open_port().http, limits, ..plain() }
}

#[tokio::test]
async fn silence_ends_a_web_socket() {
    let echo = Echo::start().await;
    let limits =
        WebSocketLimits { idle_timeout: Some(Duration::from_millis(50)), ..WebSocketLimits::default() };
    let mut bench = Bench::start_with(&live(echo.address, ""), limited(limits)).await;
    let mut socket = open(&bench).await;
    assert!(!matches!(soon(socket.next()).await, Some(Ok(_))));
    let record = bench.record().await;
    assert_eq!((record.status, record.incomplete), (101, true));
    assert_eq!(record.last_error.unwrap().reason.as_deref(), Some("Timeout"));
    assert_eq!(events(&bench).last(), Some(&Event::WebSocketClosed { reason: "idle" }));
}

#[tokio::test]
async fn more_than_the_limit_are_503() {
    let echo = Echo::start().await;
    let limits = WebSocketLimits { connections: 1, ..WebSocketLimits::default() };
    let mut bench = Bench::start_with(&live(echo.address, ""), limited(limits)).await;
    let socket = open(&bench).await;
    let (status, _, body) = refused(&bench, request(&bench, "/live?api-key=team-key")).await;
    assert_eq!((status, body.as_str()), (503, r#"{"statusCode":503,"message":"Service Unavailable"}"#));
    let record = bench.record().await;
    assert_eq!(record.last_error.unwrap().reason.as_deref(), Some("TooManyWebSockets"));
    assert_eq!(record.api_id.as_deref(), Some("live"));
    drop(socket);
    assert_eq!(until_closed(&bench).await, "closed");
    open(&bench).await;
}

#[tokio::test]
async fn the_drain_waits_for_web_sockets_and_then_cuts_them() {
    let echo = Echo::start().await;
    let bench = Bench::start(&live(echo.address, "")).await;
    let (mut polite, mut other) = (open(&bench).await, open(&bench).await);
    let Bench { gateway, events, .. } = bench;
    let shutdown = tokio::spawn(gateway.shutdown(Duration::from_millis(300)));
    polite.send("while it drains".into()).await.unwrap();
    assert_eq!(next(&mut polite).await, "while it drains".into());
    polite.close(None).await.unwrap();
    assert_eq!(next(&mut polite).await, Message::Close(None));
    drop(polite);
    assert!(!matches!(soon(other.next()).await, Some(Ok(_))));
    assert!(!soon(shutdown).await.unwrap(), "one was cut");
    let mut closed: Vec<_> = events
        .lock()
        .iter()
        .filter(|event| matches!(event, Event::WebSocketClosed { .. }))
        .cloned()
        .collect();
    closed.dedup();
    assert_eq!(
        closed,
        [Event::WebSocketClosed { reason: "closed" }, Event::WebSocketClosed { reason: "shutdown" }]
    );
}

#[tokio::test]
async fn a_client_that_is_gone_ends_the_connection_to_the_backend() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&live(backend.address, "")).await;
    let mut client = bench.client().await;
    client
        .send("GET /live HTTP/1.1\r\nHost: a\r\napi-key: team-key\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\nfirst")
        .await;
    let mut wire = backend.accept().await;
    wire.head().await;
    wire.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nsecond")
        .await;
    assert_eq!(wire.until("first").await, "first", "bytes behind the handshake");
    client.head().await;
    assert_eq!(client.until("second").await, "second");
    let stream = client.into_stream();
    stream.set_zero_linger().unwrap();
    drop(stream);
    wire.ended().await;
    let record = bench.record().await;
    assert_eq!((record.status, record.incomplete), (101, true));
    assert_eq!(record.last_error.unwrap().reason.as_deref(), Some("ClientConnectionFailure"));
    assert_eq!(events(&bench).last(), Some(&Event::WebSocketClosed { reason: "client-lost" }));
}

#[tokio::test]
async fn tokens_of_a_session_with_a_model_are_in_its_record() {
    let mut echo = Echo::start().await;
    let yaml = live(echo.address, "").replace("/base", "/openai");
    let mut bench = Bench::start(&yaml).await;
    let mut asked = request(&bench, "/live/realtime?api-key=team-key&deployment=rt");
    asked.headers_mut().insert("sec-websocket-extensions", "permessage-deflate".parse().unwrap());
    let (mut socket, _) = try_open(&bench, asked).await.unwrap();
    let (_, seen) = echo.handshake().await;
    assert!(!seen.contains_key("sec-websocket-extensions"), "compressed messages could not be read");
    for (input, output) in [(20, 10), (5, 2)] {
        let usage = format!(
            "{{\"total_tokens\":{},\"input_tokens\":{input},\"output_tokens\":{output}}}",
            input + output
        );
        let done = format!("{{\"type\":\"response.done\",\"response\":{{\"usage\":{usage}}}}}");
        socket.send(done.clone().into()).await.unwrap();
        assert_eq!(next(&mut socket).await, done.into());
    }
    socket.close(None).await.unwrap();
    next(&mut socket).await;
    drop(socket);
    let record = bench.record().await;
    let usage = record.usage.unwrap();
    assert_eq!((usage.prompt, usage.completion, usage.total), (Some(25), Some(12), Some(37)));
    assert_eq!(record.model.as_deref(), Some("rt"));
}
