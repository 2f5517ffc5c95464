//! Counters and values in memory, under a clock that tests move.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use sekisho_policy::ports::counters::{
    CalendarPeriod, CounterAsk, CounterState, Counters, Settlement, Window,
};
use sekisho_policy::ports::{Cache, Clock, Event};
use sekisho_state::memory::{MemoryBounds, MemoryCache, MemoryCounters};
use sekisho_testkit::ports::{FakeClock, FakeRecorder, START_TICKS};

use crate::model::{Naive, Step, ask, sliding, steps};

const MINUTE: Duration = Duration::from_secs(60);

/// Adapters in memory never wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("an adapter in memory waits"),
    }
}

struct Bench {
    clock: Arc<FakeClock>,
    counters: MemoryCounters,
}

impl Bench {
    fn new() -> Bench {
        let clock = Arc::new(FakeClock::default());
        Bench { counters: MemoryCounters::new(Arc::clone(&clock) as _), clock }
    }

    fn settle(&self, window: Window, reserved: u64, used: u64, age: Duration) -> CounterState {
        let ask = ask("key", window, 100, used);
        now(self.counters.settle(&[Settlement { ask, reserved, age }])).unwrap()[0]
    }

    fn decide(&self, asks: &[CounterAsk]) -> Vec<CounterState> {
        now(self.counters.decide(asks)).unwrap()
    }

    fn one(&self, window: Window, limit: u64, amount: u64) -> CounterState {
        self.decide(&[ask("key", window, limit, amount)])[0]
    }

    fn add(&self, window: Window, amount: u64) {
        now(self.counters.add(&[ask("key", window, 0, amount)]));
    }
}

proptest! {
    /// So few additions that each is told apart: exactly the naive window.
    #[test]
    fn few_additions_are_exact(
        steps in steps(vec![sliding(Duration::from_secs(1)), sliding(Duration::from_millis(300))])
    ) {
        let (bench, mut naive) = (Bench::new(), Naive::default());
        for step in steps {
            let at = bench.clock.monotonic();
            match step {
                Step::Wait(by) => bench.clock.advance(by),
                Step::Add(asks) => {
                    now(bench.counters.add(&asks));
                    naive.add(&asks, at);
                }
                Step::Decide(asks) => {
                    let states = bench.decide(&asks);
                    for (ask, state) in asks.iter().zip(&states).filter(|(_, state)| !state.granted) {
                        if state.retry_after == Duration::MAX {
                            prop_assert!(ask.amount.max(1) > ask.limit);
                        } else {
                            let fits_at = at + state.retry_after;
                            prop_assert!(naive.grants(ask, fits_at), "fits after the time it names");
                            prop_assert!(!naive.grants(ask, fits_at - Duration::from_micros(1)), "and not before");
                        }
                    }
                    let expected = naive.decide(&asks, at);
                    let states: Vec<_> = states.iter().map(|state| (state.granted, state.count)).collect();
                    prop_assert_eq!(states, expected);
                }
            }
        }
    }

    /// Any number of additions: never more than the limit in a window, and never held longer than a 64th too long.
    #[test]
    fn many_additions_are_never_forgotten_early(
        gaps in proptest::collection::vec(0..200_000u64, 1..2000),
        limit in 1..1000u64,
    ) {
        let length = Duration::from_secs(10);
        let grain = length.div_f64(64.0) + Duration::from_micros(1);
        let bench = Bench::new();
        let mut granted: Vec<Duration> = Vec::new();
        let within = |granted: &[Duration], at: Duration, length: Duration| {
            granted.iter().rev().take_while(|other| **other + length > at).count() as u64
        };
        for gap in gaps {
            bench.clock.advance(Duration::from_micros(gap));
            let at = bench.clock.monotonic();
            let state = bench.one(sliding(length), limit, 1);
            if state.granted {
                granted.push(at);
                prop_assert!(within(&granted, at, length) <= limit);
            } else {
                prop_assert!(within(&granted, at, length + grain) >= limit);
                prop_assert!(state.retry_after > Duration::ZERO);
                prop_assert!(state.retry_after <= length + grain);
            }
        }
    }
}

