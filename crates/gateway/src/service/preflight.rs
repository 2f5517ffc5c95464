//! CORS preflight requests: what browsers ask before they make a call.

use std::sync::Arc;

use http::Method;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::request::Parts;
use sekisho_policy::exchange::Exchange;

use super::destination::{Destination, Routed, place, run, unmatched};
use crate::router::Lookup;

/// The method that a CORS preflight request asks for.
pub(super) fn preflight_method(parts: &Parts) -> Option<Method> {
    if parts.method != Method::OPTIONS || !parts.headers.contains_key(ORIGIN) {
        return None;
    }
    let wanted = parts.headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    Method::from_bytes(wanted.as_bytes()).ok()
}

/// A preflight request sees only the `cors` policies. Without any it is a request like others, for the operation that
/// declares OPTIONS.
pub(super) async fn preflight(
    routed: Routed<'_>,
    destination: Destination<'_>,
    exchange: &mut Exchange,
    parts: &Parts,
) {
    if let Some(operation) = destination.operation {
        exchange.facts.operation = Some(Arc::clone(&operation.facts));
        let pipeline = operation.pipelines.of(destination.api.keys.open_product);
        if let Some(response) = pipeline.preflight(exchange) {
            exchange.response = Some(response);
            return;
        }
        exchange.facts.operation = None;
    }
    let snapshot = routed.snapshot;
    let lookup = Lookup {
        method: &parts.method,
        path: parts.uri.path(),
        query: routed.query,
        headers: &exchange.request.headers,
        secure: &*exchange.request.original_url.scheme == "https",
        is_handshake: false,
    };
    let (_, parameters, found) = place(snapshot, snapshot.router().find(lookup), parts.uri.path());
    exchange.request.matched_parameters = parameters;
    match found {
        Some(found) => run(routed, found, exchange).await,
        None => unmatched(snapshot, exchange).await,
    }
}
