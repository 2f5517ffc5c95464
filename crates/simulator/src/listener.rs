//! Listeners and connections: what stands at the root of each port.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::body::Body;
use crate::connection::{Connection, ResettableStream};
use crate::resource::Resource;
use crate::server::{Abort, Shared};
use crate::{call, control, identity};

/// What connections get to finish their requests when the simulator ends.
const DRAIN: Duration = Duration::from_secs(1);
/// After a failed accept (out of file descriptors), the pause before the next.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What stands at the root of a port.
#[derive(Clone)]
pub(crate) enum Role {
    Main,
    Resource(Arc<Resource>),
}

/// Serves a listener until the simulator stops.
pub(crate) async fn accept(
    listener: TcpListener,
    role: Role,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, role.clone(), shared.clone(), stopped.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Counts a connection as long as it lives, also when its task is aborted.
struct Counted(Role);

impl Counted {
    fn new(role: Role) -> Self {
        if let Role::Resource(resource) = &role {
            resource.recorder.connection_opened();
        }
        Self(role)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Role::Resource(resource) = &self.0 {
            resource.recorder.connection_closed();
        }
    }
}

async fn serve(stream: TcpStream, role: Role, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let _counted = Counted::new(role.clone());
    // Without this, small events wait for acknowledgements; when it fails the connection is gone.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let connection = Arc::new(Connection::default());
    let io = TokioIo::new(ResettableStream::new(stream, connection.clone()));
    let service =
        service_fn(move |request| dispatch(role.clone(), shared.clone(), connection.clone(), request));
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    builder.http2().timer(TokioTimer::new());
    let serving = builder.serve_connection_with_upgrades(io, service);
    tokio::pin!(serving);
    tokio::select! {
        // Errors here are callers that left and faults that were asked for.
        _ = serving.as_mut() => {}
        _ = stopped.changed() => {
            serving.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(DRAIN, serving).await;
        }
    }
}

async fn dispatch(
    role: Role,
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Abort> {
    match role {
        Role::Resource(resource) => {
            let path = request.uri().path().to_owned();
            at_resource(&shared, &resource, connection, &path, request).await
        }
        Role::Main => at_main(&shared, connection, request).await,
    }
}

async fn at_resource(
    shared: &Arc<Shared>,
    resource: &Arc<Resource>,
    connection: Arc<Connection>,
    path: &str,
    request: Request<Incoming>,
) -> Result<Response<Body>, Abort> {
    if path.starts_with("/__sim/") {
        return control::at_resource(shared, resource, path, request).await;
    }
    match &resource.bare {
        Some(bare) => bare.answer(connection, request).await,
        None => call::answer(shared, resource, connection, path, request).await,
    }
}

async fn at_main(
    shared: &Arc<Shared>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Abort> {
    let path = request.uri().path().to_owned();
    if path.starts_with("/__sim/") {
        return control::at_main(shared, &path, request).await;
    }
    let (name, below) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
    if let Some(resource) = shared.resource(name) {
        return at_resource(shared, resource, connection, &format!("/{below}"), request).await;
    }
    identity::answer(shared, connection, &path, request).await
}
