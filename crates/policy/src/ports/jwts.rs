//! Checks of the signatures of JSON web tokens: keys, and where they come from.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use zeroize::Zeroizing;

use super::PortFuture;

/// One check. Not `Debug`: it would show the token.
#[derive(Clone, Copy)]
pub struct JwtAsk<'a> {
    /// The token in its compact form, without `Bearer`.
    pub token: &'a str,
    /// Keys of the document.
    pub keys: &'a JwtKeys,
    /// Further keys, and issuers.
    pub sources: &'a [OpenIdSource],
    /// Whether a token without a signature is refused.
    pub require_signature: bool,
}

/// Where an OpenID configuration is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenIdSource {
    /// At this address.
    Url(Arc<str>),
    /// That of a tenant of Microsoft Entra ID: its id, one of its domains, `common` or `organizations`, or the address
    /// of the tenant where it is of another cloud.
    EntraTenant(Arc<str>),
}

/// The keys of a policy, and what the adapter made of them.
#[derive(Default)]
pub struct JwtKeys {
    keys: Vec<JwtKey>,
    prepared: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl JwtKeys {
    /// Keys that were decoded.
    pub fn new(keys: Vec<JwtKey>) -> Self {
        Self { keys, prepared: OnceLock::new() }
    }

    /// The adapter's own form of the keys, which it makes once. None when they were made ready in another form.
    pub fn prepared<T: Send + Sync + 'static>(&self, make: impl FnOnce(&[JwtKey]) -> T) -> Option<&T> {
        self.prepared.get_or_init(|| Box::new(make(&self.keys))).downcast_ref()
    }
}

impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.keys).finish()
    }
}

/// A key of a policy document.
pub struct JwtKey {
    /// `id`, which is the `kid` of tokens.
    pub id: Option<Arc<str>>,
    /// The key itself.
    pub material: JwtKeyMaterial,
}

/// The kinds of keys.
pub enum JwtKeyMaterial {
    /// A secret of HMAC.
    Secret(Zeroizing<Vec<u8>>),
    /// Modulus and exponent of an RSA key, big-endian.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The exponent.
        exponent: Vec<u8>,
    },
    /// A certificate in DER, whose public key is used.
    Certificate(Arc<[u8]>),
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.material {
            JwtKeyMaterial::Secret(_) => "secret",
            JwtKeyMaterial::Rsa { .. } => "rsa",
            JwtKeyMaterial::Certificate(_) => "certificate",
        };
        f.debug_struct("JwtKey").field("id", &self.id).field("kind", &kind).finish()
    }
}

/// A token whose signature was checked, or that needs none. Not `Debug`: claims tell of people.
#[derive(Clone)]
pub struct VerifiedJwt {
    /// The payload.
    pub claims: serde_json::Map<String, serde_json::Value>,
    /// Issuers by the OpenID configuration whose key signed it; by all of them when a key of the document did. A name
    /// may hold `{tenantid}`, which stands for the token's own `tid`.
    pub issuers: Vec<Arc<str>>,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JwtError {
    /// `context.LastError.Reason`, such as `TokenSignatureInvalid`.
    pub reason: &'static str,
    /// `context.LastError.Message`. Names no key and shows no token.
    pub message: String,
}

/// Checks tokens. Key sets are kept and refreshed in the background; a warm one costs no network.
pub trait Jwts: Send + Sync {
    /// Checks the signature of a token with the keys at hand. None when keys must be fetched first. Claims are the
    /// caller's business.
    fn verify_now(&self, ask: JwtAsk<'_>) -> Option<Result<VerifiedJwt, JwtError>>;

    /// The same, and fetches keys where needed.
    fn verify<'a>(&'a self, ask: JwtAsk<'a>) -> PortFuture<'a, Result<VerifiedJwt, JwtError>>;
}
