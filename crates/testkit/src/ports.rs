//! Fake ports. Time moves only when a test or a wait moves it.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_identity::{IdentityPorts, JwtVerifier, tokio_spawner};
use sekisho_policy::ports::events::MAXIMUM_EVENT_BYTES;
use sekisho_policy::ports::{
    Authorization, AuthorizationError, Authorizations, Cache, Caches, CallRecord, Clock, Entropy, Event,
    EventHubs, Hold, Http, HubEvent, Jwts, Metric, Permits, PortFuture, PortSet, Ports, Recorder, TokenError,
    Tokens, VectorCaches,
};
use sekisho_policy::semantic::{SemanticSettings, Semantics};
use sekisho_state::memory::{MemoryBounds, MemoryCache, MemoryCounters, MemoryVectors};

use crate::services::FakeServices;

/// 2026-01-15T10:30:00Z in 100 ns ticks.
pub const START_TICKS: i64 = 639_040_698_000_000_000;

/// A clock that stands still until it is moved; waiting moves it at once.
#[derive(Default)]
pub struct FakeClock {
    elapsed: Mutex<Duration>,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl FakeClock {
    /// Moves time on.
    pub fn advance(&self, by: Duration) {
        *self.elapsed.lock() += by;
    }

    /// Every wait so far; they are forgotten.
    pub fn take_waits(&self) -> Vec<Duration> {
        std::mem::take(&mut *self.waits.lock())
    }
}

impl Clock for FakeClock {
    fn utc_ticks(&self) -> i64 {
        START_TICKS + i64::try_from(self.elapsed.lock().as_nanos() / 100).unwrap_or(0)
    }

    fn monotonic(&self) -> Duration {
        *self.elapsed.lock()
    }

    fn sleep(&self, duration: Duration) -> PortFuture<'static, ()> {
        self.waits.lock().push(duration);
        self.advance(duration);
        Box::pin(ready(()))
    }
}

/// Numbers of a fixed sequence.
#[derive(Default)]
pub struct FakeEntropy {
    state: Mutex<u64>,
}

impl Entropy for FakeEntropy {
    /// The splitmix64 sequence from 0.
    fn next(&self) -> u64 {
        let mut state = self.state.lock();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Tokens that say what they are for, or a failure.
#[derive(Default)]
pub struct FakeTokens {
    /// The message of every answer, when there are no tokens.
    pub failure: Option<String>,
}

impl Tokens for FakeTokens {
    fn token<'a>(
        &'a self,
        resource: &'a str,
        client_id: Option<&'a str>,
    ) -> PortFuture<'a, Result<Arc<str>, TokenError>> {
        let answer = match &self.failure {
            Some(message) => Err(TokenError { message: message.clone() }),
            None => Ok(Arc::from(format!("token-for-{}-{resource}", client_id.unwrap_or("system")))),
        };
        Box::pin(ready(answer))
    }

    fn cached(&self, _resource: &str, _client_id: Option<&str>) -> Option<Arc<str>> {
        None
    }
}

/// Keeps what it is told.
#[derive(Default)]
pub struct FakeRecorder {
    /// Calls.
    pub calls: Mutex<Vec<CallRecord>>,
    /// Events.
    pub events: Mutex<Vec<Event>>,
    /// Metrics.
    pub metrics: Mutex<Vec<Metric>>,
}

impl Recorder for FakeRecorder {
    fn call(&self, record: CallRecord, _hold: Hold) {
        self.calls.lock().push(record);
    }

    fn event(&self, event: Event) {
        self.events.lock().push(event);
    }

    fn metric(&self, metric: &Metric) {
        self.metrics.lock().push(metric.clone());
    }
}

/// Keeps the events of loggers, cut as they are for a hub.
#[derive(Default)]
pub struct FakeEventHubs {
    /// The events in order, each with its logger.
    pub events: Mutex<Vec<(String, HubEvent)>>,
}

impl EventHubs for FakeEventHubs {
    fn send(&self, logger: &str, mut event: HubEvent) {
        event.truncate(MAXIMUM_EVENT_BYTES);
        self.events.lock().push((logger.to_owned(), event));
    }
}

/// Connections of the credential manager by `provider/connection`.
#[derive(Default)]
pub struct FakeAuthorizations {
    /// The connections.
    pub connections: BTreeMap<String, Connection>,
}

/// A connection of the credential manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// The token that it gives.
    pub access_token: String,
    /// Further members of the token endpoint's answer.
    pub claims: BTreeMap<String, String>,
    /// The token of the caller that it asks for; none for the gateway's own identity.
    pub identity: Option<String>,
}

