//! Counters as one would write them without a thought for memory, and random sequences of decisions.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use sekisho_policy::ports::counters::{CounterAsk, Window};

/// What happens to counters.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Decide(Vec<CounterAsk>),
    Add(Vec<CounterAsk>),
    Wait(Duration),
}

/// An ask of a counter.
pub(crate) fn ask(key: &str, window: Window, limit: u64, amount: u64) -> CounterAsk {
    CounterAsk { key: key.to_owned(), window, limit, amount }
}

/// A window that slides.
pub(crate) fn sliding(length: Duration) -> Window {
    Window::Sliding { length }
}

/// Sequences over few counters with these windows, so that they meet their limits. Waits are whole milliseconds.
pub(crate) fn steps(windows: Vec<Window>) -> impl Strategy<Value = Vec<Step>> {
    let windows = proptest::sample::select(windows);
    let one = (0..3u8, windows, 0..12u64, 0..4u64)
        .prop_map(|(key, window, limit, amount)| ask(&format!("key-{key}"), window, limit, amount));
    let asks = proptest::collection::vec(one, 1..4).prop_map(|mut asks| {
        // A decision names each counter once.
        let mut seen = Vec::new();
        asks.retain(|ask| {
            let is_new = !seen.contains(&(ask.key.clone(), ask.window));
            seen.push((ask.key.clone(), ask.window));
            is_new
        });
        asks
    });
    let step = prop_oneof![
        4 => asks.clone().prop_map(Step::Decide),
        1 => asks.prop_map(Step::Add),
        2 => (1..400u64).prop_map(|millis| Step::Wait(Duration::from_millis(millis))),
    ];
    proptest::collection::vec(step, 1..60)
}

/// Sliding windows that keep every addition.
#[derive(Default)]
pub(crate) struct Naive {
    additions: HashMap<(String, Window), Vec<(Duration, u64)>>,
}

impl Naive {
    pub(crate) fn count(&self, ask: &CounterAsk, now: Duration) -> u64 {
        let Window::Sliding { length } = ask.window else { panic!("only sliding windows") };
        let additions = self.additions.get(&(ask.key.clone(), ask.window));
        additions.into_iter().flatten().filter(|(at, _)| *at + length > now).map(|(_, amount)| amount).sum()
    }

    pub(crate) fn grants(&self, ask: &CounterAsk, now: Duration) -> bool {
        self.count(ask, now) + ask.amount.max(1) <= ask.limit
    }

    pub(crate) fn decide(&mut self, asks: &[CounterAsk], now: Duration) -> Vec<(bool, u64)> {
        let mut states: Vec<_> =
            asks.iter().map(|ask| (self.grants(ask, now), self.count(ask, now))).collect();
        if states.iter().all(|(granted, _)| *granted) {
            self.add(asks, now);
            states.iter_mut().zip(asks).for_each(|(state, ask)| state.1 += ask.amount);
        }
        states
    }

    pub(crate) fn add(&mut self, asks: &[CounterAsk], now: Duration) {
        for ask in asks.iter().filter(|ask| ask.amount > 0) {
            self.additions.entry((ask.key.clone(), ask.window)).or_default().push((now, ask.amount));
        }
    }
}
