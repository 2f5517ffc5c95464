//! AES, DES, Triple DES and RC2 over whole messages, with .NET's modes and paddings.

use aes::cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser,
    InnerIvInit, KeyInit,
};
use aes::{Aes128, Aes192, Aes256};
use des::{Des, TdesEde2, TdesEde3};
use rc2::Rc2;

use crate::exception::Exception;

use super::cryptographic;

/// Which cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    Aes,
    Des,
    TripleDes,
    Rc2,
}

impl Cipher {
    /// Bytes of a block, and of an initialization vector.
    pub(super) fn block(self) -> usize {
        if self == Cipher::Aes { 16 } else { 8 }
    }

    /// Bytes of a fresh key.
    pub(super) fn key(self) -> usize {
        match self {
            Cipher::Aes => 32,
            Cipher::Des => 8,
            Cipher::TripleDes => 24,
            Cipher::Rc2 => 16,
        }
    }

    /// True for a number of bytes that a key may have.
    pub(super) fn takes_key(self, bytes: usize) -> bool {
        match self {
            Cipher::Aes => [16, 24, 32].contains(&bytes),
            Cipher::Des => bytes == 8,
            Cipher::TripleDes => [16, 24].contains(&bytes),
            Cipher::Rc2 => (5..=16).contains(&bytes),
        }
    }
}

/// `CipherMode` by its numbers; OFB and CTS no algorithm of .NET has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Cbc = 1,
    Ecb = 2,
    /// With a feedback of eight bits.
    Cfb = 4,
}

/// `PaddingMode` by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    None = 1,
    Pkcs7 = 2,
    Zeros = 3,
    AnsiX923 = 4,
    Iso10126 = 5,
}

/// What a message is encrypted or decrypted with. No `Debug`: it holds the key.
pub(super) struct Setting<'k> {
    pub(super) cipher: Cipher,
    pub(super) mode: Mode,
    pub(super) padding: Padding,
    pub(super) key: &'k [u8],
    /// Not looked at in ECB.
    pub(super) iv: &'k [u8],
}

/// `CryptographicException` for a key of a wrong size.
pub(super) fn wrong_key() -> Exception {
    cryptographic("Specified key is not a valid size for this algorithm.")
}

/// `CryptographicException` for an initialization vector of a wrong size.
pub(super) fn wrong_iv() -> Exception {
    cryptographic("Specified initialization vector (IV) does not match the block size for this algorithm.")
}

/// Encrypts `data`; `random` fills the padding of ISO 10126.
///
/// # Errors
/// `CryptographicException`.
pub(super) fn encrypt(
    data: &[u8],
    setting: &Setting<'_>,
    random: impl FnOnce(usize) -> Vec<u8>,
) -> Result<Vec<u8>, Exception> {
    let mut out = padded(data, setting, random)?;
    run(&mut out, setting, true)?;
    Ok(out)
}

/// Decrypts `data`.
///
/// # Errors
/// `CryptographicException`.
pub(super) fn decrypt(data: &[u8], setting: &Setting<'_>) -> Result<Vec<u8>, Exception> {
    if !data.len().is_multiple_of(setting.cipher.block()) {
        return Err(cryptographic("The input data is not a complete block."));
    }
    let mut out = data.to_vec();
    run(&mut out, setting, false)?;
    without_padding(&mut out, setting)?;
    Ok(out)
}

fn run(data: &mut [u8], setting: &Setting<'_>, encrypts: bool) -> Result<(), Exception> {
    let key = setting.key;
    if !setting.cipher.takes_key(key.len()) {
        return Err(wrong_key());
    }
    match (setting.cipher, key.len()) {
        (Cipher::Aes, 16) => over::<Aes128>(data, setting, encrypts),
        (Cipher::Aes, 24) => over::<Aes192>(data, setting, encrypts),
        (Cipher::Aes, _) => over::<Aes256>(data, setting, encrypts),
        (Cipher::Des, _) => over::<Des>(data, setting, encrypts),
        (Cipher::TripleDes, 16) => over::<TdesEde2>(data, setting, encrypts),
        (Cipher::TripleDes, _) => over::<TdesEde3>(data, setting, encrypts),
        (Cipher::Rc2, _) => over::<Rc2>(data, setting, encrypts),
    }
}

