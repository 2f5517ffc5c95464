//! A backend that tests see into: when it sent what, and when its caller went away.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::sync::mpsc;

/// What is seen of the streams.
#[derive(Default)]
pub(crate) struct Seen {
    /// When each event was sent.
    pub(crate) sent: Vec<Instant>,
    /// Streams whose caller went away before their end.
    pub(crate) abandoned: usize,
    /// Streams that are open.
    pub(crate) open: usize,
    /// Requests.
    pub(crate) requests: usize,
}

/// A backend: `/events?count=N&every=MS` streams events (with `stamps=1` each tells when it was sent), `/slow?ms=N` answers
/// late, everything else echoes.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

impl Backend {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let seen = Arc::clone(&shared);
                tokio::spawn(async move {
                    let service = service_fn(move |request| answer(request, Arc::clone(&seen)));
                    let _ = auto::Builder::new(TokioExecutor::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Self { address, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn answer(request: Request<Incoming>, seen: Arc<Mutex<Seen>>) -> Result<Response<Body>, Infallible> {
    seen.lock().requests += 1;
    let query = request.uri().query().unwrap_or("").to_owned();
    let number = |name: &str| -> u64 {
        let found = query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.and_then(|value| value.parse().ok()).unwrap_or(0)
    };
    match request.uri().path() {
        "/events" => {
            let every = Duration::from_millis(number("every"));
            Ok(events(number("count"), every, number("stamps") == 1, seen))
        }
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(number("ms"))).await;
            Ok(Response::new(Full::new(Bytes::from_static(b"late")).boxed_unsync()))
        }
        _ => {
            let headers: Vec<String> = request
                .headers()
                .iter()
                .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap_or("")))
                .collect();
            let target = request.uri().to_string();
            let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            let echo = serde_json::json!({"target": target, "headers": headers, "length": body.len()});
            Ok(Response::new(Full::new(Bytes::from(echo.to_string())).boxed_unsync()))
        }
    }
}

/// Microseconds since 1970, for stamps of events.
pub(crate) fn microseconds() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros()
}

fn events(count: u64, every: Duration, stamps: bool, seen: Arc<Mutex<Seen>>) -> Response<Body> {
    let (sender, mut receiver) = mpsc::channel::<Result<Frame<Bytes>, Infallible>>(1);
    seen.lock().open += 1;
    tokio::spawn(async move {
        for number in 0..count {
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = sender.closed() => break,
            }
            seen.lock().sent.push(Instant::now());
            let stamp = if stamps { format!(" at {}", microseconds()) } else { String::new() };
            let event = Bytes::from(format!("data: event {number}{stamp}\n\n"));
            if sender.send(Ok(Frame::data(event))).await.is_err() {
                break;
            }
        }
        let mut seen = seen.lock();
        seen.open -= 1;
        if sender.is_closed() {
            seen.abandoned += 1;
        }
    });
    let stream = StreamBody::new(futures_util::stream::poll_fn(move |context| receiver.poll_recv(context)));
    Response::builder().header("content-type", "text/event-stream").body(stream.boxed_unsync()).unwrap()
}
