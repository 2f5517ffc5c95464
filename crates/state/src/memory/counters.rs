//! Counters in memory.

use std::collections::{HashMap, VecDeque};
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_policy::ports::counters::{CounterAsk, CounterError, CounterState, Window};
use sekisho_policy::ports::{Clock, Counters, PortFuture};

/// Counters in memory.
pub struct MemoryCounters {
    clock: Arc<dyn Clock>,
    counters: Mutex<HashMap<String, VecDeque<(i64, u64)>>>,
}

impl MemoryCounters {
    /// Counters that all stand at nothing.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, counters: Mutex::default() }
    }
}

/// The moment from which on additions count, and the moment when the oldest of these is forgotten.
fn since(window: Window, now: i64) -> i64 {
    match window {
        Window::Sliding { length } => now.saturating_sub(ticks(length)),
        Window::Fixed { start_ticks, length: Some(length) } if !length.is_zero() => {
            let length = ticks(length);
            let periods = now.saturating_sub(start_ticks).div_euclid(length);
            start_ticks.saturating_add(periods.saturating_mul(length)).saturating_sub(1)
        }
        Window::Fixed { .. } => i64::MIN,
    }
}

fn ticks(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX)
}

fn duration(ticks: i64) -> Duration {
    Duration::from_nanos(u64::try_from(ticks).unwrap_or(0).saturating_mul(100))
}

impl MemoryCounters {
    fn look(
        counters: &mut HashMap<String, VecDeque<(i64, u64)>>,
        ask: &CounterAsk,
        now: i64,
    ) -> CounterState {
        let since = since(ask.window, now);
        let Some(additions) = counters.get_mut(&ask.key) else {
            let granted = ask.amount <= ask.limit && ask.limit > 0;
            return CounterState { granted, count: 0, retry_after: Duration::ZERO };
        };
        additions.retain(|(at, _)| *at > since);
        let count: u64 = additions.iter().map(|(_, amount)| amount).sum();
        let granted = count < ask.limit && count.saturating_add(ask.amount) <= ask.limit;
        let first = additions.front().map_or(now, |(at, _)| *at);
        let retry_after = match ask.window {
            _ if granted => Duration::ZERO,
            Window::Sliding { length } => duration(first.saturating_add(ticks(length)).saturating_sub(now)),
            Window::Fixed { length: Some(length), .. } => {
                duration(since.saturating_add(1).saturating_add(ticks(length)).saturating_sub(now))
            }
            Window::Fixed { length: None, .. } => Duration::MAX,
        };
        CounterState { granted, count, retry_after }
    }
}

impl Counters for MemoryCounters {
    fn decide<'a>(
        &'a self,
        asks: &'a [CounterAsk],
    ) -> PortFuture<'a, Result<Vec<CounterState>, CounterError>> {
        let now = self.clock.utc_ticks();
        let mut counters = self.counters.lock();
        let mut states: Vec<_> = asks.iter().map(|ask| Self::look(&mut counters, ask, now)).collect();
        if states.iter().all(|state| state.granted) {
            for (ask, state) in asks.iter().zip(&mut states).filter(|(ask, _)| ask.amount > 0) {
                counters.entry(ask.key.clone()).or_default().push_back((now, ask.amount));
                state.count += ask.amount;
            }
        }
        Box::pin(ready(Ok(states)))
    }

    fn add<'a>(&'a self, asks: &'a [CounterAsk]) -> PortFuture<'a, ()> {
        let now = self.clock.utc_ticks();
        let mut counters = self.counters.lock();
        for ask in asks.iter().filter(|ask| ask.amount > 0) {
            counters.entry(ask.key.clone()).or_default().push_back((now, ask.amount));
        }
        Box::pin(ready(()))
    }
}
