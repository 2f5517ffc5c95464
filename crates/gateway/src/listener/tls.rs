//! The gateway's own certificate, which can be replaced while it serves.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sekisho_resources::process::{ClientCertificateMode, TlsFiles};

use super::client_certificate;

/// Why a certificate cannot be used. Names the file, never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The chain cannot be read.
    #[error("the certificate in `{path}` cannot be read: {cause}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The private key cannot be read.
    #[error("the private key in `{path}` cannot be read: {cause}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// TLS refuses them, for instance because the key belongs to another certificate.
    #[error("the certificate in `{path}` cannot be used: {cause}")]
    Unusable {
        /// The file of the chain.
        path: PathBuf,
        /// What is wrong.
        cause: rustls::Error,
    },
}

/// When both files were last written.
type Written = [Option<SystemTime>; 2];

/// A certificate read from files.
pub(super) struct Certificate {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    current: ArcSwap<CertifiedKey>,
    written: Mutex<Written>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Certificate {
    pub(super) fn load(files: TlsFiles) -> Result<Self, CertificateError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let written = written(&files);
        let current = ArcSwap::from_pointee(read(&files, &provider)?);
        Ok(Self { files, provider, current, written: Mutex::new(written) })
    }

    /// Reads the files again when one was written since; true when the certificate was replaced. After an error the
    /// old one stays in use.
    pub(super) fn reload(&self) -> Result<bool, CertificateError> {
        let mut known = self.written.lock();
        let now = written(&self.files);
        if *known == now {
            return Ok(false);
        }
        self.current.store(Arc::new(read(&self.files, &self.provider)?));
        *known = now;
        Ok(true)
    }

    /// The TLS settings of a listener with this certificate.
    pub(super) fn server_config(
        self: &Arc<Self>,
        clients: ClientCertificateMode,
    ) -> Result<ServerConfig, CertificateError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(|cause| CertificateError::Unusable { path: self.files.certificate.clone(), cause })?;
        let clients = client_certificate::verifier(clients, &self.provider);
        let mut config =
            builder.with_client_cert_verifier(clients).with_cert_resolver(Arc::<Self>::clone(self));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn written(files: &TlsFiles) -> Written {
    [&files.certificate, &files.key].map(|path| fs::metadata(path).and_then(|data| data.modified()).ok())
}

fn read(files: &TlsFiles, provider: &CryptoProvider) -> Result<CertifiedKey, CertificateError> {
    let path = || files.certificate.clone();
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(|certificates| certificates.collect::<Result<Vec<_>, _>>())
        .map_err(|error| CertificateError::Certificate { path: path(), cause: error.to_string() })?;
    if chain.is_empty() {
        return Err(CertificateError::Certificate { path: path(), cause: "it holds none".to_owned() });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| CertificateError::Key { path: files.key.clone(), cause: error.to_string() })?;
    CertifiedKey::from_der(chain, key, provider)
        .map_err(|cause| CertificateError::Unusable { path: path(), cause })
}
