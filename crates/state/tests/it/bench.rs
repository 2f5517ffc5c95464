//! Gateways' adapters on one Redis, and traffic through them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sekisho_policy::ports::counters::Counters;
use sekisho_policy::ports::{Event, Recorder};
use sekisho_state::memory::MemoryCounters;
use sekisho_state::redis::OnStateFailure;
use sekisho_state::redis::store::StorePorts;
use sekisho_state::redis::{RedisCache, RedisCounters, RedisServer, RedisSettings, RedisStore};
use sekisho_testkit::clock::RealClock;
use sekisho_testkit::ports::{FakeEntropy, FakeRecorder};
use tokio::task::JoinSet;

use crate::model::{ask, sliding};

/// What one gateway has.
pub(crate) struct Adapters {
    pub(crate) counters: Arc<RedisCounters>,
    pub(crate) cache: RedisCache,
    pub(crate) recorder: Arc<FakeRecorder>,
}

/// Settings for servers on this machine.
pub(crate) fn settings(ports: impl IntoIterator<Item = u16>, is_cluster: bool) -> RedisSettings {
    let server = |port| RedisServer { host: "127.0.0.1".to_owned(), port };
    let servers = ports.into_iter().map(server).collect();
    RedisSettings { servers, is_cluster, ..RedisSettings::new("", 0) }
}

impl Adapters {
    /// Starts them, and waits until the first attempt to connect is over.
    pub(crate) async fn start(settings: RedisSettings, on_failure: OnStateFailure) -> Adapters {
        let recorder = Arc::new(FakeRecorder::default());
        let clock = Arc::new(RealClock::default());
        let ports = StorePorts {
            clock: Arc::clone(&clock) as _,
            recorder: Arc::clone(&recorder) as Arc<dyn Recorder>,
            spawner: Arc::new(|future| drop(tokio::spawn(future))),
        };
        let store = RedisStore::start("state", settings, ports);
        store.tried().await;
        let local = MemoryCounters::new(clock);
        let counters = Arc::new(RedisCounters::new(Arc::clone(&store), local, on_failure));
        Adapters { counters, cache: RedisCache::new(store, &FakeEntropy::default()), recorder }
    }

    /// How often the state was lost and was back.
    pub(crate) fn outages(&self) -> (usize, usize) {
        let events = self.recorder.events.lock();
        let lost = events.iter().filter(|event| matches!(event, Event::StateLost { .. })).count();
        let back = events.iter().filter(|event| matches!(event, Event::StateRecovered { .. })).count();
        (lost, back)
    }

    /// How often something went on without the shared state.
    pub(crate) fn bypasses(&self) -> usize {
        let events = self.recorder.events.lock();
        events.iter().filter(|event| matches!(event, Event::StateBypassed { .. })).count()
    }

    /// Whether one more call is let through, and how long the decision took.
    pub(crate) async fn passes(&self, key: &str, limit: u64) -> bool {
        let ask = ask(key, sliding(Duration::from_secs(60)), limit, 1);
        self.counters.decide(&[ask]).await.unwrap()[0].granted
    }
}

/// 1,000 calls at 200 a second through two gateways against 300 a minute; how many are let through.
pub(crate) async fn thousand_calls(gateways: [&Adapters; 2]) -> usize {
    let granted = Arc::new(AtomicUsize::new(0));
    let mut calls = JoinSet::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    for number in 0..1000 {
        ticks.tick().await;
        let counters = Arc::clone(&gateways[number % 2].counters);
        let granted = Arc::clone(&granted);
        calls.spawn(async move {
            let ask = ask("team", sliding(Duration::from_secs(60)), 300, 1);
            let states = counters.decide(&[ask]).await.unwrap();
            granted.fetch_add(usize::from(states[0].granted), Ordering::Relaxed);
        });
    }
    while let Some(ended) = calls.join_next().await {
        ended.unwrap();
    }
    granted.load(Ordering::Relaxed)
}

/// Asks again until the answer is yes; fails after `limit`. Gives how long it took.
pub(crate) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> F,
) -> Duration {
    let start = Instant::now();
    while !ask().await {
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    start.elapsed()
}
