//! One connection of a client.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::HeaderValue;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use rustls_pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{Shared, refused};
use crate::service::answer;
use crate::tunnel::Tunnel;

/// What is known of a connection.
pub(crate) struct ConnectionFacts {
    /// The address that connected.
    pub(crate) peer: IpAddr,
    /// The same as a header.
    pub(crate) peer_header: HeaderValue,
    /// True for TLS.
    pub(crate) secure: bool,
    /// What the client showed.
    pub(crate) certificates: Option<ClientCertificates>,
    has_requests: AtomicBool,
    /// What the connection goes on as when it is done with HTTP.
    tunnel: Mutex<Option<Box<Tunnel>>>,
}

impl ConnectionFacts {
    pub(crate) fn new(peer: SocketAddr, secure: bool) -> Self {
        // An IPv4 client of a dual-stack listener is shown as what it is.
        let ip = peer.ip().to_canonical();
        let peer_header =
            HeaderValue::try_from(ip.to_string()).unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        Self {
            peer: ip,
            peer_header,
            secure,
            certificates: None,
            has_requests: AtomicBool::new(false),
            tunnel: Mutex::new(None),
        }
    }

    /// Goes on as a WebSocket once the answer to the handshake is sent.
    pub(crate) fn go_on_as(&self, tunnel: Tunnel) {
        *self.tunnel.lock() = Some(Box::new(tunnel));
    }
}

/// The certificates that a client showed, in DER.
#[derive(Debug)]
pub(crate) struct ClientCertificates {
    /// Its own.
    pub(crate) own: Arc<[u8]>,
    /// The others, which may lead to a root.
    pub(crate) issuers: Arc<[Arc<[u8]>]>,
}

impl ClientCertificates {
    /// What the handshake brought; the first certificate is the client's.
    pub(super) fn new(shown: &[CertificateDer<'_>]) -> Self {
        let mut all = shown.iter().map(|certificate| Arc::from(certificate.as_ref()));
        Self { own: all.next().unwrap_or_default(), issuers: all.collect() }
    }
}

/// Serves a connection to its end, also as a WebSocket. When the drain begins, requests under way are finished and no
/// more are taken; a WebSocket goes on until the drain is over.
pub(super) async fn serve<S>(stream: S, facts: ConnectionFacts, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let facts = Arc::new(facts);
    let service = service_fn(|request| {
        if !facts.has_requests.load(Ordering::Relaxed) {
            facts.has_requests.store(true, Ordering::Relaxed);
        }
        answer(Arc::clone(&shared.service), Arc::clone(&facts), request)
    });
    let mut connection = pin!(shared.builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    // The header timeout starts when it is clear which protocol the client speaks; this one starts before.
    let mut first_request = pin!(tokio::time::sleep(shared.limits.header_timeout));
    let mut waits_for_first = true;
    let mut drained = pin!(shared.drain.begun());
    let mut is_draining = false;
    loop {
        tokio::select! {
            // In this order: nearly every turn is one of the connection itself.
            biased;
            // How a connection ends says nothing about the gateway: clients hang up as they please.
            _ = connection.as_mut() => break,
            () = &mut first_request, if waits_for_first => {
                waits_for_first = false;
                if !facts.has_requests.load(Ordering::Relaxed) {
                    refused(shared, "no-request-in-time");
                    return;
                }
            }
            () = &mut drained, if !is_draining => {
                is_draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
    let tunnel = facts.tunnel.lock().take();
    if let Some(tunnel) = tunnel {
        Box::pin(tunnel.run()).await;
    }
}
