//! Whether a destination can be reached, told once when that changes.

use std::time::Duration;

use parking_lot::Mutex;

/// Where failures of exporters are told. Both texts are for the operator and hold no secrets.
pub trait ExportLog: Send + Sync {
    /// The destination of a signal begins to fail.
    fn failing(&self, exporter: &str, signal: &str, reason: &str);
    /// It takes batches again.
    fn recovered(&self, exporter: &str, signal: &str, after: Duration);
}

/// Tells nobody.
impl ExportLog for () {
    fn failing(&self, _exporter: &str, _signal: &str, _reason: &str) {}
    fn recovered(&self, _exporter: &str, _signal: &str, _after: Duration) {}
}

/// Since when a destination fails.
#[derive(Default)]
pub(super) struct Health(Mutex<Option<Duration>>);

impl Health {
    /// It failed at this time; true when it begins to.
    pub(super) fn failed(&self, now: Duration) -> bool {
        let mut since = self.0.lock();
        let begins = since.is_none();
        since.get_or_insert(now);
        begins
    }

    /// It took something; how long it failed before, if it did.
    pub(super) fn worked(&self, now: Duration) -> Option<Duration> {
        self.0.lock().take().map(|since| now.saturating_sub(since))
    }
}
