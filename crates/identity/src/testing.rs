//! Fakes for tests: a clock that stands still, an HTTP client that answers from a list, a recorder that keeps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use parking_lot::Mutex;
use sekisho_policy::body::Body;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::http::{Http, HttpError, HttpOptions};
use sekisho_policy::ports::{CallRecord, Clock, Event, Hold, PortFuture, Recorder};
use tokio::sync::{Semaphore, oneshot};

/// Unix seconds at the start of every test.
pub(crate) const START: i64 = 1_700_000_000;

/// Who waits until when.
type Sleepers = Vec<(Duration, oneshot::Sender<()>)>;

/// Stands still until it is advanced.
#[derive(Default)]
pub(crate) struct FakeClock {
    state: Mutex<(Duration, Sleepers)>,
}

impl FakeClock {
    /// Moves the time and wakes who waited for it, then lets every task run until it waits again.
    pub(crate) async fn advance(&self, duration: Duration) {
        let due: Vec<_> = {
            let mut state = self.state.lock();
            state.0 += duration;
            let now = state.0;
            let (due, rest) = std::mem::take(&mut state.1).into_iter().partition(|(at, _)| *at <= now);
            state.1 = rest;
            due
        };
        for (_, waker) in due {
            let _ = waker.send(());
        }
        settle().await;
    }
}

impl Clock for FakeClock {
    fn utc_ticks(&self) -> i64 {
        UNIX_EPOCH_TICKS + START * 10_000_000 + (self.monotonic().as_nanos() / 100) as i64
    }

    fn monotonic(&self) -> Duration {
        self.state.lock().0
    }

    fn sleep(&self, duration: Duration) -> PortFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.lock();
        let at = state.0 + duration;
        state.1.push((at, sender));
        Box::pin(async move { receiver.await.unwrap_or(()) })
    }
}

/// Lets the tasks of this single-threaded test run until all of them wait.
pub(crate) async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// One answer of [`FakeHttp`].
pub(crate) enum Answer {
    /// Status and body.
    Status(u16, String),
    /// The same with `Retry-After`.
    RetryAfter(u16, u64),
    /// The host cannot be reached.
    Unreachable,
    /// Nothing ever comes.
    Silence,
}

/// A token with a lifetime in seconds, as IMDS answers.
pub(crate) fn token(name: &str, lifetime: i64, clock: &FakeClock) -> Answer {
    let expires_on = START + clock.monotonic().as_secs() as i64 + lifetime;
    Answer::Status(
        200,
        format!(
            r#"{{"access_token":"{name}","expires_on":"{expires_on}","expires_in":"99999","token_type":"Bearer"}}"#
        ),
    )
}

/// Answers from a list; keeps what was sent. When the gate is closed, answers wait for it.
pub(crate) struct FakeHttp {
    answers: Mutex<VecDeque<Answer>>,
    pub(crate) sent: Mutex<Vec<Sent>>,
    pub(crate) gate: Semaphore,
}

impl FakeHttp {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Answer>) -> Arc<FakeHttp> {
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(FakeHttp { answers, sent: Mutex::default(), gate: Semaphore::new(1_000_000) })
    }

    pub(crate) fn gated(answers: impl IntoIterator<Item = Answer>) -> Arc<FakeHttp> {
        let http = FakeHttp::answering(answers);
        http.gate.forget_permits(1_000_000);
        http
    }

    pub(crate) fn push(&self, answer: Answer) {
        self.answers.lock().push_back(answer);
    }

    pub(crate) fn count(&self) -> usize {
        self.sent.lock().len()
    }
}

/// Takes a request apart.
pub(crate) async fn take_apart(request: Request<Body>) -> Sent {
    let line = format!("{} {}", request.method(), request.uri());
    let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
    let headers = request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let mut body = request.into_body();
    body.buffer(1 << 20).await.unwrap();
    let body = String::from_utf8(body.read(false).unwrap_or_default().to_vec()).unwrap();
    Sent { line, headers, body }
}

impl Http for FakeHttp {
    fn send<'a>(
        &'a self,
        request: Request<Body>,
        _options: HttpOptions,
    ) -> PortFuture<'a, Result<Response<Body>, HttpError>> {
        Box::pin(async move {
            let sent = take_apart(request).await;
            self.sent.lock().push(sent);
            self.gate.acquire().await.unwrap().forget();
            let answer = self.answers.lock().pop_front().expect("a request that the test did not expect");
            let reply = |status: u16| Response::builder().status(status);
            match answer {
                Answer::Status(status, body) => Ok(reply(status).body(Body::full(body)).unwrap()),
                Answer::RetryAfter(status, seconds) => {
                    Ok(reply(status).header("retry-after", seconds).body(Body::Empty).unwrap())
                }
                Answer::Unreachable => {
                    let message = "connection refused by 169.254.169.254".to_owned();
                    Err(HttpError { message, timed_out: false })
                }
                Answer::Silence => std::future::pending().await,
            }
        })
    }
}

/// Keeps events.
#[derive(Default)]
pub(crate) struct KeptEvents(pub(crate) Mutex<Vec<Event>>);

impl Recorder for KeptEvents {
    fn call(&self, _record: CallRecord, _hold: Hold) {}

    fn event(&self, event: Event) {
        self.0.lock().push(event);
    }
}
