//! Answers under vectors on real servers: with RediSearch, without it, and gone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sekisho_policy::ports::vectors::{PRECISION, Vector, Vectors};
use sekisho_policy::ports::{Event, Recorder};
use sekisho_state::memory::{MemoryBounds, MemoryVectors};
use sekisho_state::redis::store::StorePorts;
use sekisho_state::redis::{RedisStore, RedisVectors};
use sekisho_testkit::clock::RealClock;
use sekisho_testkit::ports::FakeRecorder;
use sekisho_testkit::redis::{Redis, RedisCluster};

use crate::bench::{eventually, settings};

const MINUTE: Duration = Duration::from_secs(60);

struct Gateway {
    vectors: RedisVectors,
    recorder: Arc<FakeRecorder>,
}

impl Gateway {
    async fn start(ports: impl IntoIterator<Item = u16>, is_cluster: bool, database: i64) -> Gateway {
        let recorder = Arc::new(FakeRecorder::default());
        let clock = Arc::new(RealClock::default());
        let ports_of_store = StorePorts {
            clock: Arc::clone(&clock) as _,
            recorder: Arc::clone(&recorder) as Arc<dyn Recorder>,
            spawner: Arc::new(|future| drop(tokio::spawn(future))),
        };
        let mut settings = settings(ports, is_cluster);
        settings.database = database;
        // A busy machine is slow, and a miss would fail the test.
        settings.timeout = Duration::from_secs(2);
        let store = RedisStore::start("state", settings, ports_of_store);
        store.tried().await;
        let local = MemoryVectors::new(clock, MemoryBounds::VECTORS, Arc::clone(&recorder) as _);
        Gateway { vectors: RedisVectors::new(store, Arc::new(local)), recorder }
    }

    async fn put(&self, partition: &str, numbers: &[f32], value: &'static str, duration: Duration) {
        self.vectors.put(partition, &vector(numbers), Bytes::from_static(value.as_bytes()), duration).await;
    }

    async fn nearest(&self, partition: &str, numbers: &[f32], within: f32) -> Option<(f32, Option<Bytes>)> {
        let found = self.vectors.nearest(partition, &vector(numbers), within).await?;
        Some((found.distance, found.value))
    }

    fn told(&self) -> usize {
        let events = self.recorder.events.lock();
        events.iter().filter(|event| matches!(event, Event::SearchMissing { .. })).count()
    }
}

fn vector(numbers: &[f32]) -> Vector {
    Vector::new(numbers).unwrap()
}

/// A server with RediSearch; none, loudly, where it was not installed.
#[allow(clippy::print_stderr)] // Who runs the tests must hear what was left out.
async fn with_search() -> Option<Redis> {
    let redis = Redis::start_with_search().await.unwrap();
    if redis.is_none() {
        eprintln!("SKIPPED: no RediSearch in .cache; `tests/run rust` installs it");
        assert!(std::env::var_os("CI").is_none(), "CI must have RediSearch");
    }
    redis
}

#[tokio::test]
async fn gateways_share_answers_by_meaning() {
    let Some(redis) = with_search().await else { return };
    let first = Gateway::start([redis.port], false, 0).await;
    let second = Gateway::start([redis.port], false, 0).await;
    assert_eq!(second.nearest("ab", &[1.0, 0.0], 2.0).await, None, "there is no index yet");
    first.put("ab", &[1.0, 0.0], "east", MINUTE).await;
    first.put("ab", &[0.0, 1.0], "north", MINUTE).await;
    first.put("cd", &[1.0, 0.1], "other", MINUTE).await;
    let (distance, value) = second.nearest("ab", &[2.0, 0.0], PRECISION).await.unwrap();
    assert!(distance <= PRECISION);
    assert_eq!(value.unwrap(), "east");
    let (distance, value) = second.nearest("ab", &[0.6, 0.8], 0.25).await.unwrap();
    assert!((distance - 0.2).abs() < 1e-5, "{distance}");
    assert_eq!(value.unwrap(), "north");
    assert_eq!(second.nearest("ab", &[0.6, 0.8], 0.1).await.unwrap().1, None, "too far away");
    assert_eq!(second.nearest("ef", &[1.0, 0.0], 2.0).await, None, "an empty partition");
    // A partition that is no name in hexadecimal digits never becomes part of a query.
    assert_eq!(second.nearest("ab}|@partition:{cd", &[1.0, 0.0], 2.0).await, None);
    // The same vector has one place; other lengths have an index of their own.
    second.put("ab", &[1.0, 0.0], "anew", MINUTE).await;
    assert_eq!(first.nearest("ab", &[1.0, 0.0], PRECISION).await.unwrap().1.unwrap(), "anew");
    first.put("ab", &[1.0, 0.0, 0.0], "three", MINUTE).await;
    assert_eq!(first.nearest("ab", &[1.0, 0.0, 0.0], PRECISION).await.unwrap().1.unwrap(), "three");
    let indexes = redis.command(&["FT._LIST"]).await.unwrap();
    assert!(indexes.contains("sekisho:vectors:2") && indexes.contains("sekisho:vectors:3"), "{indexes}");
    let keys = redis.command(&["KEYS", "sekisho:vector:*"]).await.unwrap();
    assert_eq!(keys.lines().count(), 4, "{keys}");
    for key in keys.lines() {
        let left: i64 = redis.command(&["PTTL", key]).await.unwrap().parse().unwrap();
        assert!((30_000..=60_000).contains(&left), "{key}: {left}");
    }
    assert_eq!((first.told(), second.told()), (0, 0));
}

