//! The connection with its circuit.
//!
//! While the servers answer, every call shares one connection. A connection that breaks, a server that says it cannot
//! serve, or three deadlines in a row open the circuit: from then on nothing waits, everybody is told at once that there
//! is no shared state, and one task connects anew until a connection passes its trial. If the first attempt succeeds,
//! nobody hears of it; otherwise [`Event::StateLost`] is told once, and [`Event::StateRecovered`] at the end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use redis::{Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value};
use sekisho_policy::ports::{Clock, Event, Recorder, Spawner};
use tokio::sync::watch;
use tokio::time::timeout;

use super::link::{Link, PATIENCE};
use super::script::{Arguments, Script};
use super::settings::RedisSettings;

/// So many deadlines in a row open the circuit.
const DEADLINES: u32 = 3;
/// Pauses between attempts to connect.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Who loses two connections within this time does not get a third at once.
const STABLE: Duration = Duration::from_secs(5);
/// Values of this many bytes get a second more.
const BYTES_PER_SECOND: f64 = 10_000_000.0;

/// What a store does its work with.
#[derive(Clone)]
pub struct StorePorts {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Is told when the state is lost, is back, and is bypassed.
    pub recorder: Arc<dyn Recorder>,
    /// Runs the task that connects.
    pub spawner: Spawner,
}

/// State on Redis servers.
pub struct RedisStore {
    name: Arc<str>,
    pub(super) settings: RedisSettings,
    ports: StorePorts,
    link: ArcSwapOption<Link>,
    deadlines: AtomicU32,
    health: Mutex<Health>,
    /// True once the first attempt to connect is over.
    tried: watch::Sender<bool>,
}

#[derive(Default)]
struct Health {
    /// A task connects.
    is_connecting: bool,
    /// Since when the state is lost, if that was told.
    lost_at: Option<Duration>,
    /// When the circuit opened last.
    opened_at: Option<Duration>,
}

/// What is asked of the servers.
pub(super) enum Request {
    Command(Cmd),
    Script(&'static Script, Arguments),
}

impl RedisStore {
    /// A store that connects in the background. `name` is what events call it.
    pub fn start(name: impl Into<Arc<str>>, settings: RedisSettings, ports: StorePorts) -> Arc<Self> {
        let store = Arc::new(Self {
            name: name.into(),
            settings,
            ports,
            link: ArcSwapOption::empty(),
            deadlines: AtomicU32::new(0),
            health: Mutex::new(Health { is_connecting: true, ..Health::default() }),
            tried: watch::Sender::new(false),
        });
        store.connect_after(Duration::ZERO);
        store
    }

    /// Waits until the first attempt to connect is over, whatever came of it: at most about a second.
    pub async fn tried(&self) {
        let mut tried = self.tried.subscribe();
        // The sender lives as long as the store, and an attempt has its own deadline.
        let _ = timeout(2 * PATIENCE, tried.wait_for(|tried| *tried)).await;
    }

    /// Asks the servers within the deadline; none when there is no answer, which is counted.
    ///
    /// `bytes` are those of a large value on the way.
    pub(super) async fn ask(self: &Arc<Self>, request: &Request, bytes: usize) -> Option<Value> {
        self.ask_or_hear(request, bytes).await.ok()
    }

    /// The same for whoever can act on what the servers say against this one request; none when they do not serve.
    pub(super) async fn ask_or_hear(
        self: &Arc<Self>,
        request: &Request,
        bytes: usize,
    ) -> Result<Value, Option<RedisError>> {
        let answer = match self.link.load_full() {
            Some(link) => self.ask_over(&link, request, bytes).await,
            None => Err(None),
        };
        if answer.is_err() {
            self.ports.recorder.event(Event::StateBypassed { store: Arc::clone(&self.name) });
        }
        answer
    }

    /// Whether the servers search vectors; none while they cannot be reached.
    pub(super) fn has_search(&self) -> Option<bool> {
        self.link.load().as_ref().map(|link| link.has_search())
    }

    /// Tells that vectors are kept in memory because the servers do not search them.
    pub(super) fn tell_search_missing(&self) {
        self.ports.recorder.event(Event::SearchMissing { store: Arc::clone(&self.name) });
    }

