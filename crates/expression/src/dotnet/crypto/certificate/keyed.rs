//! A certificate with its private key, as a TLS client shows it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::super::cryptographic;
use super::super::rsa::pkcs8_of_pkcs1;
use super::{Algorithm, outside, pfx, read};
use crate::budget::Limits;
use crate::exception::Exception;

/// A certificate with its key.
pub struct KeyedCertificate {
    /// The certificate in DER, and behind it those that came with it and signed it, each the one before.
    pub chain: Vec<Vec<u8>>,
    /// The private key in PKCS#8.
    pub private_key: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for KeyedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyedCertificate").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}

impl KeyedCertificate {
    /// Reads PKCS#12 (`.pfx`), or PEM with a certificate and a key in PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// `CryptographicException` for a wrong password and for what is neither or has no key; exceeded limits.
    pub fn read(data: &[u8], password: &str, limits: &Limits) -> Result<Self, Exception> {
        if !pfx::is_pfx(data) {
            return from_pem(data);
        }
        let opened = outside::open(data, password, limits)?;
        let private_key = opened.private_key.ok_or_else(no_key)?;
        Ok(Self { chain: opened.chain, private_key })
    }
}

/// `Thumbprint`: the SHA-1 digest of a certificate in DER, in upper-case hexadecimal digits.
pub fn thumbprint(der: &[u8]) -> String {
    const_hex::encode_upper(Algorithm::Sha1.digest(der))
}

fn from_pem(data: &[u8]) -> Result<KeyedCertificate, Exception> {
    let text = std::str::from_utf8(data).unwrap_or("");
    let chain = blocks(text, "CERTIFICATE");
    for certificate in &chain {
        read::facts(certificate)?;
    }
    if chain.is_empty() {
        return Err(cryptographic("Cannot find the requested object."));
    }
    let pkcs8 = blocks(text, "PRIVATE KEY").into_iter().next();
    let pkcs1 = || blocks(text, "RSA PRIVATE KEY").into_iter().next().map(Zeroizing::new);
    let private_key = match pkcs8 {
        Some(key) => Zeroizing::new(key),
        None => pkcs8_of_pkcs1(&pkcs1().ok_or_else(no_key)?),
    };
    Ok(KeyedCertificate { chain, private_key })
}

fn no_key() -> Exception {
    cryptographic("The certificate comes without a private key.")
}

/// What stands between the lines of a label, decoded.
fn blocks(text: &str, label: &str) -> Vec<Vec<u8>> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let inner = text.split(&begin).skip(1).filter_map(|part| part.split_once(&end));
    inner
        .filter_map(|(inner, _)| {
            let digits = Zeroizing::new(inner.split_ascii_whitespace().collect::<String>());
            STANDARD.decode(digits.as_bytes()).ok()
        })
        .collect()
}
