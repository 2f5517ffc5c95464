//! PEM files of cases.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use sekisho_expression::context::CertificateFacts;
use zeroize::Zeroizing;

/// What a PEM file holds.
#[derive(Clone, Debug)]
pub struct PemFile {
    /// The certificates in DER, in their order; at least one.
    pub certificates: Vec<Arc<[u8]>>,
    /// The first key in PKCS#8.
    pub private_key: Option<Arc<Zeroizing<Vec<u8>>>>,
}

impl PemFile {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read, or without a certificate.
    pub fn read(path: &Path) -> Result<PemFile> {
        let text = std::fs::read(path)?;
        let certificates = CertificateDer::pem_slice_iter(&text)
            .map(|certificate| certificate.map(|certificate| Arc::from(certificate.as_ref())))
            .collect::<Result<Vec<Arc<[u8]>>, _>>()
            .map_err(|error| anyhow!("{error}"))?;
        ensure!(!certificates.is_empty(), "it holds no certificate");
        let key = PrivatePkcs8KeyDer::from_pem_slice(&text).ok();
        let private_key = key.map(|key| Arc::new(Zeroizing::new(key.secret_pkcs8_der().to_vec())));
        Ok(PemFile { certificates, private_key })
    }

    /// The first certificate with its key, as configurations have it.
    pub fn certificate(&self) -> Option<CertificateFacts> {
        let der = self.certificates.first().cloned()?;
        Some(CertificateFacts { der, private_key: self.private_key.clone() })
    }
}
