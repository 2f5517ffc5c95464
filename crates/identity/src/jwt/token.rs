//! A token in its compact form, taken apart. Nothing of it is believed before its signature was checked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sekisho_policy::ports::jwts::JwtError;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::algorithm::Algorithm;

/// The longest token in bytes: more than a header line can hold.
const LONGEST: usize = 256 * 1024;
/// The longest first part, in characters.
const LONGEST_HEADER: usize = 8 * 1024;
/// The longest signature, in characters: that of an RSA key of 8,192 bits has 1,366.
const LONGEST_SIGNATURE: usize = 2 * 1024;

/// A token.
pub(super) struct Token<'t> {
    /// The two parts that are signed.
    pub(super) signed: &'t [u8],
    payload: &'t str,
    pub(super) signature: Signature,
    pub(super) key_id: Option<String>,
    pub(super) thumbprint: Option<String>,
}

/// How a token is signed.
pub(super) enum Signature {
    /// `alg` is `none`, and there is no signature.
    None,
    /// By an algorithm that is known.
    Bytes(Algorithm, Vec<u8>),
    /// In another way, or not as its `alg` says.
    Unknown,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    x5t: Option<String>,
    /// Names of members that must be understood; none is.
    crit: Option<Value>,
}

impl<'t> Token<'t> {
    /// Takes a token apart. The cost is that of its header, whatever its length.
    pub(super) fn parse(text: &'t str) -> Result<Token<'t>, JwtError> {
        if text.len() > LONGEST {
            return Err(malformed(&format!("it has more than {LONGEST} characters")));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or_else(not_three_parts)?;
        let (header, payload) = signed.split_once('.').ok_or_else(not_three_parts)?;
        if payload.bytes().filter(|byte| *byte == b'.').count() == 2 {
            return Err(malformed("it is encrypted, which is not supported"));
        }
        if payload.contains('.') {
            return Err(not_three_parts());
        }
        if header.len() > LONGEST_HEADER || signature.len() > LONGEST_SIGNATURE {
            return Err(malformed("its header or its signature is too long"));
        }
        let header = decode(header).ok_or_else(|| malformed("its header is not base64url"))?;
        let header: Header = serde_json::from_slice(&header)
            .map_err(|_| malformed("its header is not a JSON object with an algorithm"))?;
        if header.crit.is_some() {
            return Err(malformed("its header has critical extensions, and none is supported"));
        }
        let signature = match (header.alg.as_str(), Algorithm::parse(&header.alg)) {
            ("none", _) if signature.is_empty() => Signature::None,
            (_, Some(algorithm)) => match decode(signature) {
                Some(bytes) => Signature::Bytes(algorithm, bytes),
                None => return Err(malformed("its signature is not base64url")),
            },
            _ => Signature::Unknown,
        };
        let (key_id, thumbprint) = (header.kid, header.x5t);
        Ok(Token { signed: signed.as_bytes(), payload, signature, key_id, thumbprint })
    }

    /// The payload. JSON nested deeper than 128 levels is refused.
    pub(super) fn claims(&self) -> Result<Map<String, Value>, JwtError> {
        let payload = decode(self.payload).ok_or_else(|| malformed("its payload is not base64url"))?;
        serde_json::from_slice(&payload).map_err(|_| malformed("its payload is not a JSON object"))
    }
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

fn not_three_parts() -> JwtError {
    malformed("it does not have three parts with dots between them")
}

fn malformed(what: &str) -> JwtError {
    JwtError { reason: "JwtInvalid", message: format!("The token cannot be read: {what}.") }
}
