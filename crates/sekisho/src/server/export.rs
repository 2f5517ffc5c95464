//! What exporters work with, and what they tell on standard error.

use std::sync::Arc;
use std::time::Duration;

use sekisho_policy::ports::{Clock, Http};
use sekisho_resources::process::Process;
use sekisho_telemetry::diagnostic::GatewayFacts;
use sekisho_telemetry::export::{ExportLog, ExportMeans};

use crate::system::SystemEntropy;

/// How long exporters may take to send what waits when they end.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// `http` goes wherever the operator wants: the rules for what policies may call do not hold.
pub(super) fn means(http: Arc<dyn Http>, clock: &Arc<dyn Clock>) -> ExportMeans {
    ExportMeans {
        http,
        clock: Arc::clone(clock),
        entropy: Arc::new(SystemEntropy),
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
