//! The access token, where the settings name none: made at the first start, and kept in the data directory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use sekisho_gateway::tracing::credentials::write_secret;
use zeroize::Zeroizing;

/// The file in the data directory.
pub const FILE_NAME: &str = "management-token";

/// There is no access token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The system has no randomness.
    #[error("the system gives no random bytes for the management access token")]
    NoRandomness,
    /// The file cannot be read or written.
    #[error(
        "cannot keep the management access token in {path}: {cause}; set `management.accessToken`, or another `dataDirectory`"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// The token of a data directory; it is made when there is none.
///
/// # Errors
/// The file cannot be read or written, or the system gives no random bytes.
pub fn kept_in(data: &Path) -> Result<SecretString, TokenError> {
    let path = data.join(FILE_NAME);
    if let Some(token) = read(&path)? {
        return Ok(token);
    }
    let mut bytes = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(&mut *bytes).map_err(|_| TokenError::NoRandomness)?;
    let token = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
    write_secret(&path, &token).map_err(|cause| TokenError::File { path, cause })?;
    Ok(SecretString::from(token.to_string()))
}

/// The token of a file; none when there is no file, or nothing in it.
///
/// # Errors
/// The file cannot be read.
pub fn read(path: &Path) -> Result<Option<SecretString>, TokenError> {
    match fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(SecretString::from(text.trim().to_owned()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(TokenError::File { path: path.to_owned(), cause }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_token_is_made_once_and_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let first = kept_in(&data).unwrap();
        assert!(first.expose_secret().len() >= 43);
        assert_eq!(kept_in(&data).unwrap().expose_secret(), first.expose_secret());
        let mode = fs::metadata(data.join(FILE_NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
