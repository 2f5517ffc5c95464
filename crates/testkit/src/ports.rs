//! Fake ports. Time moves only when a test or a wait moves it.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_identity::JwtVerifier;
use sekisho_policy::ports::{
    Authorization, AuthorizationError, Authorizations, Cache, Caches, CallRecord, Clock, Entropy, Event,
    Http, Metric, PortFuture, PortSet, Ports, Recorder, TokenError, Tokens,
};
use sekisho_state::memory::{MemoryCache, MemoryCounters};

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
    fn call(&self, record: CallRecord) {
        self.calls.lock().push(record);
    }

    fn event(&self, event: Event) {
        self.events.lock().push(event);
    }

    fn metric(&self, metric: &Metric) {
        self.metrics.lock().push(metric.clone());
    }
}

/// Connections of the credential manager: `provider/connection` and its token.
#[derive(Default)]
pub struct FakeAuthorizations {
    /// The tokens.
    pub tokens: BTreeMap<String, String>,
}

impl Authorizations for FakeAuthorizations {
    fn authorization<'a>(
        &'a self,
        provider: &'a str,
        connection: &'a str,
        _identity: Option<&'a str>,
    ) -> PortFuture<'a, Result<Authorization, AuthorizationError>> {
        let answer = match self.tokens.get(&format!("{provider}/{connection}")) {
            Some(token) => Ok(Authorization { access_token: token.as_str().into(), claims: Vec::new() }),
            None => Err(AuthorizationError { message: format!("there is no connection `{connection}`") }),
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
#[derive(Clone)]
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
    /// What goes on after a call.
    pub spawner: Arc<FakeSpawner>,
}

impl Default for FakePorts {
    fn default() -> Self {
        Self {
            clock: Arc::default(),
            entropy: Arc::default(),
            tokens: Arc::default(),
            recorder: Arc::default(),
            services: Arc::default(),
            external_cache: None,
            authorizations: Arc::default(),
            spawner: Arc::default(),
        }
    }
}

impl FakePorts {
    /// As the ports of an exchange.
    pub fn ports(&self) -> Ports {
        Ports::from(self.set())
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
            counters: Arc::new(MemoryCounters::new(Arc::clone(&clock))),
            caches: Caches {
                internal: Arc::new(MemoryCache::new(Arc::clone(&clock))),
                external: self.external_cache.clone(),
            },
            jwts: Arc::new(JwtVerifier::default()),
            authorizations: Arc::clone(&self.authorizations) as Arc<dyn Authorizations>,
            spawner: Arc::new(move |future| spawner.waiting.lock().push(future)),
            clock,
        }
    }
}
