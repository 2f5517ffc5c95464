//! The data plane: takes calls, routes them, checks keys, runs policies, calls backends and streams the answers.
//!
//! - [`config`]: listeners and limits
//! - `listener`: TCP, TLS, HTTP/1.1 and HTTP/2; the drain
//! - `router`: which API and operation
//! - `subscription`: who calls
//! - `service`: a request's way through all of it
//! - [`snapshot`]: the configuration in service
//! - `certificates`: those of the configuration, read
//! - `backend`: pools, breakers and credentials
//! - `unified`: one API in front of models of several formats
//! - [`upstream`]: connections to backends
//! - `protocol`: APIs whose calls are messages; `mcp`: the Model Context Protocol; `a2a`: Agent2Agent
//! - `protected_resource`: what clients are told of the tokens that an API wants
//! - `worker`: the threads that all of it runs on; `overtime`: expressions that take long
//! - `respond`: the way back, and the account of the call
//! - [`tracing`]: calls that are traced
//! - `tunnel`: calls that become WebSockets

mod a2a;
mod backend;
mod certificates;
pub mod config;
mod listener;
mod mcp;
mod overtime;
mod protected_resource;
mod protocol;
mod respond;
mod router;
mod service;
pub mod snapshot;
mod subscription;
#[cfg(test)]
mod testing;
pub mod tracing;
mod tunnel;
mod unified;
pub mod upstream;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use sekisho_policy::ports::{Event, Ports};

pub use config::{ClientLimits, GatewayConfig};
pub use listener::{BoundAddress, CertificateError, ListenerError};
pub use snapshot::{Snapshot, SnapshotOptions};
pub use tracing::{DebugCredentials, DebugTraces};
pub use upstream::{Upstream, UpstreamError, UpstreamSettings};

use listener::Listeners;
use service::Service;

/// A running gateway.
pub struct Gateway {
    service: Arc<Service>,
    listeners: Listeners,
}

impl Gateway {
    /// Opens the listeners and serves the snapshot. Needs a tokio runtime.
    ///
    /// # Errors
    /// An address that cannot be listened on, or a certificate that cannot be used.
    pub async fn start(
        config: GatewayConfig,
        ports: Ports,
        snapshot: Arc<Snapshot>,
        traces: Arc<DebugTraces>,
    ) -> Result<Self, ListenerError> {
        ports.recorder.event(Event::ConfigurationLoaded);
        let service = Arc::new(Service::new(config.clone(), ports, snapshot, traces));
        let listeners = Listeners::start(&config, Arc::clone(&service)).await?;
        Ok(Self { service, listeners })
    }

    /// The addresses that take connections, with the ports that were really taken.
    pub fn addresses(&self) -> &[BoundAddress] {
        self.listeners.addresses()
    }

    /// The configuration in service.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.service.snapshot()
    }

    /// Takes another configuration into service. Calls under way keep theirs to their end.
    pub fn replace(&self, snapshot: Arc<Snapshot>) {
        self.service.replace(snapshot);
        self.service.ports().recorder.event(Event::ConfigurationLoaded);
    }

    /// Reads certificates again whose files were written since; the number of those replaced. Connections keep theirs.
    ///
    /// # Errors
    /// A certificate that cannot be used; the old one stays in use.
    pub fn reload_certificates(&self) -> Result<usize, CertificateError> {
        self.listeners.reload_certificates()
    }

    /// Takes no more connections and lets the calls under way end; after `drain` they are cut. True when none had to
    /// be.
    pub async fn shutdown(self, drain: Duration) -> bool {
        self.listeners.drain.run(drain).await
    }
}
