//! Connections of the management listener: HTTP/1.1, few, and none for ever.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower_service::Service;

use crate::hosts::Hosts;
use crate::{ArmError, STATUS_PATH, arm};

const MAX_CONNECTIONS: usize = 64;
/// Between two requests a connection may rest this long.
const HEADER_TIMEOUT: Duration = Duration::from_secs(75);
/// A connection is closed after this time at the latest; its client opens the next one.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(600);
/// How long an answer may take, reading the request included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// After a failure to accept (no more file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers connections until `shutdown` is ready. Connections that are open then are dropped.
pub(crate) async fn serve(
    routes: Router,
    hosts: Arc<Hosts>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) {
    let mut connections = JoinSet::new();
    tokio::select! {
        () = accept(&routes, &hosts, &listener, &mut connections) => {}
        () = shutdown => {}
    }
}

async fn accept(routes: &Router, hosts: &Arc<Hosts>, listener: &TcpListener, connections: &mut JoinSet<()>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let (routes, hosts) = (routes.clone(), Arc::clone(hosts));
        connections.spawn(async move {
            connection(stream, routes, hosts).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, routes: Router, hosts: Arc<Hosts>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (routes, hosts) = (routes.clone(), Arc::clone(&hosts));
        async move {
            let answer = timeout(ANSWER_TIMEOUT, answer(routes, &hosts, request.map(Body::new))).await;
            let too_slow = || {
                let message = "there was no answer in time";
                ArmError::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", message).into_response()
            };
            Ok::<_, Infallible>(answer.unwrap_or_else(|_| too_slow()))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    // A client that goes away or talks nonsense concerns nobody else.
    let _ = timeout(CONNECTION_TIMEOUT, connection).await;
}

/// The answer to a request, whatever carries it.
pub(crate) async fn answer(mut routes: Router, hosts: &Hosts, mut request: Request<Body>) -> Response {
    // Health tells nothing that a strange page could not know, and probes call by whatever name they have.
    if request.uri().path() != STATUS_PATH && !hosts.may_call(request.headers()) {
        let message = "this host name is not known here; add it to `management.hosts`";
        return ArmError::new(StatusCode::MISDIRECTED_REQUEST, "UnknownHost", message).into_response();
    }
    if let Some(uri) = arm::canonical(request.uri()) {
        *request.uri_mut() = uri;
    }
    let Ok(answer) = routes.call(request).await;
    answer
}
