//! Limits of a deployment.
//!
//! Pay-as-you-go: fixed windows of one minute, aligned to the clock; a call is charged its prompt and completion when
//! it is admitted, and refused when that would pass the limit. Provisioned: every call raises the utilisation by its
//! tokens, which drains by the deployment's tokens per minute; above 100 % calls are refused.

use parking_lot::Mutex;

use crate::config::{DeploymentConfig, DeploymentKind};

const WINDOW_MILLIS: u64 = 60_000;

/// What a call was admitted with.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Admission {
    /// Tokens per minute and how many are left in this window.
    pub tokens: Option<Allowance>,
    /// Requests per minute and how many are left in this window.
    pub requests: Option<Allowance>,
    /// Utilisation of provisioned throughput in percent.
    pub utilization: Option<f64>,
}

/// A limit per minute and what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// The limit.
    pub limit: u64,
    /// What is left in this window.
    pub remaining: u64,
}

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Refusal {
    /// Which limit was met.
    pub limit: Limit,
    /// Milliseconds until a call may be admitted again.
    pub retry_after_ms: u64,
    /// What was left, without this call.
    pub state: Admission,
}

/// The limit a refused call met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Tokens per minute.
    Tokens,
    /// Requests per minute.
    Requests,
    /// Provisioned throughput.
    Capacity,
}

/// The counters of one deployment.
#[derive(Debug)]
pub struct Limiter {
    kind: DeploymentKind,
    tokens_per_minute: Option<u64>,
    requests_per_minute: Option<u64>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    window: u64,
    tokens: u64,
    requests: u64,
    /// Provisioned: tokens not yet drained, and when that was true.
    level: f64,
    level_at_ms: u64,
}

impl Limiter {
    /// Counters for a deployment, all at zero.
    pub fn new(deployment: &DeploymentConfig) -> Self {
        Self {
            kind: deployment.kind,
            tokens_per_minute: deployment.tokens_per_minute,
            requests_per_minute: deployment.requests_per_minute,
            state: Mutex::default(),
        }
    }

    /// Admits a call of so many tokens at this time (milliseconds since 1970), or refuses it.
    pub fn admit(&self, now_ms: u64, tokens: u64) -> Result<Admission, Refusal> {
        let mut state = self.state.lock();
        match (self.kind, self.tokens_per_minute) {
            (DeploymentKind::Ptu, Some(capacity)) => admit_provisioned(&mut state, capacity, now_ms, tokens),
            _ => self.admit_window(&mut state, now_ms, tokens),
        }
    }

    /// Forgets everything counted.
    pub fn reset(&self) {
        *self.state.lock() = State::default();
    }

    fn admit_window(&self, state: &mut State, now_ms: u64, tokens: u64) -> Result<Admission, Refusal> {
        let window = now_ms / WINDOW_MILLIS;
        if state.window != window {
            *state = State { window, ..State::default() };
        }
        let retry_after_ms = WINDOW_MILLIS - now_ms % WINDOW_MILLIS;
        let refuse = |limit, state: &State| Refusal { limit, retry_after_ms, state: self.left(state) };
        if self.requests_per_minute.is_some_and(|limit| state.requests >= limit) {
            return Err(refuse(Limit::Requests, state));
        }
        if self.tokens_per_minute.is_some_and(|limit| state.tokens.saturating_add(tokens) > limit) {
            return Err(refuse(Limit::Tokens, state));
        }
        state.requests = state.requests.saturating_add(1);
        state.tokens = state.tokens.saturating_add(tokens);
        Ok(self.left(state))
    }

    fn left(&self, state: &State) -> Admission {
        let left = |limit: Option<u64>, used| {
            limit.map(|limit| Allowance { limit, remaining: limit.saturating_sub(used) })
        };
        Admission {
            tokens: left(self.tokens_per_minute, state.tokens),
            requests: left(self.requests_per_minute, state.requests),
            utilization: None,
        }
    }
}

fn admit_provisioned(
    state: &mut State,
    capacity_per_minute: u64,
    now_ms: u64,
    tokens: u64,
) -> Result<Admission, Refusal> {
    let capacity = capacity_per_minute as f64;
    let drained_per_ms = capacity / WINDOW_MILLIS as f64;
    let elapsed_ms = now_ms.saturating_sub(state.level_at_ms) as f64;
    state.level = (state.level - elapsed_ms * drained_per_ms).max(0.0);
    state.level_at_ms = now_ms;
    let with_level =
        |level: f64| Admission { utilization: Some(level / capacity * 100.0), ..Admission::default() };

    let over = state.level - capacity;
    if over > 0.0 {
        let retry_after_ms = (over / drained_per_ms).ceil().max(1.0) as u64;
        return Err(Refusal { limit: Limit::Capacity, retry_after_ms, state: with_level(state.level) });
    }
    state.level += tokens as f64;
    Ok(with_level(state.level))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = WINDOW_MILLIS;

    fn limiter(kind: DeploymentKind, tokens: Option<u64>, requests: Option<u64>) -> Limiter {
        Limiter::new(&DeploymentConfig {
            kind,
            tokens_per_minute: tokens,
            requests_per_minute: requests,
            ..DeploymentConfig::new("d")
        })
    }

    #[test]
    fn window_of_tokens_ends_with_the_minute() {
        let limiter = limiter(DeploymentKind::Paygo, Some(100), None);
        let start = 5 * MINUTE + 48_000;
        let first = limiter.admit(start, 60).unwrap();
        assert_eq!(first.tokens, Some(Allowance { limit: 100, remaining: 40 }));
        let refused = limiter.admit(start, 41).unwrap_err();
        assert_eq!((refused.limit, refused.retry_after_ms), (Limit::Tokens, 12_000));
        assert!(limiter.admit(start, 40).is_ok());
        assert!(limiter.admit(6 * MINUTE, 100).is_ok());
    }

    #[test]
    fn requests_are_limited_by_themselves() {
        let limiter = limiter(DeploymentKind::Paygo, None, Some(2));
        assert!(limiter.admit(0, 1000).is_ok());
        assert_eq!(limiter.admit(1, 0).unwrap().requests, Some(Allowance { limit: 2, remaining: 0 }));
        assert_eq!(limiter.admit(2, 0).unwrap_err().limit, Limit::Requests);
        limiter.reset();
        assert!(limiter.admit(3, 0).is_ok());
    }

    #[test]
    fn provisioned_utilization_rises_and_drains() {
        let limiter = limiter(DeploymentKind::Ptu, Some(600), None);
        assert_eq!(limiter.admit(0, 300).unwrap().utilization, Some(50.0));
        assert_eq!(limiter.admit(0, 600).unwrap().utilization, Some(150.0));
        let refused = limiter.admit(0, 1).unwrap_err();
        assert_eq!((refused.limit, refused.retry_after_ms), (Limit::Capacity, 30_000));
        assert!(limiter.admit(29_000, 0).is_err());
        assert_eq!(limiter.admit(30_000, 0).unwrap().utilization, Some(100.0));
    }
}
