//! Certificates, and both ends of TLS connections.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sekisho_gateway::UpstreamSettings;
use sekisho_policy::ports::ClientCertificate;
use sekisho_resources::process::{ClientCertificateMode, HttpsListener, TlsFiles};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::bench::soon;

/// Signs certificates; its own stands in a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Authority of this test");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    /// Settings of a gateway that trusts it.
    pub(crate) fn trusted(&self) -> UpstreamSettings {
        UpstreamSettings { ca_file: Some(self.ca_file()), ..UpstreamSettings::default() }
    }

    fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A certificate for this host.
    pub(crate) fn identity(&self, host: &str) -> Identity {
        self.sign(CertificateParams::new(vec![host.to_owned()]).unwrap())
    }

    /// A certificate whose time is over.
    pub(crate) fn expired(&self, host: &str) -> Identity {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A listener of a gateway with a certificate for `localhost`.
    pub(crate) fn listener(&self) -> HttpsListener {
        let identity = self.identity("localhost");
        let file = |name| self.folder.path().join(name);
        let tls = TlsFiles { certificate: file("chain.pem"), key: file("key.pem") };
        std::fs::write(&tls.certificate, identity.certificate).unwrap();
        std::fs::write(&tls.key, identity.key).unwrap();
        HttpsListener {
            address: ([127, 0, 0, 1], 0).into(),
            tls,
            client_certificate: ClientCertificateMode::Off,
        }
    }

    /// Connects to `localhost` at this address and offers these protocols.
    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        protocols: &[&str],
    ) -> client::TlsStream<TcpStream> {
        self.connect_as(address, protocols, None).await.unwrap()
    }

    /// The same with a certificate; fails when the handshake does.
    pub(crate) async fn connect_as(
        &self,
        address: SocketAddr,
        protocols: &[&str],
        identity: Option<&Identity>,
    ) -> std::io::Result<client::TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            Some(identity) => {
                builder.with_client_auth_cert(identity.chain(), identity.private_key()).unwrap()
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = names(protocols);
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        soon(TlsConnector::from(Arc::new(config)).connect(name, stream)).await
    }
}

/// A certificate and its key, as PEM.
pub(crate) struct Identity {
    certificate: String,
    key: String,
}

impl Identity {
    /// As the gateway shows it.
    pub(crate) fn client_certificate(&self) -> Arc<ClientCertificate> {
        Arc::new(ClientCertificate {
            chain: self.chain().iter().map(|der| der.as_ref().into()).collect(),
            private_key: Arc::new(self.private_key().secret_der().to_vec().into()),
        })
    }

    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_slice_iter(self.certificate.as_bytes()).map(Result::unwrap).collect()
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap()
    }

    /// Writes both into this folder; the paths.
    pub(crate) fn write(&self, folder: &std::path::Path) -> (String, String) {
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        std::fs::write(path("own.pem"), &self.certificate).unwrap();
        std::fs::write(path("own.key"), &self.key).unwrap();
        (path("own.pem"), path("own.key"))
    }

    pub(crate) fn self_signed(host: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec![host.to_owned()]).unwrap();
        Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }
}

/// A TLS listener that tests answer on.
pub(crate) struct SecureBackend {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    pub(crate) url: String,
}

impl SecureBackend {
    /// Shows this certificate and speaks these protocols; with none it negotiates none.
    pub(crate) async fn start(identity: &Identity, protocols: &[&str]) -> Self {
        Self::open(identity, protocols, WebPkiClientVerifier::no_client_auth()).await
    }

    /// Takes only clients with a certificate of this authority.
    pub(crate) async fn asking(identity: &Identity, authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.issuer.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
        Self::open(identity, &[], verifier.build().unwrap()).await
    }

    async fn open(identity: &Identity, protocols: &[&str], clients: Arc<dyn ClientCertVerifier>) -> Self {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients)
            .with_single_cert(identity.chain(), identity.private_key())
            .unwrap();
        config.alpn_protocols = names(protocols);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)), url }
    }

    /// The next connection; none when its TLS handshake fails.
    pub(crate) async fn accept(&self) -> Option<server::TlsStream<TcpStream>> {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        soon(self.acceptor.accept(stream)).await.ok()
    }
}

fn names(protocols: &[&str]) -> Vec<Vec<u8>> {
    protocols.iter().map(|name| name.as_bytes().to_vec()).collect()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}