#[test]
fn three_hundred_a_minute_are_three_hundred() {
    let bench = Bench::new();
    // 1,000 calls in five seconds.
    let mut granted = 0;
    for _ in 0..1000 {
        granted += u64::from(bench.one(sliding(MINUTE), 300, 1).granted);
        bench.clock.advance(Duration::from_millis(5));
    }
    assert_eq!(granted, 300);
    let refused = bench.one(sliding(MINUTE), 300, 1);
    assert_eq!(refused.count, 300);
    bench.clock.advance(refused.retry_after);
    assert!(bench.one(sliding(MINUTE), 300, 1).granted);
}

#[test]
fn a_period_starts_with_its_phase() {
    let bench = Bench::new();
    // Ten minutes into a period of an hour that began long ago.
    let start_ticks = START_TICKS - 6_000_000_000 - 1000 * 36_000_000_000;
    let hour = Window::Fixed { start_ticks, length: Some(60 * MINUTE) };
    assert_eq!(bench.one(hour, 2, 2), CounterState { granted: true, count: 2, retry_after: Duration::ZERO });
    let refused = bench.one(hour, 2, 1);
    assert_eq!(refused, CounterState { granted: false, count: 2, retry_after: 50 * MINUTE });
    bench.clock.advance(50 * MINUTE);
    assert_eq!(bench.one(hour, 2, 1).count, 1);
    let ahead = Window::Fixed { start_ticks: i64::MAX, length: Some(Duration::MAX) };
    assert!(bench.one(ahead, 1, 1).granted && !bench.one(ahead, 1, 1).granted, "extremes are no trouble");
}

#[test]
fn a_period_from_the_first_day_of_the_calendar() {
    let bench = Bench::new();
    let day = Window::Fixed { start_ticks: 0, length: Some(1440 * MINUTE) };
    bench.one(day, 1, 1);
    // It is 10:30, and the periods begin at midnight.
    assert_eq!(bench.one(day, 1, 1).retry_after, 810 * MINUTE);
    let month = Window::Calendar { period: CalendarPeriod::Month };
    bench.one(month, 1, 1);
    assert_eq!(bench.one(month, 1, 1).retry_after, 810 * MINUTE + 16 * 1440 * MINUTE);
}

#[test]
fn a_period_without_end_never_forgets() {
    let bench = Bench::new();
    for length in [None, Some(Duration::ZERO)] {
        let endless = Window::Fixed { start_ticks: 0, length };
        assert!(bench.one(endless, 1, 1).granted);
        bench.clock.advance(Duration::from_secs(10_000_000));
        let refused = bench.one(endless, 1, 1);
        assert_eq!((refused.granted, refused.retry_after), (false, Duration::MAX));
    }
}

#[test]
fn a_bucket_refills_evenly_and_pays_its_debt() {
    let bench = Bench::new();
    let bucket = Window::TokenBucket { refill: 10, interval: MINUTE };
    assert!(bench.one(bucket, 10, 10).granted, "all of it at once");
    let refused = bench.one(bucket, 10, 1);
    assert_eq!((refused.granted, refused.count, refused.retry_after), (false, 10, Duration::from_secs(6)));
    bench.clock.advance(Duration::from_secs(6));
    assert!(bench.one(bucket, 10, 1).granted);
    // A response took 30 more than was left.
    bench.add(bucket, 30);
    let refused = bench.one(bucket, 10, 0);
    assert_eq!(
        (refused.granted, refused.count, refused.retry_after),
        (false, 40, Duration::from_secs(30 * 6))
    );
    assert_eq!(bench.one(bucket, 10, 1).retry_after, Duration::from_secs(31 * 6));
    bench.clock.advance(Duration::from_secs(30 * 6));
    assert!(bench.one(bucket, 10, 0).granted, "nothing is overdrawn");
    assert!(!bench.one(bucket, 10, 1).granted, "and nothing is left");
    let too_much = bench.one(bucket, 10, 11);
    assert_eq!((too_much.granted, too_much.retry_after), (false, Duration::MAX));
    let dry = Window::TokenBucket { refill: 0, interval: Duration::ZERO };
    bench.add(dry, 1);
    assert_eq!(bench.one(dry, 1, 1).retry_after, Duration::MAX);
}

