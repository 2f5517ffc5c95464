//! Connections to backends: one pool for the process, shared by all configurations.
//!
//! - `connector`: TCP and TLS with a deadline, and which connections were used before
//! - `verifier`: backends whose certificate is not fully checked
//! - `exchange`: one request, sent and answered
//! - `headers`: what is not passed on
//! - `idle`: bodies of which nothing arrives

mod connector;
mod exchange;
pub(crate) mod headers;
pub(crate) mod idle;
mod verifier;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use parking_lot::Mutex;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sekisho_policy::body::Body;
use sekisho_policy::ports::backends::HttpVersion;
use sekisho_policy::ports::{Http, HttpError, HttpOptions, PortFuture};

use crate::worker::PerWorker;
pub(crate) use connector::TlsSettings;
use connector::{Connector, Protocols};
pub(crate) use exchange::{Endpoint, SendFailure, UpstreamCall, send};

/// How backends are reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// How long TCP and TLS may take together.
    pub connect_timeout: Duration,
    /// How long an unused connection is kept.
    pub pool_idle_timeout: Duration,
    /// How long a response may pause between two pieces of its body.
    pub body_idle_timeout: Duration,
    /// PEM certificates that are trusted beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Trust every backend whatever its certificate says.
    pub insecure_skip_verify: bool,
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(90),
            body_idle_timeout: Duration::from_secs(300),
            ca_file: None,
            insecure_skip_verify: false,
        }
    }
}

impl From<&sekisho_resources::process::Upstream> for UpstreamSettings {
    fn from(process: &sekisho_resources::process::Upstream) -> Self {
        Self {
            connect_timeout: process.connect_timeout,
            pool_idle_timeout: process.idle_timeout,
            ca_file: process.ca_file.clone(),
            insecure_skip_verify: process.insecure_skip_verify,
            ..Self::default()
        }
    }
}

/// Why backends cannot be reached at all.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The CA file cannot be used.
    #[error("the certificates in `{path}` cannot be read: {cause}")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The TLS library refused the settings.
    #[error("the TLS settings for backends cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// Sends requests to backends and keeps their connections.
pub struct Upstream {
    settings: UpstreamSettings,
    roots: Arc<RootCertStore>,
    clients: Mutex<HashMap<TlsSettings, Arc<ClientSet>>>,
    /// For plain URLs and for [`Http`].
    plain: Arc<ClientSet>,
}

/// The clients of one TLS setting: for each worker one for each choice of protocol, made when first needed.
pub(crate) struct ClientSet {
    connector: connector::Settings,
    pool_idle_timeout: Duration,
    pub(crate) body_idle_timeout: Duration,
    http1: PerWorker<HyperClient>,
    http2_or_http1: PerWorker<HyperClient>,
    http2: PerWorker<HyperClient>,
}

pub(crate) type HyperClient = Client<Connector, Body>;

/// The most unused connections that one worker keeps for one backend.
const MAX_IDLE_CONNECTIONS: usize = 1024;

/// The most bytes of the headers of a response over HTTP/2: about what HTTP/1.1 has room for.
const MAX_HEADER_BYTES: u32 = 400 * 1024;

impl Upstream {
    /// Reads the trusted certificates.
    ///
    /// # Errors
    /// A CA file that cannot be read or holds no certificate, or settings that TLS refuses.
    pub fn new(settings: UpstreamSettings) -> Result<Self, UpstreamError> {
        let roots = Arc::new(trusted_roots(&settings)?);
        let plain = Arc::new(ClientSet::new(&settings, &roots, TlsSettings::default())?);
        Ok(Self { settings, roots, clients: Mutex::new(HashMap::new()), plain })
    }

    /// The clients for backends with these TLS settings.
    pub(crate) fn clients(&self, tls: TlsSettings) -> Result<Arc<ClientSet>, UpstreamError> {
        if tls == TlsSettings::default() {
            return Ok(Arc::clone(&self.plain));
        }
        let mut known = self.clients.lock();
        if let Some(clients) = known.get(&tls) {
            return Ok(Arc::clone(clients));
        }
        let clients = Arc::new(ClientSet::new(&self.settings, &self.roots, tls)?);
        known.insert(tls, Arc::clone(&clients));
        Ok(clients)
    }
}

impl Http for Upstream {
    fn send<'a>(
        &'a self,
        request: http::Request<Body>,
        options: HttpOptions,
    ) -> PortFuture<'a, Result<http::Response<Body>, HttpError>> {
        Box::pin(exchange::send_plain(&self.plain, request, options))
    }
}

impl ClientSet {
    fn new(
        settings: &UpstreamSettings,
        roots: &Arc<RootCertStore>,
        mut tls: TlsSettings,
    ) -> Result<Self, UpstreamError> {
        if settings.insecure_skip_verify {
            tls = TlsSettings { validate_chain: false, validate_name: false };
        }
        Ok(Self {
            connector: connector::Settings::new(tls, roots, settings.connect_timeout)?,
            pool_idle_timeout: settings.pool_idle_timeout,
            body_idle_timeout: settings.body_idle_timeout,
            http1: PerWorker::new(),
            http2_or_http1: PerWorker::new(),
            http2: PerWorker::new(),
        })
    }

    pub(crate) fn client(&self, version: HttpVersion) -> &HyperClient {
        match version {
            HttpVersion::Http1 => self.http1.get_or_init(|| self.build(Protocols::Http1)),
            HttpVersion::Http2OrHttp1 => self.http2_or_http1.get_or_init(|| self.build(Protocols::Both)),
            HttpVersion::Http2 => self.http2.get_or_init(|| self.build(Protocols::Http2)),
        }
    }

    fn build(&self, protocols: Protocols) -> HyperClient {
        Client::builder(TokioExecutor::new())
            .pool_idle_timeout(self.pool_idle_timeout)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .http2_only(protocols == Protocols::Http2)
            .http2_adaptive_window(true)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .build(self.connector.connector(protocols))
    }
}

/// The certificates of the system and of the CA file. A certificate of the system that cannot be read is left out:
/// systems have such, and a missing one shows itself as a refused connection.
fn trusted_roots(settings: &UpstreamSettings) -> Result<RootCertStore, UpstreamError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let Some(path) = &settings.ca_file else { return Ok(roots) };
    let failed = |cause: String| UpstreamError::CaFile { path: path.clone(), cause };
    let mut count = 0;
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))? {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        count += 1;
    }
    if count == 0 {
        return Err(failed("it holds no certificate".to_owned()));
    }
    Ok(roots)
}
