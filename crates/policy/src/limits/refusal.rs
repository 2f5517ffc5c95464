//! What a client is told whose call is refused: spec of errors, section "Default client-visible bodies".

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::ports::counters::{CounterAsk, CounterError, CounterState, Window};
use crate::ports::record::TraceEntry;

/// Says in the trace why a policy refuses.
pub(crate) fn explain(exchange: &mut Exchange, policy: &[&'static str], message: String) {
    let elapsed = exchange.elapsed();
    exchange.add_trace(TraceEntry {
        source: Arc::from(policy.first().copied().unwrap_or("")),
        severity: "error",
        message,
        metadata: Vec::new(),
        elapsed,
    });
}

/// How long a refused ask has to wait. One that can never be granted, as with a limit of 0, is told the length of its window.
pub(crate) fn wait(ask: &CounterAsk, state: &CounterState) -> Duration {
    let longest = match ask.window {
        Window::Sliding { length } | Window::Fixed { length: Some(length), .. } => length,
        _ => Duration::MAX,
    };
    state.retry_after.min(longest)
}

/// Whole seconds after which another try makes sense: rounded up, at least 1.
pub(crate) fn seconds(wait: Duration) -> u64 {
    let rounded = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    rounded.max(1)
}

/// `RateLimitExceeded`, 429.
pub(crate) fn rate_limit(header: &HeaderName, seconds: u64) -> PolicyError {
    PolicyError::refusal(429, "RateLimitExceeded", "Rate limit is exceeded")
        .with_public(format!("Rate limit is exceeded. Try again in {seconds} seconds."))
        .with_header(header.clone(), HeaderValue::from(seconds))
}

/// `StateUnavailable`, 503: nobody can say whether the call is within its limits.
pub(crate) fn unreachable(error: &CounterError) -> PolicyError {
    let mut out = PolicyError::internal("StateUnavailable", error.message.clone());
    out.status = 503;
    out.with_public("Service Unavailable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_never_zero() {
        assert_eq!(seconds(Duration::ZERO), 1);
        assert_eq!(seconds(Duration::from_millis(1_001)), 2);
        assert_eq!(seconds(Duration::from_secs(60)), 60);
    }
}
