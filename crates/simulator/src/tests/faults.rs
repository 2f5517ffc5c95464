use std::time::{Duration, Instant};

use super::*;
use crate::Fault;

const STREAM: &str = r#"{"messages":[{"role":"user","content":"x"}],"stream":true,"max_tokens":6}"#;

async fn bench() -> Bench {
    Bench::with(DeploymentConfig::new("gpt-4o")).await
}

async fn faulty(bench: &Bench, fault: &str, body: &str) -> Reply {
    bench.send("POST", &bench.url(CHAT), &[("api-key", "east-key"), ("x-sim-fault", fault)], body).await
}

#[tokio::test]
async fn status_with_every_retry_header() {
    let bench = bench().await;
    let reply = faulty(&bench, "status=503; retry-after=7; retry-after-ms=300", HELLO).await;
    assert_eq!(reply.status, 503);
    assert_eq!((reply.header("retry-after"), reply.header("retry-after-ms")), ("7", "300"));
    assert_eq!(reply.json()["error"]["code"], "ServiceUnavailable");
    let dated = faulty(&bench, "status=429;retry-after-date=12", HELLO).await;
    assert_eq!(dated.header("retry-after"), "Mon, 05 Jan 2026 10:01:00 GMT");
    assert_eq!(faulty(&bench, "explode", HELLO).await.status, 400);
}

#[tokio::test]
async fn configured_and_controlled_faults_are_used_up() {
    let once = |status| Fault { status: Some(status), count: Some(1), ..Fault::default() };
    let bench =
        Bench::with(DeploymentConfig { faults: vec![once(500)], ..DeploymentConfig::new("gpt-4o") }).await;
    let set = bench
        .send(
            "POST",
            &bench.url("/__sim/faults"),
            &[],
            r#"{"faults":[{"deployment":"gpt-4o","status":418,"count":2}]}"#,
        )
        .await;
    assert_eq!(set.status, 200);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(bench.post(CHAT, HELLO).await.status.as_u16());
    }
    assert_eq!(seen, [418, 418, 500, 200]);

    bench.running.set_faults("east", vec![Fault { status: Some(502), ..Fault::default() }]);
    assert_eq!(bench.post(CHAT, HELLO).await.status, 502);
    assert_eq!(bench.send("DELETE", &bench.url("/__sim/faults"), &[], "").await.status, 200);
    assert_eq!(bench.post(CHAT, HELLO).await.status, 200);
    assert_eq!(
        bench.send("POST", &bench.url("/__sim/faults"), &[], r#"{"faults":[{"boom":1}]}"#).await.status,
        400
    );
    assert_eq!(bench.send("POST", &bench.url("/__sim/reset"), &[], "").await.status, 200);
    assert_eq!(bench.post(CHAT, HELLO).await.status, 500);
}

/// Reads a reply that breaks off; gives what came before.
async fn broken(bench: &Bench, fault: &str, body: &str) -> Vec<u8> {
    let headers = [("api-key", "east-key"), ("x-sim-fault", fault)];
    let mut reply = bench.open("POST", &bench.url(CHAT), &headers, body).await.unwrap().into_body();
    let mut read = Vec::new();
    loop {
        match reply.frame().await {
            Some(Ok(frame)) => read.extend_from_slice(&frame.into_data().unwrap()),
            Some(Err(_)) => return read,
            None => panic!("the body ended properly"),
        }
    }
}

#[tokio::test]
async fn streams_are_cut_and_reset() {
    let bench = bench().await;
    for fault in ["cut-after=3", "reset-after=3"] {
        let read = broken(&bench, fault, STREAM).await;
        assert_eq!(events(&read).len(), 3, "{fault}");
    }
    let plain = broken(&bench, "cut-after=2", HELLO).await;
    assert_eq!(plain.len(), 128);
    let counts = &bench.running.stats().resources["east"].counts;
    assert_eq!((counts.cut_streams, counts.open_streams), (2, 0));
}

#[tokio::test]
async fn connection_is_reset_before_the_headers() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let bench = bench().await;
    let address = bench.running.addresses().resources["east"];
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nx-sim-fault: reset\r\ncontent-length: {}\r\n\r\n{HELLO}",
        HELLO.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let error = socket.read_to_end(&mut Vec::new()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn usage_is_left_out() {
    let bench = bench().await;
    assert!(faulty(&bench, "no-usage", HELLO).await.json().get("usage").is_none());
    let stream = r#"{"messages":[{"role":"user","content":"x"}],"stream":true,"stream_options":{"include_usage":true}}"#;
    let reply = faulty(&bench, "no-usage", stream).await;
    assert!(!String::from_utf8_lossy(&reply.body).contains("usage"));
}

#[tokio::test]
async fn delays_hold_and_every_event_comes_by_itself() {
    let bench = bench().await;
    let begin = Instant::now();
    let headers = [("api-key", "east-key"), ("x-sim-fault", "header-delay-ms=40;chunk-delay-ms=10")];
    let mut reply = bench.open("POST", &bench.url(CHAT), &headers, STREAM).await.unwrap().into_body();
    assert!(begin.elapsed() >= Duration::from_millis(40));
    let mut frames = 0;
    let mut read = Vec::new();
    while let Some(frame) = reply.frame().await {
        frames += 1;
        read.extend_from_slice(&frame.unwrap().into_data().unwrap());
    }
    let count = events(&read).len();
    assert_eq!(count, 1 + 1 + 6 + 1 + 1);
    assert!(begin.elapsed() >= Duration::from_millis(40 + 10 * (count as u64 - 1)));
    // A slow machine may read two events at once, but not most of them.
    assert!(frames > count / 2, "{frames} reads for {count} events");
}
