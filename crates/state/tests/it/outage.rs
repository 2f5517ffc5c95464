//! Servers that die, hang, refuse or are not there.

use std::time::{Duration, Instant};

use sekisho_policy::ports::counters::Counters;
use sekisho_policy::ports::{Cache, Event};
use sekisho_state::redis::OnStateFailure;
use sekisho_testkit::redis::{Redis, RedisCluster};

use crate::bench::{Adapters, eventually, settings};
use crate::model::{ask, sliding};

const MINUTE: Duration = Duration::from_secs(60);
const LOCAL: OnStateFailure = OnStateFailure::Local;
/// Two cores, many tests.
const PATIENCE: Duration = Duration::from_secs(20);

/// Traffic of 200 calls a second for a while; gives the longest decision.
async fn traffic(gateway: &Adapters, duration: Duration) -> Duration {
    let (start, mut longest) = (Instant::now(), Duration::ZERO);
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    while start.elapsed() < duration {
        ticks.tick().await;
        let before = Instant::now();
        // Every decision is an answer; one that fails would panic here.
        gateway.passes("team", 1_000_000).await;
        longest = longest.max(before.elapsed());
    }
    longest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_is_left_at_once_and_found_again() {
    let mut redis = Redis::start(&[]).await.unwrap();
    let gateway = Adapters::start(settings([redis.port], false), LOCAL).await;
    traffic(&gateway, Duration::from_millis(300)).await;
    assert_eq!((gateway.bypasses(), gateway.outages()), (0, (0, 0)));
    redis.kill().await.unwrap();
    let killed = Instant::now();
    let longest = traffic(&gateway, Duration::from_millis(500)).await;
    eventually("told", Duration::from_secs(1), || async { gateway.outages() == (1, 0) }).await;
    println!("told after {:?} at most; longest decision {longest:?}", killed.elapsed());
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    // Local counters refuse as well.
    for _ in 0..3 {
        assert!(gateway.passes("local", 3).await);
    }
    assert!(!gateway.passes("local", 3).await);
    let longest = traffic(&gateway, Duration::from_secs(2)).await;
    println!("longest decision without the server: {longest:?}");
    assert!(
        longest < Duration::from_millis(100),
        "nobody waits for a server that is known to be away: {longest:?}"
    );
    assert_eq!(gateway.outages(), (1, 0), "told once");
    redis.restart().await.unwrap();
    let back = eventually("back", PATIENCE, || async { gateway.outages() == (1, 1) }).await;
    println!("back {back:?} after the restart");
    let before = gateway.bypasses();
    traffic(&gateway, Duration::from_millis(300)).await;
    assert_eq!((gateway.bypasses(), gateway.outages()), (before, (1, 1)));
    let keys = redis.command(&["KEYS", "*"]).await.unwrap();
    assert!(keys.contains("{team}"), "{keys}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_costs_three_deadlines() {
    let redis = Redis::start(&[]).await.unwrap();
    let gateway = Adapters::start(settings([redis.port], false), LOCAL).await;
    assert!(gateway.passes("team", 1000).await);
    redis.freeze().await.unwrap();
    let frozen = Instant::now();
    for _ in 0..3 {
        assert!(gateway.passes("team", 1000).await);
    }
    let waited = frozen.elapsed();
    let before = Instant::now();
    for _ in 0..100 {
        assert!(gateway.passes("team", 1000).await);
    }
    println!("three deadlines: {waited:?}; a hundred decisions after them: {:?}", before.elapsed());
    assert!(waited < Duration::from_secs(1) && before.elapsed() < Duration::from_millis(100));
    eventually("told", PATIENCE, || async { gateway.outages() == (1, 0) }).await;
    redis.thaw().await.unwrap();
    eventually("back", PATIENCE, || async { gateway.outages() == (1, 1) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_the_server_closes_is_no_outage() {
    let redis = Redis::start(&[]).await.unwrap();
    let gateway = Adapters::start(settings([redis.port], false), LOCAL).await;
    assert!(gateway.passes("team", 1000).await);
    redis.command(&["CLIENT", "KILL", "TYPE", "normal"]).await.unwrap();
    eventually("shared again", PATIENCE, || async {
        let before = gateway.bypasses();
        gateway.passes("team", 1000).await;
        gateway.bypasses() == before
    })
    .await;
    assert_eq!(gateway.outages(), (0, 0));
}

#[tokio::test]
async fn scripts_that_a_server_forgot_are_sent_again() {
    let redis = Redis::start(&[]).await.unwrap();
    let gateway = Adapters::start(settings([redis.port], false), LOCAL).await;
    redis.command(&["SCRIPT", "FLUSH"]).await.unwrap();
    assert!(gateway.passes("team", 1).await);
    assert!(!gateway.passes("team", 1).await);
    assert!(gateway.cache.lock("key", 1, MINUTE).await);
    assert_eq!(gateway.bypasses(), 0);
}

#[tokio::test]
async fn a_gateway_starts_without_its_server() {
    let mut redis = Redis::start(&[]).await.unwrap();
    redis.kill().await.unwrap();
    let gateway = Adapters::start(settings([redis.port], false), LOCAL).await;
    assert_eq!(gateway.outages(), (1, 0));
    assert!(gateway.passes("team", 1).await && !gateway.passes("team", 1).await);
    let reason = gateway.recorder.events.lock().iter().find_map(|event| match event {
        Event::StateLost { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    println!("{reason:?}");
    redis.restart().await.unwrap();
    eventually("found", PATIENCE, || async { gateway.outages() == (1, 1) }).await;
}

#[tokio::test]
async fn deny_refuses_to_decide_and_a_cache_misses() {
    let mut redis = Redis::start(&[]).await.unwrap();
    let gateway = Adapters::start(settings([redis.port], false), OnStateFailure::Deny).await;
    gateway.cache.set("key", "value".into(), MINUTE).await;
    assert!(gateway.cache.lock("key", 1, MINUTE).await);
    assert!(gateway.passes("team", 1).await);
    redis.kill().await.unwrap();
    let error = gateway.counters.decide(&[ask("team", sliding(MINUTE), 1, 1)]).await.unwrap_err();
    assert_eq!(error.message, "the shared state cannot be reached, and nothing is granted without it");
    gateway.counters.add(&[ask("team", sliding(MINUTE), 1, 1)]).await;
    assert_eq!(gateway.cache.get("key").await, None);
    gateway.cache.set("key", "value".into(), MINUTE).await;
    gateway.cache.remove("key").await;
    assert!(gateway.cache.lock("key", 2, MINUTE).await, "work is done twice rather than not at all");
    gateway.cache.unlock("key", 2).await;
}

#[tokio::test]
async fn a_server_that_may_not_be_written_to_is_an_outage() {
    let primary = Redis::start(&[]).await.unwrap();
    let redis = Redis::start(&[]).await.unwrap();
    let gateway = Adapters::start(settings([redis.port], false), LOCAL).await;
    assert!(gateway.passes("team", 1000).await);
    // A failover: what was the primary is a replica now.
    redis.command(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]).await.unwrap();
    eventually("told", PATIENCE, || async {
        gateway.passes("team", 1000).await && gateway.outages() == (1, 0)
    })
    .await;
    redis.command(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    eventually("back", PATIENCE, || async { gateway.outages() == (1, 1) }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_loses_a_node_is_left_and_found_again() {
    let mut cluster = RedisCluster::start(3).await.unwrap();
    let ports: Vec<u16> = cluster.nodes.iter().map(|node| node.port).collect();
    let gateway = Adapters::start(settings(ports, true), LOCAL).await;
    let all = async |gateway: &Adapters| {
        let mut longest = Duration::ZERO;
        for number in 0..30 {
            let before = Instant::now();
            gateway.passes(&format!("team-{number}"), 1_000_000).await;
            longest = longest.max(before.elapsed());
        }
        longest
    };
    all(&gateway).await;
    assert_eq!(gateway.bypasses(), 0);
    cluster.nodes[1].kill().await.unwrap();
    let killed = Instant::now();
    while gateway.outages().0 == 0 {
        assert!(killed.elapsed() < PATIENCE, "told within time");
        all(&gateway).await;
    }
    println!("told after {:?}", killed.elapsed());
    let longest = all(&gateway).await;
    assert!(longest < Duration::from_millis(100), "{longest:?}");
    assert_eq!(gateway.outages(), (1, 0));
    cluster.nodes[1].restart().await.unwrap();
    cluster.formed().await.unwrap();
    eventually("back", PATIENCE, || async { gateway.outages() == (1, 1) }).await;
    let before = gateway.bypasses();
    all(&gateway).await;
    assert_eq!(gateway.bypasses(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_are_followed() {
    let cluster = RedisCluster::start(3).await.unwrap();
    let gateway = Adapters::start(settings([cluster.nodes[0].port], true), LOCAL).await;
    assert!(gateway.passes("team", 2).await);
    let slot = cluster.nodes[0].command(&["CLUSTER", "KEYSLOT", "team"]).await.unwrap();
    let from = slot.parse::<usize>().unwrap() * 3 / 16_384;
    let (source, target) = (&cluster.nodes[from], &cluster.nodes[(from + 1) % 3]);
    let source_id = source.command(&["CLUSTER", "MYID"]).await.unwrap();
    let target_id = target.command(&["CLUSTER", "MYID"]).await.unwrap();
    target.command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source_id]).await.unwrap();
    source.command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target_id]).await.unwrap();
    let key = "sekisho:counter:{team}:sliding-60s";
    let port = target.port.to_string();
    let moved = source.command(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]).await.unwrap();
    assert_eq!(moved, "OK");
    assert!(gateway.passes("team", 2).await, "asked where it is");
    for node in [target, source, &cluster.nodes[(from + 2) % 3]] {
        node.command(&["CLUSTER", "SETSLOT", &slot, "NODE", &target_id]).await.unwrap();
    }
    assert!(!gateway.passes("team", 2).await, "followed to the new node with its count");
    assert_eq!((gateway.bypasses(), gateway.outages()), (0, (0, 0)));
}
