//! The signature algorithms of RFC 7518 that are accepted, and the kind of key that each of them needs.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self as lc, EcdsaVerificationAlgorithm, RsaParameters};

/// `alg`, without `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Hmac(Digest),
    /// RSASSA-PKCS1-v1_5.
    Rsa(Digest),
    /// RSASSA-PSS.
    RsaPss(Digest),
    Ecdsa(Digest),
}

/// The digest, which for elliptic curves also names the curve: P-256, P-384, P-521.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

pub(super) const DIGESTS: [Digest; 3] = [Digest::Sha256, Digest::Sha384, Digest::Sha512];

impl Algorithm {
    /// Reads `alg`, which is case-sensitive.
    pub(super) fn parse(name: &str) -> Option<Algorithm> {
        let (family, digest) = name.split_at_checked(2)?;
        let digest = match digest {
            "256" => Digest::Sha256,
            "384" => Digest::Sha384,
            "512" => Digest::Sha512,
            _ => return None,
        };
        match family {
            "HS" => Some(Algorithm::Hmac(digest)),
            "RS" => Some(Algorithm::Rsa(digest)),
            "PS" => Some(Algorithm::RsaPss(digest)),
            "ES" => Some(Algorithm::Ecdsa(digest)),
            _ => None,
        }
    }
}

impl Digest {
    pub(super) fn hmac(self) -> hmac::Algorithm {
        match self {
            Digest::Sha256 => hmac::HMAC_SHA256,
            Digest::Sha384 => hmac::HMAC_SHA384,
            Digest::Sha512 => hmac::HMAC_SHA512,
        }
    }

    /// Keys of 2,048 to 8,192 bits.
    pub(super) fn rsa(self) -> &'static RsaParameters {
        match self {
            Digest::Sha256 => &lc::RSA_PKCS1_2048_8192_SHA256,
            Digest::Sha384 => &lc::RSA_PKCS1_2048_8192_SHA384,
            Digest::Sha512 => &lc::RSA_PKCS1_2048_8192_SHA512,
        }
    }

    /// Keys of 2,048 to 8,192 bits.
    pub(super) fn rsa_pss(self) -> &'static RsaParameters {
        match self {
            Digest::Sha256 => &lc::RSA_PSS_2048_8192_SHA256,
            Digest::Sha384 => &lc::RSA_PSS_2048_8192_SHA384,
            Digest::Sha512 => &lc::RSA_PSS_2048_8192_SHA512,
        }
    }

    pub(super) fn ecdsa(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Digest::Sha256 => &lc::ECDSA_P256_SHA256_FIXED,
            Digest::Sha384 => &lc::ECDSA_P384_SHA384_FIXED,
            Digest::Sha512 => &lc::ECDSA_P521_SHA512_FIXED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact() {
        assert_eq!(Algorithm::parse("RS256"), Some(Algorithm::Rsa(Digest::Sha256)));
        assert_eq!(Algorithm::parse("ES512"), Some(Algorithm::Ecdsa(Digest::Sha512)));
        for wrong in ["none", "rs256", "RS1", "RS256 ", "EdDSA", "", "é256", "HS"] {
            assert_eq!(Algorithm::parse(wrong), None, "{wrong}");
        }
    }
}
