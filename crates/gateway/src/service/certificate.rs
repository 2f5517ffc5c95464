//! The client's certificate where a proxy in front ends TLS: `listeners.clientCertificateHeader`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// The certificate in DER that a header carries: base64 of DER, as App Service and Application Gateway write
/// `X-ARR-ClientCert`, or PEM with escapes of URLs, as nginx writes `$ssl_client_escaped_cert`. None when it is
/// neither; whether it is a certificate is seen by who reads it.
pub(super) fn forwarded(header: &HeaderValue) -> Option<Arc<[u8]>> {
    let written = header.as_bytes().trim_ascii();
    if written.starts_with(b"-----BEGIN") {
        let pem: Vec<u8> = percent_decode(written).collect();
        return CertificateDer::from_pem_slice(&pem).ok().map(|certificate| certificate.as_ref().into());
    }
    STANDARD.decode(written).ok().filter(|der| !der.is_empty()).map(Arc::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        let read = |text: &str| forwarded(&HeaderValue::from_str(text).unwrap());
        assert_eq!(read("MAA=").as_deref(), Some(&[0x30, 0][..]));
        let escaped = "-----BEGIN%20CERTIFICATE-----%0AMAA%3D%0A-----END%20CERTIFICATE-----%0A";
        assert_eq!(read(escaped).as_deref(), Some(&[0x30, 0][..]));
        assert_eq!(read(""), None);
        assert_eq!(read("(null)"), None);
        assert_eq!(read("-----BEGIN%20CERTIFICATE-----"), None);
    }
}
