//! What a client is told whose call is refused.

use std::borrow::Cow;
use std::time::Duration;

use http::HeaderValue;

use super::DECLARATION;
use super::announcement::Announcement;
use super::limits::{Asked, Volume};
use crate::exchange::Exchange;
use crate::limits::refusal::{explain, seconds};
use crate::pipeline::PolicyError;
use crate::ports::counters::CounterState;

/// The refusal of a decision; none when everything was granted.
pub(super) fn of(
    exchange: &mut Exchange,
    announcement: &Announcement,
    asked: &[Asked],
    states: &[CounterState],
) -> Option<PolicyError> {
    let refused = asked.iter().zip(states).filter(|(_, state)| !state.granted);
    // The rate stands first: where both refuse, the quota is what the client has to wait for.
    let (asked, state) = refused.last()?;
    let never = state.retry_after == Duration::MAX;
    let wait = (!never).then(|| seconds(state.retry_after));
    explain(exchange, DECLARATION.names, reason(asked, state, wait));
    if let Some(wait) = wait {
        announcement.tell_retry(exchange, wait);
    }
    let mut error = match asked.volume {
        Volume::Rate => PolicyError::refusal(429, "TokenLimitExceeded", rate_text(wait)),
        Volume::Quota => {
            let is_used_up = state.count >= asked.limit;
            PolicyError::refusal(403, "TokenQuotaExceeded", quota_text(is_used_up, wait))
        }
    };
    if let Some(wait) = wait {
        error = error.with_header(announcement.retry_after_header.clone(), HeaderValue::from(wait));
    }
    Some(error)
}

fn rate_text(wait: Option<u64>) -> Cow<'static, str> {
    match wait {
        Some(wait) => format!("Token limit is exceeded. Try again in {wait} seconds.").into(),
        None => "Token limit is exceeded.".into(),
    }
}

fn quota_text(is_used_up: bool, wait: Option<u64>) -> Cow<'static, str> {
    let what =
        if is_used_up { "Token quota is exceeded." } else { "Token quota will exceed with this request." };
    match wait {
        Some(wait) => format!("{what} Try again in {}.", in_words(wait)).into(),
        None => what.into(),
    }
}

/// What the trace tells. The key stays out: it may be a secret of the caller.
fn reason(asked: &Asked, state: &CounterState, wait: Option<u64>) -> String {
    let Asked { limit, wanted, .. } = asked;
    let of = match asked.volume {
        Volume::Rate => "per minute",
        Volume::Quota => "of this period",
    };
    let needed = if *wanted > 0 { format!("; the prompt needs {wanted}") } else { String::new() };
    let next = match wait {
        Some(wait) => format!("; it may pass in {wait} seconds"),
        None => "; it never fits".to_owned(),
    };
    format!("{} of {limit} tokens {of} are counted for this key{needed}{next}", state.count)
}

/// A wait in one or two units, the last of them rounded up: `24 days, 14 hours`, `23 hours`, `41 minutes and 54 seconds`.
fn in_words(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    if seconds < HOUR {
        return joined([(seconds / MINUTE, "minute"), (seconds % MINUTE, "second")], " and ");
    }
    let seconds = seconds.div_ceil(HOUR) * HOUR;
    joined([(seconds / DAY, "day"), (seconds % DAY / HOUR, "hour")], ", ")
}

fn joined(parts: [(u64, &str); 2], with: &str) -> String {
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, unit)| format!("{number} {unit}{}", if number == 1 { "" } else { "s" }))
        .collect();
    parts.join(with)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_told_in_words() {
        let cases = [
            (1, "1 second"),
            (60, "1 minute"),
            (61, "1 minute and 1 second"),
            (41 * 60 + 54, "41 minutes and 54 seconds"),
            (3_600, "1 hour"),
            (22 * 3_600 + 1, "23 hours"),
            (23 * 3_600 + 1, "1 day"),
            (24 * 86_400 + 14 * 3_600, "24 days, 14 hours"),
            (86_400 + 1, "1 day, 1 hour"),
        ];
        for (seconds, words) in cases {
            assert_eq!(in_words(seconds), words);
        }
    }
}