fn over<C>(data: &mut [u8], setting: &Setting<'_>, encrypts: bool) -> Result<(), Exception>
where
    C: KeyInit + BlockSizeUser + BlockCipherEncrypt + BlockCipherDecrypt,
{
    let (key, iv) = (setting.key, setting.iv);
    match (setting.mode, encrypts) {
        (Mode::Ecb, _) => {
            let cipher = C::new_from_slice(key).map_err(|_| wrong_key())?;
            let blocks = blocks::<C>(data);
            if encrypts {
                cipher.encrypt_blocks(blocks);
            } else {
                cipher.decrypt_blocks(blocks);
            }
        }
        (Mode::Cbc, true) => {
            let cipher = C::new_from_slice(key).map_err(|_| wrong_key())?;
            let mut mode = cbc::Encryptor::<C>::inner_iv_slice_init(cipher, iv).map_err(|_| wrong_iv())?;
            mode.encrypt_blocks(blocks::<C>(data));
        }
        (Mode::Cbc, false) => {
            let cipher = C::new_from_slice(key).map_err(|_| wrong_key())?;
            let mut mode = cbc::Decryptor::<C>::inner_iv_slice_init(cipher, iv).map_err(|_| wrong_iv())?;
            mode.decrypt_blocks(blocks::<C>(data));
        }
        (Mode::Cfb, true) => {
            let cipher = C::new_from_slice(key).map_err(|_| wrong_key())?;
            cfb8::Encryptor::<C>::inner_iv_slice_init(cipher, iv).map_err(|_| wrong_iv())?.encrypt(data);
        }
        (Mode::Cfb, false) => {
            let cipher = C::new_from_slice(key).map_err(|_| wrong_key())?;
            cfb8::Decryptor::<C>::inner_iv_slice_init(cipher, iv).map_err(|_| wrong_iv())?.decrypt(data);
        }
    }
    Ok(())
}

/// The data as blocks; it is a whole number of them.
fn blocks<C: BlockSizeUser>(data: &mut [u8]) -> &mut [Block<C>] {
    Block::<C>::slice_as_chunks_mut(data).0
}

fn padded(
    data: &[u8],
    setting: &Setting<'_>,
    random: impl FnOnce(usize) -> Vec<u8>,
) -> Result<Vec<u8>, Exception> {
    let block = setting.cipher.block();
    let mut out = data.to_vec();
    let missing = block - data.len() % block;
    let count = u8::try_from(missing).unwrap_or(0);
    match setting.padding {
        Padding::None if missing == block => {}
        Padding::None => return Err(cryptographic("The input data is not a complete block.")),
        Padding::Zeros => out.resize(data.len() + missing % block, 0),
        Padding::Pkcs7 => out.resize(data.len() + missing, count),
        Padding::AnsiX923 => {
            out.resize(data.len() + missing - 1, 0);
            out.push(count);
        }
        Padding::Iso10126 => {
            out.extend(random(missing - 1));
            out.push(count);
        }
    }
    Ok(out)
}

fn without_padding(out: &mut Vec<u8>, setting: &Setting<'_>) -> Result<(), Exception> {
    if matches!(setting.padding, Padding::None | Padding::Zeros) || out.is_empty() {
        return Ok(());
    }
    let invalid = || cryptographic("Padding is invalid and cannot be removed.");
    let count = usize::from(out.last().copied().unwrap_or(0));
    if count == 0 || count > setting.cipher.block() {
        return Err(invalid());
    }
    let kept = out.len().checked_sub(count).ok_or_else(invalid)?;
    let filled = out.get(kept..out.len() - 1).unwrap_or_default();
    let is_valid = match setting.padding {
        Padding::Pkcs7 => filled.iter().all(|byte| usize::from(*byte) == count),
        Padding::AnsiX923 => filled.iter().all(|byte| *byte == 0),
        _ => true,
    };
    if !is_valid {
        return Err(invalid());
    }
    out.truncate(kept);
    Ok(())
}
