//! What records calls may be slow or away: the calls do not notice.

use std::time::{Duration, Instant};

use http::Method;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::backend::Backend;
use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::service;

/// More than the queue of the access log and the pipe behind it hold.
const CALLS: usize = 10_000;
const AT_ONCE: usize = 16;
/// Calls whose latency is compared.
const MEASURED: usize = 300;
const KEY: (&str, &str) = ("api-key", "test-key");

const METRIC: &str =
    r#"<emit-metric name="calls" namespace="isolation"><dimension name="API ID" /></emit-metric>"#;

async fn call(client: &Client, gateway: &Gateway) -> Duration {
    let start = Instant::now();
    let answer = client.call(Method::GET, &format!("{}/test/echo", gateway.url), &[KEY], "").await;
    assert_eq!(answer.status, 200);
    start.elapsed()
}

/// The value of a series that begins with this.
async fn value(client: &Client, gateway: &Gateway, series: &str) -> f64 {
    let metrics = client.get(&format!("{}/metrics", gateway.management)).await;
    let line = metrics.text().lines().find(|line| line.starts_with(series));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
}

/// Callers that ask for metrics and never take the answer.
async fn stuck_scrapers(gateway: &Gateway) -> Vec<TcpStream> {
    let mut scrapers = Vec::new();
    for _ in 0..20 {
        let mut stream =
            TcpStream::connect(gateway.management.strip_prefix("http://").unwrap()).await.unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
        scrapers.push(stream);
    }
    scrapers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metric_isolation() {
    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), &service::inbound(METRIC));
    std::fs::write(folder.path().join("sekisho.yaml"), "accessLog: true\n").unwrap();
    let mut free = Gateway::start(folder.path(), &[]).await;
    free.read_output();
    // Nobody reads what this one writes.
    let stuck = Gateway::start(folder.path(), &[]).await;
    let _scrapers = stuck_scrapers(&stuck).await;

    let callers = (0..AT_ONCE).map(|_| async {
        let client = Client::new();
        for _ in 0..CALLS / AT_ONCE {
            call(&client, &stuck).await;
        }
    });
    futures_util::future::join_all(callers).await;
    let client = Client::new();
    let dropped = value(&client, &stuck, "sekisho_log_lines_dropped_total").await;
    assert!(dropped > 0.0, "the access log is not full");

    // One after the other, so that whatever else the machine does slows both.
    let (mut of_free, mut of_stuck) = (Vec::new(), Vec::new());
    for _ in 0..MEASURED {
        of_free.push(call(&client, &free).await);
        of_stuck.push(call(&client, &stuck).await);
    }
    of_free.sort_unstable();
    of_stuck.sort_unstable();
    let (usual, beside) = (of_free[MEASURED / 2], of_stuck[MEASURED / 2]);
    println!(
        "median of a call: {usual:?}, with nobody to take what is recorded {beside:?}; {dropped} lines lost"
    );
    assert!(beside < usual + Duration::from_millis(5), "{beside:?} against {usual:?}");
    let told = value(&client, &stuck, "sekisho_requests_total{").await;
    assert!(told >= CALLS as f64, "metrics go on: {told}");
}
