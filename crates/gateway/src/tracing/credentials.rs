//! Debug credentials: tokens that let a client have its calls to one API traced, for at most an hour.
//!
//! A token is `aid=<api>&p=tracing&ex=<Unix seconds>&sn=<serial>&sig=<HMAC-SHA-256>`. It is checked without a list of the
//! tokens that were given out; another key makes all of them void.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// The longest life of a token.
pub const LONGEST_LIFE: Duration = Duration::from_secs(3_600);

/// The longest text that is looked at as a token.
const LONGEST_TOKEN: usize = 1_024;
const KEY_BYTES: usize = 32;

/// Gives tokens out and checks them.
pub struct DebugCredentials {
    key: ArcSwap<hmac::Key>,
    /// Where the key is kept; none: it ends with the process.
    file: Option<PathBuf>,
}

/// Why credentials cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The system has no randomness.
    #[error("the system gives no random bytes for debug credentials")]
    NoRandomness,
    /// The key cannot be read or written.
    #[error("cannot keep the key of debug credentials in {path}: {cause}; choose another `dataDirectory`")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// What a token is worth for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The call is traced.
    Valid,
    /// It was good until this time, in Unix seconds.
    Expired(u64),
    /// It is for another API.
    WrongApi,
    /// It is none of ours, or void.
    Invalid,
}

impl DebugCredentials {
    /// With a key that ends with the process.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn in_memory() -> Result<Self, CredentialsError> {
        Ok(Self { key: ArcSwap::from_pointee(sealed(&fresh()?)), file: None })
    }

    /// With the key of a file, which is made when it is not there.
    ///
    /// # Errors
    /// The file cannot be read or written, or the system gives no random bytes.
    pub fn kept_in(file: PathBuf) -> Result<Self, CredentialsError> {
        let known = match fs::read(&file) {
            Ok(text) => Some(Zeroizing::new(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(cause) => return Err(CredentialsError::File { path: file, cause }),
        };
        let bytes = known.and_then(|text| URL_SAFE_NO_PAD.decode(text.trim_ascii()).ok());
        let bytes = match bytes.filter(|bytes| bytes.len() == KEY_BYTES) {
            Some(bytes) => Zeroizing::new(bytes),
            None => {
                let bytes = fresh()?;
                write_secret(&file, &URL_SAFE_NO_PAD.encode(&*bytes))
                    .map_err(|cause| CredentialsError::File { path: file.clone(), cause })?;
                bytes
            }
        };
        Ok(Self { key: ArcSwap::from_pointee(sealed(&bytes)), file: Some(file) })
    }

    /// A token for calls to an API, until `expires` (Unix seconds). Revisions of an API share their tokens.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn issue(&self, api: &str, expires: u64) -> Result<String, CredentialsError> {
        let mut serial = [0; 12];
        SystemRandom::new().fill(&mut serial).map_err(|_| CredentialsError::NoRandomness)?;
        let serial = URL_SAFE_NO_PAD.encode(serial);
        let body = format!("aid={}&p=tracing&ex={expires}&sn={serial}", root(api));
        let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&self.key.load(), body.as_bytes()));
        Ok(format!("{body}&sig={signature}"))
    }

    /// Makes all tokens void that were given out before.
    ///
    /// # Errors
    /// The new key cannot be written, or the system gives no random bytes; the tokens stay good then.
    pub fn invalidate(&self) -> Result<(), CredentialsError> {
        let bytes = fresh()?;
        if let Some(file) = &self.file {
            write_secret(file, &URL_SAFE_NO_PAD.encode(&*bytes))
                .map_err(|cause| CredentialsError::File { path: file.clone(), cause })?;
        }
        self.key.store(Arc::new(sealed(&bytes)));
        Ok(())
    }

    /// What a token is worth for a call to an API at a time.
    pub(crate) fn judge(&self, token: &str, api: &str, now: u64) -> Verdict {
        let Some((body, signature)) = token.rsplit_once("&sig=").filter(|_| token.len() <= LONGEST_TOKEN)
        else {
            return Verdict::Invalid;
        };
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return Verdict::Invalid };
        // Compares in constant time.
        if hmac::verify(&self.key.load(), body.as_bytes(), &signature).is_err() {
            return Verdict::Invalid;
        }
        let member = |name: &str| {
            body.split('&').find_map(|part| part.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')))
        };
        let (Some(known), Some(expires)) = (member("aid"), member("ex").and_then(|text| text.parse().ok()))
        else {
            return Verdict::Invalid;
        };
        if expires <= now {
            return Verdict::Expired(expires);
        }
        if known.eq_ignore_ascii_case(root(api)) { Verdict::Valid } else { Verdict::WrongApi }
    }
}

/// The name of an API without its revision.
fn root(api: &str) -> &str {
    api.split_once(";rev=").map_or(api, |(root, _)| root)
}

fn sealed(bytes: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, bytes)
}

fn fresh() -> Result<Zeroizing<Vec<u8>>, CredentialsError> {
    let mut bytes = Zeroizing::new(vec![0; KEY_BYTES]);
    SystemRandom::new().fill(&mut bytes).map_err(|_| CredentialsError::NoRandomness)?;
    Ok(bytes)
}

/// Writes a file that only its owner can read; a half-written one is never seen.
///
/// # Errors
/// As writing, syncing and renaming have them.
pub fn write_secret(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder)?;
    }
    let new = file.with_extension("new");
    // One that a crash left behind may have another mode.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    out.write_all(text.as_bytes())?;
    out.write_all(b"\n")?;
    out.sync_all()?;
    fs::rename(&new, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_is_good_for_one_api_and_a_time() {
        let credentials = DebugCredentials::in_memory().unwrap();
        let token = credentials.issue("chat;rev=2", 1_000).unwrap();
        assert!(token.starts_with("aid=chat&p=tracing&ex=1000&sn="), "{token}");
        assert_eq!(credentials.judge(&token, "Chat", 999), Verdict::Valid);
        assert_eq!(credentials.judge(&token, "chat;rev=3", 999), Verdict::Valid);
        assert_eq!(credentials.judge(&token, "other", 999), Verdict::WrongApi);
        assert_eq!(credentials.judge(&token, "other", 1_000), Verdict::Expired(1_000));
        let longer = token.replace("ex=1000", "ex=9999");
        for invalid in [&longer, "", "aid=chat", "aid=chat&sig=", "aid=chat&p=tracing&ex=9999&sig=AAAA"] {
            assert_eq!(credentials.judge(invalid, "chat", 999), Verdict::Invalid, "{invalid}");
        }
        credentials.invalidate().unwrap();
        assert_eq!(credentials.judge(&token, "chat", 999), Verdict::Invalid);
    }

    #[test]
    fn the_key_outlives_the_process_and_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/debug-key");
        let first = DebugCredentials::kept_in(file.clone()).unwrap();
        let token = first.issue("chat", 1_000).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let second = DebugCredentials::kept_in(file.clone()).unwrap();
        assert_eq!(second.judge(&token, "chat", 1), Verdict::Valid);
        second.invalidate().unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(DebugCredentials::kept_in(file).unwrap().judge(&token, "chat", 1), Verdict::Invalid);
    }
}
