//! An RSA key and what it does, by AWS-LC.

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384,
    OAEP_SHA512_MGF1SHA512, OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    Pkcs1PrivateDecryptingKey, Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{self, KeyPair as _, RsaEncoding, RsaParameters, UnparsedPublicKey};
use zeroize::Zeroizing;

use super::super::cryptographic;
use super::super::der::{self, BIT_STRING, INTEGER, OCTET_STRING, Reader};
use super::super::digest::Algorithm;
use crate::exception::Exception;

/// `1.2.840.113549.1.1.1` with its empty parameters.
const RSA_ENCRYPTION: &[u8] = &[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00];

/// `RSAEncryptionPadding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EncryptionPadding {
    Pkcs1,
    Oaep(Algorithm),
}

/// `RSASignaturePadding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignaturePadding {
    Pkcs1,
    Pss,
}

/// A public key, perhaps with the private one. No `Debug`, and what is private is wiped when it goes.
pub(in crate::dotnet::crypto) struct RsaKey {
    /// Big-endian without leading zeros.
    pub(super) modulus: Vec<u8>,
    pub(super) exponent: Vec<u8>,
    private: Option<Private>,
}

struct Private {
    pair: KeyPair,
    pkcs8: Zeroizing<Vec<u8>>,
}

/// The numbers of a private key in the order of PKCS#1, from the modulus on:
/// n, e, d, p, q, d mod (p-1), d mod (q-1), 1/q mod p.
pub(super) type Numbers = [Zeroizing<Vec<u8>>; 8];

fn unreadable() -> Exception {
    cryptographic("The key is invalid, or its size is not supported.")
}

/// A private key in PKCS#8 that was one in PKCS#1.
pub(in crate::dotnet::crypto) fn pkcs8_of_pkcs1(pkcs1: &[u8]) -> Zeroizing<Vec<u8>> {
    let version = der::integer(&[]);
    let parts = [version, der::value(der::SEQUENCE, RSA_ENCRYPTION), der::value(OCTET_STRING, pkcs1)];
    Zeroizing::new(der::sequence(&parts))
}

