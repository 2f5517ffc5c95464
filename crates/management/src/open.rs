//! Metrics and health: for everybody who reaches the listener.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use sekisho_telemetry::{Metrics, metrics};

use crate::Ask;

/// The path that API Management's gateways answer health probes at.
pub const STATUS_PATH: &str = "/status-0123456789abcdef";

pub(crate) fn metrics(metrics: Arc<Metrics>) -> Router {
    let render = move || {
        let text = metrics.render();
        async move { ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], text) }
    };
    Router::new().route("/metrics", get(render))
}

pub(crate) fn health(is_ready: Ask<()>) -> Router {
    let tell = move || {
        let is_ready = is_ready(());
        async move {
            match is_ready {
                true => (StatusCode::OK, "Service Operational\n"),
                false => (StatusCode::SERVICE_UNAVAILABLE, "no configuration is in service\n"),
            }
        }
    };
    Router::new().route(STATUS_PATH, get(tell))
}
