//! SHA-256 as text: for names of counters and keys of caches.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a String never fails.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Adds a text, or `#` and its hash when it has more than `longest` bytes or could be taken for a hash.
pub(crate) fn push_bounded(out: &mut String, text: &str, longest: usize) {
    if text.len() <= longest && !text.starts_with('#') {
        out.push_str(text);
        return;
    }
    out.push('#');
    out.push_str(&hex(&Sha256::digest(text.as_bytes())));
}
