//! How counters forget, independent of where they are kept.
//!
//! - [`calendar`]: periods of the calendar
//! - [`sliding`], [`period`], [`bucket`]: what is kept of a counter, by kind of window
//!
//! All times are whole microseconds. The scripts of the Redis adapter do the same arithmetic in the same order; a test
//! compares the two.

mod bucket;
mod calendar;
mod period;
mod sliding;

use std::time::Duration;

use sekisho_policy::ports::Clock;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::counters::{CalendarPeriod, CounterAsk, CounterState, Window};

use bucket::Bucket;
use period::Period;
use sliding::Sliding;

/// The greatest whole number up to which a double, which is the number of scripts, holds every one.
pub(crate) const EXACT: u64 = (1 << 53) - 1;
/// Longer windows are cut to a hundred years, so that sums of times stay exact.
const LONGEST: u64 = 100 * 366 * 86_400 * 1_000_000;

/// A moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Since the Unix epoch by the wall clock, for periods.
    pub(crate) wall: i64,
    /// Since some fixed start by a clock that never goes back, for everything else.
    pub(crate) steady: u64,
}

impl Now {
    /// What a clock says.
    pub(crate) fn of(clock: &dyn Clock) -> Now {
        let steady = micros(clock.monotonic());
        Now { wall: clock.utc_ticks().saturating_sub(UNIX_EPOCH_TICKS).div_euclid(10), steady }
    }
}

/// A window in microseconds and within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// [`Window::Sliding`].
    Sliding { length: u64 },
    /// [`Window::Fixed`] with an end; a period starts `phase` after a multiple of `length`.
    Fixed { phase: u64, length: u64 },
    /// [`Window::Fixed`] without an end.
    Endless,
    /// [`Window::Calendar`].
    Calendar(CalendarPeriod),
    /// [`Window::TokenBucket`].
    Bucket { refill: u64, interval: u64 },
}

impl From<Window> for Rule {
    fn from(window: Window) -> Self {
        let bounded = |length| micros(length).clamp(1, LONGEST);
        match window {
            Window::Sliding { length } => Rule::Sliding { length: bounded(length) },
            Window::Fixed { start_ticks, length: Some(length) } if !length.is_zero() => {
                let length = bounded(length);
                let start = start_ticks.saturating_sub(UNIX_EPOCH_TICKS).div_euclid(10);
                Rule::Fixed { phase: start.rem_euclid(length.cast_signed()).cast_unsigned(), length }
            }
            Window::Fixed { .. } => Rule::Endless,
            Window::Calendar { period } => Rule::Calendar(period),
            Window::TokenBucket { refill, interval } => {
                Rule::Bucket { refill: refill.min(EXACT), interval: bounded(interval) }
            }
        }
    }
}

/// What is kept of a counter.
#[derive(Debug)]
pub(crate) enum Tally {
    /// For [`Rule::Sliding`].
    Sliding(Sliding),
    /// For [`Rule::Fixed`], [`Rule::Endless`] and [`Rule::Calendar`].
    Period(Period),
    /// For [`Rule::Bucket`].
    Bucket(Bucket),
}

/// How a counter stands before a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// What is counted, fractions as whole.
    pub(crate) count: u64,
    /// Whether the ask fits.
    pub(crate) fits: bool,
    /// Microseconds until it fits; none for never.
    pub(crate) wait: Option<u64>,
}

impl Tally {
    /// A counter that stands at nothing.
    pub(crate) fn new(rule: Rule) -> Tally {
        match rule {
            Rule::Sliding { .. } => Tally::Sliding(Sliding::default()),
            Rule::Fixed { .. } | Rule::Endless | Rule::Calendar(_) => Tally::Period(Period::default()),
            Rule::Bucket { .. } => Tally::Bucket(Bucket::default()),
        }
    }

    /// Forgets what is over and says how the counter stands.
    pub(crate) fn look(&mut self, rule: Rule, limit: u64, amount: u64, now: Now) -> Standing {
        match (self, rule) {
            (Tally::Sliding(sliding), Rule::Sliding { length }) => {
                sliding.look(length, limit, amount, now.steady)
            }
            (Tally::Bucket(bucket), Rule::Bucket { refill, interval }) => {
                bucket.look(refill, interval, limit, amount, now.steady)
            }
            (Tally::Period(period), rule) => period.look(rule, limit, amount, now.wall),
            // A counter is kept under its window, so that no other rule comes to it.
            (_, _) => Standing { count: 0, fits: false, wait: None },
        }
    }

    /// Adds, after [`Tally::look`] at the same moment.
    pub(crate) fn add(&mut self, rule: Rule, amount: u64, now: Now) {
        match (self, rule) {
            (Tally::Sliding(sliding), Rule::Sliding { length }) => sliding.add(length, amount, now.steady),
            (Tally::Bucket(bucket), _) => bucket.add(amount),
            (Tally::Period(period), _) => period.add(amount),
            (Tally::Sliding(_), _) => {}
        }
    }

    /// Replaces what was added `age` microseconds ago by what was used, after [`Tally::look`] at the same moment.
    pub(crate) fn settle(&mut self, rule: Rule, reserved: u64, used: u64, age: u64, now: Now) {
        match (self, rule) {
            (Tally::Sliding(sliding), Rule::Sliding { length }) => {
                sliding.settle(length, reserved, used, age, now.steady);
            }
            (Tally::Bucket(bucket), _) => bucket.settle(reserved, used),
            (Tally::Period(period), _) => period.settle(reserved, used, age, now.wall),
            (Tally::Sliding(_), _) => {}
        }
    }

    /// When nothing counts any more, by the steady clock; none for never.
    pub(crate) fn ends(&self, rule: Rule, now: Now) -> Option<u64> {
        match self {
            Tally::Sliding(sliding) => Some(sliding.ends(rule, now.steady)),
            Tally::Bucket(bucket) => bucket.ends(rule, now.steady),
            Tally::Period(_) => {
                let end = period::bounds(rule, now.wall).1?;
                Some(now.steady.saturating_add(u64::try_from(end.saturating_sub(now.wall)).unwrap_or(0)))
            }
        }
    }

    /// What it holds beside its own size, in bytes.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Tally::Sliding(sliding) => sliding.heap_bytes(),
            Tally::Period(_) | Tally::Bucket(_) => 0,
        }
    }
}

impl Standing {
    /// By how much is counted: `wait` is asked for the part that has to be forgotten, when it does not fit.
    fn new(count: u64, limit: u64, needed: u64, wait: impl FnOnce(u64) -> Option<u64>) -> Standing {
        let above = count.saturating_add(needed).saturating_sub(limit);
        let wait = match above {
            0 => Some(0),
            _ if needed > limit => None,
            above => wait(above),
        };
        Standing { count, fits: above == 0, wait }
    }

    /// For the caller; `added` is what a granted decision added.
    pub(crate) fn state(self, added: u64) -> CounterState {
        let retry_after = self.wait.map_or(Duration::MAX, Duration::from_micros);
        CounterState { granted: self.fits, count: self.count.saturating_add(added), retry_after }
    }
}

/// Limit and amount of an ask, within what scripts hold exactly.
pub(crate) fn bounded(ask: &CounterAsk) -> (u64, u64) {
    (ask.limit.min(EXACT), ask.amount.min(EXACT))
}

/// What an ask needs room for where counts are whole: an ask of nothing only looks, and finds room where one more would
/// fit.
fn needed(amount: u64) -> u64 {
    amount.max(1)
}

/// A duration in whole microseconds.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
