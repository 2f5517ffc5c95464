//! The management listener.
//!
//! - [`Management`]: what it answers, put together; other crates add routes to it
//! - [`access`]: who may: everything but metrics and health wants the access token
//! - [`token`]: the access token, and where it is kept
//! - `hosts`: under which names it may be called
//! - `open`: metrics and health
//! - [`arm`]: paths, versions and errors of Azure Resource Manager
//! - `debug`: debug credentials and traces
//! - [`query`]: queries of the logs, as Azure Monitor has them
//! - `listener`: connections, within bounds

pub mod access;
pub mod arm;
mod debug;
mod hosts;
mod listener;
mod open;
pub mod query;
pub mod token;

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use sekisho_gateway::DebugTraces;
use sekisho_telemetry::Metrics;
use tokio::net::TcpListener;

pub use access::Access;
pub use arm::ArmError;
use hosts::Hosts;
pub use open::STATUS_PATH;

/// The most bytes of a request body.
const BODY_LIMIT: usize = 1024 * 1024;

/// Says whether there is something: whether a configuration is in service, whether an API of a name exists.
pub type Ask<Q> = Arc<dyn Fn(Q) -> bool + Send + Sync>;

/// Says whether an API of a name exists.
pub type AskApi = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The management listener, ready to serve.
pub struct Management {
    routes: Router,
    hosts: Arc<Hosts>,
}

/// Puts a [`Management`] together.
pub struct Builder {
    access: Access,
    open: Router,
    guarded: Router,
}

impl Management {
    /// Begins with nothing but who may call.
    pub fn builder(access: Access) -> Builder {
        Builder { access, open: Router::new(), guarded: Router::new() }
    }

    /// Answers connections until `shutdown` is ready; those that are open then are dropped.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        listener::serve(self.routes, self.hosts, listener, shutdown).await;
    }
}

impl Builder {
    /// `GET /metrics`, for everybody.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.open = self.open.merge(open::metrics(metrics));
        self
    }

    /// The health path, for everybody. `is_ready` says whether a configuration is in service.
    #[must_use]
    pub fn with_health(mut self, is_ready: Ask<()>) -> Self {
        self.open = self.open.merge(open::health(is_ready));
        self
    }

    /// Debug credentials and traces of the gateway with this id.
    #[must_use]
    pub fn with_traces(self, gateway_id: &str, traces: Arc<DebugTraces>, has_api: AskApi) -> Self {
        self.with_routes(debug::routes(gateway_id, traces, has_api))
    }

    /// More routes, which want the access token like all others.
    #[must_use]
    pub fn with_routes(mut self, routes: Router) -> Self {
        self.guarded = self.guarded.merge(routes);
        self
    }

    /// The listener.
    pub fn build(self) -> Management {
        let hosts = Arc::new(Hosts::new(&self.access.hosts));
        let nothing = || async { ArmError::not_found("there is nothing at this path").into_response() };
        let guarded = self
            .guarded
            .fallback(nothing)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .layer(from_fn_with_state(Arc::new(self.access), access::require));
        Management { routes: self.open.fallback_service(guarded), hosts }
    }
}

#[cfg(test)]
mod tests;
