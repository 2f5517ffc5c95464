//! `System.Security.Cryptography`: hashes, keyed hashes, ciphers, RSA, certificates.
//!
//! All arithmetic is that of kept libraries: RustCrypto's digests and block ciphers, AWS-LC for RSA, webpki for
//! certificate chains. What stands here are .NET's names, objects and refusals.

mod block_cipher;
pub mod certificate;
mod cipher;
mod der;
mod digest;
mod hash;
mod names;
mod random;
mod rsa;
#[cfg(test)]
mod tests;
mod trust;

pub(super) use certificate::TYPES as CERTIFICATES;
pub(super) use cipher::TYPES as CIPHERS;
pub(super) use hash::TYPES as HASHES;
pub(super) use names::TYPES as NAMES;
pub(super) use random::TYPES as RANDOM;
pub(super) use rsa::TYPES as RSA;
pub use trust::TrustStore;

use crate::call::Call;
use crate::exception::Exception;

use super::chars::range;

fn cryptographic(message: impl Into<String>) -> Exception {
    Exception::new("System.Security.Cryptography.CryptographicException", message)
}

/// The part of the buffer in argument 0 that arguments 1 and 2 name.
fn part(call: &Call<'_>) -> Result<Vec<u8>, Exception> {
    let buffer = call.bytes(0)?;
    let buffer = buffer.lock();
    if call.int(1) < 0 {
        let message = "Non-negative number required.";
        return Err(Exception::argument_out_of_range(call.parameter_name(1), message));
    }
    range(call.int(1), call.int(2), buffer.len())
        .and_then(|range| buffer.get(range))
        .map(<[u8]>::to_vec)
        .ok_or_else(|| Exception::argument("Value was invalid.", ""))
}
