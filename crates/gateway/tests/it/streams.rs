//! Streams pass event by event, and end on both sides together.

use crate::bench::{Backend, Bench, open_api};

const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const CALL: &str = "POST /api/chat HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";

#[tokio::test]
async fn every_event_arrives_before_the_next_is_sent() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&open_api(backend.address, "")).await;
    let mut client = bench.client().await;
    client.send(CALL).await;
    let mut wire = backend.accept().await;
    wire.message().await;
    wire.send(STREAM_HEAD).await;
    assert_eq!(client.head().await.header("content-type"), Some("text/event-stream"));
    for number in 0..10 {
        let event = format!("data: {number}\n\n");
        wire.send(&format!("{:x}\r\n{event}\r\n", event.len())).await;
        assert_eq!(client.chunk().await, event);
    }
    wire.send("0\r\n\r\n").await;
    assert_eq!(client.chunk().await, "");
    let record = bench.record().await;
    assert!(record.is_stream && !record.incomplete);
    assert_eq!(record.response_bytes, 90);
}

#[tokio::test]
async fn the_clients_end_is_the_backends_end() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&open_api(backend.address, "")).await;
    let mut client = bench.client().await;
    client.send(CALL).await;
    let mut wire = backend.accept().await;
    wire.message().await;
    wire.send(STREAM_HEAD).await;
    wire.send("9\r\ndata: 0\n\n\r\n").await;
    client.head().await;
    client.chunk().await;
    drop(client);
    wire.ended().await;
    let record = bench.record().await;
    assert_eq!((record.status, record.incomplete, record.response_bytes), (200, true, 9));
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_is_recorded() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&open_api(backend.address, "")).await;
    let mut client = bench.client().await;
    client.send(CALL).await;
    let mut wire = backend.accept().await;
    wire.message().await;
    drop(client);
    wire.ended().await;
    let record = bench.record().await;
    assert_eq!((record.status, record.incomplete, record.api_id.as_deref()), (499, true, Some("api")));
}

#[tokio::test]
async fn a_stream_that_breaks_off_breaks_off_for_the_client() {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&open_api(backend.address, "")).await;
    let mut client = bench.client().await;
    client.send(CALL).await;
    let mut wire = backend.accept().await;
    wire.message().await;
    wire.send(STREAM_HEAD).await;
    wire.send("9\r\ndata: 0\n\n\r\n").await;
    client.head().await;
    client.chunk().await;
    drop(wire);
    client.ended().await;
    assert!(bench.record().await.incomplete);
}

#[tokio::test]
async fn an_upload_is_not_held_back() {
    let backend = Backend::start().await;
    let bench = Bench::start(&open_api(backend.address, "")).await;
    let mut client = bench.client().await;
    client.send("PUT /api/file HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    client.send("5\r\nfirst\r\n").await;
    let mut wire = backend.accept().await;
    assert_eq!(wire.head().await.header("transfer-encoding"), Some("chunked"));
    assert_eq!(wire.chunk().await, "first");
    client.send("6\r\nsecond\r\n0\r\n\r\n").await;
    assert_eq!(wire.chunk().await, "second");
    assert_eq!(wire.chunk().await, "");
    wire.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(client.message().await.status(), 204);
}
