//! A gateway, a backend that does what a test says byte by byte, and a client that reads byte by byte.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_gateway::{Gateway, GatewayConfig, Snapshot, SnapshotOptions, Upstream, UpstreamSettings};
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::{
    CallRecord, Clock, Entropy, Event, PortFuture, Ports, Recorder, TokenError, Tokens,
};
use sekisho_resources::process::Process;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

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

/// Panics for one resource, has a token for any other.
struct OddTokens;

impl Tokens for OddTokens {
    fn token<'a>(&'a self, _: &'a str, _: Option<&'a str>) -> PortFuture<'a, Result<Arc<str>, TokenError>> {
        panic!("on purpose")
    }

    fn cached(&self, resource: &str, _client_id: Option<&str>) -> Option<Arc<str>> {
        (resource != "urn:panic").then(|| "the-token".into())
    }
}

struct Channel {
    records: mpsc::Sender<CallRecord>,
    events: Arc<Mutex<Vec<Event>>>,
}

impl Recorder for Channel {
    fn call(&self, record: CallRecord) {
        let sent = self.records.try_send(record);
        assert!(!matches!(sent, Err(mpsc::error::TrySendError::Full(_))), "more records than any test makes");
    }

    fn event(&self, event: Event) {
        self.events.lock().push(event);
    }
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
        let config = GatewayConfig { http: vec![SocketAddr::from(([127, 0, 0, 1], 0))], ..plain() };
        Self::start_with(yaml, config).await
    }

    pub(crate) async fn start_with(yaml: &str, config: GatewayConfig) -> Self {
        let (sender, records) = mpsc::channel(100);
        let events = Arc::new(Mutex::new(Vec::new()));
        let ports = Ports {
            clock: Arc::new(RealClock(std::time::Instant::now())),
            entropy: Arc::new(Counting::default()),
            tokens: Arc::new(OddTokens),
            recorder: Arc::new(Channel { records: sender, events: Arc::clone(&events) }),
        };
        let upstream = Arc::new(Upstream::new(UpstreamSettings::default()).unwrap());
        let options = SnapshotOptions::new(&Process::default(), ports.clone(), upstream);
        let snapshot = snapshot(yaml, &options, None);
        let gateway = Gateway::start(config, ports, Arc::new(snapshot)).await.unwrap();
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

pub(crate) fn plain() -> GatewayConfig {
    GatewayConfig {
        // One, so that calls of several clients meet on the same connections to the backend.
        workers: 1,
        http: Vec::new(),
        https: Vec::new(),
        limits: Default::default(),
        trusted_proxies: Vec::new(),
    }
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

/// Start line and headers of a message, and its body as far as it has a length.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) start: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn status(&self) -> u16 {
        self.start.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

/// One end of a connection.
pub(crate) struct Wire<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        soon(self.stream.write_all(text.as_bytes())).await.unwrap();
        soon(self.stream.flush()).await.unwrap();
    }

    /// Reads up to and with `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.buffer.windows(end.len()).position(|window| window == end.as_bytes()) {
                let text = self.buffer.drain(..at + end.len()).collect();
                return String::from_utf8(text).unwrap();
            }
            let read = soon(self.stream.read_buf(&mut self.buffer)).await.unwrap();
            assert!(read > 0, "the connection ended behind {:?}", String::from_utf8_lossy(&self.buffer));
        }
    }

    /// Start line and headers.
    pub(crate) async fn head(&mut self) -> Message {
        let text = self.until("\r\n\r\n").await;
        let mut lines = text.trim_end().split("\r\n");
        let start = lines.next().unwrap().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Message { start, headers: headers.collect(), body: String::new() }
    }

    /// A message with its body, by length or in chunks.
    pub(crate) async fn message(&mut self) -> Message {
        let mut message = self.head().await;
        if let Some(length) = message.header("content-length") {
            message.body = self.bytes(length.parse().unwrap()).await;
        } else if message.header("transfer-encoding").is_some() {
            loop {
                let piece = self.chunk().await;
                if piece.is_empty() {
                    break;
                }
                message.body.push_str(&piece);
            }
        }
        message
    }

    /// One chunk of a chunked body; empty at its end.
    pub(crate) async fn chunk(&mut self) -> String {
        let length = self.until("\r\n").await;
        let length = usize::from_str_radix(length.trim(), 16).unwrap();
        let piece = self.bytes(length).await;
        self.until("\r\n").await;
        piece
    }

    async fn bytes(&mut self, length: usize) -> String {
        while self.buffer.len() < length {
            let read = soon(self.stream.read_buf(&mut self.buffer)).await.unwrap();
            assert!(read > 0, "the body ended early");
        }
        String::from_utf8(self.buffer.drain(..length).collect()).unwrap()
    }

    /// Waits for the end of the connection, orderly or not.
    pub(crate) async fn ended(&mut self) {
        assert!(self.buffer.is_empty(), "{:?}", String::from_utf8_lossy(&self.buffer));
        let read = soon(self.stream.read_buf(&mut self.buffer)).await;
        assert!(matches!(read, Ok(0) | Err(_)), "{:?}", String::from_utf8_lossy(&self.buffer));
    }
}