#[tokio::test]
async fn answers_end_and_lost_indexes_are_made_again() {
    let Some(redis) = with_search().await else { return };
    let gateway = Gateway::start([redis.port], false, 0).await;
    gateway.put("ab", &[1.0, 0.0], "short", Duration::from_millis(50)).await;
    let is_gone = || async { gateway.nearest("ab", &[1.0, 0.0], 1.0).await.is_none() };
    eventually("the answer ends", Duration::from_secs(10), is_gone).await;
    redis.command(&["FLUSHALL"]).await.unwrap();
    assert_eq!(gateway.nearest("ab", &[1.0, 0.0], 1.0).await, None);
    gateway.put("ab", &[1.0, 0.0], "again", MINUTE).await;
    assert_eq!(gateway.nearest("ab", &[1.0, 0.0], 1.0).await.unwrap().1.unwrap(), "again");
    gateway.put("ab", &[1.0, 0.0], "", Duration::ZERO).await;
    assert_eq!(gateway.nearest("ab", &[1.0, 0.0], 1.0).await, None, "nothing is kept for no time");
}

#[tokio::test]
async fn a_server_without_search_leaves_vectors_in_memory_and_is_told_of_once() {
    let redis = Redis::start(&[]).await.unwrap();
    let gateway = Gateway::start([redis.port], false, 0).await;
    gateway.put("ab", &[1.0, 0.0], "here", MINUTE).await;
    assert_eq!(gateway.nearest("ab", &[1.0, 0.0], 1.0).await.unwrap().1.unwrap(), "here");
    assert_eq!(gateway.told(), 1);
    assert_eq!(redis.command(&["KEYS", "sekisho:vector*"]).await.unwrap(), "");
}

#[tokio::test]
async fn indexes_know_neither_clusters_nor_other_databases() {
    let cluster = RedisCluster::start(3).await.unwrap();
    let gateway = Gateway::start([cluster.nodes[0].port], true, 0).await;
    gateway.put("ab", &[1.0, 0.0], "here", MINUTE).await;
    assert!(gateway.nearest("ab", &[1.0, 0.0], 1.0).await.is_some());
    assert_eq!(gateway.told(), 1);
    let Some(redis) = with_search().await else { return };
    let gateway = Gateway::start([redis.port], false, 1).await;
    gateway.put("ab", &[1.0, 0.0], "here", MINUTE).await;
    assert!(gateway.nearest("ab", &[1.0, 0.0], 1.0).await.is_some());
    assert_eq!(gateway.told(), 1);
}

#[tokio::test]
async fn cache_down() {
    let Some(mut redis) = with_search().await else { return };
    let gateway = Gateway::start([redis.port], false, 0).await;
    gateway.put("ab", &[1.0, 0.0], "here", MINUTE).await;
    redis.kill().await.unwrap();
    assert_eq!(gateway.nearest("ab", &[1.0, 0.0], 1.0).await, None);
    gateway.put("ab", &[1.0, 0.0], "lost", MINUTE).await;
    redis.restart().await.unwrap();
    let is_back = || async {
        gateway.put("ab", &[1.0, 0.0], "back", MINUTE).await;
        gateway.nearest("ab", &[1.0, 0.0], 1.0).await.is_some()
    };
    eventually("the server is used again", Duration::from_secs(20), is_back).await;
}
