use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::settings::OnStateFailure;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sekisho_policy::ports::counters::{CalendarPeriod, CounterAsk, CounterState, Settlement, Window};
use sekisho_policy::ports::{Clock, Counters, Event, Recorder};
use sekisho_testkit::clock::RealClock;
use sekisho_testkit::ports::{FakeClock, FakeRecorder};
use sekisho_testkit::redis::{Redis, RedisCluster};

use super::store::StorePorts;
use super::{RedisCounters, RedisServer, RedisSettings, RedisStore};
use crate::memory::MemoryCounters;

/// What happens to counters.
#[derive(Clone, Debug)]
enum Step {
    Decide(Vec<CounterAsk>),
    Add(Vec<CounterAsk>),
    Settle(Vec<Settlement>),
    Wait(Duration),
}

fn windows() -> Vec<Window> {
    let seconds = Duration::from_secs;
    vec![
        Window::Sliding { length: seconds(2) },
        Window::Sliding { length: Duration::from_micros(123_457) },
        Window::Fixed { start_ticks: 1234, length: Some(seconds(3)) },
        Window::Fixed { start_ticks: i64::MAX - 5, length: Some(seconds(86_400)) },
        Window::Fixed { start_ticks: 0, length: None },
        Window::Calendar { period: CalendarPeriod::Hour },
        Window::Calendar { period: CalendarPeriod::Day },
        Window::Calendar { period: CalendarPeriod::Week },
        Window::Calendar { period: CalendarPeriod::Month },
        Window::Calendar { period: CalendarPeriod::Year },
        Window::TokenBucket { refill: 7, interval: seconds(3) },
        Window::TokenBucket { refill: 0, interval: seconds(3) },
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = (0..2u8, proptest::sample::select(windows()), 0..150u64, 0..40u64).prop_map(
        |(key, window, limit, amount)| CounterAsk { key: format!("key-{key}"), window, limit, amount },
    );
    let asks = proptest::collection::vec(one, 1..4).prop_map(|mut asks| {
        let mut seen = Vec::new();
        asks.retain(|ask| {
            let is_new = !seen.contains(&(ask.key.clone(), ask.window));
            seen.push((ask.key.clone(), ask.window));
            is_new
        });
        asks
    });
    let ages = prop_oneof![0..5_000_000u64, 0..10_000_000_000_000u64].prop_map(Duration::from_micros);
    let settlements = (asks.clone(), 0..40u64, ages).prop_map(|(asks, reserved, age)| {
        asks.into_iter().map(|ask| Settlement { ask, reserved, age }).collect()
    });
    let step = prop_oneof![
        4 => asks.clone().prop_map(Step::Decide),
        2 => asks.prop_map(Step::Add),
        3 => settlements.prop_map(Step::Settle),
        3 => (0..400_000u64).prop_map(|micros| Step::Wait(Duration::from_micros(micros))),
        1 => (0..9_000_000u64).prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
    ];
    proptest::collection::vec(step, 1..80)
}

fn counters(settings: RedisSettings, clock: &Arc<FakeClock>) -> RedisCounters {
    let recorder: Arc<dyn Recorder> = Arc::new(FakeRecorder::default());
    let spawner = Arc::new(|future| drop(tokio::spawn(future)));
    let ports = StorePorts { clock: Arc::new(RealClock::default()), recorder, spawner };
    let store = RedisStore::start("state", settings, ports);
    let local = MemoryCounters::new(Arc::clone(clock) as _);
    let mut counters = RedisCounters::new(store, local, OnStateFailure::Deny);
    counters.moment = Some(Arc::clone(clock) as Arc<dyn Clock>);
    counters
}

fn settings(servers: impl IntoIterator<Item = u16>, is_cluster: bool) -> RedisSettings {
    let server = |port| RedisServer { host: "127.0.0.1".to_owned(), port };
    RedisSettings {
        servers: servers.into_iter().map(server).collect(),
        is_cluster,
        // Slow machines are not the subject here.
        timeout: Duration::from_secs(10),
        ..RedisSettings::new("", 0)
    }
}

/// Plays random sequences on `shared` and in memory.
fn agree(runtime: &tokio::runtime::Runtime, shared: &RedisCounters, clock: &Arc<FakeClock>, cases: u32) {
    let case = AtomicUsize::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&steps(), |steps| {
        let case = case.fetch_add(1, Ordering::Relaxed);
        let local = MemoryCounters::new(Arc::clone(clock) as _);
        for step in steps {
            let named = |mut asks: Vec<CounterAsk>| {
                asks.iter_mut().for_each(|ask| ask.key = format!("{case}/{}", ask.key));
                asks
            };
            match step {
                Step::Wait(by) => clock.advance(by),
                Step::Add(asks) => runtime.block_on(async {
                    let asks = named(asks);
                    shared.add(&asks).await;
                    local.add(&asks).await;
                }),
                Step::Settle(mut settlements) => {
                    for settlement in &mut settlements {
                        settlement.ask.key = format!("{case}/{}", settlement.ask.key);
                    }
                    let settle =
                        async { (shared.settle(&settlements).await, local.settle(&settlements).await) };
                    let (shared, local) = runtime.block_on(settle);
                    prop_assert!(shared.is_some());
                    prop_assert_eq!(shared, local, "{:?}", settlements);
                }
                Step::Decide(asks) => {
                    let asks = named(asks);
                    let decide = async { (shared.decide(&asks).await, local.decide(&asks).await) };
                    let (shared, local) = runtime.block_on(decide);
                    prop_assert_eq!(shared, local, "{:?}", asks);
                }
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn a_server_agrees_with_memory() {
    let runtime = runtime();
    let redis = runtime.block_on(Redis::start(&[])).unwrap();
    let clock = Arc::new(FakeClock::default());
    let shared = runtime.block_on(async {
        let shared = counters(settings([redis.port], false), &clock);
        shared.store.tried().await;
        shared
    });
    agree(&runtime, &shared, &clock, 200);
}

#[test]
fn a_cluster_agrees_with_memory() {
    let runtime = runtime();
    let cluster = runtime.block_on(RedisCluster::start(3)).unwrap();
    let clock = Arc::new(FakeClock::default());
    let shared = runtime.block_on(async {
        let shared = counters(settings(cluster.nodes.iter().map(|node| node.port), true), &clock);
        shared.store.tried().await;
        shared
    });
    agree(&runtime, &shared, &clock, 60);
}

#[test]
fn a_clock_that_goes_back_forgets_nothing() {
    let runtime = runtime();
    let redis = runtime.block_on(Redis::start(&[])).unwrap();
    let (early, late) = (Arc::new(FakeClock::default()), Arc::new(FakeClock::default()));
    late.advance(Duration::from_secs(5));
    let ask = |window| CounterAsk { key: "key".to_owned(), window, limit: 2, amount: 1 };
    let sliding = ask(Window::Sliding { length: Duration::from_secs(60) });
    let bucket = ask(Window::TokenBucket { refill: 1, interval: Duration::from_secs(60) });
    runtime.block_on(async {
        let asks = [sliding, bucket];
        let now = counters(settings([redis.port], false), &late);
        let back = counters(settings([redis.port], false), &early);
        now.store.tried().await;
        back.store.tried().await;
        assert!(now.decide(&asks).await.unwrap().iter().all(|state| state.granted));
        assert!(back.decide(&asks).await.unwrap().iter().all(|state| state.granted && state.count == 2));
        let refused = back.decide(&asks).await.unwrap();
        assert!(refused.iter().all(|state: &CounterState| !state.granted));
        assert_eq!(refused[0].retry_after, Duration::from_secs(60));
    });
}

#[test]
fn a_lost_event_names_the_servers_and_no_secret() {
    let runtime = runtime();
    let recorder = Arc::new(FakeRecorder::default());
    let spawner = Arc::new(|future| drop(tokio::spawn(future)));
    let ports =
        StorePorts { clock: Arc::new(RealClock::default()), recorder: Arc::clone(&recorder) as _, spawner };
    runtime.block_on(async {
        // Port 1 is nobody's.
        let settings = RedisSettings { password: Some("secret".into()), ..settings([1], false) };
        assert!(!format!("{settings:?}").contains("secret"));
        let store = RedisStore::start("state", settings, ports);
        store.tried().await;
    });
    let events = recorder.events.lock();
    let [Event::StateLost { store, reason }] = &events[..] else { panic!("{events:?}") };
    assert!(
        &**store == "state" && reason.starts_with("127.0.0.1:1: ") && !reason.contains("secret"),
        "{reason}"
    );
}