impl Authorizations for FakeAuthorizations {
    fn authorization<'a>(
        &'a self,
        provider: &'a str,
        connection: &'a str,
        identity: Option<&'a str>,
    ) -> PortFuture<'a, Result<Authorization, AuthorizationError>> {
        let failed = |message: String| Err(AuthorizationError { message });
        let answer = match self.connections.get(&format!("{provider}/{connection}")) {
            Some(found) if found.identity.as_deref() == identity => Ok(Authorization {
                access_token: found.access_token.as_str().into(),
                claims: found
                    .claims
                    .iter()
                    .map(|(name, value)| (Arc::from(name.as_str()), value.as_str().into()))
                    .collect(),
            }),
            Some(_) => failed(format!("the identity has no access to connection `{connection}`")),
            None => failed(format!("there is no connection `{connection}`")),
        };
        Box::pin(ready(answer))
    }
}

/// Keeps what goes on after a call until a test runs it.
#[derive(Default)]
pub struct FakeSpawner {
    waiting: Mutex<Vec<PortFuture<'static, ()>>>,
}

impl FakeSpawner {
    /// Runs what was spawned, and what that spawns.
    pub async fn run(&self) {
        loop {
            let waiting = std::mem::take(&mut *self.waiting.lock());
            if waiting.is_empty() {
                return;
            }
            for future in waiting {
                future.await;
            }
        }
    }
}

/// All fake ports with their handles.
#[derive(Clone, Default)]
pub struct FakePorts {
    /// The clock.
    pub clock: Arc<FakeClock>,
    /// Randomness.
    pub entropy: Arc<FakeEntropy>,
    /// Tokens.
    pub tokens: Arc<FakeTokens>,
    /// Records.
    pub recorder: Arc<FakeRecorder>,
    /// Other services.
    pub services: Arc<FakeServices>,
    /// The external cache.
    pub external_cache: Option<Arc<dyn Cache>>,
    /// Connections of the credential manager.
    pub authorizations: Arc<FakeAuthorizations>,
    /// Events for hubs.
    pub event_hubs: Arc<FakeEventHubs>,
    /// How many are in a place at once.
    pub permits: Arc<Permits>,
    /// How answers are kept by their meaning.
    pub semantic_cache: SemanticSettings,
    /// What goes on after a call.
    pub spawner: Arc<FakeSpawner>,
}

impl FakePorts {
    /// As the ports of an exchange.
    pub fn ports(&self) -> Ports {
        Ports::from(self.set())
    }

    /// The real checks of tokens over these ports. Calls wait for keys, so fetching them is not kept for later.
    fn jwts(&self) -> Arc<dyn Jwts> {
        let ports = IdentityPorts {
            http: Arc::clone(&self.services) as Arc<dyn Http>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            recorder: Arc::clone(&self.recorder) as Arc<dyn Recorder>,
            spawner: tokio_spawner(),
        };
        let verifier = JwtVerifier::new(&|_| None, ports);
        Arc::new(verifier.unwrap_or_else(|error| unreachable!("the environment is empty: {error}")))
    }

    /// An empty cache in memory.
    fn vectors(&self) -> VectorCaches {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let recorder = Arc::clone(&self.recorder) as Arc<dyn Recorder>;
        let usual = Arc::new(MemoryVectors::new(clock, MemoryBounds::VECTORS, recorder));
        VectorCaches { usual, named: BTreeMap::new() }
    }

    /// The same, for tests that replace some of them.
    pub fn set(&self) -> PortSet {
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let spawner = Arc::clone(&self.spawner);
        PortSet {
            entropy: Arc::clone(&self.entropy) as Arc<dyn Entropy>,
            tokens: Arc::clone(&self.tokens) as Arc<dyn Tokens>,
            recorder: Arc::clone(&self.recorder) as Arc<dyn Recorder>,
            http: Arc::clone(&self.services) as Arc<dyn Http>,
            event_hubs: Arc::clone(&self.event_hubs) as Arc<dyn EventHubs>,
            counters: Arc::new(MemoryCounters::new(Arc::clone(&clock))),
            caches: Caches {
                internal: Arc::new(MemoryCache::new(Arc::clone(&clock))),
                external: self.external_cache.clone(),
            },
            jwts: self.jwts(),
            authorizations: Arc::clone(&self.authorizations) as Arc<dyn Authorizations>,
            permits: Arc::clone(&self.permits),
            semantics: Arc::new(Semantics::new(self.vectors(), self.semantic_cache)),
            spawner: Arc::new(move |future| spawner.waiting.lock().push(future)),
            clock,
        }
    }
}