    async fn ask_over(
        self: &Arc<Self>,
        link: &Arc<Link>,
        request: &Request,
        bytes: usize,
    ) -> Result<Value, Option<RedisError>> {
        let deadline = self.settings.timeout + Duration::from_secs_f64(bytes as f64 / BYTES_PER_SECOND);
        match timeout(deadline, request.send(link)).await {
            Ok(Ok(answer)) => {
                // Only written when it has to be: every call comes by here.
                if self.deadlines.load(Ordering::Relaxed) != 0 {
                    self.deadlines.store(0, Ordering::Relaxed);
                }
                return Ok(answer);
            }
            Ok(Err(error)) if is_outage(&error) => self.open_circuit(link, &error.to_string()),
            Ok(Err(error)) => return Err(Some(error)),
            Err(_) if self.deadlines.fetch_add(1, Ordering::Relaxed) + 1 < DEADLINES => {}
            Err(_) => self.open_circuit(link, "no answers in time"),
        }
        Err(None)
    }

    /// Gives up a connection, unless somebody else has done so.
    fn open_circuit(self: &Arc<Self>, failed: &Arc<Link>, reason: &str) {
        let now = self.ports.clock.monotonic();
        let is_first = {
            let mut health = self.health.lock();
            let is_current = self.link.load().as_ref().is_some_and(|link| Arc::ptr_eq(link, failed));
            if health.is_connecting || !is_current {
                return;
            }
            health.is_connecting = true;
            self.link.store(None);
            self.deadlines.store(0, Ordering::Relaxed);
            let before = health.opened_at.replace(now);
            before.is_none_or(|before| now.saturating_sub(before) >= STABLE)
        };
        if is_first {
            self.connect_after(Duration::ZERO);
        } else {
            self.lost(reason);
            self.connect_after(LONGEST_PAUSE);
        }
    }

    fn connect_after(self: &Arc<Self>, pause: Duration) {
        (self.ports.spawner)(Box::pin(connect(Arc::downgrade(self), pause)));
    }

    /// Tells that the state is lost, once.
    fn lost(&self, reason: &str) {
        let now = self.ports.clock.monotonic();
        let was_lost = {
            let mut health = self.health.lock();
            let was_lost = health.lost_at.is_some();
            health.lost_at.get_or_insert(now);
            was_lost
        };
        if !was_lost {
            let reason = format!("{}: {reason}", self.servers());
            self.ports.recorder.event(Event::StateLost { store: Arc::clone(&self.name), reason });
        }
    }

    fn connected(&self, link: Link) {
        let now = self.ports.clock.monotonic();
        let lost_at = {
            let mut health = self.health.lock();
            self.link.store(Some(Arc::new(link)));
            health.is_connecting = false;
            health.lost_at.take()
        };
        if let Some(lost_at) = lost_at {
            let duration = now.saturating_sub(lost_at);
            self.ports.recorder.event(Event::StateRecovered { store: Arc::clone(&self.name), duration });
        }
    }

    fn servers(&self) -> String {
        let servers: Vec<String> = self.settings.servers.iter().map(ToString::to_string).collect();
        servers.join(", ")
    }
}

/// Connects until it succeeds, or until nobody needs the store any more.
async fn connect(store: Weak<RedisStore>, mut pause: Duration) {
    loop {
        let Some(clock) = store.upgrade().map(|store| Arc::clone(&store.ports.clock)) else { return };
        if !pause.is_zero() {
            clock.sleep(pause).await;
        }
        let Some(store) = store.upgrade() else { return };
        let attempt = timeout(PATIENCE, Link::connect(&store.settings)).await;
        let is_connected = match attempt {
            Ok(Ok(link)) => {
                store.connected(link);
                true
            }
            Ok(Err(error)) => {
                store.lost(&error.to_string());
                false
            }
            Err(_) => {
                store.lost("no answer in time");
                false
            }
        };
        store.tried.send_replace(true);
        if is_connected {
            return;
        }
        pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
    }
}

impl Request {
    async fn send(&self, link: &Link) -> RedisResult<Value> {
        match self {
            Request::Command(command) => link.send(command).await,
            Request::Script(script, arguments) => script.run(link, arguments).await,
        }
    }
}

/// Whether an error says that the servers do not serve, and not that they dislike this one request.
fn is_outage(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Io | ErrorKind::AuthenticationFailed | ErrorKind::ClusterConnectionNotFound => true,
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ReadOnly
            | ServerErrorKind::NoPerm,
        ) => true,
        _ => {
            error.is_io_error()
                || error.is_unrecoverable_error()
                || matches!(error.code(), Some("OOM" | "MISCONF" | "NOAUTH" | "NOREPLICAS" | "BUSY"))
        }
    }
}
