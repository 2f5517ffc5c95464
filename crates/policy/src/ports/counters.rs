//! Counters of rate limits and quotas, shared by all gateways that share their state.
//!
//! One call is one decision in one round trip: what is asked for is added to all counters or to none.

use std::time::Duration;

use super::PortFuture;

/// How a counter forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// What was added in the last `length` counts (`rate-limit`): each addition leaves the window on its own.
    Sliding {
        /// The length.
        length: Duration,
    },
    /// What was added in the current period counts (`quota`). Periods follow each other without gaps.
    Fixed {
        /// A moment when a period starts, in 100 ns ticks since 0001-01-01T00:00:00Z.
        start_ticks: i64,
        /// The length of a period; none never ends.
        length: Option<Duration>,
    },
}

/// One counter, and what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterAsk {
    /// Names the counter, policy and scope included. At most 1,024 bytes; longer parts are hashed by whoever makes it.
    pub key: String,
    /// How it forgets.
    pub window: Window,
    /// The most that may be counted; the ask is refused when the counter stands at this or would pass it.
    pub limit: u64,
    /// What is added when all asks of the decision are granted; 0 only looks.
    pub amount: u64,
}

/// How one counter stands after a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterState {
    /// False when this counter refused.
    pub granted: bool,
    /// What is counted, additions of this decision included.
    pub count: u64,
    /// How long until something that counts now is forgotten, so that a refused ask may be granted. Zero when granted.
    pub retry_after: Duration,
}

/// What happens when the state cannot be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStateFailure {
    /// Each gateway counts for itself until the state is back.
    #[default]
    Local,
    /// The ask fails.
    Deny,
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
}
