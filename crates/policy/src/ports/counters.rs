//! Counters of rate limits and quotas, shared by all gateways that share their state.
//!
//! One call is one decision in one round trip: what is asked for is added to all counters or to none.

use std::time::Duration;

use super::PortFuture;

/// How a counter forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Window {
    /// What was added in the last `length` counts (`rate-limit`): each addition leaves the window on its own.
    ///
    /// Never more than the limit is granted in any `length`. Up to 64 additions are told apart to the microsecond; where
    /// more count at once, additions within a 64th of `length` may leave together, with the last of them.
    Sliding {
        /// The length.
        length: Duration,
    },
    /// What was added in the current period counts (`quota`). Periods follow each other without gaps, also before
    /// `start_ticks`.
    Fixed {
        /// A moment when a period starts, in 100 ns ticks since 0001-01-01T00:00:00Z.
        start_ticks: i64,
        /// The length of a period; none, or nothing, never ends.
        length: Option<Duration>,
    },
    /// What was added in the current period of the calendar in UTC counts.
    Calendar {
        /// The period.
        period: CalendarPeriod,
    },
    /// What was added counts until it has drained away, `refill` in every `interval` and evenly: a bucket of tokens whose
    /// capacity is the limit of the ask. [`Counters::add`] and [`Counters::settle`] may take it into debt, and nothing is
    /// granted until that has drained as well. An ask of 0 is granted as soon as there is no debt.
    TokenBucket {
        /// What drains in an interval.
        refill: u64,
        /// The interval.
        interval: Duration,
    },
}

impl Window {
    /// How it forgets, in one word.
    pub fn name(&self) -> &'static str {
        match self {
            Window::Sliding { .. } => "sliding",
            Window::Fixed { .. } => "period",
            Window::Calendar { .. } => "calendar",
            Window::TokenBucket { .. } => "bucket",
        }
    }
}

/// A period of the calendar in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarPeriod {
    /// From a full hour.
    Hour,
    /// From midnight.
    Day,
    /// From Monday, midnight.
    Week,
    /// From the first of a month.
    Month,
    /// From the first of January.
    Year,
}

/// One counter, and what is asked of it. The same key with another window is another counter; the limit may differ from
/// ask to ask. A decision names each counter once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterAsk {
    /// Names the counter, policy and scope included. At most 1,024 bytes; longer parts are hashed by whoever makes it.
    ///
    /// Counters of one decision whose keys agree up to the first U+001F are decided in one step also on a cluster of
    /// servers. Others may be seen to hold the amount of a decision that is then refused, until it is given back.
    pub key: String,
    /// How it forgets.
    pub window: Window,
    /// The most that may be counted; the ask is refused when the counter stands at this or would pass it.
    pub limit: u64,
    /// What is added when all asks of the decision are granted; 0 only looks.
    pub amount: u64,
}

/// What a decision added, replaced by what was really used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The counter, and in `amount` what was used.
    pub ask: CounterAsk,
    /// What the decision added for it; 0 when nothing was.
    pub reserved: u64,
    /// How long ago that was, or a little longer. What was reserved and is forgotten by now is not taken off again: what
    /// left a sliding window, what belongs to a period that is over.
    pub age: Duration,
}

/// How one counter stands after a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterState {
    /// False when this counter refused.
    pub granted: bool,
    /// What is counted, additions of this decision included. Fractions of a bucket count as whole.
    pub count: u64,
    /// How long until enough is forgotten for a refused ask to be granted, if nothing is added meanwhile. Zero when
    /// granted; [`Duration::MAX`] when that never happens: the window does not end, or the limit is below the amount.
    pub retry_after: Duration,
}

/// The state cannot be reached, and the deployment says that nothing is granted then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CounterError {
    /// One lower-case sentence; names no secret.
    pub message: String,
}

/// Counters.
pub trait Counters: Send + Sync {
    /// Decides: grants all asks and adds their amounts, or refuses and adds nothing. A state for each ask, in order.
    fn decide<'a>(
        &'a self,
        asks: &'a [CounterAsk],
    ) -> PortFuture<'a, Result<Vec<CounterState>, CounterError>>;

    /// Adds amounts whatever the limits say: for what is known only after the response. The states are not needed by
    /// anyone, a failure is counted by the adapter.
    fn add<'a>(&'a self, asks: &'a [CounterAsk]) -> PortFuture<'a, ()>;

    /// Replaces what decisions added by what was used, whatever the limits say, in one step. Tells how each counter stands
    /// then, to an ask of 0; nothing where the state cannot be reached, which is counted by the adapter.
    fn settle<'a>(&'a self, settlements: &'a [Settlement]) -> PortFuture<'a, Option<Vec<CounterState>>>;
}
