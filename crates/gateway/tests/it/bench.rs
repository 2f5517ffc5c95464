//! A gateway, and a backend that does what a test says byte by byte.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_gateway::{
    DebugCredentials, DebugTraces, Gateway, GatewayConfig, Snapshot, SnapshotOptions, Upstream,
    UpstreamSettings,
};
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::{
    CallRecord, Clock, Entropy, Event, Hold, Http, PortFuture, PortSet, Ports, Recorder, TokenError, Tokens,
};
use sekisho_resources::process::Process;
use sekisho_testkit::ports::FakePorts;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

pub(crate) use crate::wire::{Message, Wire};

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Fails instead of hanging.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("this takes too long")
}

struct RealClock(std::time::Instant);

impl Clock for RealClock {
    fn utc_ticks(&self) -> i64 {
        UNIX_EPOCH_TICKS
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> PortFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[derive(Default)]
struct Counting(Mutex<u64>);

impl Entropy for Counting {
    fn next(&self) -> u64 {
        let mut next = self.0.lock();
        *next += 1;
        *next
    }
}

/// Panics for one resource, has no token for another, fetches one for a third, and has one at hand for any other.
struct OddTokens;

impl Tokens for OddTokens {
    fn token<'a>(
        &'a self,
        resource: &'a str,
        client_id: Option<&'a str>,
    ) -> PortFuture<'a, Result<Arc<str>, TokenError>> {
        Box::pin(async move {
            match resource {
                "urn:fetched" => Ok(format!("fetched-for-{}", client_id.unwrap_or("system")).into()),
                "urn:failing" => Err(TokenError { message: "the identity endpoint is down".to_owned() }),
                _ => panic!("on purpose"),
            }
        })
    }

    fn cached(&self, resource: &str, _client_id: Option<&str>) -> Option<Arc<str>> {
        (!["urn:panic", "urn:failing", "urn:fetched"].contains(&resource)).then(|| "the-token".into())
    }
}

struct Channel {
    records: mpsc::Sender<CallRecord>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Recorder for Channel {
    fn call(&self, record: CallRecord, _hold: Hold) {
        let sent = self.records.try_send(record);
        assert!(!matches!(sent, Err(mpsc::error::TrySendError::Full(_))), "more records than any test makes");
    }

    fn event(&self, event: Event) {
        self.events.lock().push(event);
    }
}

/// Traces that end with the test.
fn traces(ports: &Ports) -> Arc<DebugTraces> {
    let credentials = DebugCredentials::in_memory().unwrap();
    Arc::new(DebugTraces::new(credentials, Arc::clone(&ports.clock)))
}

/// A running gateway and what it records.
pub(crate) struct Bench {
    pub(crate) gateway: Gateway,
    pub(crate) address: SocketAddr,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
    records: mpsc::Receiver<CallRecord>,
    options: SnapshotOptions,
}

impl Bench {
    /// Serves a configuration on a free port.
    pub(crate) async fn start(yaml: &str) -> Self {
        Self::start_with(yaml, open_port()).await
    }

    pub(crate) async fn start_with(yaml: &str, config: GatewayConfig) -> Self {
        Self::start_towards(yaml, config, UpstreamSettings::default()).await
    }

    /// Serves a configuration whose backends are reached like this.
    pub(crate) async fn start_towards(yaml: &str, config: GatewayConfig, backends: UpstreamSettings) -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let upstream = Arc::new(Upstream::new(backends).unwrap());
        let (ports, records) = ports(&events, &upstream);
        let options = SnapshotOptions::new(&Process::default(), ports.clone(), upstream);
        let snapshot = snapshot(yaml, &options, None);
        let gateway =
            Gateway::start(config, ports.clone(), Arc::new(snapshot), traces(&ports)).await.unwrap();
        let address = gateway.addresses()[0].address;
        Self { gateway, address, events, records, options }
    }

    /// Takes another configuration into service.
    pub(crate) fn replace(&self, yaml: &str) {
        let previous = self.gateway.snapshot();
        self.gateway.replace(Arc::new(snapshot(yaml, &self.options, Some(&previous))));
    }

    pub(crate) async fn client(&self) -> Wire<TcpStream> {
        Wire::new(TcpStream::connect(self.address).await.unwrap())
    }

