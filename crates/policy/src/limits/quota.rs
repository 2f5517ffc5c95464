//! What both quota policies do: calls and kilobytes in fixed periods.
//!
//! Calls are counted as they are let through. Bytes are known when the call is over and are counted then, so the call that
//! passes the bandwidth is the last one, not the first refused.

use std::time::Duration;

use http::HeaderValue;
use http::header::RETRY_AFTER;
use sekisho_diagnostics::Diagnostic;
use smallvec::SmallVec;

use super::{constant, refusal};
use crate::compile::Compiler;
use crate::declaration::{Attribute, Kind};
use crate::exchange::Exchange;
use crate::pipeline::{AtEnd, CallEnd, PolicyError};
use crate::ports::counters::{CounterAsk, CounterState, Window};
use crate::ports::{PortFuture, Ports};
use crate::xml::Element;

/// `calls`.
pub(crate) const CALLS: Attribute = Attribute::optional(
    "calls",
    Kind::Integer { minimum: 0, maximum: i64::MAX },
    "The most calls in a period. Either this, `bandwidth` or both must be there.",
)
.literal();
/// `bandwidth`.
pub(crate) const BANDWIDTH: Attribute = Attribute::optional(
    "bandwidth",
    Kind::Integer { minimum: 0, maximum: i64::MAX },
    "The most kilobytes (1,024 bytes) of request and response bodies in a period.",
)
.literal();
/// `renewal-period`.
pub(crate) const PERIOD: Attribute = Attribute::required(
    "renewal-period",
    Kind::Integer { minimum: 0, maximum: LONGEST_PERIOD },
    "Length of the periods in seconds; 0: the quota never renews.",
)
.literal();

/// A thousand years; ticks of a longer one could not be counted with.
const LONGEST_PERIOD: i64 = 31_557_600_000;

/// What a quota allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Volumes {
    calls: Option<u64>,
    /// In bytes.
    bandwidth: Option<u64>,
    /// Length of a period in seconds; 0 never ends.
    pub(crate) period: u64,
}

/// The counters that one call asks: of calls, and of bytes.
pub(crate) type Asks = SmallVec<[(Volume, CounterAsk); 2]>;

impl Volumes {
    /// Those of an element; none after an error was reported.
    pub(crate) fn new(
        compiler: &mut Compiler<'_>,
        element: &Element,
        outer: Option<&Volumes>,
    ) -> Option<Volumes> {
        let calls = constant(compiler.number(element, CALLS.name));
        let bandwidth = constant(compiler.number(element, BANDWIDTH.name));
        let period = constant(compiler.number(element, PERIOD.name)).or(outer.map(|outer| outer.period))?;
        if calls.is_none() && bandwidth.is_none() {
            let message = format!("`{}` needs the attribute `calls` or `bandwidth`", element.name);
            let finding = Diagnostic::error("missing-attribute", element.name_span, message);
            compiler.report(finding.with_help("say how much is allowed"));
            return None;
        }
        let bandwidth = bandwidth.map(|kilobytes| kilobytes.saturating_mul(1_024));
        Some(Volumes { calls, bandwidth, period })
    }

    /// The window of periods that start at `start_ticks`.
    pub(crate) fn window(&self, start_ticks: i64) -> Window {
        let length = (self.period > 0).then(|| Duration::from_secs(self.period));
        Window::Fixed { start_ticks, length }
    }

    /// Asks for `amount` calls, and whether there is bandwidth left. `key` names the counter of a volume.
    pub(crate) fn ask(&self, asks: &mut Asks, window: Window, amount: u64, key: impl Fn(Volume) -> String) {
        let volumes = [(Volume::Calls, self.calls, amount), (Volume::Bandwidth, self.bandwidth, 0)];
        for (volume, limit, amount) in volumes {
            if let Some(limit) = limit {
                asks.push((volume, CounterAsk { key: key(volume), window, limit, amount }));
            }
        }
    }
}

/// The refusal of a decision; none when everything was granted.
pub(crate) fn refusal_of(
    exchange: &mut Exchange,
    policy: &[&'static str],
    volumes: impl Iterator<Item = Volume>,
    asks: &[CounterAsk],
    states: &[CounterState],
) -> Option<PolicyError> {
    let refused = volumes.zip(asks).zip(states).filter(|(_, state)| !state.granted);
    let ((volume, ask), state) = refused.max_by_key(|(_, state)| state.retry_after)?;
    let unit = match volume {
        Volume::Calls => "calls",
        Volume::Bandwidth => "bytes",
    };
    let message = format!("{} of {} {unit} are counted in this period", state.count, ask.limit);
    refusal::explain(exchange, policy, message);
    let renews = matches!(ask.window, Window::Fixed { length: Some(_), .. });
    Some(refused_quota(volume, renews.then(|| refusal::wait(ask, state))))
}

/// What a quota is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Volume {
    /// Calls.
    Calls,
    /// Kilobytes.
    Bandwidth,
}

impl Volume {
    /// In the name of a counter.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Volume::Calls => "calls",
            Volume::Bandwidth => "bytes",
        }
    }
}

/// Counts the bytes of a call when it is over.
pub(crate) struct CountBytes {
    /// Where.
    pub(crate) ports: Ports,
    /// The counters of bytes.
    pub(crate) asks: Vec<CounterAsk>,
}

impl AtEnd for CountBytes {
    fn run(self: Box<Self>, end: CallEnd) -> PortFuture<'static, ()> {
        let Self { ports, mut asks } = *self;
        let bytes = end.request_bytes.saturating_add(end.response_bytes);
        asks.iter_mut().for_each(|ask| ask.amount = bytes);
        Box::pin(async move { ports.counters.add(&asks).await })
    }
}

/// `QuotaExceeded`, 403. A quota that never renews has no time of replenishment and no `Retry-After`.
fn refused_quota(volume: Volume, wait: Option<Duration>) -> PolicyError {
    let what = match volume {
        Volume::Calls => "Out of call volume quota.",
        Volume::Bandwidth => "Out of bandwidth quota.",
    };
    let Some(wait) = wait.map(refusal::seconds) else {
        return PolicyError::refusal(403, "QuotaExceeded", what);
    };
    let message = format!("{what} Quota will be replenished in {}.", time_span(wait));
    PolicyError::refusal(403, "QuotaExceeded", message).with_header(RETRY_AFTER, HeaderValue::from(wait))
}

/// Seconds as `TimeSpan.ToString()` has them: `hh:mm:ss`, with `d.` in front from one day on.
fn time_span(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3_600, rest / 60 % 60, rest % 60);
    if days == 0 { clock } else { format!("{days}.{clock}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_written_as_net_writes_a_time_span() {
        assert_eq!(time_span(1_802), "00:30:02");
        assert_eq!(time_span(86_399), "23:59:59");
        assert_eq!(time_span(86_400), "1.00:00:00");
        assert_eq!(time_span(14 * 86_400 + 7 * 3_600 + 13 * 60 + 56), "14.07:13:56");
    }
}
