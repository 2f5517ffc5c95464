//! A key that checks signatures, parsed once. It says itself which algorithms it is for, so that a token cannot choose:
//! the public key of an RSA pair never checks an HMAC.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use sekisho_policy::ports::jwts::{JwtKey, JwtKeyMaterial};

use super::algorithm::{Algorithm, DIGESTS, Digest};

/// The shortest secret of HMAC, in bytes: 128 bits, as the .NET library demands.
const SHORTEST_SECRET: usize = 16;
/// The shortest and the longest modulus, in bytes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// A key.
pub(super) struct VerifyingKey {
    /// `kid`.
    pub(super) id: Option<Box<str>>,
    /// The thumbprint of the key's certificate, as `x5t` has it.
    pub(super) thumbprint: Option<Box<str>>,
    /// Each algorithm that the key is for.
    forms: Vec<(Algorithm, Form)>,
}

enum Form {
    Secret(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl VerifyingKey {
    /// A key of a policy document; none when no algorithm can use it.
    pub(super) fn of_document(key: &JwtKey) -> Option<VerifyingKey> {
        let forms = match &key.material {
            JwtKeyMaterial::Secret(secret) => secret_forms(secret),
            JwtKeyMaterial::Rsa { modulus, exponent } => rsa_forms(modulus, exponent),
            JwtKeyMaterial::Certificate(der) => certificate_forms(der),
        };
        let id = key.id.as_deref().map(Box::from);
        (!forms.is_empty()).then_some(VerifyingKey { id, thumbprint: None, forms })
    }

    /// A public RSA key; none when it is too short or too long. Numbers are big-endian.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<VerifyingKey> {
        VerifyingKey::unnamed(rsa_forms(modulus, exponent))
    }

    /// A point of the curve that goes with a digest; none when it does not lie on it.
    pub(super) fn elliptic(curve: Digest, x: &[u8], y: &[u8]) -> Option<VerifyingKey> {
        let width = match curve {
            Digest::Sha256 => 32,
            Digest::Sha384 => 48,
            Digest::Sha512 => 66,
        };
        if x.len() != width || y.len() != width {
            return None;
        }
        let point = [&[4][..], x, y].concat();
        let key = ParsedPublicKey::new(curve.ecdsa(), point).ok()?;
        VerifyingKey::unnamed(vec![(Algorithm::Ecdsa(curve), Form::Public(key))])
    }

    fn unnamed(forms: Vec<(Algorithm, Form)>) -> Option<VerifyingKey> {
        (!forms.is_empty()).then_some(VerifyingKey { id: None, thumbprint: None, forms })
    }

    /// The same for one algorithm only; none when it is not one of its own.
    pub(super) fn pinned(mut self, algorithm: Algorithm) -> Option<VerifyingKey> {
        self.forms.retain(|(known, _)| *known == algorithm);
        (!self.forms.is_empty()).then_some(self)
    }

    /// True when the key signed the message. Also false when it is for other algorithms.
    pub(super) fn signed(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let form = self.forms.iter().find(|(known, _)| *known == algorithm).map(|(_, form)| form);
        match form {
            Some(Form::Secret(key)) => hmac::verify(key, message, signature).is_ok(),
            Some(Form::Public(key)) => key.verify_sig(message, signature).is_ok(),
            None => false,
        }
    }
}

fn secret_forms(secret: &[u8]) -> Vec<(Algorithm, Form)> {
    if secret.len() < SHORTEST_SECRET {
        return Vec::new();
    }
    let form = |digest: Digest| {
        (Algorithm::Hmac(digest), Form::Secret(Box::new(hmac::Key::new(digest.hmac(), secret))))
    };
    DIGESTS.into_iter().map(form).collect()
}

fn rsa_forms(modulus: &[u8], exponent: &[u8]) -> Vec<(Algorithm, Form)> {
    let modulus = without_leading_zeros(modulus);
    let exponent = without_leading_zeros(exponent);
    if !MODULUS.contains(&modulus.len()) {
        return Vec::new();
    }
    let components = RsaPublicKeyComponents { n: modulus, e: exponent };
    let parsed = |algorithm, parameters| {
        Some((algorithm, Form::Public(components.to_parsed_public_key(parameters).ok()?)))
    };
    let mut forms = Vec::new();
    for digest in DIGESTS {
        forms.extend(parsed(Algorithm::Rsa(digest), digest.rsa()));
        forms.extend(parsed(Algorithm::RsaPss(digest), digest.rsa_pss()));
    }
    forms
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The algorithms of a certificate's public key.
fn certificate_forms(der: &[u8]) -> Vec<(Algorithm, Form)> {
    let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else { return Vec::new() };
    let public_key = certificate.public_key();
    if let Ok(x509_parser::public_key::PublicKey::RSA(key)) = public_key.parsed() {
        return rsa_forms(key.modulus, key.exponent);
    }
    let parsed = |digest: Digest| {
        let key = ParsedPublicKey::new(digest.ecdsa(), public_key.raw).ok()?;
        Some((Algorithm::Ecdsa(digest), Form::Public(key)))
    };
    DIGESTS.into_iter().filter_map(parsed).collect()
}