    /// One call on a connection of its own.
    pub(crate) async fn call(&self, request: &str) -> Message {
        let mut client = self.client().await;
        client.send(request).await;
        client.message().await
    }

    pub(crate) async fn record(&mut self) -> CallRecord {
        soon(self.records.recv()).await.unwrap()
    }
}

/// A configuration that speaks plain HTTP on a free port.
pub(crate) fn open_port() -> GatewayConfig {
    GatewayConfig { http: vec![SocketAddr::from(([127, 0, 0, 1], 0))], ..plain() }
}

pub(crate) fn plain() -> GatewayConfig {
    GatewayConfig {
        trace_sampling: sekisho_gateway::EVERY_TRACE,
        // One, so that calls of several clients meet on the same connections to the backend.
        workers: 1,
        http: Vec::new(),
        https: Vec::new(),
        limits: Default::default(),
        trusted_proxies: Vec::new(),
        client_certificate_header: None,
    }
}

fn ports(events: &Arc<Mutex<Vec<Event>>>, upstream: &Arc<Upstream>) -> (Ports, mpsc::Receiver<CallRecord>) {
    let (sender, records) = mpsc::channel(100);
    let ports = PortSet {
        clock: Arc::new(RealClock(std::time::Instant::now())),
        entropy: Arc::new(Counting::default()),
        tokens: Arc::new(OddTokens),
        recorder: Arc::new(Channel { records: sender, events: Arc::clone(events) }),
        http: Arc::clone(upstream) as Arc<dyn Http>,
        spawner: Arc::new(|work| drop(tokio::spawn(work))),
        ..FakePorts::default().set()
    };
    (Ports::from(ports), records)
}

/// The codes of everything that is wrong with a configuration.
pub(crate) fn findings(yaml: &str) -> Vec<&'static str> {
    let loaded = sekisho_resources::load_text(Path::new("sekisho.yaml"), yaml, &|_| None);
    let upstream = Arc::new(Upstream::new(UpstreamSettings::default()).unwrap());
    let ports = ports(&Arc::default(), &upstream).0;
    let options = SnapshotOptions::new(&Process::default(), ports, upstream);
    let (_, found) = Snapshot::build(&loaded.configuration, &loaded.sources, &options, None);
    loaded.diagnostics.iter().chain(&found).map(|finding| finding.code).collect()
}

fn snapshot(yaml: &str, options: &SnapshotOptions, previous: Option<&Snapshot>) -> Snapshot {
    let loaded = sekisho_resources::load_text(Path::new("sekisho.yaml"), yaml, &|_| None);
    assert!(!loaded.has_errors(), "{:#?}", loaded.diagnostics);
    let (snapshot, findings) = Snapshot::build(&loaded.configuration, &loaded.sources, options, previous);
    snapshot.unwrap_or_else(|| panic!("{findings:#?}"))
}

/// An API without keys at `/api` for any call, with these policies of its inbound and backend sections.
pub(crate) fn open_api(backend: SocketAddr, policies: &str) -> String {
    format!(
        "apis:
  api:
    path: api
    serviceUrl: http://{backend}/base
    subscriptionRequired: false
    policy: |
      <policies>{policies}</policies>
    operations:
      any: {{method: '*', urlTemplate: '/*'}}
"
    )
}

/// The same API with a backend entity of this URL and these other properties, a YAML mapping in one line; with these
/// policies behind the choice of the backend, and these other sections.
pub(crate) fn entity_api(url: &str, properties: &str, inbound: &str, sections: &str) -> String {
    format!(
        "apis:
  api:
    path: api
    subscriptionRequired: false
    policy: |
      <policies>
        <inbound><set-backend-service backend-id=\"entity\" />{inbound}</inbound>
        {sections}
      </policies>
    operations:
      any: {{method: '*', urlTemplate: '/*'}}
backends:
  entity: {{url: '{url}', protocol: http, {properties}}}
"
    )
}

/// A backend that is down. Its port is below those that systems give out, so that no test beside this one listens there.
pub(crate) fn nobody() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9))
}

/// A listener that tests answer on.
pub(crate) struct Backend {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Backend {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    pub(crate) async fn accept(&self) -> Wire<TcpStream> {
        Wire::new(soon(self.listener.accept()).await.unwrap().0)
    }
}
