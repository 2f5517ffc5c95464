//! SHA-256 as text: for names of counters and keys of caches.

use sha2::{Digest, Sha256};

/// Adds a text, or `#` and its hash when it has more than `longest` bytes or could be taken for a hash.
pub(crate) fn push_bounded(out: &mut String, text: &str, longest: usize) {
    if text.len() <= longest && !text.starts_with('#') {
        out.push_str(text);
        return;
    }
    out.push('#');
    out.push_str(&const_hex::encode(Sha256::digest(text.as_bytes())));
}
