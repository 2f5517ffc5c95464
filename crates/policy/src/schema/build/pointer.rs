//! References into a document.

use serde_json::Value;

/// Follows a reference into the same document: `#`, or `#/` and a JSON pointer.
pub(crate) fn follow<'d>(root: &'d Value, reference: &str) -> Option<&'d Value> {
    let path = reference.strip_prefix('#')?;
    if path.is_empty() {
        return Some(root);
    }
    path.strip_prefix('/')?.split('/').try_fold(root, |value, segment| {
        let key = unescaped(segment);
        match value {
            Value::Object(members) => members.get(&key),
            Value::Array(values) => values.get(key.parse::<usize>().ok()?),
            _ => None,
        }
    })
}

/// The name at the end of a reference.
pub(super) fn last_segment(reference: &str) -> String {
    unescaped(reference.rsplit('/').next().unwrap_or(reference))
}

/// A segment as it is meant.
pub(super) fn unescaped(segment: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
    decoded.replace("~1", "/").replace("~0", "~")
}
