//! Which HTTP version backends are spoken to in, and streams from one version to the other.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, Version};
use sekisho_gateway::GatewayConfig;
use tokio::net::TcpStream;

use crate::bench::{Backend, Bench, Wire, entity_api, open_api, open_port, plain, soon};
use crate::peer::{Client, piece, serve};
use crate::tls::{Authority, SecureBackend};

const CALL: &str = "POST /api/x?y=1 HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nContent-Length: 2\r\n\r\n{}";
const BOTH: &[&str] = &["h2", "http/1.1"];
const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

/// How soon a call must be over at the backend after the client gave it up.
const PROMPT: Duration = Duration::from_secs(1);

fn forwarding(attribute: &str) -> String {
    format!("<backend><forward-request {attribute} /></backend>")
}

/// The version that a TLS backend of these protocols sees; none when there is no call.
async fn version(authority: &Authority, attribute: &str, protocols: &[&str]) -> Option<Version> {
    let backend = SecureBackend::start(&authority.identity("localhost"), protocols).await;
    let yaml = entity_api(&backend.url, "", "", &forwarding(attribute));
    let mut bench = Bench::start_towards(&yaml, open_port(), authority.trusted()).await;
    let served = async {
        let mut calls = serve(backend.accept().await?);
        let call = soon(calls.recv()).await?;
        let (version, uri) = (call.request.version(), call.request.uri().clone());
        assert_eq!(uri.path_and_query().unwrap(), "/x?y=1");
        let authority = match version {
            Version::HTTP_2 => uri.authority().unwrap().to_string(),
            _ => call.request.headers()["host"].to_str().unwrap().to_owned(),
        };
        assert_eq!(format!("https://{authority}"), backend.url);
        let length = call.request.headers().get("content-length");
        assert_eq!(length.map(|length| length.as_bytes()), Some(&b"2"[..]));
        call.ok().await;
        Some(version)
    };
    let (version, response) = tokio::join!(served, bench.call(CALL));
    let record = bench.record().await;
    if version.is_some() {
        assert_eq!((response.status(), &*response.body), (200, "ok"));
    } else {
        assert_eq!(response.status(), 500);
        assert_eq!(record.last_error.unwrap().reason.as_deref(), Some("BackendConnectionFailure"));
    }
    version
}

#[tokio::test]
async fn the_policy_chooses_the_version() {
    let authority = Authority::new();
    for (attribute, protocols, expected) in [
        ("", BOTH, Some(Version::HTTP_11)),
        ("http-version=\"1\"", BOTH, Some(Version::HTTP_11)),
        ("http-version=\"2or1\"", BOTH, Some(Version::HTTP_2)),
        ("http-version=\"2or1\"", &["http/1.1"], Some(Version::HTTP_11)),
        ("http-version=\"2or1\"", &[], Some(Version::HTTP_11)),
        ("http-version=\"2\"", BOTH, Some(Version::HTTP_2)),
        ("http-version=\"2\"", &["http/1.1"], None),
    ] {
        assert_eq!(version(&authority, attribute, protocols).await, expected, "{attribute} {protocols:?}");
    }
}

#[tokio::test]
async fn without_tls_only_two_is_two() {
    for (attribute, expected) in [
        ("http-version=\"2\"", Version::HTTP_2),
        ("http-version=\"2or1\"", Version::HTTP_11),
        ("", Version::HTTP_11),
    ] {
        let backend = Backend::start().await;
        let bench = Bench::start(&open_api(backend.address, &forwarding(attribute))).await;
        let served = async {
            let mut calls = serve(backend.accept().await.into_stream());
            let call = soon(calls.recv()).await.unwrap();
            let version = call.request.version();
            assert_eq!(call.request.uri().path(), "/base/x");
            call.ok().await;
            version
        };
        let (version, response) = tokio::join!(served, bench.call(CALL));
        assert_eq!((version, response.status(), &*response.body), (expected, 200, "ok"));
    }
}

#[tokio::test]
async fn http2_calls_share_a_connection() {
    let backend = Backend::start().await;
    let bench = Bench::start(&open_api(backend.address, &forwarding("http-version=\"2\""))).await;
    let mut clients = [bench.client().await, bench.client().await];
    clients[0].send(CALL).await;
    let mut calls = serve(backend.accept().await.into_stream());
    let first = soon(calls.recv()).await.unwrap();
    clients[1].send(CALL).await;
    soon(calls.recv()).await.unwrap().ok().await;
    assert_eq!(clients[1].message().await.body, "ok", "the first call keeps nobody waiting");
    first.ok().await;
    assert_eq!(clients[0].message().await.body, "ok");
}

#[tokio::test]
async fn events_pass_from_two_to_one() {
    let authority = Authority::new();
    let backend = SecureBackend::start(&authority.identity("localhost"), BOTH).await;
    let yaml = entity_api(&backend.url, "", "", &forwarding("http-version=\"2\""));
    let mut bench = Bench::start_towards(&yaml, open_port(), authority.trusted()).await;
    let mut client = bench.client().await;
    client.send(CALL).await;
    let mut calls = serve(backend.accept().await.unwrap());
    let call = soon(calls.recv()).await.unwrap();
    assert_eq!(call.request.version(), Version::HTTP_2);
    let events = call.answer(Response::builder().header("content-type", "text/event-stream"));
    let head = client.head().await;
    assert_eq!(head.start, "HTTP/1.1 200 OK");
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    assert_eq!(head.header("transfer-encoding"), Some("chunked"));
    for number in 0..10 {
        let event = format!("data: {number}\n\n");
        soon(events.send(Ok(event.clone().into()))).await.unwrap();
        assert_eq!(client.chunk().await, event);
    }
    drop(events);
    assert_eq!(client.chunk().await, "");
    let record = bench.record().await;
    assert!(record.is_stream && !record.incomplete);
    assert_eq!((record.response_bytes, record.protocol), (90, "HTTP/1.1"));
}

