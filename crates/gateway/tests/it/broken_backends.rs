//! Backends that break off, or send what is no HTTP.

use bytes::Bytes;
use http::Response;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::bench::{Backend, Bench, open_api, soon};
use crate::peer::{Client, piece, serve, serve_until};

const CALL: &str = "GET /api/x HTTP/1.1\r\nHost: a\r\n\r\n";
const TWO: &str = "<backend><forward-request http-version=\"2\" /></backend>";

#[tokio::test]
async fn a_sized_body_that_breaks_off_breaks_off_for_the_client() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&open_api(backend.address, "")).await;
    let mut client = bench.client().await;
    client.send(CALL).await;
    let mut wire = backend.accept().await;
    wire.message().await;
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").await;
    assert_eq!(client.head().await.header("content-length"), Some("10"));
    client.until("hello").await;
    drop(wire);
    client.ended().await;
    let record = bench.record().await;
    assert_eq!((record.status, record.incomplete, record.response_bytes), (200, true, 5));
    assert_eq!(bench.call("GET /status-0123456789abcdef HTTP/1.1\r\nHost: a\r\n\r\n").await.status(), 200);
}

#[tokio::test]
async fn a_body_that_breaks_off_resets_the_stream_of_an_http2_client() {
    for head in ["Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"] {
        let backend = Backend::start().await;
        let mut bench = Bench::start(&open_api(backend.address, "")).await;
        let mut client = Client::new(TcpStream::connect(bench.address).await.unwrap()).await;
        let answer = tokio::spawn(client.post("/api/x"));
        let mut wire = backend.accept().await;
        wire.message().await;
        wire.send(&format!("HTTP/1.1 200 OK\r\n{head}")).await;
        let mut answer = soon(answer).await.unwrap().unwrap();
        assert_eq!(piece(answer.body_mut()).await.unwrap().unwrap(), "hello");
        drop(wire);
        assert!(piece(answer.body_mut()).await.unwrap().is_err(), "a clean end after {head:?}");
        assert!(bench.record().await.incomplete);
    }
}

#[tokio::test]
async fn a_stream_that_an_http2_backend_resets_breaks_off_for_the_client() {
    for length in [Some("10"), None] {
        let backend = Backend::start().await;
        let mut bench = Bench::start(&open_api(backend.address, TWO)).await;
        let mut client = bench.client().await;
        client.send(CALL).await;
        let mut calls = serve(backend.accept().await.into_stream());
        let call = soon(calls.recv()).await.unwrap();
        let head = Response::builder();
        let body = call.answer(match length {
            Some(length) => head.header("content-length", length),
            None => head,
        });
        soon(body.send(Ok(Bytes::from_static(b"hello")))).await.unwrap();
        assert_eq!(client.head().await.header("content-length"), length);
        client.until(if length.is_some() { "hello" } else { "5\r\nhello\r\n" }).await;
        soon(body.send(Err("on purpose"))).await.unwrap();
        client.ended().await;
        assert!(bench.record().await.incomplete);
    }
}

/// What a client gets of a backend that answers like this.
async fn answered(answer: &str) -> (u16, Option<String>) {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&open_api(backend.address, "")).await;
    let serve = async {
        let mut wire = backend.accept().await;
        wire.message().await;
        wire.send_to_impatient(answer).await;
    };
    let ((), response) = tokio::join!(serve, bench.call(CALL));
    let record = bench.record().await;
    let reason = record.last_error.and_then(|error| error.reason);
    assert_eq!(record.attempts[0].failure.map(str::to_owned), reason.as_deref().map(str::to_owned));
    (response.status(), reason.map(|reason| reason.to_string()))
}

#[tokio::test]
async fn what_is_no_http_is_a_connection_failure() {
    let broken = (500, Some("BackendConnectionFailure".to_owned()));
    for answer in [
        "",
        "NONSENSE\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 20",
        "HTTP/3.7 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        "HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
    ] {
        assert_eq!(answered(answer).await, broken, "{answer:?}");
    }
}

#[tokio::test]
async fn too_large_a_head_is_a_connection_failure() {
    let broken = (500, Some("BackendConnectionFailure".to_owned()));
    let long = "x".repeat(1024 * 1024);
    assert_eq!(answered(&format!("HTTP/1.1 200 OK\r\nX-Long: {long}\r\n\r\n")).await, broken);
    assert_eq!(answered(&format!("HTTP/1.1 200 {long}")).await, broken);
    let many = "A: b\r\n".repeat(1000);
    assert_eq!(answered(&format!("HTTP/1.1 200 OK\r\n{many}\r\n")).await, broken);
    // What real backends send is none of these.
    let fair = format!("X-Long: {}\r\n", "x".repeat(60_000)) + &"A: b\r\n".repeat(90);
    let (status, reason) = answered(&format!("HTTP/1.1 200 OK\r\n{fair}Content-Length: 0\r\n\r\n")).await;
    assert_eq!((status, reason), (200, None));
}

/// The same as over HTTP/1.1: what is too large for one is so for the other.
#[tokio::test]
async fn too_large_a_head_over_http2_is_a_connection_failure() {
    for (bytes, expected) in [(60_000, 200), (1024 * 1024, 500)] {
        let backend = Backend::start().await;
        let mut bench = Bench::start(&open_api(backend.address, TWO)).await;
        let served = async {
            let mut calls = serve(backend.accept().await.into_stream());
            let call = soon(calls.recv()).await.unwrap();
            drop(call.answer(Response::builder().header("x-long", "x".repeat(bytes))));
            calls
        };
        let (mut calls, response) = tokio::join!(served, bench.call(CALL));
        assert_eq!(response.status(), expected, "{bytes}");
        assert!(calls.try_recv().is_err(), "the backend was called twice");
        let reason = bench.record().await.last_error.and_then(|error| error.reason);
        assert_eq!(reason.as_deref(), (expected == 500).then_some("BackendConnectionFailure"));
    }
}

/// Whatever ends it, a call that an HTTP/2 backend may have seen is not sent to it again.
#[tokio::test]
async fn a_broken_http2_call_is_not_sent_again() {
    for hangs_up in [false, true] {
        let backend = Backend::start().await;
        let mut bench = Bench::start(&open_api(backend.address, TWO)).await;
        let mut client = bench.client().await;
        client.send(CALL).await;
        let (hang_up, end) = oneshot::channel::<()>();
        let mut calls = serve_until(backend.accept().await.into_stream(), end);
        // The first call makes the connection a used one.
        soon(calls.recv()).await.unwrap().ok().await;
        assert_eq!(client.message().await.body, "ok");
        bench.record().await;
        client.send(CALL).await;
        let call = soon(calls.recv()).await.unwrap();
        if hangs_up {
            hang_up.send(()).unwrap();
        } else {
            call.fail();
        }
        tokio::select! {
            response = client.message() => assert_eq!(response.status(), 500),
            _ = backend.accept() => panic!("the backend is called again"),
        }
        let reason = bench.record().await.last_error.and_then(|error| error.reason);
        assert_eq!(reason.as_deref(), Some("BackendConnectionFailure"));
        assert!(calls.try_recv().is_err(), "the backend was called twice");
    }
}
