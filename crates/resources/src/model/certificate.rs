//! Certificates: what the gateway shows to backends, and what policies compare with.

use secrecy::SecretString;

use super::Spanned;

/// A certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Resource name, which is the `certificate-id`.
    pub name: Spanned<String>,
    /// What it is made of, not yet read. `None` when the file has none: extractors leave it out, and no vault is
    /// asked. A reference to such a certificate is an error.
    pub material: Option<CertificateMaterial>,
    /// `properties.keyVault.secretIdentifier`, for display only.
    pub key_vault_secret: Option<String>,
}

/// The forms that a certificate comes in.
#[derive(Clone, Debug)]
pub enum CertificateMaterial {
    /// `data`, with `password`: base64 of PKCS#12, or of a certificate without a key.
    Data {
        /// Base64.
        data: SecretString,
        /// Empty for none.
        password: SecretString,
    },
    /// The contents of `certificateFile` and `keyFile`, as PEM.
    Pem {
        /// The chain, leaf first.
        certificate: SecretString,
        /// The private key.
        key: Option<SecretString>,
    },
}
