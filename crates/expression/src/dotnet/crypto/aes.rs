//! AES in CBC and ECB mode with .NET's paddings.

use aes::cipher::{Block, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes::{Aes128, Aes192, Aes256};

use crate::exception::Exception;

use super::cryptographic;

/// Bytes of a block.
pub(super) const BLOCK: usize = 16;

/// `CipherMode` by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Cbc = 1,
    Ecb = 2,
}

/// `PaddingMode` by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    None = 1,
    Pkcs7 = 2,
    Zeros = 3,
    AnsiX923 = 4,
}

enum Aes {
    Key128(Box<Aes128>),
    Key192(Box<Aes192>),
    Key256(Box<Aes256>),
}

impl Aes {
    fn new(key: &[u8]) -> Result<Self, Exception> {
        let wrong = |_| wrong_key();
        Ok(match key.len() {
            16 => Aes::Key128(Box::new(Aes128::new_from_slice(key).map_err(wrong)?)),
            24 => Aes::Key192(Box::new(Aes192::new_from_slice(key).map_err(wrong)?)),
            32 => Aes::Key256(Box::new(Aes256::new_from_slice(key).map_err(wrong)?)),
            _ => return Err(wrong_key()),
        })
    }

    fn encrypt(&self, block: &mut [u8; BLOCK]) {
        let block: &mut Block<Aes128> = block.into();
        match self {
            Aes::Key128(cipher) => cipher.encrypt_block(block),
            Aes::Key192(cipher) => cipher.encrypt_block(block),
            Aes::Key256(cipher) => cipher.encrypt_block(block),
        }
    }

    fn decrypt(&self, block: &mut [u8; BLOCK]) {
        let block: &mut Block<Aes128> = block.into();
        match self {
            Aes::Key128(cipher) => cipher.decrypt_block(block),
            Aes::Key192(cipher) => cipher.decrypt_block(block),
            Aes::Key256(cipher) => cipher.decrypt_block(block),
        }
    }
}

/// `CryptographicException` for a key of a wrong size.
pub(super) fn wrong_key() -> Exception {
    cryptographic("Specified key is not a valid size for this algorithm.")
}

fn start(iv: &[u8], mode: Mode) -> Result<[u8; BLOCK], Exception> {
    if mode == Mode::Ecb {
        return Ok([0; BLOCK]);
    }
    let wrong = |_| {
        cryptographic(
            "Specified initialization vector (IV) does not match the block size for this algorithm.",
        )
    };
    iv.try_into().map_err(wrong)
}

fn mix(block: &mut [u8; BLOCK], with: &[u8; BLOCK]) {
    for (byte, other) in block.iter_mut().zip(with) {
        *byte ^= other;
    }
}

/// Encrypts `data`.
pub(super) fn encrypt(
    data: &[u8],
    key: &[u8],
    iv: &[u8],
    mode: Mode,
    padding: Padding,
) -> Result<Vec<u8>, Exception> {
    let cipher = Aes::new(key)?;
    let mut previous = start(iv, mode)?;
    let mut out = padded(data, padding)?;
    let (blocks, _) = out.as_chunks_mut::<BLOCK>();
    for block in blocks {
        if mode == Mode::Cbc {
            mix(block, &previous);
        }
        cipher.encrypt(block);
        previous = *block;
    }
    Ok(out)
}

/// Decrypts `data`.
pub(super) fn decrypt(
    data: &[u8],
    key: &[u8],
    iv: &[u8],
    mode: Mode,
    padding: Padding,
) -> Result<Vec<u8>, Exception> {
    let cipher = Aes::new(key)?;
    let mut previous = start(iv, mode)?;
    let mut out = data.to_vec();
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    if !rest.is_empty() {
        return Err(cryptographic("The input data is not a complete block."));
    }
    for block in blocks {
        let encrypted = *block;
        cipher.decrypt(block);
        if mode == Mode::Cbc {
            mix(block, &previous);
        }
        previous = encrypted;
    }
    without_padding(&mut out, padding)?;
    Ok(out)
}

fn padded(data: &[u8], padding: Padding) -> Result<Vec<u8>, Exception> {
    let mut out = data.to_vec();
    let missing = BLOCK - data.len() % BLOCK;
    let count = u8::try_from(missing).unwrap_or(0);
    match padding {
        Padding::None if missing == BLOCK => {}
        Padding::None => return Err(cryptographic("The input data is not a complete block.")),
        Padding::Zeros => out.resize(data.len() + missing % BLOCK, 0),
        Padding::Pkcs7 => out.resize(data.len() + missing, count),
        Padding::AnsiX923 => {
            out.resize(data.len() + missing - 1, 0);
            out.push(count);
        }
    }
    Ok(out)
}

fn without_padding(out: &mut Vec<u8>, padding: Padding) -> Result<(), Exception> {
    if matches!(padding, Padding::None | Padding::Zeros) || out.is_empty() {
        return Ok(());
    }
    let invalid = || cryptographic("Padding is invalid and cannot be removed.");
    let count = usize::from(out.last().copied().unwrap_or(0));
    if count == 0 || count > BLOCK {
        return Err(invalid());
    }
    let kept = out.len().checked_sub(count).ok_or_else(invalid)?;
    let filler = if padding == Padding::Pkcs7 { count } else { 0 };
    let filled = out.get(kept..out.len() - 1).unwrap_or_default();
    if filled.iter().any(|byte| usize::from(*byte) != filler) {
        return Err(invalid());
    }
    out.truncate(kept);
    Ok(())
}
