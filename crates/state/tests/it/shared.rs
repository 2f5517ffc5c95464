//! Two gateways count and keep together, on one server and on a cluster.

use std::collections::BTreeSet;
use std::time::Duration;

use sekisho_policy::ports::Cache;
use sekisho_policy::ports::counters::{Counters, Window};
use sekisho_state::redis::OnStateFailure;
use sekisho_testkit::redis::{Redis, RedisCluster};

use crate::bench::{Adapters, settings, thousand_calls};
use crate::model::{ask, sliding};

const MINUTE: Duration = Duration::from_secs(60);
const LOCAL: OnStateFailure = OnStateFailure::Local;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_a_minute_through_two_gateways() {
    let redis = Redis::start(&[]).await.unwrap();
    let first = Adapters::start(settings([redis.port], false), LOCAL).await;
    let second = Adapters::start(settings([redis.port], false), LOCAL).await;
    let granted = thousand_calls([&first, &second]).await;
    println!("one server: {granted} of 1,000 calls at 200/s let through by 300/minute");
    assert!((299..=301).contains(&granted), "{granted}");
    assert_eq!(first.bypasses() + second.bypasses(), 0);
    let keys = redis.command(&["KEYS", "*"]).await.unwrap();
    assert!(keys.contains("sekisho:counter:{team}:sliding-60s"), "{keys}");
    // The key ends with the window.
    let left: i64 =
        redis.command(&["PTTL", "sekisho:counter:{team}:sliding-60s"]).await.unwrap().parse().unwrap();
    assert!((40_000..=60_001).contains(&left), "{left}");
    let length: usize =
        redis.command(&["LLEN", "sekisho:counter:{team}:sliding-60s"]).await.unwrap().parse().unwrap();
    assert!(length <= 130, "{length}");
    drop((first, second));
    let restarted = Adapters::start(settings([redis.port], false), LOCAL).await;
    assert!(!restarted.passes("team", 300).await, "counters outlive the gateway");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_a_minute_on_a_cluster() {
    let cluster = RedisCluster::start(3).await.unwrap();
    // One node is enough to find the others.
    let first = Adapters::start(settings([cluster.nodes[0].port], true), LOCAL).await;
    let second = Adapters::start(settings([cluster.nodes[2].port], true), LOCAL).await;
    let granted = thousand_calls([&first, &second]).await;
    println!("three nodes: {granted} of 1,000 calls at 200/s let through by 300/minute");
    assert!((299..=301).contains(&granted), "{granted}");
    assert_eq!(first.bypasses() + second.bypasses(), 0);
    // Keys are spread over the nodes.
    for number in 0..60 {
        first.passes(&format!("team-{number}"), 300).await;
    }
    for node in &cluster.nodes {
        let size: usize = node.command(&["DBSIZE"]).await.unwrap().parse().unwrap();
        assert!(size > 5, "{size}");
    }
}

#[tokio::test]
async fn a_decision_over_several_nodes_adds_to_all_or_to_none() {
    let cluster = RedisCluster::start(3).await.unwrap();
    let gateway = Adapters::start(settings([cluster.nodes[0].port], true), LOCAL).await;
    let windows = [
        sliding(MINUTE),
        Window::Fixed { start_ticks: 0, length: None },
        Window::TokenBucket { refill: 1, interval: Duration::from_secs(100_000) },
    ];
    let asks: Vec<_> =
        (0..12).map(|number| ask(&format!("key-{number}"), windows[number % 3], 5, 2)).collect();
    let granted = gateway.counters.decide(&asks).await.unwrap();
    assert!(granted.iter().all(|state| state.granted && state.count == 2));
    let mut stricter = asks.clone();
    stricter[7].limit = 3;
    for _ in 0..3 {
        let refused = gateway.counters.decide(&stricter).await.unwrap();
        let refusals: BTreeSet<usize> = (0..12).filter(|index| !refused[*index].granted).collect();
        assert_eq!(refusals, BTreeSet::from([7]));
        assert!(refused.iter().all(|state| state.count == 2), "{refused:?}");
    }
    let granted = gateway.counters.decide(&asks).await.unwrap();
    assert!(granted.iter().all(|state| state.granted && state.count == 4), "nothing was added: {granted:?}");
    assert_eq!(gateway.bypasses(), 0);
}

#[tokio::test]
async fn counters_of_a_group_are_on_one_node() {
    let cluster = RedisCluster::start(3).await.unwrap();
    let gateway = Adapters::start(settings([cluster.nodes[0].port], true), LOCAL).await;
    let asks =
        ["rate", "quota", "tokens"].map(|kind| ask(&format!("team\u{1f}{kind}"), sliding(MINUTE), 5, 1));
    gateway.counters.decide(&asks).await.unwrap();
    let mut sizes = Vec::new();
    for node in &cluster.nodes {
        sizes.push(
            node.command(&["KEYS", "*team*"]).await.unwrap().lines().filter(|line| !line.is_empty()).count(),
        );
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [0, 0, 3]);
}

#[tokio::test]
async fn values_and_locks_are_shared() {
    let redis = Redis::start(&[]).await.unwrap();
    let cluster = RedisCluster::start(3).await.unwrap();
    for (ports, is_cluster) in
        [(vec![redis.port], false), (cluster.nodes.iter().map(|node| node.port).collect(), true)]
    {
        let first = Adapters::start(settings(ports.clone(), is_cluster), LOCAL).await.cache;
        let second = Adapters::start(settings(ports, is_cluster), LOCAL).await.cache;
        first.set("key", "value".into(), MINUTE).await;
        let binary = vec![0xFF; 3 * 1024 * 1024];
        first.set("large", binary.clone().into(), MINUTE).await;
        assert_eq!(second.get("key").await, Some("value".into()));
        assert!(second.get("large").await.is_some_and(|value| value == binary));
        second.remove("key").await;
        assert_eq!(first.get("key").await, None);
        first.set("large", vec![0; 17 * 1024 * 1024].into(), MINUTE).await;
        assert_eq!(first.get("large").await, None, "too large is not kept, and the old one is gone");
        first.set("for ever", "value".into(), Duration::MAX).await;
        assert!(first.get("for ever").await.is_some());
        first.set("key", "value".into(), Duration::ZERO).await;
        assert_eq!(first.get("key").await, None);

        assert!(first.lock("key", 1, MINUTE).await && first.lock("key", 1, MINUTE).await);
        assert!(!second.lock("key", 2, MINUTE).await);
        second.unlock("key", 2).await;
        assert!(!second.lock("key", 2, MINUTE).await);
        first.unlock("key", 1).await;
        assert!(second.lock("key", 2, MINUTE).await);
    }
}