/// A gateway on HTTPS before a plain backend, and a client that negotiated HTTP/2.
async fn secure_client(backend: &Backend, policies: &str) -> (Bench, Client) {
    let authority = Authority::new();
    let config = GatewayConfig { https: vec![authority.listener()], ..plain() };
    let bench = Bench::start_with(&open_api(backend.address, policies), config).await;
    let stream = authority.connect(bench.address, BOTH).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    (bench, Client::new(stream).await)
}

#[tokio::test]
async fn events_pass_from_one_to_two() {
    let backend = Backend::start().await;
    let (mut bench, mut client) = secure_client(&backend, "").await;
    let answer = tokio::spawn(client.post("/api/chat"));
    let mut wire = backend.accept().await;
    let request = wire.message().await;
    assert_eq!(request.start, "POST /base/chat HTTP/1.1");
    assert_eq!(request.header("x-forwarded-proto"), Some("https"));
    assert_eq!(request.header("x-forwarded-host"), Some("localhost"));
    wire.send(STREAM_HEAD).await;
    let mut answer = soon(answer).await.unwrap().unwrap();
    assert_eq!((answer.version(), answer.status().as_u16()), (Version::HTTP_2, 200));
    assert_eq!(answer.headers().get("transfer-encoding"), None);
    for number in 0..10 {
        let event = format!("data: {number}\n\n");
        wire.send(&format!("{:x}\r\n{event}\r\n", event.len())).await;
        assert_eq!(piece(answer.body_mut()).await.unwrap().unwrap(), event);
    }
    wire.send("0\r\n\r\n").await;
    let end = piece(answer.body_mut()).await;
    assert!(end.is_none(), "{end:?}");
    let record = bench.record().await;
    assert!(record.is_stream && !record.incomplete);
    assert_eq!((record.response_bytes, record.protocol), (90, "HTTP/2"));
}

#[tokio::test]
async fn a_cancelled_stream_ends_its_call_and_no_other() {
    let backend = Backend::start().await;
    let (mut bench, mut client) = secure_client(&backend, "").await;
    let cancelled = tokio::spawn(client.post("/api/cancelled"));
    let mut wire = backend.accept().await;
    wire.message().await;
    wire.send(STREAM_HEAD).await;
    wire.send("9\r\ndata: 0\n\n\r\n").await;
    let mut cancelled = soon(cancelled).await.unwrap().unwrap();
    assert_eq!(piece(cancelled.body_mut()).await.unwrap().unwrap(), "data: 0\n\n");
    let kept = tokio::spawn(client.post("/api/kept"));
    let mut other = backend.accept().await;
    other.message().await;

    drop(cancelled);
    tokio::time::timeout(PROMPT, wire.ended())
        .await
        .expect("the backend still serves a call without a client");
    let record = bench.record().await;
    assert_eq!((record.status, record.incomplete, record.response_bytes), (200, true, 9));

    other.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
    let mut kept = soon(kept).await.unwrap().unwrap();
    assert_eq!(piece(kept.body_mut()).await.unwrap().unwrap(), "ok");
    assert!(!bench.record().await.incomplete);
}

#[tokio::test]
async fn a_call_cancelled_before_its_answer_ends_at_the_backend() {
    let backend = Backend::start().await;
    let (mut bench, mut client) = secure_client(&backend, "").await;
    let call = tokio::spawn(client.post("/api/chat"));
    let mut wire = backend.accept().await;
    wire.message().await;
    call.abort();
    tokio::time::timeout(PROMPT, wire.ended())
        .await
        .expect("the backend still serves a call without a client");
    assert_eq!(bench.record().await.status, 499);
}

#[tokio::test]
async fn a_client_that_leaves_resets_the_stream_of_an_http2_backend() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&open_api(backend.address, &forwarding("http-version=\"2\""))).await;
    let mut client = bench.client().await;
    client.send(CALL).await;
    let mut calls = serve(backend.accept().await.into_stream());
    let call = soon(calls.recv()).await.unwrap();
    let events = call.answer(Response::builder().header("content-type", "text/event-stream"));
    soon(events.send(Ok(Bytes::from_static(b"data: 0\n\n")))).await.unwrap();
    client.head().await;
    client.chunk().await;
    drop(client);
    tokio::time::timeout(PROMPT, events.closed()).await.expect("the stream is still open");
    assert!(bench.record().await.incomplete);

    let mut client: Wire<TcpStream> = bench.client().await;
    client.send(CALL).await;
    let mut unanswered = soon(calls.recv()).await.unwrap();
    drop(client);
    tokio::time::timeout(PROMPT, unanswered.given_up()).await.expect("the stream is still open");
    assert_eq!(bench.record().await.status, 499);
}
