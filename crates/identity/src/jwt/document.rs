//! An OpenID configuration with its key set: what the two documents say.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::algorithm::{Algorithm, Digest};
use super::key::VerifyingKey;

/// The most keys that are taken from one set.
const MOST_KEYS: usize = 100;

/// What tokens are checked with.
pub(super) struct Document {
    /// `issuer`; may hold `{tenantid}`.
    pub(super) issuer: Arc<str>,
    /// The keys that can check signatures.
    pub(super) keys: Vec<VerifyingKey>,
    /// When it arrived, in 100 ns ticks since 0001-01-01T00:00:00Z.
    pub(super) fetched_at: i64,
}

/// The OpenID provider metadata that is used.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) issuer: Arc<str>,
    pub(super) key_set: Url,
}

#[derive(Deserialize)]
struct MetadataFields {
    issuer: String,
    jwks_uri: String,
}

/// Reads provider metadata.
pub(super) fn metadata(body: &[u8]) -> Result<Metadata, String> {
    let fields: MetadataFields = serde_json::from_slice(body)
        .map_err(|_| "it is no OpenID configuration with `issuer` and `jwks_uri`".to_owned())?;
    if fields.issuer.is_empty() {
        return Err("its `issuer` is empty".to_owned());
    }
    let key_set = Url::parse(&fields.jwks_uri).map_err(|_| "its `jwks_uri` is no absolute URL".to_owned())?;
    Ok(Metadata { issuer: fields.issuer.into(), key_set })
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

/// A key of a set, as RFC 7517 has it.
#[derive(Deserialize)]
struct JsonWebKey {
    kty: String,
    kid: Option<String>,
    x5t: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a set that can check signatures. Secrets have no place in a public document and are left out, like
/// everything of a kind that is not known.
pub(super) fn keys(body: &[u8]) -> Result<Vec<VerifyingKey>, String> {
    let set: KeySet =
        serde_json::from_slice(body).map_err(|_| "the key set is not the JSON of one".to_owned())?;
    let read =
        |key: Value| serde_json::from_value::<JsonWebKey>(key).ok().and_then(|key| key.verifying_key());
    let keys: Vec<VerifyingKey> = set.keys.into_iter().take(MOST_KEYS).filter_map(read).collect();
    if keys.is_empty() {
        return Err("the key set holds no key that checks signatures".to_owned());
    }
    Ok(keys)
}

impl JsonWebKey {
    fn verifying_key(&self) -> Option<VerifyingKey> {
        if self.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        if self.key_ops.as_ref().is_some_and(|operations| !operations.iter().any(|name| name == "verify")) {
            return None;
        }
        let mut key = match self.kty.as_str() {
            "RSA" => VerifyingKey::rsa(&decode(&self.n)?, &decode(&self.e)?)?,
            "EC" => VerifyingKey::elliptic(self.curve()?, &decode(&self.x)?, &decode(&self.y)?)?,
            _ => return None,
        };
        if let Some(name) = &self.alg {
            key = key.pinned(Algorithm::parse(name)?)?;
        }
        key.id = self.kid.as_deref().map(Box::from);
        key.thumbprint = self.x5t.as_deref().map(Box::from);
        Some(key)
    }

    fn curve(&self) -> Option<Digest> {
        match self.crv.as_deref()? {
            "P-256" => Some(Digest::Sha256),
            "P-384" => Some(Digest::Sha384),
            "P-521" => Some(Digest::Sha512),
            _ => None,
        }
    }
}

fn decode(number: &Option<String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(number.as_deref()?.trim_end_matches('=')).ok()
}
