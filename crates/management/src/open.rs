//! Metrics and health: for everybody who reaches the listener.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use sekisho_telemetry::Metrics;

use crate::Ask;

/// The path that API Management's gateways answer health probes at.
pub const STATUS_PATH: &str = "/status-0123456789abcdef";

pub(crate) fn metrics(metrics: Arc<Metrics>) -> Router {
    let render = move |headers: HeaderMap| {
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let (content_type, page) = metrics.page(accept);
        async move { ([(CONTENT_TYPE, content_type)], page) }
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
