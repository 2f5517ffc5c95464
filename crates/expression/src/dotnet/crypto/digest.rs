//! The digests and keyed digests of .NET by name.

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// The digest of `data`.
    pub(super) fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Algorithm::Md5 => Md5::digest(data).to_vec(),
            Algorithm::Sha1 => Sha1::digest(data).to_vec(),
            Algorithm::Sha256 => Sha256::digest(data).to_vec(),
            Algorithm::Sha384 => Sha384::digest(data).to_vec(),
            Algorithm::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    /// HMAC (RFC 2104); any key length.
    pub(super) fn authenticate(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        fn of<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Vec<u8> {
            M::new_from_slice(key)
                .map(|mac| mac.chain_update(data).finalize().into_bytes().to_vec())
                .unwrap_or_default()
        }
        match self {
            Algorithm::Md5 => of::<Hmac<Md5>>(key, data),
            Algorithm::Sha1 => of::<Hmac<Sha1>>(key, data),
            Algorithm::Sha256 => of::<Hmac<Sha256>>(key, data),
            Algorithm::Sha384 => of::<Hmac<Sha384>>(key, data),
            Algorithm::Sha512 => of::<Hmac<Sha512>>(key, data),
        }
    }

    /// The digest that a name of .NET's configuration means: `SHA256`, `sha-256`,
    /// `System.Security.Cryptography.SHA256Managed`.
    pub(super) fn by_name(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let short = match upper.strip_prefix("SYSTEM.SECURITY.CRYPTOGRAPHY.") {
            // Implementations are known by their full names only.
            Some(full) => full.trim_end_matches("MANAGED").trim_end_matches("CRYPTOSERVICEPROVIDER"),
            None => upper.as_str(),
        };
        Some(match short {
            "MD5" => Algorithm::Md5,
            "SHA" | "SHA1" | "HASHALGORITHM" => Algorithm::Sha1,
            "SHA256" | "SHA-256" => Algorithm::Sha256,
            "SHA384" | "SHA-384" => Algorithm::Sha384,
            "SHA512" | "SHA-512" => Algorithm::Sha512,
            _ => return None,
        })
    }

    /// The keyed digest that a name means: `HMACSHA256`, or its full name.
    pub(super) fn by_keyed_name(name: &str) -> Option<Self> {
        let upper = name.to_ascii_uppercase();
        let short = upper.strip_prefix("SYSTEM.SECURITY.CRYPTOGRAPHY.").unwrap_or(&upper);
        match short {
            "HMAC" | "KEYEDHASHALGORITHM" => Some(Algorithm::Sha1),
            _ => short.strip_prefix("HMAC").and_then(Algorithm::by_name),
        }
    }

    /// `HashAlgorithmName`: exactly as written there.
    pub(super) fn by_exact_name(name: &str) -> Option<Self> {
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    const ALL: [Self; 5] =
        [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512];

    /// `HashSize`.
    pub(super) fn bits(self) -> i32 {
        match self {
            Algorithm::Md5 => 128,
            Algorithm::Sha1 => 160,
            Algorithm::Sha256 => 256,
            Algorithm::Sha384 => 384,
            Algorithm::Sha512 => 512,
        }
    }

    /// Bytes of a block: of a fresh key, and of the longest key that is kept as it is.
    pub(super) fn block(self) -> usize {
        if matches!(self, Algorithm::Sha384 | Algorithm::Sha512) { 128 } else { 64 }
    }

    /// The short name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha384 => "SHA384",
            Algorithm::Sha512 => "SHA512",
        }
    }

    /// The algorithm that a type's name says: `…HMACSHA256`, `…SHA1Managed`, `…MD5CryptoServiceProvider`.
    pub(super) fn of_type(full_name: &str) -> Self {
        let short = full_name.rsplit('.').next().unwrap_or("").trim_start_matches("HMAC");
        let short = short.trim_end_matches("Managed").trim_end_matches("CryptoServiceProvider");
        Algorithm::by_exact_name(short).unwrap_or(Algorithm::Sha1)
    }
}
