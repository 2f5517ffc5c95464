//! Fake ports. Time moves only when a test or a wait moves it.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use sekisho_expression::context::BackendFacts;
use sekisho_policy::body::Body;
use sekisho_policy::exchange::Response;
use sekisho_policy::ports::{
    Attempt, Backends, BaseUrl, CallRecord, Clock, Entropy, Event, ForwardCall, ForwardError, ForwardFailure,
    ForwardReply, PortFuture, Ports, Recorder, Target, TokenError, Tokens,
};

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

    /// Every wait so far.
    pub fn waits(&self) -> Vec<Duration> {
        self.waits.lock().clone()
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
}

impl Recorder for FakeRecorder {
    fn call(&self, record: CallRecord) {
        self.calls.lock().push(record);
    }

    fn event(&self, event: Event) {
        self.events.lock().push(event);
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
}

impl FakePorts {
    /// As the ports of an exchange.
    pub fn ports(&self) -> Ports {
        Ports {
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::clone(&self.entropy) as Arc<dyn Entropy>,
            tokens: Arc::clone(&self.tokens) as Arc<dyn Tokens>,
            recorder: Arc::clone(&self.recorder) as Arc<dyn Recorder>,
        }
    }
}

/// What a scripted backend does.
#[derive(Clone, Debug)]
pub enum Script {
    /// Answers.
    Reply {
        /// Status.
        status: u16,
        /// Reason phrase.
        reason: Option<Arc<str>>,
        /// Headers.
        headers: HeaderMap,
        /// Body.
        body: Bytes,
    },
    /// Cannot be reached.
    ConnectionFailure,
    /// Does not answer in time.
    Timeout,
}

/// A request as it reached a backend.
#[derive(Clone, Debug)]
pub struct Received {
    /// The backend id or the base URL.
    pub target: String,
    /// The method.
    pub method: String,
    /// Path and query behind the base URL.
    pub uri: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The deadline for the response headers.
    pub timeout: Duration,
}

/// Backends that follow a script; the last entry repeats.
pub struct ScriptedBackends {
    ids: Vec<String>,
    script: Mutex<VecDeque<Script>>,
    received: Mutex<Vec<Received>>,
}

impl ScriptedBackends {
    /// Backends with these ids.
    pub fn new(ids: Vec<String>, script: Vec<Script>) -> Self {
        Self { ids, script: Mutex::new(script.into()), received: Mutex::new(Vec::new()) }
    }

    /// What reached them.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().clone()
    }

    fn next(&self) -> Option<Script> {
        let mut script = self.script.lock();
        if script.len() > 1 { script.pop_front() } else { script.front().cloned() }
    }

    fn base(id: &str) -> Arc<BaseUrl> {
        Arc::new(BaseUrl {
            scheme: "https".into(),
            host: format!("{id}.example").into(),
            port: 443,
            ..BaseUrl::default()
        })
    }
}

impl Backends for ScriptedBackends {
    fn describe(&self, backend_id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        let id = self.ids.iter().find(|id| *id == backend_id)?;
        let facts = BackendFacts { id: Arc::from(id.as_str()), ..BackendFacts::default() };
        Some((Arc::new(facts), Some(Self::base(id))))
    }

    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        Box::pin(async move {
            let (target, base_url) = match call.target {
                Target::None => return Err(unknown_backend()),
                Target::Url(url) => {
                    (format!("{}://{}{}", url.scheme, url.authority(), url.path), Arc::clone(url))
                }
                Target::Backend(id) => (id.to_string(), Self::base(id)),
            };
            let uri = if call.query.is_empty() {
                call.path.to_owned()
            } else {
                format!("{}?{}", call.path, call.query)
            };
            let body = call.body.collect().await.map(|collected| collected.to_bytes()).unwrap_or_default();
            let method = call.method.to_string();
            let authority: Arc<str> = base_url.authority().into();
            self.received.lock().push(Received {
                target,
                method,
                uri,
                headers: call.headers,
                body,
                timeout: call.timeout,
            });
            let attempt = Attempt { authority, ..Attempt::default() };
            let failed = |failure, reason: &'static str, message: &str| ForwardError {
                failure,
                message: message.to_owned(),
                attempt: Some(Attempt { failure: Some(reason), ..attempt.clone() }),
            };
            match self.next() {
                Some(Script::Reply { status, reason, headers, body }) => {
                    let body = Body::stream(http_body_util::Full::new(body));
                    let response = Response { status, reason, headers, body };
                    let attempt = Attempt { status: Some(status), ..attempt };
                    Ok(ForwardReply { response, attempt, base_url, backend: None })
                }
                Some(Script::Timeout) => {
                    Err(failed(ForwardFailure::Timeout, "Timeout", "no response headers in time"))
                }
                Some(Script::ConnectionFailure) | None => Err(failed(
                    ForwardFailure::Connection,
                    "BackendConnectionFailure",
                    "the backend is not reachable",
                )),
            }
        })
    }
}

fn unknown_backend() -> ForwardError {
    ForwardError {
        failure: ForwardFailure::UnknownBackend,
        message: "the API has no service URL and no policy chose a backend".to_owned(),
        attempt: None,
    }
}
