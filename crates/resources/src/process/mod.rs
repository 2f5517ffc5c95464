//! How the process runs: the part of `sekisho.yaml` that is not resources.
//!
//! Everything is optional. Paths are relative to the file and stand here joined to its folder.

mod authorizations;
mod azure_monitor;
mod content_safety;
mod destinations;
mod event_hubs;
mod identity;
mod logs;
mod open_telemetry;
mod prices;
mod read;
mod semantic_cache;
mod state;
mod statsd;
mod tracing;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

pub use authorizations::Connection;
pub use azure_monitor::{AzureMonitor, LogStreams};
pub use content_safety::{ContentSafety, OnSafetyFailure};
pub use destinations::{Destination, Destinations, HostPattern};
pub use event_hubs::{EventHubProtocol, EventHubSettings, KafkaSecurity};
pub use identity::{Identity, IdentitySource};
pub use logs::{LogCompatibility, LogExclusion, LogMasking, LogTarget, LoggedHeaders, Logs};
pub use open_telemetry::OpenTelemetry;
pub use prices::{Price, Prices, Terms};
pub(crate) use read::read;
pub use semantic_cache::{LocalEmbeddings, SemanticCache};
pub use state::{InternalCache, Memory, OnStateFailure, RedisState, State, TokenWindow};
pub use statsd::{Statsd, StatsdTags};
pub use tracing::Tracing;

/// The settings of the process.
#[derive(Clone, Debug)]
pub struct Process {
    /// `gateway`: who this gateway is.
    pub gateway: Gateway,
    /// `listeners`: the data plane.
    pub listeners: Listeners,
    /// `management`: management API, portal and metrics.
    pub management: Management,
    /// `dataDirectory`: where the process writes; `.sekisho` beside the file when not set.
    pub data_directory: PathBuf,
    /// `limits`: sizes that a client may send.
    pub limits: Limits,
    /// `drainTimeout`: how long requests in flight may take at shutdown; 30 s when not set.
    pub drain_timeout: Duration,
    /// `identity`: where tokens of managed identities come from.
    pub identity: Identity,
    /// `authorizations`: connections of the credential manager.
    pub connections: Vec<Connection>,
    /// `accessLog`: one line for each request on standard output; false when not set.
    pub access_log: bool,
    /// `logs`: what is kept of calls; nothing when not set.
    pub logs: Option<Logs>,
    /// `azureMonitor`: rows of calls for the Logs Ingestion API; none when not set.
    pub azure_monitor: Option<AzureMonitor>,
    /// `openTelemetry`: where spans, metrics and log entries are sent; nowhere when not set.
    pub open_telemetry: Option<OpenTelemetry>,
    /// `statsd`: where counters and timers are sent; nowhere when not set.
    pub statsd: Option<Statsd>,
    /// `upstream`: connections to backends.
    pub upstream: Upstream,
    /// `state`: where counters and cached values are kept.
    pub state: State,
    /// `contentSafety`: how `llm-content-safety` works with its service.
    pub content_safety: ContentSafety,
    /// `semanticCache`: how answers of models are kept by their meaning.
    pub semantic_cache: SemanticCache,
    /// `tracing`: how calls may ask to be traced.
    pub tracing: Tracing,
    /// `eventHubs`: how events are sent, by logger; the defaults for loggers without an entry.
    pub event_hubs: BTreeMap<String, EventHubSettings>,
}

impl Default for Process {
    fn default() -> Self {
        Self {
            gateway: Gateway::default(),
            listeners: Listeners::default(),
            management: Management::default(),
            data_directory: PathBuf::from(".sekisho"),
            limits: Limits::default(),
            drain_timeout: Duration::from_secs(30),
            identity: Identity::default(),
            connections: Vec::new(),
            access_log: false,
            logs: None,
            azure_monitor: None,
            open_telemetry: None,
            statsd: None,
            upstream: Upstream::default(),
            state: State::default(),
            content_safety: ContentSafety::default(),
            semantic_cache: SemanticCache::default(),
            tracing: Tracing::default(),
            event_hubs: BTreeMap::new(),
        }
    }
}

/// `gateway`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// `id`: `context.Deployment.GatewayId`; `managed` when not set.
    pub id: String,
    /// `region`: `context.Deployment.Region`; `local` when not set.
    pub region: String,
    /// `serviceName`: `context.Deployment.ServiceName`; `sekisho` when not set.
    pub service_name: String,
}

impl Default for Gateway {
    fn default() -> Self {
        Self { id: "managed".to_owned(), region: "local".to_owned(), service_name: "sekisho".to_owned() }
    }
}

