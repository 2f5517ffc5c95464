//! What exporters work with, and what they tell on standard error.

use std::sync::Arc;
use std::time::Duration;

use sekisho_gateway::Upstream;
use sekisho_policy::ports::Ports;
use sekisho_resources::process::Process;
use sekisho_telemetry::azure_monitor::AzureMonitorTask;
use sekisho_telemetry::diagnostic::GatewayFacts;
use sekisho_telemetry::export::{ExportLog, ExportMeans};

use super::insights::Insights;

/// How long exporters may take to send what waits when they end.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Where calls are sent to be kept elsewhere.
pub(super) struct Exports {
    pub(super) insights: Insights,
    pub(super) monitor: Option<AzureMonitorTask>,
}

impl Exports {
    /// Sends what waits, within [`PATIENCE`]. What was lost is counted.
    pub(super) async fn finish(self) {
        let monitor = async {
            if let Some(monitor) = self.monitor {
                monitor.finish(PATIENCE).await;
            }
        };
        tokio::join!(self.insights.finish(PATIENCE), monitor);
    }
}

/// Where exporters send is the operator's choice: the rules for what policies may call do not hold.
pub(super) fn means(ports: &Ports, upstream: &Arc<Upstream>) -> ExportMeans {
    ExportMeans {
        http: upstream.unrestricted(),
        clock: Arc::clone(&ports.clock),
        entropy: Arc::clone(&ports.entropy),
        log: Arc::new(ExportLines),
    }
}

/// The gateway, as telemetry names it.
pub(super) fn gateway_facts(process: &Process) -> GatewayFacts {
    let gateway = &process.gateway;
    GatewayFacts {
        service_name: gateway.service_name.as_str().into(),
        region: gateway.region.as_str().into(),
        id: gateway.id.as_str().into(),
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// One line when a destination begins to fail, and one when it takes something again.
struct ExportLines;

impl ExportLog for ExportLines {
    fn failing(&self, exporter: &str, signal: &str, reason: &str) {
        anstream::eprintln!("{exporter} ({signal}) takes nothing: {reason}; it is tried on");
    }

    fn recovered(&self, exporter: &str, signal: &str, after: Duration) {
        anstream::eprintln!("{exporter} ({signal}) takes items again after {:.1} s", after.as_secs_f64());
    }
}
