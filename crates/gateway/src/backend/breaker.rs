//! The circuit breaker of a backend.
//!
//! Closed, it counts failures in a sliding interval; at the threshold it opens for the trip duration, or for as long
//! as the backend's `Retry-After` says. The response that opened it goes to its caller like any other. Then it is
//! closed again, with nothing counted. That it closed is noticed, and told, by the next call that asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::HeaderMap;
use sekisho_policy::ports::{Clock, Event, Recorder};
use sekisho_resources::model::{CircuitBreakerRule, FailureThreshold, StatusCodeRange};

use super::retry_after::retry_after;
use super::window::{FailureShare, FailureTimes};

/// A rule without its place in the source, so that a reload can see whether it is still the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    name: Arc<str>,
    threshold: FailureThreshold,
    interval: Duration,
    ranges: Vec<StatusCodeRange>,
    reasons: Vec<String>,
    trip_duration: Duration,
    accept_retry_after: bool,
    failure_status: u16,
}

impl From<&CircuitBreakerRule> for Rule {
    fn from(rule: &CircuitBreakerRule) -> Self {
        Self {
            name: rule.name.value.as_str().into(),
            threshold: rule.threshold,
            interval: rule.interval,
            ranges: rule.status_code_ranges.clone(),
            reasons: rule.error_reasons.clone(),
            trip_duration: rule.trip_duration,
            accept_retry_after: rule.accept_retry_after,
            failure_status: rule.failure_status.unwrap_or(503),
        }
    }
}

/// How a call to the backend ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CallOutcome<'o> {
    /// With a response.
    Status(u16, &'o HeaderMap),
    /// Without one, for this reason of `context.LastError`.
    Failed(&'static str),
}

/// A breaker and its state.
#[derive(Debug)]
pub(crate) struct Breaker {
    backend: Arc<str>,
    rule: Rule,
    window: Window,
    /// Monotonic time in nanoseconds when it closes; 0 while closed.
    open_until: AtomicU64,
}

#[derive(Debug)]
enum Window {
    Count(FailureTimes),
    Percentage(Box<FailureShare>),
}

impl Breaker {
    pub(crate) fn new(backend: Arc<str>, rule: Rule) -> Self {
        let window = match rule.threshold {
            FailureThreshold::Count(count) => Window::Count(FailureTimes::new(count, rule.interval)),
            FailureThreshold::Percentage(share) => {
                Window::Percentage(Box::new(FailureShare::new(share, rule.interval)))
            }
        };
        Self { backend, rule, window, open_until: AtomicU64::new(0) }
    }

    pub(crate) fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The status of calls that are not sent.
    pub(crate) fn failure_status(&self) -> u16 {
        self.rule.failure_status
    }

    /// How long it stays open; none when it is closed.
    pub(crate) fn open_for(&self, clock: &dyn Clock, recorder: &dyn Recorder) -> Option<Duration> {
        let until = self.open_until.load(Ordering::Acquire);
        if until == 0 {
            return None;
        }
        let now = nanoseconds(clock.monotonic());
        if let Some(left) = until.checked_sub(now).filter(|left| *left > 0) {
            return Some(Duration::from_nanos(left));
        }
        // Whoever closes it tells of it; the counts go first, so that no failure after the closing is forgotten.
        self.clear();
        if self.open_until.compare_exchange(until, 0, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            recorder.event(Event::BreakerClosed { backend: Arc::clone(&self.backend) });
        }
        None
    }

    /// Takes note of how a call ended.
    pub(crate) fn observe(&self, outcome: CallOutcome<'_>, clock: &dyn Clock, recorder: &dyn Recorder) {
        let failed = self.is_failure(outcome);
        if !failed && matches!(self.window, Window::Count(_)) {
            return;
        }
        // Calls that were under way when it opened change nothing.
        if self.open_for(clock, recorder).is_some() {
            return;
        }
        let now = clock.monotonic();
        let reached = match &self.window {
            Window::Count(times) => times.fail(now),
            Window::Percentage(share) => share.note(failed, now),
        };
        if reached {
            self.open(self.duration(outcome, clock), now, recorder);
        }
    }

    fn open(&self, duration: Duration, now: Duration, recorder: &dyn Recorder) {
        if duration.is_zero() {
            self.clear();
            return;
        }
        let until = nanoseconds(now.saturating_add(duration));
        if self.open_until.compare_exchange(0, until, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            let (backend, rule) = (Arc::clone(&self.backend), Arc::clone(&self.rule.name));
            recorder.event(Event::BreakerOpened { backend, rule, duration });
        }
    }

    fn duration(&self, outcome: CallOutcome<'_>, clock: &dyn Clock) -> Duration {
        let asked = match outcome {
            CallOutcome::Status(_, headers) if self.rule.accept_retry_after => {
                retry_after(headers, clock.utc_ticks())
            }
            _ => None,
        };
        asked.unwrap_or(self.rule.trip_duration)
    }

    /// A rule that names no reasons takes every connection failure and timeout. `Server errors` stands for 5xx.
    fn is_failure(&self, outcome: CallOutcome<'_>) -> bool {
        let named =
            |reason: &str| self.rule.reasons.iter().any(|known| known.trim().eq_ignore_ascii_case(reason));
        match outcome {
            CallOutcome::Status(status, _) => {
                self.rule.ranges.iter().any(|range| range.contains(status))
                    || status >= 500 && named("Server errors")
            }
            CallOutcome::Failed(reason) => self.rule.reasons.is_empty() || named(reason),
        }
    }

    fn clear(&self) {
        match &self.window {
            Window::Count(times) => times.clear(),
            Window::Percentage(share) => share.clear(),
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
