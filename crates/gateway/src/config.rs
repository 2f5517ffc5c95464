//! How the data plane runs.

use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;
use sekisho_resources::process::{HttpsListener, Process, WebSocketLimits};

/// Listeners and limits of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayConfig {
    /// Addresses that speak plain HTTP. Port 0 takes a free one.
    pub http: Vec<SocketAddr>,
    /// Addresses that speak HTTPS.
    pub https: Vec<HttpsListener>,
    /// Threads that serve connections; at least one.
    pub workers: usize,
    /// Bounds on what clients may do.
    pub limits: ClientLimits,
    /// Peers whose `X-Forwarded-For`, `-Proto` and `-Host` are believed. None by default: then the caller is the
    /// address that connected, and these headers are only passed on.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which trusted proxies pass the client's certificate on. None by default: a header that a proxy
    /// does not set itself would let anybody claim any certificate.
    pub client_certificate_header: Option<HeaderName>,
    /// Which part of the traces that begin here is recorded, of [`EVERY_TRACE`].
    pub trace_sampling: u64,
}

/// [`GatewayConfig::trace_sampling`] for all traces: as many as the random part of a trace id tells apart.
pub const EVERY_TRACE: u64 = 1 << 56;

/// Bounds on what clients may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// Connections at a time; more are closed at once.
    pub connections: usize,
    /// Headers of a request.
    pub header_count: usize,
    /// Bytes of all headers of a request; more is answered with 431.
    pub header_bytes: usize,
    /// Bytes of the request target; more is answered with 414.
    pub url_bytes: usize,
    /// Bytes of a request body; more is answered with 413 or breaks the call off.
    pub body_bytes: u64,
    /// How long the head of a request may take, the wait for it on an open connection included.
    pub header_timeout: Duration,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long a request body may pause.
    pub body_idle_timeout: Duration,
    /// Requests at a time on one HTTP/2 connection.
    pub concurrent_streams: u32,
    /// Bounds on connections that became WebSockets.
    pub web_sockets: WebSocketLimits,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connections: 20_000,
            header_count: 100,
            header_bytes: 64 * 1024,
            url_bytes: 16 * 1024,
            body_bytes: 1024 * 1024 * 1024,
            header_timeout: Duration::from_secs(75),
            handshake_timeout: Duration::from_secs(10),
            body_idle_timeout: Duration::from_secs(120),
            concurrent_streams: 250,
            web_sockets: WebSocketLimits::default(),
        }
    }
}

impl From<&Process> for GatewayConfig {
    fn from(process: &Process) -> Self {
        Self {
            http: process.listeners.http.into_iter().collect(),
            https: process.listeners.https.clone().into_iter().collect(),
            workers: crate::worker::default_count(),
            limits: ClientLimits {
                header_bytes: process.limits.header_bytes,
                url_bytes: process.limits.url_bytes,
                body_bytes: process.limits.request_body_bytes,
                web_sockets: process.limits.web_sockets,
                ..ClientLimits::default()
            },
            trusted_proxies: process.listeners.trusted_proxies.clone(),
            client_certificate_header: process
                .listeners
                .client_certificate_header
                .as_ref()
                .and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok()),
            trace_sampling: process.open_telemetry.as_ref().map_or(EVERY_TRACE, |telemetry| {
                (telemetry.sampling.clamp(0.0, 1.0) * EVERY_TRACE as f64) as u64
            }),
        }
    }
}
