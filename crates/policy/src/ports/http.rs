//! Calls that are not the client's call going on: to token endpoints, key sets, and the targets of `send-request`.

use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::backends::HttpVersion;
use super::{BaseUrl, PortFuture};
use crate::body::Body;

/// How one call is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// How long the response headers may take, connecting included.
    pub timeout: Duration,
    /// The proxy on the way.
    pub proxy: Option<Arc<Proxy>>,
    /// The certificate that the gateway shows.
    pub certificate: Option<Arc<ClientCertificate>>,
    /// The protocol.
    pub version: HttpVersion,
}

impl HttpOptions {
    /// A plain call.
    pub fn timeout(timeout: Duration) -> Self {
        Self { timeout, proxy: None, certificate: None, version: HttpVersion::Http2OrHttp1 }
    }
}

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Where it listens.
    pub url: Arc<BaseUrl>,
    /// User name and password, for basic authentication.
    pub credentials: Option<(Arc<str>, Arc<Zeroizing<String>>)>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A certificate with its private key.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The chain in DER, leaf first.
    pub chain: Vec<Arc<[u8]>>,
    /// The private key in PKCS #8.
    pub private_key: Arc<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCertificate").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}

/// No answer. The text names the host and the cause, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HttpError {
    /// One lower-case sentence.
    pub message: String,
    /// The response headers did not arrive in time.
    pub timed_out: bool,
}

/// An HTTP client.
pub trait Http: Send + Sync {
    /// Sends a request with an absolute `http` or `https` URL. Redirects are answers like any other: they are not
    /// followed. Hop-by-hop headers and `Content-Length` are the adapter's business, `Host` is that of the URL unless the
    /// request has one. The body of the answer still arrives; whoever reads it bounds its size and its time.
    fn send<'a>(
        &'a self,
        request: http::Request<Body>,
        options: HttpOptions,
    ) -> PortFuture<'a, Result<http::Response<Body>, HttpError>>;
}
