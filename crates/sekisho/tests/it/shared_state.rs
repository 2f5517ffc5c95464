//! Two gateways on one Redis: limits hold for both together, and an outage fails no call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::Method;
use sekisho_testkit::redis::{Redis, RedisCluster};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::support::backend::Backend;
use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::{eventually, service};

const KEY: [(&str, &str); 1] = [("api-key", "test-key")];

/// A service whose calls of one team are limited, with settings of state.
fn limited(backend: &Backend, calls: u32, state: &str) -> TempDir {
    let policy = format!(r#"<rate-limit-by-key calls="{calls}" renewal-period="60" counter-key="team" />"#);
    let folder = service::small(&backend.url(), &service::inbound(&policy));
    std::fs::write(folder.path().join("sekisho.yaml"), format!("state: {state}\n")).unwrap();
    folder
}

/// 1,000 calls at 200 a second through two gateways; statuses 200 and 429, and everything else.
async fn thousand_calls(gateways: [&Gateway; 2]) -> (usize, usize, usize) {
    let client = Client::new();
    let statuses = Arc::new([const { AtomicUsize::new(0) }; 3]);
    let mut calls = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    for number in 0..1000 {
        ticks.tick().await;
        let (client, statuses) = (client.clone(), Arc::clone(&statuses));
        let url = format!("{}/test/echo", gateways[number % 2].url);
        calls.spawn(async move {
            let answer = client.call(Method::GET, &url, &KEY, "").await;
            let index = match answer.status {
                200 => 0,
                429 => 1,
                _ => 2,
            };
            statuses[index].fetch_add(1, Ordering::Relaxed);
        });
    }
    while let Some(ended) = calls.join_next().await {
        ended.unwrap();
    }
    let [passed, refused, other] = [0, 1, 2].map(|index| statuses[index].load(Ordering::Relaxed));
    (passed, refused, other)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_limit_for_two_gateways_on_one_server() {
    let redis = Redis::start(&[]).await.unwrap();
    let backend = Backend::start().await;
    let folder = limited(&backend, 300, &format!("{{redis: {{url: 'redis://127.0.0.1:{}'}}}}", redis.port));
    let first = Gateway::start(folder.path(), &[]).await;
    let second = Gateway::start(folder.path(), &[]).await;
    let (passed, refused, other) = thousand_calls([&first, &second]).await;
    println!("one server: {passed} passed, {refused} refused, {other} other");
    assert!((299..=301).contains(&passed) && other == 0, "{passed} passed, {refused} refused, {other} other");
    drop((first, second));
    let restarted = Gateway::start(folder.path(), &[]).await;
    let answer = Client::new().call(Method::GET, &format!("{}/test/echo", restarted.url), &KEY, "").await;
    assert_eq!(answer.status, 429, "counters outlive the gateways");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_limit_for_two_gateways_on_a_cluster() {
    let cluster = RedisCluster::start(3).await.unwrap();
    let backend = Backend::start().await;
    let urls: Vec<String> =
        cluster.nodes.iter().map(|node| format!("'redis://127.0.0.1:{}'", node.port)).collect();
    let folder =
        limited(&backend, 300, &format!("{{redis: {{urls: [{}], cluster: true}}}}", urls.join(", ")));
    let first = Gateway::start(folder.path(), &[]).await;
    let second = Gateway::start(folder.path(), &[]).await;
    let (passed, refused, other) = thousand_calls([&first, &second]).await;
    println!("three nodes: {passed} passed, {refused} refused, {other} other");
    assert!((299..=301).contains(&passed) && other == 0, "{passed} passed, {refused} refused, {other} other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_when_the_server_is_killed() {
    let mut redis = Redis::start(&[]).await.unwrap();
    let backend = Backend::start().await;
    let folder =
        limited(&backend, 1_000_000, &format!("{{redis: {{url: 'redis://127.0.0.1:{}'}}}}", redis.port));
    let mut gateway = Gateway::start(folder.path(), &[]).await;
    let url = format!("{}/test/echo", gateway.url);
    let failed = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(AtomicUsize::new(0));
    let load = tokio::spawn({
        let (url, failed, done) = (url.clone(), Arc::clone(&failed), Arc::clone(&done));
        async move {
            let client = Client::new();
            let mut ticks = tokio::time::interval(Duration::from_millis(5));
            loop {
                ticks.tick().await;
                let answer = client.call(Method::GET, &url, &KEY, "").await;
                failed.fetch_add(usize::from(answer.status != 200), Ordering::Relaxed);
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let more_calls = async || {
        let before = done.load(Ordering::Relaxed);
        eventually("100 more calls", Duration::from_secs(30), || async {
            done.load(Ordering::Relaxed) >= before + 100
        })
        .await;
    };
    more_calls().await;
    redis.kill().await.unwrap();
    let said = gateway.says("shared state cannot be reached").await;
    more_calls().await;
    let metrics = Client::new().get(&format!("{}/metrics", gateway.management)).await;
    assert!(metrics.text().contains("sekisho_state_lost{store=\"state\"} 1"), "{}", metrics.text());
    redis.restart().await.unwrap();
    let until_back = gateway.says("shared state is reached again").await;
    more_calls().await;
    load.abort();
    assert_eq!(failed.load(Ordering::Relaxed), 0);
    let said = said + &until_back;
    assert_eq!(said.matches("cannot be reached").count(), 1, "{said}");
    let metrics = Client::new().get(&format!("{}/metrics", gateway.management)).await;
    assert!(metrics.text().contains("sekisho_state_lost{store=\"state\"} 0"), "{}", metrics.text());
    assert!(metrics.text().contains("sekisho_state_outages_total{store=\"state\"} 1"), "{}", metrics.text());
    let keys = redis.command(&["KEYS", "sekisho:counter:*"]).await.unwrap();
    assert!(keys.contains("team"), "shared again: {keys}");
}