#[test]
fn what_was_used_replaces_what_was_reserved() {
    let hour = Window::Calendar { period: CalendarPeriod::Hour };
    let bucket = Window::TokenBucket { refill: 100, interval: MINUTE };
    for window in [sliding(MINUTE), hour, bucket] {
        let bench = Bench::new();
        assert!(bench.one(window, 100, 60).granted);
        assert_eq!(bench.settle(window, 60, 25, Duration::ZERO).count, 25, "{window:?}");
        assert_eq!(bench.settle(window, 0, 95, Duration::ZERO).count, 120, "more than there is");
        assert!(!bench.one(window, 100, 0).granted);
        assert_eq!(bench.settle(window, 120, 0, Duration::ZERO).count, 0, "all of it back");
    }
}

#[test]
fn what_is_forgotten_is_not_taken_off_again() {
    // The reserved call came before the hour ended, or left the window; another one counts now.
    let bench = Bench::new();
    let hour = Window::Calendar { period: CalendarPeriod::Hour };
    for (window, length) in [(sliding(MINUTE), MINUTE), (hour, 30 * MINUTE)] {
        assert!(bench.one(window, 100, 60).granted);
        bench.clock.advance(length);
        assert_eq!(bench.one(window, 100, 10).count, 10);
        assert_eq!(bench.settle(window, 60, 25, length).count, 35, "{window:?}");
    }
    // A bucket refilled meanwhile what was reserved; the difference is still owed.
    let bucket = Window::TokenBucket { refill: 60, interval: MINUTE };
    assert!(bench.one(bucket, 60, 30).granted);
    bench.clock.advance(MINUTE);
    assert_eq!(bench.settle(bucket, 30, 50, MINUTE).count, 20);
}

#[test]
fn a_sliding_window_never_holds_less_than_was_used() {
    let bench = Bench::new();
    let window = sliding(MINUTE);
    bench.add(window, 50);
    bench.clock.advance(MINUTE / 2);
    bench.add(window, 50);
    bench.settle(window, 40, 0, MINUTE / 4);
    bench.clock.advance(MINUTE / 2);
    assert_eq!(bench.one(window, 1_000, 0).count, 50, "what goes back is not taken from what came later");
}

#[test]
fn a_decision_adds_to_all_or_to_none() {
    let bench = Bench::new();
    let asks = |limit| {
        let asks = (0..40).map(|number| ask(&format!("key-{number}"), sliding(MINUTE), 2, 1));
        asks.chain([ask("last", sliding(MINUTE), limit, 1)]).collect::<Vec<_>>()
    };
    assert!(bench.decide(&asks(1)).iter().all(|state| state.granted && state.count == 1));
    let refused = bench.decide(&asks(1));
    assert!(!refused[40].granted && refused[..40].iter().all(|state| state.granted && state.count == 1));
    assert!(
        bench.decide(&asks(2)).iter().all(|state| state.granted && state.count == 2),
        "nothing was added"
    );
}

#[test]
fn the_same_key_with_another_window_is_another_counter() {
    let bench = Bench::new();
    assert!(bench.one(sliding(MINUTE), 1, 1).granted);
    assert!(bench.one(sliding(2 * MINUTE), 1, 1).granted);
    assert!(!bench.one(sliding(MINUTE), 1, 1).granted);
}

#[test]
fn at_the_bound_the_least_recently_used_counter_goes_and_is_told() {
    let (clock, recorder) = (Arc::new(FakeClock::default()), Arc::new(FakeRecorder::default()));
    let bounds = MemoryBounds { entries: 10, bytes: 1_000_000 };
    let counters = MemoryCounters::bounded(Arc::clone(&clock) as _, bounds, Arc::clone(&recorder) as _);
    let count =
        |key: &str, amount| now(counters.decide(&[ask(key, sliding(MINUTE), 100, amount)])).unwrap()[0].count;
    for number in 0..10 {
        count(&number.to_string(), 1);
    }
    count("0", 1);
    count("10", 1);
    assert_eq!((count("0", 0), count("1", 0), count("2", 0)), (2, 0, 1));
    assert_eq!(*recorder.events.lock(), [Event::StateEvicted { kind: "counters" }]);
    clock.advance(MINUTE);
    for number in 20..40 {
        count(&number.to_string(), 1);
    }
    assert_eq!(recorder.events.lock().len(), 11, "counters that were over are no loss");
}

