//! Connections to backends: one pool for the process, shared by all configurations.
//!
//! - `clients`: the connections of each way to reach backends
//! - `destinations`: where policies may call
//! - `transport`: TCP, and proxies on the way
//! - `connector`: TLS on top with a deadline for all, and which connections were used before
//! - `verifier`: backends whose certificate is not fully checked, and the certificate that they are shown
//! - `exchange`: one request, sent and answered
//! - `headers`: what is not passed on
//! - `idle`: bodies of which nothing arrives

mod clients;
mod connector;
mod destinations;
mod exchange;
pub(crate) mod headers;
pub(crate) mod idle;
mod transport;
mod verifier;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use sekisho_expression::context::TrustStore;
use sekisho_policy::body::Body;
use sekisho_policy::ports::{Http, HttpError, HttpOptions, PortFuture};
use sekisho_resources::process::Destinations;

use clients::ClientSets;
pub(crate) use clients::{ClientSet, Way};
pub(crate) use connector::TlsSettings;
use destinations::DestinationRules;
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
    /// Where calls may go that policies choose.
    pub destinations: Destinations,
}

impl Default for UpstreamSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            pool_idle_timeout: Duration::from_secs(90),
            body_idle_timeout: Duration::from_secs(300),
            ca_file: None,
            insecure_skip_verify: false,
            destinations: Destinations::default(),
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
            destinations: process.destinations.clone(),
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
    /// A proxy cannot be used.
    #[error("{0}")]
    Proxy(&'static str),
}

/// Sends requests to backends and keeps their connections.
///
/// As [`Http`] it makes the calls of policies, to which `upstream.destinations` applies.
pub struct Upstream {
    settings: UpstreamSettings,
    roots: Arc<RootCertStore>,
    trust_store: Arc<TrustStore>,
    rules: Arc<DestinationRules>,
    clients: ClientSets,
    /// For plain URLs that the configuration names.
    plain: Arc<ClientSet>,
    /// For plain URLs that policies choose, and for [`Http`].
    guarded: Arc<ClientSet>,
}

impl Upstream {
    /// Reads the trusted certificates.
    ///
    /// # Errors
    /// A CA file that cannot be read or holds no certificate, or settings that TLS refuses.
    pub fn new(settings: UpstreamSettings) -> Result<Self, UpstreamError> {
        let trusted = trusted_certificates(&settings)?;
        let roots = Arc::new(trusted.anchors);
        let trust_store = Arc::new(TrustStore::new(trusted.certificates, []));
        let rules = Arc::new(DestinationRules::new(&settings.destinations));
        let set = |guarded| ClientSet::new(&settings, &roots, &rules, Way { guarded, ..Way::default() });
        let (plain, guarded) = (Arc::new(set(false)?), Arc::new(set(true)?));
        Ok(Self { settings, roots, trust_store, rules, clients: ClientSets::default(), plain, guarded })
    }

    /// The clients for calls that go this way.
    pub(crate) fn clients(&self, way: Way) -> Result<Arc<ClientSet>, UpstreamError> {
        for known in [&self.plain, &self.guarded] {
            if *known.way() == way {
                return Ok(Arc::clone(known));
            }
        }
        self.clients.get(way, |way| ClientSet::new(&self.settings, &self.roots, &self.rules, way))
    }

    /// The trusted certificates, for those of clients.
    pub(crate) fn trust_store(&self) -> &Arc<TrustStore> {
        &self.trust_store
    }

    /// Calls of the gateway itself, such as those for its identity's tokens, which come from a link-local address:
    /// `upstream.destinations` does not apply.
    pub fn unrestricted(self: &Arc<Self>) -> Arc<dyn Http> {
        Arc::new(Unrestricted(Arc::clone(self)))
    }

    async fn send_plain(
        &self,
        request: http::Request<Body>,
        options: HttpOptions,
        guarded: bool,
    ) -> Result<http::Response<Body>, HttpError> {
        let HttpOptions { proxy, certificate, .. } = &options;
        let way = Way { proxy: proxy.clone(), certificate: certificate.clone(), guarded, ..Way::default() };
        let clients = self.clients(way).map_err(|error| {
            exchange::plain_failure(request.uri().host().unwrap_or(""), &error.to_string(), false)
        })?;
        exchange::send_plain(&clients, request, options).await
    }
}

impl Http for Upstream {
    fn send<'a>(
        &'a self,
        request: http::Request<Body>,
        options: HttpOptions,
    ) -> PortFuture<'a, Result<http::Response<Body>, HttpError>> {
        Box::pin(self.send_plain(request, options, true))
    }
}

/// [`Upstream::unrestricted`].
struct Unrestricted(Arc<Upstream>);

impl Http for Unrestricted {
    fn send<'a>(
        &'a self,
        request: http::Request<Body>,
        options: HttpOptions,
    ) -> PortFuture<'a, Result<http::Response<Body>, HttpError>> {
        Box::pin(self.0.send_plain(request, options, false))
    }
}

/// Certificates that are trusted, in the forms that TLS and policies take.
struct Trusted {
    anchors: RootCertStore,
    certificates: Vec<Vec<u8>>,
}

/// The certificates of the system and of the CA file. A certificate of the system that cannot be read is left out:
/// systems have such, and a missing one shows itself as a refused connection.
fn trusted_certificates(settings: &UpstreamSettings) -> Result<Trusted, UpstreamError> {
    let system = rustls_native_certs::load_native_certs().certs;
    let mut certificates: Vec<Vec<u8>> = system.iter().map(|certificate| certificate.to_vec()).collect();
    let mut anchors = RootCertStore::empty();
    anchors.add_parsable_certificates(system);
    let Some(path) = &settings.ca_file else { return Ok(Trusted { anchors, certificates }) };
    let failed = |cause: String| UpstreamError::CaFile { path: path.clone(), cause };
    let mut count = 0;
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))? {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        certificates.push(certificate.to_vec());
        anchors.add(certificate).map_err(|error| failed(error.to_string()))?;
        count += 1;
    }
    if count == 0 {
        return Err(failed("it holds no certificate".to_owned()));
    }
    Ok(Trusted { anchors, certificates })
}
