//! TCP, tunnels and TLS with one deadline for all.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower_service::Service;

use super::destinations::DestinationRules;
use super::transport::{BoxError, ProxyWay, Transport};

/// What of a backend's certificate is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TlsSettings {
    /// Signed by a trusted authority, and in time.
    pub(crate) validate_chain: bool,
    /// Made out for the host that was called.
    pub(crate) validate_name: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { validate_chain: true, validate_name: true }
    }
}

/// Which protocols are offered to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocols {
    Http1,
    Both,
    Http2,
}

/// What connectors are made of.
pub(super) struct Settings {
    pub(super) tls: ClientConfig,
    /// None for destinations that no policy chose.
    pub(super) rules: Option<Arc<DestinationRules>>,
    pub(super) proxy: Option<ProxyWay>,
    pub(super) timeout: Duration,
}

impl Settings {
    pub(super) fn connector(&self, protocols: Protocols) -> Connector {
        let only_http2 = protocols == Protocols::Http2;
        let transport = Transport::new(self.rules.clone(), self.proxy.clone(), only_http2, self.timeout);
        let builder = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_or_http();
        let https = match protocols {
            Protocols::Http1 => builder.enable_http1().wrap_connector(transport.clone()),
            Protocols::Both => builder.enable_all_versions().wrap_connector(transport.clone()),
            Protocols::Http2 => builder.enable_http2().wrap_connector(transport.clone()),
        };
        Connector { https, transport, only_http2, timeout: self.timeout }
    }
}

/// Connects with a deadline.
#[derive(Clone)]
pub(crate) struct Connector {
    https: HttpsConnector<Transport>,
    /// The same as within `https`, for what it says of URLs.
    transport: Transport,
    only_http2: bool,
    timeout: Duration,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<UpstreamStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<UpstreamStream>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let is_proxied = self.transport.asks_proxy(&uri);
        let connecting = self.https.call(uri);
        let (timeout, only_http2) = (self.timeout, self.only_http2);
        Box::pin(async move {
            match tokio::time::timeout(timeout, connecting).await {
                Ok(stream) => {
                    let (stream, history) = (TokioIo::new(stream?), History::default());
                    Ok(TokioIo::new(UpstreamStream { stream, only_http2, is_proxied, history }))
                }
                Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "connecting took too long").into()),
            }
        })
    }
}

/// What happened on an HTTP/1.1 connection, for the decision whether a failed request may be sent again.
#[derive(Clone, Debug, Default)]
pub(super) struct History(Arc<AtomicU8>);

const ANSWERING: u8 = 1;
const REUSED: u8 = 2;

impl History {
    /// True when the connection had answered an earlier request, and not a byte of the last one's answer arrived: the
    /// backend had most likely closed it before it saw the request.
    pub(super) fn went_stale(&self) -> bool {
        self.0.load(Ordering::Relaxed) == REUSED
    }

    fn read(&self) {
        self.0.fetch_or(ANSWERING, Ordering::Relaxed);
    }

    fn written(&self) {
        if self.0.load(Ordering::Relaxed) & ANSWERING != 0 {
            self.0.store(REUSED, Ordering::Relaxed);
        }
    }
}

/// A connection to a backend.
pub(crate) struct UpstreamStream {
    stream: TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>,
    /// HTTP/2 without asking, which no handshake shows when there is no TLS.
    only_http2: bool,
    /// Requests are for a proxy: they name the whole URL.
    is_proxied: bool,
    history: History,
}

impl Connection for UpstreamStream {
    fn connected(&self) -> Connected {
        let is_http2 = self.only_http2 || self.stream.inner().connected().is_negotiated_h2();
        let connected = Connected::new().proxy(self.is_proxied).extra(self.history.clone());
        if is_http2 { connected.negotiated_h2() } else { connected }
    }
}

impl AsyncRead for UpstreamStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.history.read();
        }
        outcome
    }
}

impl AsyncWrite for UpstreamStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.history.written();
        Pin::new(&mut self.stream).poll_write(context, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.history.written();
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }
}
