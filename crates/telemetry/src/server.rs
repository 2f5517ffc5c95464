//! `/metrics` and the health path on the management address: plain HTTP/1.1, small and bounded.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::metrics::Metrics;

#[cfg(test)]
mod tests;

/// The path that API Management's gateways answer health probes at.
pub const STATUS_PATH: &str = "/status-0123456789abcdef";

const MAX_CONNECTIONS: usize = 64;
/// Between two scrapes a connection may rest this long.
const HEADER_TIMEOUT: Duration = Duration::from_secs(75);
/// A connection is closed after this time at the latest; a scraper opens the next one.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// After a failure to accept (no more file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers on the management address.
#[derive(Clone)]
pub struct MetricsServer {
    metrics: Arc<Metrics>,
    is_ready: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl MetricsServer {
    /// A server of these metrics. `is_ready` says whether a configuration is in service.
    pub fn new(metrics: Arc<Metrics>, is_ready: Arc<dyn Fn() -> bool + Send + Sync>) -> MetricsServer {
        MetricsServer { metrics, is_ready }
    }

    /// Answers connections until `shutdown` is ready. Connections that are open then are dropped: nothing of value is
    /// lost with half a scrape.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        let mut connections = tokio::task::JoinSet::new();
        tokio::select! {
            () = self.accept(listener, &mut connections) => {}
            () = shutdown => {}
        }
    }

    async fn accept(&self, listener: TcpListener, connections: &mut tokio::task::JoinSet<()>) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(_) => {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            while connections.try_join_next().is_some() {}
            let server = self.clone();
            connections.spawn(async move {
                let service = service_fn(move |request: Request<Incoming>| {
                    let answer = server.answer(request.method(), request.uri().path(), request.headers());
                    async move { Ok::<_, Infallible>(answer) }
                });
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEADER_TIMEOUT)
                    .max_buf_size(MAX_HEADER_BYTES)
                    .serve_connection(TokioIo::new(stream), service);
                // A client that goes away or talks nonsense concerns nobody else.
                let _ = tokio::time::timeout(CONNECTION_TIMEOUT, connection).await;
                drop(place);
            });
        }
    }

    /// The answer to a request, whatever carries it.
    pub fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response<Full<Bytes>> {
        if method != Method::GET && method != Method::HEAD {
            let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are possible\n");
            answer.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET, HEAD"));
            return answer;
        }
        match path {
            "/metrics" => {
                let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
                let (content_type, page) = self.metrics.page(accept);
                let mut answer = Response::new(Full::new(Bytes::from(page)));
                let content_type = header::HeaderValue::from_static(content_type);
                answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
                answer
            }
            STATUS_PATH if (self.is_ready)() => text(StatusCode::OK, "Service Operational\n"),
            STATUS_PATH => text(StatusCode::SERVICE_UNAVAILABLE, "no configuration is in service\n"),
            _ => text(StatusCode::NOT_FOUND, "there are /metrics and /status-0123456789abcdef\n"),
        }
    }
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *answer.status_mut() = status;
    let content_type = header::HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
    answer
}
