//! Checks of JSON web tokens: signatures, keys and their sources.

use std::sync::Arc;

use super::PortFuture;

/// What a token is checked against.
#[derive(Clone, Debug, Default)]
pub struct JwtRules {
    /// Addresses of OpenID configurations, whose keys and issuers are used.
    pub openid_configurations: Vec<Arc<str>>,
    /// Keys of the document.
    pub keys: Vec<JwtKey>,
    /// Keys that open encrypted tokens.
    pub decryption_keys: Vec<JwtKey>,
    /// Whether a token without a signature is refused.
    pub require_signed_tokens: bool,
}

/// A key of a policy document.
#[derive(Clone)]
pub struct JwtKey {
    /// `id`, which is the `kid` of tokens.
    pub id: Option<Arc<str>>,
    /// The key itself.
    pub material: JwtKeyMaterial,
}

/// The kinds of keys.
#[derive(Clone)]
pub enum JwtKeyMaterial {
    /// A secret of HMAC.
    Secret(Arc<zeroize::Zeroizing<Vec<u8>>>),
    /// Modulus and exponent of an RSA key, big-endian.
    Rsa {
        /// The modulus.
        modulus: Arc<[u8]>,
        /// The exponent.
        exponent: Arc<[u8]>,
    },
    /// A certificate in DER, with its private key in PKCS #8 when it opens tokens.
    Certificate {
        /// The certificate.
        der: Arc<[u8]>,
        /// The private key.
        private_key: Option<Arc<zeroize::Zeroizing<Vec<u8>>>>,
    },
}

impl std::fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.material {
            JwtKeyMaterial::Secret(_) => "secret",
            JwtKeyMaterial::Rsa { .. } => "rsa",
            JwtKeyMaterial::Certificate { .. } => "certificate",
        };
        f.debug_struct("JwtKey").field("id", &self.id).field("kind", &kind).finish()
    }
}

/// A token whose signature was checked.
#[derive(Clone, Debug)]
pub struct VerifiedJwt {
    /// The token as it was signed: after decryption the inner one.
    pub token: Arc<str>,
    /// The payload.
    pub claims: Arc<serde_json::Map<String, serde_json::Value>>,
    /// The issuers that the OpenID configurations name.
    pub known_issuers: Vec<Arc<str>>,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JwtError {
    /// `context.LastError.Reason`, such as `TokenSignatureInvalid`.
    pub reason: &'static str,
    /// One sentence for `context.LastError.Message`.
    pub message: String,
}

/// Checks tokens. Key sets are kept and refreshed in the background; a warm one costs no network.
pub trait Jwts: Send + Sync {
    /// Checks the signature of a token. Claims are the caller's business.
    fn verify<'a>(
        &'a self,
        token: &'a str,
        rules: &'a JwtRules,
    ) -> PortFuture<'a, Result<VerifiedJwt, JwtError>>;
}
