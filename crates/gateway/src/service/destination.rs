//! The operation of a call, its key check and its policies.

use std::sync::Arc;

use sekisho_policy::exchange::Exchange;
use sekisho_policy::pipeline::{Pipeline, PolicyError};

use super::client::Client;
use super::handshake::Refusal;
use super::traced::Traced;
use crate::backend::CallBackends;
use crate::protocol::Surroundings;
use crate::router::{Found, Parameters};
use crate::snapshot::{ApiEntry, OperationEntry, Snapshot};
use crate::subscription::Access;

/// Where a call belongs, after routing.
pub(super) struct Destination<'s> {
    pub(super) api: &'s ApiEntry,
    pub(super) operation: Option<&'s OperationEntry>,
}

/// A call on its way to its operation.
pub(super) struct Routed<'a> {
    pub(super) snapshot: &'a Arc<Snapshot>,
    pub(super) backends: &'a Arc<CallBackends>,
    pub(super) client: &'a Client,
    pub(super) query: &'a str,
    /// A refusal that is certain already.
    pub(super) refusal: Option<Refusal>,
    /// Where the trace of a call goes that asks for one in the old way.
    pub(super) trace: &'a mut Traced,
}

/// Checks the key and runs the policies of the operation. Of a call that is refused already only on-error runs.
pub(super) async fn run(routed: Routed<'_>, destination: Destination<'_>, exchange: &mut Exchange) {
    let Routed { snapshot, backends, client, query, refusal, trace } = routed;
    let Destination { api, operation: Some(operation) } = destination else {
        return unmatched(snapshot, exchange).await;
    };
    exchange.facts.api_type = api.protocol.api_type();
    exchange.facts.operation = Some(Arc::clone(&operation.facts));
    exchange.facts.contract.clone_from(&operation.contract);
    if let Some(refusal) = refusal {
        return operation.pipelines.of(None).fail(exchange, refusal()).await;
    }
    match api.keys.check(snapshot.keys(), &exchange.request.headers, query) {
        Err(denied) => {
            let error = api.keys.refusal(denied, &client.url("/"), &api.path);
            operation.pipelines.of(None).fail(exchange, error).await;
        }
        Ok(access) => {
            let allow_tracing = access.allow_tracing;
            let pipeline = admit(snapshot, api, operation, access, exchange);
            if allow_tracing {
                trace.begin_legacy(snapshot, api, exchange);
            }
            let around = Surroundings { snapshot, backends, client, api_path: &api.path };
            api.protocol.run(pipeline, exchange, around).await;
        }
    }
    if let Some(resource) = &api.protected_resource {
        resource.challenge(exchange.response_mut(), client);
    }
}

/// A call that matches no operation: the policy file of `cross-domain`, or 404.
pub(super) async fn unmatched(snapshot: &Snapshot, exchange: &mut Exchange) {
    if !snapshot.global().answer_policy_file(exchange) {
        snapshot.global().fail(exchange, not_found()).await;
    }
}

/// Notes who calls; the pipeline of the product whose policies apply.
fn admit<'s>(
    snapshot: &'s Snapshot,
    api: &'s ApiEntry,
    operation: &'s OperationEntry,
    access: Access,
    exchange: &mut Exchange,
) -> &'s Pipeline {
    exchange.facts.product = access.product.and_then(|product| snapshot.product(product)).cloned();
    exchange.facts.subscription = access.subscription;
    exchange.facts.user = access.user;
    exchange.set_route(api.route.clone());
    operation.pipelines.of(access.product)
}

/// What routing found: the rest of the path, the matched parameters, API and operation.
pub(super) fn place<'s, 'p>(
    snapshot: &'s Snapshot,
    found: Option<Found<'p>>,
    path: &'p str,
) -> (&'p str, Parameters, Option<Destination<'s>>) {
    let Some(found) = found else { return (path, Vec::new(), None) };
    let Some(api) = snapshot.api(found.api) else { return (path, Vec::new(), None) };
    // The service URL of a WebSocket API may be that of its only socket, which a slash would change.
    let rest = if found.rest.is_empty() && !api.is_web_socket { "/" } else { found.rest };
    let (operation, parameters) = match found.operation {
        Some((operation, parameters)) => (api.operations.get(operation), parameters),
        None => (None, Vec::new()),
    };
    (rest, parameters, Some(Destination { api, operation }))
}

/// What a call is told that matches no operation.
fn not_found() -> PolicyError {
    PolicyError::refusal(404, "OperationNotFound", "Unable to match incoming request to an operation.")
        .with_public("Resource not found")
        .with_source("configuration")
}
