//! Certificates with their keys in PKCS#12 (`.pfx`).

use p12_keystore::Pkcs12Archive;
use zeroize::Zeroizing;

use super::super::cryptographic;
use super::super::der::{INTEGER, OCTET_STRING, Reader, SEQUENCE};
use crate::budget::Budget;
use crate::exception::Exception;

/// Rounds of key derivation for one step of the budget.
const ROUNDS_PER_STEP: u64 = 4;

/// Levels of DER that are searched for rounds.
const DEEPEST: u32 = 24;

/// A certificate in DER, with its key in PKCS#8 and the name it was given.
pub(super) struct Opened {
    pub(super) certificate: Vec<u8>,
    /// Every certificate of the archive.
    pub(super) all: Vec<Vec<u8>>,
    pub(super) key: Option<Zeroizing<Vec<u8>>>,
    pub(super) friendly_name: Option<String>,
}

/// True for what begins like PKCS#12: a sequence whose first value is the version 3.
pub(super) fn is_pfx(data: &[u8]) -> bool {
    Reader(data).sequence().and_then(|mut parts| parts.integer()) == Some(&[3])
}

/// Opens an archive: its first certificate that has a key, else its first certificate.
///
/// # Errors
/// `CryptographicException` for a wrong password and for what is no archive; exceeded limits.
pub(super) fn open(data: &[u8], password: &str, budget: &mut Budget) -> Result<Opened, Exception> {
    // Archives say themselves how much work they are.
    budget.steps(1 + rounds(data, 0) / ROUNDS_PER_STEP)?;
    let wrong = |_| cryptographic("The specified network password is not correct.");
    let archive = Pkcs12Archive::from_pkcs12(data, password).map_err(wrong)?;
    let all = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect();
    let key_of = |id: Option<&[u8]>| {
        let fits = |key: &&p12_keystore::PrivateKeyBag| {
            id.is_some() && key.local_key_id.as_ref().map(AsRef::as_ref) == id
        };
        // A single key without an id belongs to the first certificate.
        let only =
            || archive.keys.first().filter(|key| archive.keys.len() == 1 && key.local_key_id.is_none());
        archive.keys.iter().find(fits).or_else(only)
    };
    let with_key =
        archive.certs.iter().find(|bag| key_of(bag.local_key_id.as_ref().map(AsRef::as_ref)).is_some());
    let bag = with_key.or_else(|| archive.certs.first());
    let bag = bag.ok_or_else(|| cryptographic("The archive holds no certificate."))?;
    let key = key_of(bag.local_key_id.as_ref().map(AsRef::as_ref));
    Ok(Opened {
        certificate: bag.cert.as_der().to_vec(),
        all,
        key: key.map(|bag| Zeroizing::new(bag.key.as_der().to_vec())),
        friendly_name: bag.friendly_name.clone(),
    })
}

/// All rounds of key derivation that an archive asks for: every integer that follows a salt.
fn rounds(data: &[u8], depth: u32) -> u64 {
    if depth > DEEPEST {
        return 0;
    }
    let mut sum = 0_u64;
    let mut reader = Reader(data);
    let mut follows_salt = false;
    while let Some((tag, content)) = reader.any() {
        match tag {
            INTEGER if follows_salt => {
                let number = content.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
                sum = sum.saturating_add(number);
            }
            OCTET_STRING if content.first() == Some(&SEQUENCE) => {
                sum = sum.saturating_add(rounds(content, depth + 1));
            }
            _ if tag & 0x20 != 0 => sum = sum.saturating_add(rounds(content, depth + 1)),
            _ => {}
        }
        follows_salt = tag == OCTET_STRING;
    }
    sum
}
