//! The circuit breaker of a backend.

use std::time::Duration;

use super::Spanned;

/// `properties.circuitBreaker.rules[0]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CircuitBreakerRule {
    /// `name`.
    pub name: Spanned<String>,
    /// `failureCondition.count` or `.percentage`.
    pub threshold: FailureThreshold,
    /// `failureCondition.interval`; one hour when not set.
    pub interval: Duration,
    /// `failureCondition.statusCodeRanges`, both ends included.
    pub status_code_ranges: Vec<StatusCodeRange>,
    /// `failureCondition.errorReasons` as written, such as `BackendConnectionFailure` or `Server errors`.
    pub error_reasons: Vec<String>,
    /// `tripDuration`: how long the breaker stays open; one hour when not set.
    pub trip_duration: Duration,
    /// `acceptRetryAfter`: the backend's `Retry-After` replaces `trip_duration`. False when not set.
    pub accept_retry_after: bool,
    /// `failureResponse.statusCode`: the status while the breaker is open; 503 when not set.
    pub failure_status: Option<u16>,
}

/// How many failures open the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureThreshold {
    /// So many in the interval; at least 1.
    Count(u32),
    /// So many of a hundred in the interval; 1–100.
    Percentage(u8),
}

/// Status codes that count as failures, both ends included, 200–599.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusCodeRange {
    /// First.
    pub min: u16,
    /// Last.
    pub max: u16,
}

impl StatusCodeRange {
    /// True when the status is in the range.
    pub fn contains(self, status: u16) -> bool {
        (self.min..=self.max).contains(&status)
    }
}