/// `listeners`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listeners {
    /// `http`: address, `127.0.0.1:8080` when not set, `None` for `off`.
    pub http: Option<SocketAddr>,
    /// `https`: off when not set.
    pub https: Option<HttpsListener>,
    /// `trustedProxies`: networks such as `10.0.0.0/8` whose `X-Forwarded-For`, `-Proto` and `-Host` are believed; none
    /// when not set.
    pub trusted_proxies: Vec<IpNet>,
    /// `clientCertificateHeader`: the header in which these proxies pass the client's certificate on; none when not
    /// set.
    pub client_certificate_header: Option<String>,
}

impl Default for Listeners {
    fn default() -> Self {
        Self {
            http: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            https: None,
            trusted_proxies: Vec::new(),
            client_certificate_header: None,
        }
    }
}

/// `listeners.https`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsListener {
    /// `address`; `127.0.0.1:8443` when not set.
    pub address: SocketAddr,
    /// `certificateFile` and `keyFile`.
    pub tls: TlsFiles,
    /// `clientCertificate`; off when not set.
    pub client_certificate: ClientCertificateMode,
}

/// `listeners.https.clientCertificate`: API Management's `negotiateClientCertificate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificateMode {
    /// `off`: none is asked for.
    #[default]
    Off,
    /// `request`: clients may show one; any is taken, because policies judge it.
    Request,
    /// `require`: connections without one are refused; any is taken.
    Require,
}

/// A certificate chain and its key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// `certificateFile`: the chain, leaf first.
    pub certificate: PathBuf,
    /// `keyFile`: the private key.
    pub key: PathBuf,
}

/// `management`.
#[derive(Clone, Debug)]
pub struct Management {
    /// `address`: `127.0.0.1:8090` when not set, `None` for `off`. Without certificate it must be a loopback address.
    pub address: Option<SocketAddr>,
    /// `certificateFile` and `keyFile`.
    pub tls: Option<TlsFiles>,
    /// `accessToken`, or the content of `accessTokenFile`: what callers show; one in the data directory when not set.
    pub access_token: Option<SecretString>,
    /// `hosts`: names under which the listener may be called, beside `localhost` and addresses.
    pub hosts: Vec<String>,
}

impl Default for Management {
    fn default() -> Self {
        Self {
            address: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8090))),
            tls: None,
            access_token: None,
            hosts: Vec::new(),
        }
    }
}

/// `limits`; sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `headerBytes`: all headers of a request; 65 536 when not set.
    pub header_bytes: usize,
    /// `urlBytes`: the request target; 16 384 when not set.
    pub url_bytes: usize,
    /// `bufferedBodyBytes`: a body that a policy reads; 2 MiB when not set.
    pub buffered_body_bytes: usize,
    /// `requestBodyBytes`: a body that streams through; 1 GiB when not set.
    pub request_body_bytes: u64,
    /// `webSockets`: connections that became WebSockets.
    pub web_sockets: WebSocketLimits,
}

/// `limits.webSockets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebSocketLimits {
    /// `connections`: how many are open at a time; 5,000 when not set.
    pub connections: usize,
    /// `idleTimeout`: how long nothing may come from either side; 10 minutes when not set, `None` for `off`.
    pub idle_timeout: Option<Duration>,
    /// `maximumDuration`: how long one may be open; `None` when not set, or for `off`.
    pub maximum_duration: Option<Duration>,
}

impl Default for WebSocketLimits {
    fn default() -> Self {
        Self { connections: 5_000, idle_timeout: Some(Duration::from_secs(600)), maximum_duration: None }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 64 * 1024,
            url_bytes: 16 * 1024,
            buffered_body_bytes: 2 * 1024 * 1024,
            request_body_bytes: 1024 * 1024 * 1024,
            web_sockets: WebSocketLimits::default(),
        }
    }
}

/// `upstream`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upstream {
    /// `connectTimeout`; 10 s when not set.
    pub connect_timeout: Duration,
    /// `idleTimeout`: how long an unused connection is kept; 90 s when not set.
    pub idle_timeout: Duration,
    /// `caFile`: PEM certificates trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// `insecureSkipVerify`: backends' certificates are not checked; false when not set.
    pub insecure_skip_verify: bool,
    /// `destinations`: where calls may go that policies choose.
    pub destinations: Destinations,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(90),
            ca_file: None,
            insecure_skip_verify: false,
            destinations: Destinations::default(),
        }
    }
}
