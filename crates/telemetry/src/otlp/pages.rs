//! Where metrics go: `/v1/metrics`, at intervals and once more at the end.

use std::sync::Arc;
use std::time::Duration;

use http::request::Builder;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::ResourceMetrics;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use sekisho_policy::ports::clock::within;
use sekisho_policy::ports::{Clock, PortFuture};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::NAME;
use super::metrics::{Period, of_families, of_policies};
use super::operations::Operations;
use super::page::families;
use super::records::{Receiver, What, judge};
use super::settings::OtlpSettings;
use super::values::{nanoseconds, resource};
use crate::export::sender::Sender;
use crate::export::{Answer, Destination, ExportCounts, ExportMeans, Loss, SendSettings, Verdict};
use crate::metrics::Metrics;

/// The state of all metrics, made when it is sent.
pub(super) struct Pages {
    receiver: Receiver,
    resource: Resource,
    metrics: Arc<Metrics>,
    operations: Arc<Operations>,
    clock: Arc<dyn Clock>,
    /// When counting began, in nanoseconds since 1970.
    start: u64,
}

impl Pages {
    pub(super) fn new(
        settings: &OtlpSettings,
        metrics: Arc<Metrics>,
        operations: Arc<Operations>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let start = nanoseconds(clock.utc_ticks());
        let receiver = Receiver::new(What::Metrics, settings);
        Self { receiver, resource: resource(&settings.resource), metrics, operations, clock, start }
    }

    pub(super) fn state(&self) -> ExportMetricsServiceRequest {
        let period = Period { start: self.start, end: nanoseconds(self.clock.utc_ticks()) };
        let (page, operations) = (self.metrics.render(), self.operations.render());
        let mut own = of_families(&families(&page), period);
        own.metrics.extend(of_families(&families(&operations), period).metrics);
        let scope_metrics = std::iter::once(own).chain(of_policies(&self.metrics.of_policies(), period));
        let metrics = ResourceMetrics {
            resource: Some(self.resource.clone()),
            scope_metrics: scope_metrics.collect(),
            ..ResourceMetrics::default()
        };
        ExportMetricsServiceRequest { resource_metrics: vec![metrics] }
    }
}

impl Destination for Pages {
    type Item = ();

    fn encode(&self, _batch: &[()]) -> Vec<u8> {
        self.state().encode_to_vec()
    }

    fn request(&self) -> PortFuture<'_, Result<Builder, String>> {
        Box::pin(async { Ok(self.receiver.request()) })
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        judge(answer)
    }
}

/// Until the process ends. The other side is gone only together with it.
async fn ended(is_ending: &mut watch::Receiver<bool>) {
    let _ = is_ending.wait_for(|is_ending| *is_ending).await;
}

/// The task that sends them.
pub(super) struct PageTask {
    ending: watch::Sender<bool>,
    task: JoinHandle<()>,
    clock: Arc<dyn Clock>,
    counts: ExportCounts,
}

impl PageTask {
    pub(super) fn start(
        settings: &OtlpSettings,
        metrics: Arc<Metrics>,
        operations: Arc<Operations>,
        means: &ExportMeans,
    ) -> Self {
        let counts = ExportCounts::new(&metrics, NAME, What::Metrics.as_str());
        let clock = Arc::clone(&means.clock);
        let pages = Arc::new(Pages::new(settings, metrics, operations, Arc::clone(&clock)));
        // The next state tells all that this one does.
        let sending = SendSettings {
            timeout: settings.timeout,
            retry_for: settings.interval,
            ..SendSettings::default()
        };
        let (ending, mut is_ending) = watch::channel(false);
        let sender = Sender::new(pages, sending, means.clone(), counts.clone(), is_ending.clone());
        let (time, interval) = (Arc::clone(&clock), settings.interval);
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = time.sleep(interval) => sender.send(vec![()]).await,
                    () = ended(&mut is_ending) => break,
                }
            }
            sender.send(vec![()]).await;
        });
        Self { ending, task, clock, counts }
    }

    /// Sends the last state. False when that took longer than `patience`.
    pub(super) async fn finish(mut self, patience: Duration) -> bool {
        self.ending.send_replace(true);
        let is_done = within(&*self.clock, patience, &mut self.task).await.is_some();
        if !is_done {
            self.task.abort();
            self.counts.dropped(1, Loss::Shutdown);
        }
        is_done
    }
}
