//! The `azureMonitor` settings of the process at work.

use std::sync::Arc;

use sekisho_policy::ports::Ports;
use sekisho_resources::process::{self, Process};
use sekisho_telemetry::Metrics;
use sekisho_telemetry::azure_monitor::{AzureMonitor, AzureMonitorTask, CollectionRule, LogStream, Streams};
use sekisho_telemetry::export::{ExportCounts, ExportMeans};

use super::export;

/// The exporter as metrics name it.
const EXPORTER: &str = "azure-monitor";
/// Rows of `ApiManagementGatewayLogs`.
const GATEWAY_LOGS: &str = "gateway-logs";
/// Rows of `ApiManagementGatewayLlmLog`.
const LLM_LOGS: &str = "llm-logs";

/// Takes records from the start; they wait until [`start`] when that is wanted at all.
pub(super) fn keeper(process: &Process, metrics: &Metrics) -> Option<Arc<AzureMonitor>> {
    process.azure_monitor.as_ref()?;
    Some(Arc::new(AzureMonitor::new(ExportCounts::new(metrics, EXPORTER, GATEWAY_LOGS))))
}

/// Starts its tasks, on the runtime that this is called on.
pub(super) fn start(
    monitor: Option<Arc<AzureMonitor>>,
    process: &Process,
    ports: &Ports,
    means: ExportMeans,
    metrics: &Metrics,
) -> Option<AzureMonitorTask> {
    let (monitor, settings) = (monitor?, process.azure_monitor.as_ref()?);
    let stream = |name: &Option<String>, signal| {
        let stream = LogStream::new(rule(settings, ports), name.as_deref()?);
        Some((stream, ExportCounts::new(metrics, EXPORTER, signal)))
    };
    let streams = Streams {
        gateway_logs: stream(&settings.streams.gateway_logs, GATEWAY_LOGS),
        llm_logs: stream(&settings.streams.llm_logs, LLM_LOGS),
    };
    Some(monitor.start(streams, export::gateway_facts(process), means))
}

fn rule(settings: &process::AzureMonitor, ports: &Ports) -> CollectionRule {
    CollectionRule {
        endpoint: settings.endpoint.as_str().into(),
        rule_id: settings.rule_id.as_str().into(),
        client_id: settings.client_id.as_deref().map(Arc::from),
        tokens: Arc::clone(&ports.tokens),
    }
}
