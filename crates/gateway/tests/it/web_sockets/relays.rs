//! What passes behind the handshake, how it ends, and what is recorded of it.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use sekisho_gateway::{ClientLimits, GatewayConfig};
use sekisho_policy::ports::Event;
use sekisho_resources::process::WebSocketLimits;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::tungstenite::{Bytes, Utf8Bytes};

use super::{Echo, events, live, next, open, refused, request, try_open};
use crate::bench::{Backend, Bench, open_port, plain, soon};

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
