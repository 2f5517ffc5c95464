//! Backends whose certificate is not fully checked: `validateCertificateChain` and `validateCertificateName`.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use sekisho_policy::ports::ClientCertificate;

use super::TlsSettings;

/// The TLS configuration for backends with these settings, which are shown this certificate when they ask for one.
///
/// # Errors
/// A private key that does not belong to the certificate, or is of a kind that TLS does not know.
pub(super) fn client_config(
    tls: TlsSettings,
    roots: &Arc<RootCertStore>,
    certificate: Option<&ClientCertificate>,
) -> Result<ClientConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = if tls == TlsSettings::default() {
        builder.with_root_certificates(Arc::clone(roots))
    } else {
        let verifier = LenientVerifier::new(tls, Arc::clone(roots), &provider);
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    };
    let Some(certificate) = certificate else { return Ok(builder.with_no_client_auth()) };
    let chain = certificate.chain.iter().map(|der| CertificateDer::from(der.to_vec())).collect();
    let key = PrivatePkcs8KeyDer::from(certificate.private_key.to_vec());
    builder.with_client_auth_cert(chain, key.into())
}

/// Checks the parts of a certificate that are asked for. That the backend holds the key of its certificate is always
/// checked.
#[derive(Debug)]
struct LenientVerifier {
    tls: TlsSettings,
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl LenientVerifier {
    fn new(tls: TlsSettings, roots: Arc<RootCertStore>, provider: &CryptoProvider) -> Self {
        Self { tls, roots, algorithms: provider.signature_verification_algorithms }
    }
}

impl ServerCertVerifier for LenientVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.tls.validate_chain && !self.tls.validate_name {
            return Ok(ServerCertVerified::assertion());
        }
        let certificate = ParsedCertificate::try_from(end_entity)?;
        if self.tls.validate_chain {
            let algorithms = self.algorithms.all;
            verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &self.roots,
                intermediates,
                now,
                algorithms,
            )?;
        }
        if self.tls.validate_name {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
