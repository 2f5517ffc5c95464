use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use sekisho_policy::ports::{Event, Recorder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::*;
use crate::metrics::{BuildInfo, CONTENT_TYPE};

async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn metrics_and_health_are_served_until_the_shutdown() {
    let metrics = Arc::new(Metrics::new(BuildInfo { version: "1" }));
    metrics.event(Event::ConfigurationLoaded);
    let ready = Arc::new(AtomicBool::new(false));
    let is_ready = ready.clone();
    let server = MetricsServer::new(metrics.clone(), Arc::new(move || is_ready.load(Ordering::Relaxed)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.serve(listener, async move { stopped.await.unwrap_or(()) }));
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");

    let answer = exchange(address, &get("/metrics")).await;
    assert!(answer.contains("content-type: text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains("# TYPE sekisho_configuration_loads_total counter\n"), "{answer}");
    let accept = "host: x\r\naccept: text/plain;q=0.5, application/openmetrics-text;version=1.0.0";
    let answer = exchange(address, &get("/metrics?x=1").replace("host: x", accept)).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains(&format!("content-type: {CONTENT_TYPE}")), "{head}");
    assert_eq!(body, metrics.render());
    assert!(body.contains("sekisho_configuration_loads_total{result=\"ok\"} 1\n"), "{body}");

    assert!(exchange(address, &get(STATUS_PATH)).await.starts_with("HTTP/1.1 503 "));
    ready.store(true, Ordering::Relaxed);
    assert!(exchange(address, &get(STATUS_PATH)).await.starts_with("HTTP/1.1 200 "));
    assert!(exchange(address, &get("/other")).await.starts_with("HTTP/1.1 404 "));
    let post = "POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let answer = exchange(address, post).await;
    assert!(answer.starts_with("HTTP/1.1 405 ") && answer.contains("allow: GET, HEAD\r\n"), "{answer}");
    let huge = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    assert!(!exchange(address, &huge).await.starts_with("HTTP/1.1 2"));

    stop.send(()).unwrap();
    serving.await.unwrap();
}
