//! A request's way: routing, key, policies, response.
//!
//! - this file: the way
//! - `client`: who calls; `certificate`: the one that a proxy passes on
//! - `destination`: the operation, its key check and its policies
//! - `handshake`: what is particular to calls that are to become WebSockets
//! - `preflight`: what browsers ask before a call
//! - `panic`: what a panic ends
//! - `traced`: a call that may be traced

mod certificate;
mod client;
mod destination;
mod handshake;
mod panic;
mod preflight;
mod traced;

use std::convert::Infallible;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request};
use hyper::body::Incoming;
use sekisho_policy::body::Body;
use sekisho_policy::exchange::{ApiType, Arrival, CallFacts, Exchange, OriginalUrl, Response};
use sekisho_policy::observation::{Correlation, Observation};
use sekisho_policy::pipeline::PolicyError;
use sekisho_policy::ports::{Ports, TraceContext};

use crate::backend::observed::message;
use crate::backend::{CallBackends, Forwarded};
use crate::config::{EVERY_TRACE, GatewayConfig};
use crate::listener::ConnectionFacts;
use crate::mcp::McpAccount;
use crate::respond::{Call, ClientBody, Keep, ModelCall, metered, respond, switching_protocols, unrecorded};
use crate::router::Lookup;
use crate::snapshot::Snapshot;
use crate::tracing::DebugTraces;
use crate::tunnel::{Opening, Tunnels};
pub(crate) use client::Client;
use destination::{Routed, place, run, unmatched};
use panic::catch_panic;
use preflight::{preflight, preflight_method};
use traced::Traced;

/// Where load balancers look.
const HEALTH_PATH: &str = "/status-0123456789abcdef";

/// What serves requests.
pub(crate) struct Service {
    snapshot: ArcSwap<Snapshot>,
    ports: Ports,
    config: GatewayConfig,
    names: SchemeNames,
    tunnels: Tunnels,
    traces: Arc<DebugTraces>,
}

/// Texts that every call shares.
struct SchemeNames {
    http: Arc<str>,
    https: Arc<str>,
}

/// Answers a request. Never fails: a panic is answered with 500.
pub(crate) async fn answer(
    service: Arc<Service>,
    connection: Arc<ConnectionFacts>,
    request: Request<Incoming>,
) -> Result<http::Response<ClientBody>, Infallible> {
    let (mut parts, incoming) = request.into_parts();
    if parts.uri.path() == HEALTH_PATH && parts.method == Method::GET {
        return Ok(unrecorded(healthy()));
    }
    let (method, version) = (parts.method.clone(), parts.version);
    let request_id = service.ports.entropy.uuid();
    let mut call = Call::begin(&service.ports.clock, &service.ports.recorder, request_id);
    let mut opening = Opening::of(&mut parts, &incoming);
    let arrived = Arrived { parts, incoming, request_id, opening: opening.as_mut() };
    let outcome = catch_panic(service.handle(&connection, arrived, &mut call)).await;
    let response = outcome.unwrap_or_else(|_| {
        PolicyError::internal("Internal", "the gateway failed while it handled the call")
            .response(&request_id)
    });
    if let Some(agreement) = opening.and_then(|opening| opening.agreed(&response)) {
        connection.go_on_as(service.tunnels.tunnel(agreement, call));
        return Ok(switching_protocols(response));
    }
    Ok(respond(response, call, &method, version))
}

/// A request that arrived.
struct Arrived<'o> {
    parts: Parts,
    incoming: Incoming,
    request_id: [u8; 16],
    /// Set when it asks to become a WebSocket.
    opening: Option<&'o mut Opening>,
}

