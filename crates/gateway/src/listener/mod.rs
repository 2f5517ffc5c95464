//! Accepts connections and serves the requests on them.
//!
//! - `tls`: the certificate and its replacement; `client_certificate`: those of clients
//! - `connection`: one connection, from its first byte to its end
//! - `drain`: the end of all of them

mod client_certificate;
mod connection;
mod drain;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use sekisho_policy::ports::{Event, Recorder};

use crate::config::{ClientLimits, GatewayConfig};
use crate::service::Service;
use crate::worker::Workers;
pub(crate) use connection::{ClientCertificates, ConnectionFacts};
pub(crate) use drain::Drain;
use tls::Certificate;
pub use tls::CertificateError;

/// Why a listener cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    /// The address is taken, or not one of this machine.
    #[error("cannot listen on {address}: {cause}")]
    Bind {
        /// The address of the configuration.
        address: SocketAddr,
        /// What the system says.
        cause: io::Error,
    },
    /// The threads that serve connections cannot be started.
    #[error("cannot start the worker threads: {0}")]
    Workers(io::Error),
    /// The certificate of an HTTPS listener cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Open listeners.
pub(crate) struct Listeners {
    bound: Vec<BoundAddress>,
    certificates: Vec<Arc<Certificate>>,
    pub(crate) drain: Drain,
}

/// An address that takes connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundAddress {
    /// The address, with the port that was really taken.
    pub address: SocketAddr,
    /// True for HTTPS.
    pub secure: bool,
}

/// What all connections share.
struct Shared {
    service: Arc<Service>,
    builder: auto::Builder<TokioExecutor>,
    limits: ClientLimits,
    slots: Arc<Semaphore>,
    drain: Drain,
    workers: Workers,
}

/// A listener that was opened and waits to be served.
struct Open {
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
}

impl Listeners {
    /// Opens all listeners, then serves them: when one cannot be opened, none is.
    pub(crate) async fn start(config: &GatewayConfig, service: Arc<Service>) -> Result<Self, ListenerError> {
        let mut open = Vec::new();
        let mut certificates = Vec::new();
        for address in &config.http {
            open.push(Open { listener: bind(*address).await?, acceptor: None });
        }
        for https in &config.https {
            let certificate = Arc::new(Certificate::load(https.tls.clone())?);
            let acceptor = TlsAcceptor::from(Arc::new(certificate.server_config(https.client_certificate)?));
            certificates.push(certificate);
            open.push(Open { listener: bind(https.address).await?, acceptor: Some(acceptor) });
        }
        let drain = Drain::default();
        let workers = Workers::start(config.workers).map_err(ListenerError::Workers)?;
        let shared = Arc::new(Shared {
            service,
            builder: builder(&config.limits),
            limits: config.limits,
            slots: Arc::new(Semaphore::new(config.limits.connections.min(Semaphore::MAX_PERMITS))),
            drain: drain.clone(),
            workers,
        });
        let mut bound = Vec::new();
        for open in open {
            let address = open.listener.local_addr().map_err(|cause| ListenerError::Bind {
                address: SocketAddr::from(([0, 0, 0, 0], 0)),
                cause,
            })?;
            bound.push(BoundAddress { address, secure: open.acceptor.is_some() });
            drain.spawn(accept(open, Arc::clone(&shared)), &Handle::current());
        }
        Ok(Self { bound, certificates, drain })
    }

    pub(crate) fn addresses(&self) -> &[BoundAddress] {
        &self.bound
    }

    /// Reads certificates again whose files were written since; the number of those replaced.
    pub(crate) fn reload_certificates(&self) -> Result<usize, CertificateError> {
        let mut replaced = 0;
        for certificate in &self.certificates {
            replaced += usize::from(certificate.reload()?);
        }
        Ok(replaced)
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, ListenerError> {
    TcpListener::bind(address).await.map_err(|cause| ListenerError::Bind { address, cause })
}

fn builder(limits: &ClientLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let mut http1 = builder.http1();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size((limits.header_bytes + limits.url_bytes).max(8192));
    // Any number but hyper's own costs an allocation for each request.
    if limits.header_count != 100 {
        http1.max_headers(limits.header_count);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.concurrent_streams)
        .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20))
        .adaptive_window(true);
    builder
}

/// Takes connections until the drain begins. The listener is closed with it.
async fn accept(open: Open, shared: Arc<Shared>) {
    loop {
        let accepted = tokio::select! {
            () = shared.drain.begun() => return,
            accepted = open.listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            // The connection broke before it was taken, or there are no file descriptors left: then waiting helps.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let Ok(slot) = Arc::clone(&shared.slots).try_acquire_owned() else {
            refused(&shared, "too-many-connections");
            continue;
        };
        let acceptor = open.acceptor.clone();
        let facts = ConnectionFacts::new(peer, acceptor.is_some());
        // The stream changes from this run time's event queue to that of its worker.
        let (Ok(stream), Some(worker)) = (stream.into_std(), shared.workers.next()) else { continue };
        let task = {
            let shared = Arc::clone(&shared);
            async move {
                if let Ok(stream) = TcpStream::from_std(stream) {
                    welcome(stream, acceptor, facts, &shared).await;
                }
                drop(slot);
            }
        };
        shared.drain.spawn(task, worker);
    }
}

async fn welcome(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    mut facts: ConnectionFacts,
    shared: &Arc<Shared>,
) {
    // Without it the pieces of a stream would wait for each other; a socket that refuses it works all the same.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else {
        return connection::serve(stream, facts, shared).await;
    };
    let handshake = tokio::time::timeout(shared.limits.handshake_timeout, acceptor.accept(stream));
    let outcome = tokio::select! {
        () = shared.drain.begun() => return,
        outcome = handshake => outcome,
    };
    match outcome {
        Ok(Ok(stream)) => {
            facts.certificates = stream.get_ref().1.peer_certificates().map(ClientCertificates::new);
            connection::serve(stream, facts, shared).await;
        }
        Ok(Err(_)) => refused(shared, "tls-handshake-failed"),
        Err(_) => refused(shared, "tls-handshake-timeout"),
    }
}

fn refused(shared: &Shared, reason: &'static str) {
    let recorder: &dyn Recorder = &*shared.service.ports().recorder;
    recorder.event(Event::ConnectionRefused { reason });
}
