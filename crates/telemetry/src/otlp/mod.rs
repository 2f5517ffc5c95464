//! OpenTelemetry over HTTP with protobuf: spans, metrics and log entries.
//!
//! - [`settings`]: where to and what
//! - [`values`]: attributes and times of the protocol
//! - [`gen_ai`]: what the conventions for generative AI say of a call
//! - [`answers`]: what a model's answer says of itself, where its body was kept
//! - [`call`]: what the span of a call says of it
//! - [`spans`]: a call as spans, its backends as spans below it
//! - [`logs`]: a call as a log entry
//! - [`page`]: the page of metrics, read back
//! - [`metrics`]: the same metrics in the protocol's terms
//! - [`operations`]: the two histograms of the conventions for generative AI
//! - [`records`]: where calls go
//! - [`pages`]: where metrics go, at intervals

mod answers;
mod call;
mod gen_ai;
mod logs;
mod metrics;
mod operations;
mod page;
mod pages;
mod records;
mod settings;
mod spans;
#[cfg(test)]
mod tests;
mod values;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use gen_ai::tokens as known;
pub use settings::{OtlpSettings, Signals};

use crate::export::{ExportCounts, ExportMeans, ExportTask, Exporter, QueueLimits, SendSettings};
use crate::fanout::{Keeper, Observer};
use crate::metrics::Metrics;
use operations::Operations;
use pages::PageTask;
use records::{Records, What};
use sekisho_policy::ports::{CallRecord, Hold};

/// The label `exporter` of its counters.
const NAME: &str = "otlp";
/// What a record takes in a queue besides its texts, in bytes.
const RECORD_BYTES: usize = 2048;

/// An exporter that runs.
pub struct Otlp {
    traces: Option<Exporter<Arc<CallRecord>>>,
    logs: Option<Exporter<Arc<CallRecord>>>,
    operations: Option<Arc<Operations>>,
}

/// What is to be ended with the process.
#[derive(Default)]
pub struct OtlpTasks {
    records: Vec<ExportTask>,
    pages: Option<PageTask>,
}

impl Otlp {
    /// Starts what the settings ask for, on the runtime that this is called on.
    pub fn start(settings: &OtlpSettings, metrics: &Arc<Metrics>, means: &ExportMeans) -> (Self, OtlpTasks) {
        let mut tasks = OtlpTasks::default();
        let mut records = |is_on: bool, what: What| {
            is_on.then(|| {
                let counts = ExportCounts::new(metrics, NAME, what.as_str());
                let destination = Arc::new(Records::new(what, settings, Arc::clone(&means.clock)));
                let sending = SendSettings { timeout: settings.timeout, ..SendSettings::default() };
                let limits = QueueLimits::default();
                let (exporter, task) = Exporter::start(destination, limits, sending, means.clone(), counts);
                tasks.records.push(task);
                exporter
            })
        };
        let traces = records(settings.signals.traces, What::Traces);
        let logs = records(settings.signals.logs, What::Logs);
        let operations = settings.signals.metrics.then(Arc::<Operations>::default);
        if let Some(operations) = &operations {
            tasks.pages = Some(PageTask::start(settings, Arc::clone(metrics), Arc::clone(operations), means));
        }
        (Self { traces, logs, operations }, tasks)
    }

    /// What counts calls for the metrics of generative AI; none when metrics are off.
    pub fn observer(&self) -> Option<Arc<dyn Observer>> {
        self.operations.as_ref().map(|operations| Arc::clone(operations) as Arc<dyn Observer>)
    }
}

impl Keeper for Otlp {
    fn keep_call(&self, record: &Arc<CallRecord>, _hold: &Hold) {
        let is_sampled = record.trace.as_ref().is_some_and(|trace| trace.is_sampled);
        if let Some(traces) = self.traces.as_ref().filter(|_| is_sampled) {
            traces.push(Arc::clone(record), weight(record));
        }
        if let Some(logs) = &self.logs {
            logs.push(Arc::clone(record), weight(record));
        }
    }
}

impl OtlpTasks {
    /// Sends what waits, and then the last state of the metrics. False when one of both took longer than `patience`, and
    /// something was lost.
    pub async fn finish(self, patience: Duration) -> bool {
        let records = self.records.into_iter().map(|task| task.finish(patience));
        let records = futures_util::future::join_all(records).await;
        // After the others, because it tells what became of them.
        let pages = match self.pages {
            Some(pages) => pages.finish(patience).await,
            None => true,
        };
        pages && records.into_iter().all(|is_done| is_done)
    }
}

/// About what a record takes, in bytes. Bodies are shared with the budget of all payloads and count there as well.
fn weight(record: &CallRecord) -> usize {
    let bodies = [&record.request, &record.response].into_iter();
    let bodies = bodies.filter_map(|message| message.body.as_ref()).map(|body| body.with(|body| body.held()));
    let traces = record.traces.iter().map(|entry| entry.message.len() + 128 * (1 + entry.metadata.len()));
    RECORD_BYTES
        + record.url.len()
        + 512 * record.attempts.len()
        + bodies.sum::<usize>()
        + traces.sum::<usize>()
}
