//! What a decision costs: in memory in nanoseconds, on a `redis-server` of this machine in microseconds.
//!
//! `cargo bench -p sekisho-state`; Redis is left out where it is not installed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // A tool for developers; it may end with a panic.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sekisho_policy::ports::counters::{CounterAsk, Counters, Window};
use sekisho_policy::ports::{Cache, Recorder, Vector, Vectors};
use sekisho_state::memory::{MemoryBounds, MemoryCache, MemoryCounters, MemoryVectors};
use sekisho_state::redis::OnStateFailure;
use sekisho_state::redis::store::StorePorts;
use sekisho_state::redis::{RedisCounters, RedisSettings, RedisStore};
use sekisho_testkit::clock::RealClock;
use sekisho_testkit::ports::FakeRecorder;
use sekisho_testkit::redis::Redis;

const MINUTE: Duration = Duration::from_secs(60);
/// Decisions of one measurement in memory, and on Redis.
const IN_MEMORY: u32 = 1_000_000;
const ON_REDIS: u32 = 20_000;
/// Decisions under way at once.
const AT_ONCE: u32 = 50;

fn windows() -> [(&'static str, Window, u64); 4] {
    [
        ("sliding, granted", Window::Sliding { length: MINUTE }, u64::MAX),
        ("sliding, refused", Window::Sliding { length: MINUTE }, 300),
        ("fixed", Window::Fixed { start_ticks: 0, length: Some(60 * MINUTE) }, u64::MAX),
        ("bucket", Window::TokenBucket { refill: 1_000_000, interval: MINUTE }, 1_000_000_000),
    ]
}

#[tokio::main]
async fn main() {
    let counters = MemoryCounters::new(Arc::new(RealClock::default()));
    for (name, window, limit) in windows() {
        let asks = keys(1000, window, limit);
        let start = Instant::now();
        for turn in 0..IN_MEMORY {
            let ask = &asks[turn as usize % asks.len()];
            counters.decide(std::slice::from_ref(ask)).await.unwrap();
        }
        report("memory", name, start.elapsed() / IN_MEMORY);
    }
    cache_hit().await;
    nearest_vector().await;
    match Redis::start(&[]).await {
        Ok(redis) => on_redis(&redis).await,
        Err(error) => println!("{error:#}"),
    }
}

async fn cache_hit() {
    let cache = MemoryCache::new(Arc::new(RealClock::default()));
    cache.set("a key of some length", vec![0; 4096].into(), MINUTE).await;
    let start = Instant::now();
    for _ in 0..IN_MEMORY {
        assert!(cache.get("a key of some length").await.is_some());
    }
    report("memory", "cache hit of 4 KiB", start.elapsed() / IN_MEMORY);
}

/// The nearest of 10,000 vectors of 384 dimensions.
async fn nearest_vector() {
    const VECTORS: u32 = 10_000;
    const LOOKUPS: u32 = 500;
    let clock = Arc::new(RealClock::default());
    let vectors = MemoryVectors::new(clock, MemoryBounds::VECTORS, Arc::new(FakeRecorder::default()));
    let mut state = 1_u64;
    let mut number = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut vector = || Vector::new(&(0..384).map(|_| number()).collect::<Vec<_>>()).unwrap();
    for _ in 0..VECTORS {
        vectors.put("00", &vector(), vec![0; 1024].into(), MINUTE).await;
    }
    let wanted = vector();
    let start = Instant::now();
    for _ in 0..LOOKUPS {
        assert!(vectors.nearest("00", &wanted, 0.0).await.is_some());
    }
    report("memory", "nearest of 10,000", start.elapsed() / LOOKUPS);
}

async fn on_redis(redis: &Redis) {
    let clock = Arc::new(RealClock::default());
    let ports = StorePorts {
        clock: Arc::clone(&clock) as _,
        recorder: Arc::new(FakeRecorder::default()) as Arc<dyn Recorder>,
        spawner: Arc::new(|future| drop(tokio::spawn(future))),
    };
    let store = RedisStore::start("state", RedisSettings::new("127.0.0.1", redis.port), ports);
    store.tried().await;
    let local = MemoryCounters::new(clock);
    let counters = Arc::new(RedisCounters::new(store, local, OnStateFailure::Deny));
    for (name, window, limit) in windows() {
        let asks = Arc::new(keys(1000, window, limit));
        let start = Instant::now();
        for turn in 0..ON_REDIS {
            counters.decide(std::slice::from_ref(&asks[turn as usize % 1000])).await.unwrap();
        }
        report("redis, one after another", name, start.elapsed() / ON_REDIS);
        let start = Instant::now();
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|task| {
                let (counters, asks) = (Arc::clone(&counters), Arc::clone(&asks));
                tokio::spawn(async move {
                    for turn in 0..ON_REDIS / AT_ONCE {
                        let ask = &asks[(task * 31 + turn) as usize % 1000];
                        counters.decide(std::slice::from_ref(ask)).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        report("redis, fifty at once", name, start.elapsed() / ON_REDIS);
    }
}

fn keys(count: u32, window: Window, limit: u64) -> Vec<CounterAsk> {
    let key = |number| format!("rate-limit-by-key/60s/team-{number}");
    (0..count).map(|number| CounterAsk { key: key(number), window, limit, amount: 1 }).collect()
}

fn report(place: &str, name: &str, each: Duration) {
    println!("{place:26} {name:20} {each:>12.2?}");
}
