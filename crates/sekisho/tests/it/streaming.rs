//! Streams: event by event, ended by either side, drained at the end.

use std::time::{Duration, Instant};

use http::Method;
use http_body_util::BodyExt;
use tokio::task::JoinSet;

use crate::support::backend::{Backend, microseconds};
use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::{eventually, service};

const KEY: [(&str, &str); 1] = [("api-key", "test-key")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_event_arrives_within_50_ms_of_being_sent() {
    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), &service::inbound(""));
    let gateway = Gateway::start(folder.path(), &[]).await;
    let url = format!("{}/test/events?count=5&every=1000", gateway.url);
    let response = Client::new().open(Method::GET, &url, &KEY, "").await.unwrap();
    let mut body = response.into_body();
    let mut arrived = Vec::new();
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        assert!(data.starts_with(b"data: event") && data.ends_with(b"\n\n"), "one whole event a frame");
        arrived.push(Instant::now());
    }
    let sent = backend.seen.lock().sent.clone();
    assert_eq!((sent.len(), arrived.len()), (5, 5));
    let delays: Vec<Duration> =
        sent.iter().zip(&arrived).map(|(sent, arrived)| arrived.duration_since(*sent)).collect();
    println!("from backend to client: {delays:?}");
    assert!(delays.iter().all(|delay| *delay < Duration::from_millis(50)), "{delays:?}");
}

/// How long each event of a stream was on its way; every event is there, whole and in its place.
async fn delays(client: Client, url: String, count: usize) -> Vec<Duration> {
    let response = client.open(Method::GET, &url, &KEY, "").await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    let mut text = String::new();
    let mut delays = Vec::new();
    while let Some(frame) = body.frame().await {
        let now = microseconds();
        text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            let sent = event.strip_prefix(&format!("data: event {} at ", delays.len())).expect(event);
            let sent: u128 = sent.parse().unwrap();
            delays.push(Duration::from_micros(now.saturating_sub(sent).try_into().unwrap()));
            text = rest.to_owned();
        }
    }
    assert_eq!((delays.len(), text.as_str()), (count, ""));
    delays
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_streams_lose_no_event() {
    const STREAMS: usize = 1000;
    const EVENTS: usize = 8;
    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), &service::inbound(""));
    let gateway = Gateway::start(folder.path(), &[]).await;
    let url = format!("{}/test/events?count={EVENTS}&every=1000&stamps=1", gateway.url);
    let client = Client::new();
    let mut streams: JoinSet<_> = (0..STREAMS).map(|_| delays(client.clone(), url.clone(), EVENTS)).collect();
    eventually("all streams are open at once", Duration::from_secs(30), || async {
        backend.seen.lock().open == STREAMS
    })
    .await;
    let mut all = Vec::new();
    while let Some(delays) = streams.join_next().await {
        all.extend(delays.unwrap());
    }
    all.sort_unstable();
    let at = |share: usize| all[(all.len() - 1) * share / 1000];
    println!(
        "{} events of {STREAMS} streams: p50 {:?}, p99 {:?}, max {:?}",
        all.len(),
        at(500),
        at(990),
        at(1000)
    );
    assert_eq!(all.len(), STREAMS * EVENTS);
    // Without optimization the machine is busy with the test itself.
    let bound = if cfg!(debug_assertions) { Duration::from_secs(5) } else { Duration::from_millis(50) };
    assert!(at(990) < bound, "{:?}", at(990));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_ends_the_backend_call() {
    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), &service::inbound(""));
    let gateway = Gateway::start(folder.path(), &[]).await;
    let url = format!("{}/test/events?count=100000&every=100", gateway.url);
    let response = Client::new().open(Method::GET, &url, &KEY, "").await.unwrap();
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    eventually("the backend sees its caller go", Duration::from_secs(1), || async {
        backend.seen.lock().abandoned == 1
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_open_at_sigterm_finish() {
    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), &service::inbound(""));
    let gateway = Gateway::start(folder.path(), &[]).await;
    let url = format!("{}/test/events?count=10&every=200", gateway.url);
    let mut bodies = Vec::new();
    for _ in 0..100 {
        bodies.push(Client::new().open(Method::GET, &url, &KEY, "").await.unwrap().into_body());
    }
    eventually("all streams are open", Duration::from_secs(5), || async { backend.seen.lock().open == 100 })
        .await;
    gateway.terminate();
    for body in bodies {
        let text = body.collect().await.expect("the stream was cut").to_bytes();
        assert!(text.ends_with(b"data: event 9\n\n"), "{text:?}");
    }
    assert_eq!(gateway.ended(Duration::from_secs(10)).await, Some(0));
}
