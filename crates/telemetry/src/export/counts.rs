//! What exporters sent and lost.

use prometheus_client::metrics::counter::Counter;

use crate::metrics::Metrics;

/// Why items were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The queue was full, or closed.
    QueueFull,
    /// The destination said that it does not want them.
    Refused,
    /// They were tried for too long.
    Expired,
    /// They could not be encoded.
    Failed,
    /// The process ended first.
    Shutdown,
}

impl Loss {
    /// The label `reason`.
    pub fn as_str(self) -> &'static str {
        match self {
            Loss::QueueFull => "queue-full",
            Loss::Refused => "refused",
            Loss::Expired => "expired",
            Loss::Failed => "failed",
            Loss::Shutdown => "shutdown",
        }
    }

    const ALL: [Loss; 5] = [Loss::QueueFull, Loss::Refused, Loss::Expired, Loss::Failed, Loss::Shutdown];
}

/// The counters of one signal of one exporter.
#[derive(Clone, Debug)]
pub struct ExportCounts {
    /// `exporter`, such as `otlp`.
    pub(super) exporter: &'static str,
    /// `signal`, such as `traces`.
    pub(super) signal: &'static str,
    sent: Counter,
    failures: Counter,
    dropped: [Counter; Loss::ALL.len()],
}

impl ExportCounts {
    /// Those on the page of metrics.
    pub fn new(metrics: &Metrics, exporter: &'static str, signal: &'static str) -> Self {
        Self {
            exporter,
            signal,
            sent: metrics.export_sent(exporter, signal),
            failures: metrics.export_failures(exporter),
            dropped: Loss::ALL.map(|loss| metrics.export_dropped(exporter, loss.as_str())),
        }
    }

    /// Items were taken by the destination.
    pub fn sent(&self, items: usize) {
        self.sent.inc_by(items as u64);
    }

    /// An attempt failed.
    pub fn failed(&self) {
        self.failures.inc();
    }

    /// Items were lost.
    pub fn dropped(&self, items: usize, loss: Loss) {
        if let Some(counter) = self.dropped.get(loss as usize) {
            counter.inc_by(items as u64);
        }
    }
}
