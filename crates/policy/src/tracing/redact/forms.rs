//! The forms in which policies pass a secret on: as it is, escaped, in hexadecimal digits, in Base64.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Shorter texts have no other forms: these would be found in anything.
const SHORTEST: usize = 6;

/// A form of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// What is looked for.
    pub(super) text: String,
    /// True for a part of a Base64 text, which goes as a whole.
    pub(super) is_base64: bool,
}

/// All forms of a secret.
pub(super) fn forms(secret: &str) -> Vec<Form> {
    let mut all = vec![plain(secret)];
    if secret.len() < SHORTEST {
        return all;
    }
    let escaped = serde_json::Value::from(secret).to_string();
    let escaped = escaped.get(1..escaped.len().saturating_sub(1)).unwrap_or("");
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    for other in
        [escaped.to_owned(), percent, in_url(secret), markup(secret), const_hex::encode(secret.as_bytes())]
    {
        if !other.is_empty() && !all.iter().any(|known| known.text == other) {
            all.push(plain(&other));
        }
    }
    for shift in 0..3 {
        let standard = base64_core(secret.as_bytes(), shift, |bytes| STANDARD_NO_PAD.encode(bytes));
        let for_urls = base64_core(secret.as_bytes(), shift, |bytes| URL_SAFE_NO_PAD.encode(bytes));
        if for_urls != standard {
            all.push(Form { text: for_urls, is_base64: true });
        }
        all.push(Form { text: standard, is_base64: true });
    }
    all
}

/// A secret as it is.
pub(super) fn plain(secret: &str) -> Form {
    Form { text: secret.to_owned(), is_base64: false }
}

/// What Base64 makes of a secret that stands `shift` bytes behind a group of three, whatever stands around it.
fn base64_core(secret: &[u8], shift: usize, encode: impl Fn(&[u8]) -> String) -> String {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(secret);
    let whole_digits = bytes.len() * 8 / 6;
    // The first digits hold bits of what stands before.
    let own = match shift {
        0 => 0,
        1 => 2,
        _ => 3,
    };
    encode(&bytes).get(own..whole_digits).unwrap_or("").to_owned()
}

/// Escaped where a URL must be, and no further.
fn in_url(secret: &str) -> String {
    secret.bytes().fold(String::with_capacity(secret.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String never fails.
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn markup(secret: &str) -> String {
    secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn base64_is_found_whatever_stands_around_it() {
        let secret = "s3cr3t-value?ÿ";
        for before in ["", "a", "ab", "user:", "abcde"] {
            for after in ["", "x", "yz", "…"] {
                let encoded = STANDARD.encode(format!("{before}{secret}{after}"));
                let found = forms(secret).iter().any(|form| form.is_base64 && encoded.contains(&form.text));
                assert!(found, "{encoded}");
            }
        }
    }

    #[test]
    fn short_secrets_have_no_other_forms() {
        assert_eq!(forms("ab\"").len(), 1);
        assert!(forms("quote\"d").iter().any(|form| form.text == "quote\\\"d"));
        assert!(forms("a b&c/d").iter().any(|form| form.text == "a%20b%26c%2Fd"));
    }
}