impl RsaKey {
    /// A new key.
    ///
    /// # Errors
    /// `CryptographicException` for a size that is not supported.
    pub(super) fn generate(bits: i32) -> Result<Self, Exception> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            8192 => KeySize::Rsa8192,
            _ => return Err(cryptographic("Specified key is not a valid size for this algorithm.")),
        };
        let pair = KeyPair::generate(size).map_err(|_| unreadable())?;
        let pkcs8 = pair.as_der().map_err(|_| unreadable())?;
        RsaKey::from_pkcs8(pkcs8.as_ref())
    }

    /// A private key in PKCS#8.
    ///
    /// # Errors
    /// `CryptographicException` for anything but an RSA key of 2048 to 8192 bits.
    pub(in crate::dotnet::crypto) fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, Exception> {
        let pair = KeyPair::from_pkcs8(pkcs8).map_err(|_| unreadable())?;
        let public = RsaKey::from_pkcs1_public(pair.public_key().as_ref())?;
        Ok(Self { private: Some(Private { pair, pkcs8: Zeroizing::new(pkcs8.to_vec()) }), ..public })
    }

    /// A private key in PKCS#1.
    ///
    /// # Errors
    /// As [`RsaKey::from_pkcs8`].
    pub(super) fn from_pkcs1(pkcs1: &[u8]) -> Result<Self, Exception> {
        RsaKey::from_pkcs8(&pkcs8_of_pkcs1(pkcs1))
    }

    /// A private key from its numbers.
    ///
    /// # Errors
    /// As [`RsaKey::from_pkcs8`].
    pub(super) fn from_numbers(numbers: &Numbers) -> Result<Self, Exception> {
        let mut parts = vec![der::integer(&[])];
        parts.extend(numbers.iter().map(|number| der::integer(number)));
        RsaKey::from_pkcs1(&Zeroizing::new(der::sequence(&parts)))
    }

    /// A public key from its numbers.
    pub(super) fn from_public(modulus: &[u8], exponent: &[u8]) -> Self {
        let own = |number: &[u8]| der::without_zeros(number).to_vec();
        Self { modulus: own(modulus), exponent: own(exponent), private: None }
    }

    /// A public key in PKCS#1, as certificates hold it.
    ///
    /// # Errors
    /// `CryptographicException` for anything else.
    pub(in crate::dotnet::crypto) fn from_pkcs1_public(pkcs1: &[u8]) -> Result<Self, Exception> {
        let mut numbers = Reader(pkcs1).sequence().ok_or_else(unreadable)?;
        let (modulus, exponent) = (numbers.integer(), numbers.integer());
        let (Some(modulus), Some(exponent)) = (modulus, exponent) else { return Err(unreadable()) };
        Ok(RsaKey::from_public(modulus, exponent))
    }

    /// A public key with its algorithm (X.509's SubjectPublicKeyInfo).
    ///
    /// # Errors
    /// As [`RsaKey::from_pkcs1_public`].
    pub(super) fn from_subject_public_key(info: &[u8]) -> Result<Self, Exception> {
        let mut parts = Reader(info).sequence().ok_or_else(unreadable)?;
        let algorithm = parts.of(der::SEQUENCE).ok_or_else(unreadable)?;
        // One byte tells how many bits of the last one are unused.
        let bits = parts.of(BIT_STRING).and_then(|bits| bits.split_first()).ok_or_else(unreadable)?.1;
        if !RSA_ENCRYPTION.starts_with(algorithm.get(..11).unwrap_or(algorithm)) {
            return Err(unreadable());
        }
        RsaKey::from_pkcs1_public(bits)
    }

    /// `KeySize`.
    pub(super) fn bits(&self) -> i32 {
        let unused = self.modulus.first().map_or(0, |first| first.leading_zeros());
        let bits = self.modulus.len() * 8 - unused as usize;
        i32::try_from(bits).unwrap_or(i32::MAX)
    }

    /// PKCS#1 of the public key.
    pub(super) fn to_pkcs1_public(&self) -> Vec<u8> {
        der::sequence(&[der::integer(&self.modulus), der::integer(&self.exponent)])
    }

    /// SubjectPublicKeyInfo.
    pub(super) fn to_subject_public_key(&self) -> Vec<u8> {
        let bits = [vec![0], self.to_pkcs1_public()].concat();
        der::sequence(&[der::value(der::SEQUENCE, RSA_ENCRYPTION), der::value(BIT_STRING, &bits)])
    }

    fn private(&self) -> Result<&Private, Exception> {
        self.private.as_ref().ok_or_else(|| cryptographic("The key does not contain a private key."))
    }

    /// The private key in PKCS#8.
    ///
    /// # Errors
    /// `CryptographicException` when there is none.
    pub(super) fn to_pkcs8(&self) -> Result<&[u8], Exception> {
        Ok(&self.private()?.pkcs8)
    }

    /// The private key in PKCS#1.
    ///
    /// # Errors
    /// As [`RsaKey::to_pkcs8`].
    pub(super) fn to_pkcs1(&self) -> Result<&[u8], Exception> {
        let mut parts = Reader(self.to_pkcs8()?).sequence().ok_or_else(unreadable)?;
        parts.of(INTEGER).and_then(|_| parts.of(der::SEQUENCE)).ok_or_else(unreadable)?;
        parts.of(OCTET_STRING).ok_or_else(unreadable)
    }

    /// The numbers of the private key.
    ///
    /// # Errors
    /// As [`RsaKey::to_pkcs8`].
    pub(super) fn numbers(&self) -> Result<Numbers, Exception> {
        let mut parts = Reader(self.to_pkcs1()?).sequence().ok_or_else(unreadable)?;
        let _version = parts.integer();
        let mut numbers = Numbers::default();
        for slot in &mut numbers {
            *slot = Zeroizing::new(parts.integer().ok_or_else(unreadable)?.to_vec());
        }
        Ok(numbers)
    }

    /// Signs a digest.
    ///
    /// # Errors
    /// `CryptographicException` without a private key, and for SHA-1 and MD5.
    pub(super) fn sign(
        &self,
        digest: &[u8],
        algorithm: Algorithm,
        padding: SignaturePadding,
    ) -> Result<Vec<u8>, Exception> {
        let pair = &self.private()?.pair;
        let (encoding, hash): (&'static dyn RsaEncoding, _) = match (padding, algorithm) {
            (SignaturePadding::Pkcs1, Algorithm::Sha256) => (&signature::RSA_PKCS1_SHA256, &digest::SHA256),
            (SignaturePadding::Pkcs1, Algorithm::Sha384) => (&signature::RSA_PKCS1_SHA384, &digest::SHA384),
            (SignaturePadding::Pkcs1, Algorithm::Sha512) => (&signature::RSA_PKCS1_SHA512, &digest::SHA512),
            (SignaturePadding::Pss, Algorithm::Sha256) => (&signature::RSA_PSS_SHA256, &digest::SHA256),
            (SignaturePadding::Pss, Algorithm::Sha384) => (&signature::RSA_PSS_SHA384, &digest::SHA384),
            (SignaturePadding::Pss, Algorithm::Sha512) => (&signature::RSA_PSS_SHA512, &digest::SHA512),
            (_, Algorithm::Sha1 | Algorithm::Md5) => {
                let message = format!("new RSA signatures with {} are not supported", algorithm.name());
                return Err(cryptographic(message));
            }
        };
        let digest = digest::Digest::import_less_safe(digest, hash).map_err(|_| wrong_digest())?;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign_digest(encoding, &digest, &mut signature)
            .map_err(|_| cryptographic("The data could not be signed."))?;
        Ok(signature)
    }

    /// True when `signature` is that of the digest. MD5, and SHA-1 with PSS, no signature has here.
    ///
    /// # Errors
    /// `CryptographicException` for a digest of a wrong length.
    pub(super) fn verify(
        &self,
        digest: &[u8],
        signature: &[u8],
        algorithm: Algorithm,
        padding: SignaturePadding,
    ) -> Result<bool, Exception> {
        if algorithm.bits() != i32::try_from(digest.len() * 8).unwrap_or(0) {
            return Err(wrong_digest());
        }
        let is_short = self.bits() < 2048;
        let (parameters, hash): (&'static RsaParameters, _) = match (padding, algorithm) {
            (SignaturePadding::Pkcs1, Algorithm::Sha1) => {
                (&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, &digest::SHA1_FOR_LEGACY_USE_ONLY)
            }
            (SignaturePadding::Pkcs1, Algorithm::Sha256) if is_short => {
                (&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, &digest::SHA256)
            }
            (SignaturePadding::Pkcs1, Algorithm::Sha512) if is_short => {
                (&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, &digest::SHA512)
            }
            (SignaturePadding::Pkcs1, Algorithm::Sha256) => {
                (&signature::RSA_PKCS1_2048_8192_SHA256, &digest::SHA256)
            }
            (SignaturePadding::Pkcs1, Algorithm::Sha384) => {
                (&signature::RSA_PKCS1_2048_8192_SHA384, &digest::SHA384)
            }
            (SignaturePadding::Pkcs1, Algorithm::Sha512) => {
                (&signature::RSA_PKCS1_2048_8192_SHA512, &digest::SHA512)
            }
            (SignaturePadding::Pss, Algorithm::Sha256) => {
                (&signature::RSA_PSS_2048_8192_SHA256, &digest::SHA256)
            }
            (SignaturePadding::Pss, Algorithm::Sha384) => {
                (&signature::RSA_PSS_2048_8192_SHA384, &digest::SHA384)
            }
            (SignaturePadding::Pss, Algorithm::Sha512) => {
                (&signature::RSA_PSS_2048_8192_SHA512, &digest::SHA512)
            }
            (_, Algorithm::Md5) | (SignaturePadding::Pss, Algorithm::Sha1) => {
                let message = format!("RSA signatures with {} are not supported", algorithm.name());
                return Err(cryptographic(message));
            }
        };
        let digest = digest::Digest::import_less_safe(digest, hash).map_err(|_| wrong_digest())?;
        let key = UnparsedPublicKey::new(parameters, self.to_pkcs1_public());
        Ok(key.verify_digest(&digest, signature).is_ok())
    }

    /// Encrypts a short message.
    ///
    /// # Errors
    /// `CryptographicException` for a message too long for the key, and keys below 2048 bits.
    pub(super) fn encrypt(&self, data: &[u8], padding: EncryptionPadding) -> Result<Vec<u8>, Exception> {
        let refused = |_| cryptographic("The data to be encrypted exceeds the maximum for this key.");
        let key = PublicEncryptingKey::from_der(&self.to_subject_public_key()).map_err(|_| unreadable())?;
        let mut out = vec![0; key.key_size_bytes()];
        let length = match padding {
            EncryptionPadding::Pkcs1 => {
                let key = Pkcs1PublicEncryptingKey::new(key).map_err(refused)?;
                key.encrypt(data, &mut out).map_err(refused)?.len()
            }
            EncryptionPadding::Oaep(algorithm) => {
                let key = OaepPublicEncryptingKey::new(key).map_err(refused)?;
                key.encrypt(oaep(algorithm)?, data, &mut out, None).map_err(refused)?.len()
            }
        };
        out.truncate(length);
        Ok(out)
    }

    /// Decrypts what [`RsaKey::encrypt`] gave.
    ///
    /// # Errors
    /// `CryptographicException` without a private key, and for what was not encrypted with its public one.
    pub(super) fn decrypt(&self, data: &[u8], padding: EncryptionPadding) -> Result<Vec<u8>, Exception> {
        let refused = |_| cryptographic("The data could not be decrypted.");
        let key = PrivateDecryptingKey::from_pkcs8(self.to_pkcs8()?).map_err(|_| unreadable())?;
        let mut out = vec![0; key.key_size_bytes()];
        let length = match padding {
            EncryptionPadding::Pkcs1 => {
                let key = Pkcs1PrivateDecryptingKey::new(key).map_err(refused)?;
                key.decrypt(data, &mut out).map_err(refused)?.len()
            }
            EncryptionPadding::Oaep(algorithm) => {
                let key = OaepPrivateDecryptingKey::new(key).map_err(refused)?;
                key.decrypt(oaep(algorithm)?, data, &mut out, None).map_err(refused)?.len()
            }
        };
        out.truncate(length);
        Ok(out)
    }
}

fn wrong_digest() -> Exception {
    cryptographic("The hash has a wrong length for its algorithm.")
}

fn oaep(algorithm: Algorithm) -> Result<&'static OaepAlgorithm, Exception> {
    Ok(match algorithm {
        Algorithm::Sha1 => &OAEP_SHA1_MGF1SHA1,
        Algorithm::Sha256 => &OAEP_SHA256_MGF1SHA256,
        Algorithm::Sha384 => &OAEP_SHA384_MGF1SHA384,
        Algorithm::Sha512 => &OAEP_SHA512_MGF1SHA512,
        Algorithm::Md5 => return Err(cryptographic("OAEP with MD5 is not supported")),
    })
}