impl Service {
    pub(crate) fn new(
        config: GatewayConfig,
        ports: Ports,
        snapshot: Arc<Snapshot>,
        traces: Arc<DebugTraces>,
    ) -> Self {
        let names = SchemeNames { http: "http".into(), https: "https".into() };
        let tunnels = Tunnels::new(config.limits.web_sockets, Arc::clone(&ports.recorder));
        Self { snapshot: ArcSwap::new(snapshot), ports, config, names, tunnels, traces }
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Takes another configuration into service; calls under way keep theirs.
    pub(crate) fn replace(&self, snapshot: Arc<Snapshot>) {
        self.snapshot.store(snapshot);
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    async fn handle(&self, connection: &ConnectionFacts, arrived: Arrived<'_>, call: &mut Call) -> Response {
        let Arrived { mut parts, incoming, request_id, opening } = arrived;
        let snapshot = self.snapshot.load_full();
        let client = Client::new(connection, &parts.headers, &parts.uri, &self.config.trusted_proxies);
        call.describe(&parts.method, parts.version, client.url(parts.uri.path()), client.ip);
        let refusal = self.refusal(&parts);
        let wanted_method = preflight_method(&parts);
        let metadata = match parts.method {
            Method::GET => snapshot.protected_resources().find(parts.uri.path()),
            _ => None,
        };
        let found = match refusal {
            Some(_) => None,
            None if metadata.is_some() => None,
            None => snapshot.router().find(Lookup {
                method: wanted_method.as_ref().unwrap_or(&parts.method),
                path: parts.uri.path(),
                query: parts.uri.query().unwrap_or(""),
                headers: &parts.headers,
                secure: client.secure,
                is_handshake: opening.is_some(),
            }),
        };
        call.model = found.is_some().then(|| ModelCall::of(&parts.method, parts.uri.path())).flatten();
        call.mcp = found
            .as_ref()
            .and_then(|found| snapshot.api(found.api))
            .filter(|api| api.protocol.api_type() == ApiType::Mcp)
            .map(|api| McpAccount::new(&api.facts.name, &parts.headers));
        let observation = match found.as_ref().and_then(|found| snapshot.api(found.api)) {
            Some(api) => Arc::clone(&api.observation),
            None => Arc::clone(snapshot.observation()),
        };
        let keep = Keep {
            is_read: call.mcp.is_some() || call.model.as_ref().is_some_and(ModelCall::needs_body),
            written: observation.capture.request.body_bytes,
        };
        let (body, meter) = metered(incoming, keep, &self.config.limits);
        let kept = meter.as_ref().and_then(|meter| meter.payload());
        call.request = meter;
        let (rest, parameters, destination) = place(&snapshot, found, parts.uri.path());
        let rest = rest.to_owned();
        let handshake =
            handshake::begin(opening, destination.as_ref(), &mut parts, &rest, &self.tunnels, call);
        let (consent, handshake_refusal) = handshake.map(|begun| (begun.consent, begun.refusal)).unzip();
        let mut headers = std::mem::take(&mut parts.headers);
        let mut trace = Traced::new(&self.traces, &mut headers);
        call.head = message(&observation.capture.request, &headers, &observation.names, kept.as_ref());
        let context = self.trace_context(&observation, &headers);
        call.correlate(context.clone());
        let backends = Arc::new(CallBackends {
            set: Arc::clone(snapshot.backends()),
            forwarded: forwarded(connection, &client),
            consent,
            observation: Arc::clone(&observation),
            request: kept,
            trace: context,
        });
        let mut exchange =
            self.exchange(&snapshot, &backends, connection, &client, &parts, headers, body, rest);
        exchange.request_id = request_id;
        exchange.started = call.started();
        exchange.request.matched_parameters = parameters;
        exchange.timings = observation.policy_timings.then(Vec::new);
        exchange.facts.observation = observation;
        let exchange: &mut Exchange = call.exchange.insert(exchange);
        let query = parts.uri.query().unwrap_or("");
        match (refusal, destination) {
            (Some(error), _) => snapshot.global().fail(exchange, error).await,
            (None, None) if let Some(resource) = metadata => {
                exchange.facts.api = Some(Arc::clone(&resource.api));
                exchange.response = Some(resource.metadata(&client));
            }
            (None, None) => unmatched(&snapshot, exchange).await,
            (None, Some(destination)) => {
                exchange.facts.api = Some(Arc::clone(&destination.api.facts));
                trace.begin(&snapshot, destination.api, exchange);
                let routed = Routed {
                    snapshot: &snapshot,
                    backends: &backends,
                    client: &client,
                    query,
                    refusal: handshake_refusal.flatten(),
                    trace: &mut trace,
                };
                if wanted_method.is_some() {
                    preflight(routed, destination, exchange, &parts).await;
                } else {
                    run(routed, destination, exchange).await;
                }
            }
        }
        let mut response = exchange.response.take().unwrap_or_default();
        call.trace = trace.end(&mut response.headers);
        response
    }

    /// Where a call stands in a distributed trace; none when nobody asks.
    fn trace_context(&self, observation: &Observation, headers: &HeaderMap) -> Option<TraceContext> {
        let begin = match observation.correlation {
            Correlation::None => return None,
            Correlation::Legacy => TraceContext::legacy,
            Correlation::W3c => TraceContext::of,
        };
        let (trace, span) = (self.ports.entropy.uuid(), self.ports.entropy.uuid());
        let mut context = begin(headers, trace, std::array::from_fn(|place| span[place]));
        // Whoever carries a trace has decided; of those that begin here some are recorded.
        if context.parent_id.is_none() {
            let random = u128::from_be_bytes(context.trace_id) & u128::from(EVERY_TRACE - 1);
            context.is_sampled = random < u128::from(self.config.trace_sampling);
        }
        Some(context)
    }

    /// Requests that are refused whatever they are for.
    fn refusal(&self, parts: &Parts) -> Option<PolicyError> {
        let length = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
        let limits = &self.config.limits;
        if length > limits.url_bytes {
            let message = format!("the URL is longer than {} bytes", limits.url_bytes);
            return Some(PolicyError::refusal(414, "UriTooLong", message).with_source("configuration"));
        }
        let body =
            parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if body.is_some_and(|bytes| bytes > limits.body_bytes) {
            let message = format!("the request body is larger than {} bytes", limits.body_bytes);
            return Some(
                PolicyError::refusal(413, "RequestBodyTooLarge", message).with_source("configuration"),
            );
        }
        None
    }

    #[allow(clippy::too_many_arguments)] // Every one is a different thing that the exchange is made of.
    fn exchange(
        &self,
        snapshot: &Snapshot,
        backends: &Arc<CallBackends>,
        connection: &ConnectionFacts,
        client: &Client,
        parts: &Parts,
        headers: HeaderMap,
        body: Body,
        path: String,
    ) -> Box<Exchange> {
        let query = parts.uri.query().unwrap_or("");
        let scheme = if client.secure { &self.names.https } else { &self.names.http };
        let original_url = OriginalUrl {
            scheme: Arc::clone(scheme),
            host: Arc::clone(&client.host),
            port: client.port,
            path: parts.uri.path().into(),
            query: if query.is_empty() { Arc::default() } else { format!("?{query}").into() },
        };
        let forwarded_certificate = self.forwarded_certificate(connection, &headers);
        let mut request = sekisho_policy::exchange::Request::new(
            parts.method.clone(),
            headers,
            body,
            original_url,
            client.ip,
            path,
            query.to_owned(),
        );
        match (forwarded_certificate, &connection.certificates) {
            (Some(certificate), _) => request.certificate = Some(certificate),
            (None, Some(shown)) => {
                request.certificate = Some(Arc::clone(&shown.own));
                request.certificate_issuers = Arc::clone(&shown.issuers);
            }
            (None, None) => {}
        }
        Box::new(Exchange::new(Arrival {
            ports: self.ports.clone(),
            backends: Arc::clone(backends) as _,
            limits: Arc::clone(snapshot.limits()),
            facts: CallFacts {
                deployment: Arc::clone(snapshot.deployment()),
                trust_store: Some(Arc::clone(snapshot.trust_store())),
                ..CallFacts::default()
            },
            request,
            request_id: [0; 16],
        }))
    }

    /// The certificate that a trusted proxy says the client showed to it.
    fn forwarded_certificate(&self, connection: &ConnectionFacts, headers: &HeaderMap) -> Option<Arc<[u8]>> {
        let header = headers.get(self.config.client_certificate_header.as_ref()?)?;
        client::is_trusted(&self.config.trusted_proxies, connection.peer)
            .then(|| certificate::forwarded(header))?
    }
}

/// What backends are told about the client's connection.
fn forwarded(connection: &ConnectionFacts, client: &Client) -> Forwarded {
    Forwarded { peer: connection.peer_header.clone(), secure: client.secure, host: client.authority.clone() }
}

fn healthy() -> Response {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
    Response { headers, body: Body::full("OK"), ..Response::default() }
}
