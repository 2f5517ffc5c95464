//! Who writes.

use std::sync::Arc;

/// The gateway, as telemetry names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayFacts {
    /// `gateway.serviceName`.
    pub service_name: Arc<str>,
    /// `gateway.region`.
    pub region: Arc<str>,
    /// `gateway.id`.
    pub id: Arc<str>,
    /// Version of the product.
    pub version: &'static str,
}