#[test]
fn a_busy_counter_stays_small() {
    let (clock, recorder) = (Arc::new(FakeClock::default()), Arc::new(FakeRecorder::default()));
    // Room for about one counter of 130 additions.
    let bounds = MemoryBounds { entries: 10, bytes: 8 * 1024 };
    let counters = MemoryCounters::bounded(Arc::clone(&clock) as _, bounds, Arc::clone(&recorder) as _);
    now(counters.add(&[ask("other", sliding(MINUTE), 0, 1)]));
    for _ in 0..100_000 {
        now(counters.add(&[ask("busy", sliding(MINUTE), 0, 1)]));
        clock.advance(Duration::from_micros(300));
    }
    let standing = now(counters.decide(&[ask("busy", sliding(MINUTE), 200_000, 0)])).unwrap()[0];
    assert_eq!(standing.count, 100_000);
    assert!(recorder.events.lock().is_empty(), "nothing had to go for it");
}

#[test]
fn values_live_as_long_as_they_may() {
    let clock = Arc::new(FakeClock::default());
    let cache = MemoryCache::new(Arc::clone(&clock) as _);
    now(cache.set("key", "value".into(), MINUTE));
    assert_eq!(now(cache.get("key")), Some("value".into()));
    assert_eq!(now(cache.get("other")), None);
    now(cache.set("key", "newer".into(), 2 * MINUTE));
    clock.advance(MINUTE);
    assert_eq!(now(cache.get("key")), Some("newer".into()));
    clock.advance(MINUTE);
    assert_eq!(now(cache.get("key")), None);
    now(cache.set("key", "value".into(), MINUTE));
    now(cache.set("key", "value".into(), Duration::ZERO));
    assert_eq!(now(cache.get("key")), None, "no time is a removal");
    now(cache.set("key", "value".into(), Duration::MAX));
    now(cache.remove("key"));
    assert_eq!(now(cache.get("key")), None);
}

#[test]
fn values_stay_within_their_bounds() {
    let (clock, recorder) = (Arc::new(FakeClock::default()), Arc::new(FakeRecorder::default()));
    let bounds = MemoryBounds { entries: 100, bytes: 10_000 };
    let cache = MemoryCache::bounded(clock, bounds, Arc::clone(&recorder) as _);
    now(cache.set("small", "x".into(), MINUTE));
    now(cache.set("large", vec![0; 10_000].into(), MINUTE));
    assert_eq!(
        (now(cache.get("large")), now(cache.get("small")).is_some()),
        (None, true),
        "too large is not kept"
    );
    now(cache.set("first", vec![0; 5000].into(), MINUTE));
    now(cache.get("small"));
    now(cache.set("second", vec![0; 5000].into(), MINUTE));
    assert_eq!((now(cache.get("first")), now(cache.get("small")).is_some()), (None, true));
    assert_eq!(*recorder.events.lock(), [Event::StateEvicted { kind: "cache" }]);
}

#[test]
fn a_lock_has_one_owner_until_it_ends() {
    let clock = Arc::new(FakeClock::default());
    let cache = MemoryCache::new(Arc::clone(&clock) as _);
    assert!(now(cache.lock("key", 1, MINUTE)));
    assert!(!now(cache.lock("key", 2, MINUTE)));
    assert!(now(cache.lock("key", 1, MINUTE)), "its owner may have it again");
    now(cache.unlock("key", 2));
    assert!(!now(cache.lock("key", 2, MINUTE)));
    now(cache.unlock("key", 1));
    assert!(now(cache.lock("key", 2, MINUTE)));
    clock.advance(MINUTE);
    assert!(now(cache.lock("key", 1, MINUTE)));
}
