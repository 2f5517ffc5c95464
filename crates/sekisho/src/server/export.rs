//! What exporters tell on standard error.

use std::time::Duration;

use sekisho_telemetry::export::ExportLog;

/// One line when a destination begins to fail, and one when it takes something again.
pub(super) struct ExportLines;

impl ExportLog for ExportLines {
    fn failing(&self, exporter: &str, signal: &str, reason: &str) {
        anstream::eprintln!("{exporter} ({signal}) cannot be reached: {reason}; it is tried on");
    }

    fn recovered(&self, exporter: &str, signal: &str, after: Duration) {
        anstream::eprintln!("{exporter} ({signal}) is reached again after {:.1} s", after.as_secs_f64());
    }
}
