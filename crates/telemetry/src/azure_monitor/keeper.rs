//! From records to rows, apart from calls: reading what was asked and answered takes its time.

use std::sync::Arc;
use std::time::Duration;

use sekisho_policy::ports::clock::within;
use sekisho_policy::ports::{CallRecord, Clock, Hold};
use tokio::task::JoinHandle;

use super::gateway_row;
use super::ingestion::LogStream;
use crate::diagnostic::{CallTelemetry, GatewayFacts};
use crate::export::queue::Queue;
use crate::export::{
    BatchLimits, ExportCounts, ExportMeans, ExportTask, Exporter, Loss, QueueLimits, SendSettings,
};
use crate::fanout::Keeper;
use crate::llm_rows;

/// Records that wait to be made rows of.
const RECORDS: QueueLimits = QueueLimits {
    items: 8192,
    bytes: 64 * 1024 * 1024,
    batch: BatchLimits { items: 256, bytes: 4 * 1024 * 1024, interval: Duration::from_millis(100) },
};
/// Rows that wait to be sent. The API takes 1 MB at once, brackets and commas included.
const ROWS: QueueLimits = QueueLimits {
    items: 65_536,
    bytes: 64 * 1024 * 1024,
    batch: BatchLimits { items: 10_000, bytes: 1_000_000 - 11_000, interval: Duration::from_secs(1) },
};
/// What a record has beside its bodies, in bytes.
const FRAME_BYTES: usize = 1024;

/// Takes the calls that the diagnostic `azuremonitor` lets through, and all of an API without one.
pub struct AzureMonitor {
    records: Arc<Queue<Arc<CallRecord>>>,
    counts: ExportCounts,
}

/// The tasks that make rows and send them.
pub struct AzureMonitorTask {
    records: Arc<Queue<Arc<CallRecord>>>,
    rows: JoinHandle<()>,
    streams: Vec<ExportTask>,
    clock: Arc<dyn Clock>,
    counts: ExportCounts,
}

/// Where the rows of a table go; its rows are not made when there is none.
pub struct Streams {
    /// `ApiManagementGatewayLogs`.
    pub gateway_logs: Option<(LogStream, ExportCounts)>,
    /// `ApiManagementGatewayLlmLog`.
    pub llm_logs: Option<(LogStream, ExportCounts)>,
}

impl AzureMonitor {
    /// Records wait until [`AzureMonitor::start`]. `counts` are for those that do not fit.
    pub fn new(counts: ExportCounts) -> Self {
        Self { records: Arc::new(Queue::new(RECORDS)), counts }
    }

    /// Starts the tasks, on the runtime that this is called on.
    pub fn start(&self, streams: Streams, gateway: GatewayFacts, means: ExportMeans) -> AzureMonitorTask {
        let mut tasks = Vec::new();
        let mut start = |stream: Option<(LogStream, ExportCounts)>| {
            let (stream, counts) = stream?;
            let (stream, means) = (Arc::new(stream), means.clone());
            let (exporter, task) = Exporter::start(stream, ROWS, SendSettings::default(), means, counts);
            tasks.push(task);
            Some(exporter)
        };
        let writer = Arc::new(Writer {
            gateway,
            gateway_logs: start(streams.gateway_logs),
            llm_logs: start(streams.llm_logs),
        });
        let (records, clock) = (Arc::clone(&self.records), Arc::clone(&means.clock));
        let (source, counts) = (Arc::clone(&records), self.counts.clone());
        let rows = tokio::spawn(async move {
            while let Some(batch) = source.batch(&*clock).await {
                let (writer, count) = (Arc::clone(&writer), batch.len());
                let work = move || batch.iter().for_each(|record| writer.write(record));
                if tokio::task::spawn_blocking(work).await.is_err() {
                    counts.dropped(count, Loss::Failed);
                }
            }
        });
        AzureMonitorTask { records, rows, streams: tasks, clock: means.clock, counts: self.counts.clone() }
    }
}

impl Keeper for AzureMonitor {
    fn keep_call(&self, record: &Arc<CallRecord>, _hold: &Hold) {
        let is_wanted = record
            .observation
            .monitor
            .as_ref()
            .is_none_or(|plan| CallTelemetry::of(plan, record) != CallTelemetry::Nothing);
        if is_wanted && !self.records.push(Arc::clone(record), held(record)) {
            self.counts.dropped(1, Loss::QueueFull);
        }
    }
}

/// What a record keeps in memory, in bytes.
fn held(record: &CallRecord) -> usize {
    let attempts = record.attempts.iter().filter_map(|attempt| attempt.messages.as_deref());
    let of_attempts = attempts.flat_map(|messages| [&messages.request, &messages.response]);
    let messages = [&record.request, &record.response].into_iter().chain(of_attempts);
    let bodies = messages.filter_map(|message| message.body.as_ref());
    FRAME_BYTES + bodies.map(|body| body.with(|payload| payload.held())).sum::<usize>()
}

/// Makes rows.
struct Writer {
    gateway: GatewayFacts,
    gateway_logs: Option<Exporter<Vec<u8>>>,
    llm_logs: Option<Exporter<Vec<u8>>>,
}

impl Writer {
    fn write(&self, record: &CallRecord) {
        let plan = record.observation.monitor.as_ref();
        let push = |exporter: &Exporter<Vec<u8>>, row: Vec<u8>| {
            let bytes = row.len() + 1;
            exporter.push(row, bytes);
        };
        if let Some(exporter) = &self.gateway_logs {
            push(exporter, gateway_row::row(record, plan, &self.gateway));
        }
        let model = plan.and_then(|plan| plan.language_model);
        if let Some((exporter, model)) = self.llm_logs.as_ref().zip(model) {
            for row in llm_rows::rows(record, model, &self.gateway) {
                // Texts, numbers and JSON that was written here can always be written.
                push(exporter, serde_json::to_vec(&row).unwrap_or_default());
            }
        }
    }
}

impl AzureMonitorTask {
    /// Takes no more records, makes rows of those that wait and sends them. What is not sent within `patience` is dropped
    /// and counted; false then.
    pub async fn finish(mut self, patience: Duration) -> bool {
        let end = self.clock.monotonic() + patience;
        self.records.close();
        let mut is_done = within(&*self.clock, patience, &mut self.rows).await.is_some();
        if !is_done {
            self.rows.abort();
            self.counts.dropped(self.records.len(), Loss::Shutdown);
        }
        let rest = end.saturating_sub(self.clock.monotonic());
        let streams: Vec<_> = self.streams.into_iter().map(|task| tokio::spawn(task.finish(rest))).collect();
        for stream in streams {
            is_done &= stream.await.unwrap_or(false);
        }
        is_done
    }
}
