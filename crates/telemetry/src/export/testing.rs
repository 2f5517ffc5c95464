//! Fakes for tests of exporters: a clock that stands still, a destination that answers from a list, a log that keeps.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use parking_lot::Mutex;
use sekisho_policy::body::Body;
use sekisho_policy::ports::{Clock, Entropy, Http, HttpError, HttpOptions, PortFuture};
use tokio::sync::oneshot;

use super::{ExportLog, ExportMeans};

/// Who waits until when.
type Sleepers = Vec<(Duration, oneshot::Sender<()>)>;

/// Stands still until it is moved on.
#[derive(Default)]
pub(crate) struct SteppedClock(Mutex<(Duration, Sleepers)>);

impl SteppedClock {
    /// Moves time on, wakes who waited for it, and lets every task run until it waits again.
    pub(crate) async fn advance(&self, by: Duration) {
        let due: Vec<_> = {
            let mut state = self.0.lock();
            state.0 += by;
            let now = state.0;
            let (due, rest) = std::mem::take(&mut state.1).into_iter().partition(|(at, _)| *at <= now);
            state.1 = rest;
            due
        };
        for (_, sleeper) in due {
            let _ = sleeper.send(());
        }
        settle().await;
    }
}

impl Clock for SteppedClock {
    fn utc_ticks(&self) -> i64 {
        sekisho_policy::ports::clock::UNIX_EPOCH_TICKS + (self.monotonic().as_nanos() / 100) as i64
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().0
    }

    fn sleep(&self, duration: Duration) -> PortFuture<'static, ()> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.0.lock();
        let at = state.0 + duration;
        state.1.push((at, sender));
        Box::pin(async move { receiver.await.unwrap_or(()) })
    }
}

/// Runs a test on a runtime whose blocking work has one thread, so that [`settle`] knows when it is done.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.max_blocking_threads(1).enable_all().build().unwrap().block_on(test);
}

/// Lets all tasks run until they wait, blocking work included.
pub(crate) async fn settle() {
    for _ in 0..20 {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        // What was given to that thread before is done when this is.
        let _ = tokio::task::spawn_blocking(|| {}).await;
    }
}

/// Always 0: pauses are not shortened.
pub(crate) struct NoEntropy;

impl Entropy for NoEntropy {
    fn next(&self) -> u64 {
        0
    }
}

/// One answer of [`ListedHttp`].
#[derive(Clone)]
pub(crate) enum Reply {
    /// A status with a body.
    Status(u16, &'static str),
    /// The same with `Retry-After` in seconds.
    RetryAfter(u16, u64),
    /// The host cannot be reached.
    Unreachable,
    /// Nothing ever comes.
    Silence,
}

/// Answers from a list, after that with 200; keeps what was sent.
#[derive(Default)]
pub(crate) struct ListedHttp {
    pub(crate) replies: Mutex<VecDeque<Reply>>,
    pub(crate) sent: Mutex<Vec<(HeaderMap, Vec<u8>)>>,
}

impl ListedHttp {
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self { replies: Mutex::new(replies.into_iter().collect()), sent: Mutex::default() })
    }

    pub(crate) fn count(&self) -> usize {
        self.sent.lock().len()
    }
}

impl Http for ListedHttp {
    fn send<'a>(
        &'a self,
        request: Request<Body>,
        _options: HttpOptions,
    ) -> PortFuture<'a, Result<Response<Body>, HttpError>> {
        Box::pin(async move {
            let (parts, mut body) = request.into_parts();
            let body = body.read(false).unwrap_or_default().to_vec();
            self.sent.lock().push((parts.headers, body));
            let reply = self.replies.lock().pop_front().unwrap_or(Reply::Status(200, ""));
            let response = Response::builder();
            let response = match reply {
                Reply::Status(status, body) => response.status(status).body(Body::full(body)),
                Reply::RetryAfter(status, seconds) => {
                    response.status(status).header("retry-after", seconds).body(Body::Empty)
                }
                Reply::Unreachable => {
                    return Err(HttpError { message: "nobody listens".to_owned(), timed_out: false });
                }
                Reply::Silence => std::future::pending().await,
            };
            Ok(response.unwrap())
        })
    }
}

/// Keeps what it is told.
#[derive(Default)]
pub(crate) struct KeptLog(pub(crate) Mutex<Vec<String>>);

impl ExportLog for KeptLog {
    fn failing(&self, exporter: &str, signal: &str, reason: &str) {
        self.0.lock().push(format!("{exporter} {signal} fails: {reason}"));
    }

    fn recovered(&self, exporter: &str, signal: &str, after: Duration) {
        self.0.lock().push(format!("{exporter} {signal} recovered after {} s", after.as_secs()));
    }
}

/// All of them.
pub(crate) struct Bench {
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) http: Arc<ListedHttp>,
    pub(crate) log: Arc<KeptLog>,
}

impl Bench {
    pub(crate) fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { clock: Arc::default(), http: ListedHttp::new(replies), log: Arc::default() }
    }

    pub(crate) fn means(&self) -> ExportMeans {
        ExportMeans {
            http: Arc::clone(&self.http) as _,
            clock: Arc::clone(&self.clock) as _,
            entropy: Arc::new(NoEntropy),
            log: Arc::clone(&self.log) as _,
        }
    }
}
