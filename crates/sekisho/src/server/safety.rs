//! What is told of Content Safety on standard error.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sekisho_policy::ports::{CallRecord, Event};
use sekisho_telemetry::Observer;

/// At most one line in this time: every failure counts in the metrics, and an outage fails many calls.
const PAUSE: Duration = Duration::from_secs(10);

/// Tells why Content Safety gave no verdict.
#[derive(Default)]
pub(super) struct SafetyLog(Mutex<Said>);

#[derive(Default)]
struct Said {
    at: Option<Instant>,
    /// Failures since then that nothing was said of.
    unsaid: u64,
}

impl Said {
    /// How many failures a line now is for; none when it is too early for one.
    fn say(&mut self, now: Instant) -> Option<u64> {
        self.unsaid += 1;
        if self.at.is_some_and(|at| now.saturating_duration_since(at) < PAUSE) {
            return None;
        }
        self.at = Some(now);
        Some(std::mem::take(&mut self.unsaid))
    }
}

impl Observer for SafetyLog {
    fn observe_call(&self, _record: &CallRecord) {}

    fn observe_event(&self, event: &Event) {
        let Event::ContentSafetyFailed { message, is_blocked, .. } = event else { return };
        let Some(count) = self.0.lock().say(Instant::now()) else { return };
        let effect = if *is_blocked { "is blocked" } else { "passes unchecked" };
        let before = match count {
            1 => String::new(),
            count => format!(" ({} more since the last line)", count - 1),
        };
        anstream::eprintln!("text {effect} without a verdict: {message}{before}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_one_line_now_and_then() {
        let mut said = Said::default();
        let start = Instant::now();
        assert_eq!(said.say(start), Some(1));
        assert_eq!(said.say(start + PAUSE / 2), None);
        assert_eq!(said.say(start + PAUSE), Some(2));
    }
}
