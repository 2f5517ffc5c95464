//! `System.Security.Cryptography`: hashes, keyed hashes, AES, certificates.

mod aes;
pub mod certificate;
mod cipher;
mod distinguished_name;
mod hash;
mod names;
#[cfg(test)]
mod tests;

pub(super) use certificate::TYPES as CERTIFICATES;
pub(super) use cipher::TYPES as CIPHERS;
pub(super) use hash::TYPES as HASHES;
pub(super) use names::TYPES as NAMES;

use crate::exception::Exception;

fn cryptographic(message: impl Into<String>) -> Exception {
    Exception::new("System.Security.Cryptography.CryptographicException", message)
}
