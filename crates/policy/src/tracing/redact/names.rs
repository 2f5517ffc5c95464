//! What is secret by the name of its header or query parameter.

use http::HeaderMap;
use http::header::SET_COOKIE;

use crate::observation::secrets::{MASK, SecretNames};

impl SecretNames {
    /// The values of headers and query that are secret wherever they turn up again, and their parts: what follows a scheme,
    /// each cookie, the two halves of basic credentials.
    pub(super) fn values(&self, headers: &HeaderMap) -> Vec<String> {
        let mut all = Vec::new();
        for (name, value) in headers {
            if !self.is_header(name.as_str()) && !value.is_sensitive() {
                continue;
            }
            let text = String::from_utf8_lossy(value.as_bytes());
            // The attributes of a cookie are no secret.
            let is_set_cookie = name == SET_COOKIE;
            let parts = if is_set_cookie { text.split(';').next().unwrap_or("") } else { &text };
            for part in parts.split([' ', ';', ',']).filter(|part| part.len() >= 8) {
                all.push(part.trim().to_owned());
                // A cookie, and not the padding of Base64.
                if let Some((_, value)) = part.split_once('=').filter(|(_, value)| value.len() >= 8) {
                    all.push(value.to_owned());
                }
                all.extend(basic(part));
            }
            all.push(text.into_owned());
        }
        all
    }

    /// A text with the values of secret query parameters masked, wherever a query stands in it.
    pub(super) fn mask_queries(&self, text: &str) -> Option<String> {
        let mut out: Option<String> = None;
        let mut from = 0;
        for (at, _) in text.match_indices(['?', '&']) {
            let rest = text.get(at + 1..).unwrap_or("");
            // `&amp;` in markup is one as well.
            let skipped = if rest.starts_with("amp;") { 4 } else { 0 };
            let pair = rest.get(skipped..).unwrap_or("");
            let Some((name, value)) = pair.split_once('=') else { continue };
            if name.len() > 64 || !self.is_parameter(name) {
                continue;
            }
            let start = at + 1 + skipped + name.len() + 1;
            let length = value.find(|c: char| "&#\"'<> \r\n\t,;)}]\\".contains(c)).unwrap_or(value.len());
            if length == 0 || start < from {
                continue;
            }
            let out = out.get_or_insert_default();
            out.push_str(text.get(from..start).unwrap_or(""));
            out.push_str(MASK);
            from = start + length;
        }
        let mut out = out?;
        out.push_str(text.get(from..).unwrap_or(""));
        Some(out)
    }

    /// The values of secret parameters of a query.
    pub(super) fn query_values(&self, query: &str) -> Vec<String> {
        let pairs = query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('='));
        let values = pairs.filter(|(name, value)| self.is_parameter(name) && value.len() >= 8);
        values
            .flat_map(|(_, value)| {
                let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
                [value.to_owned(), decoded]
            })
            .collect()
    }
}

/// User name and password of basic credentials: the password, and both.
fn basic(encoded: &str) -> Vec<String> {
    use base64::Engine;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded).ok();
    let Some(pair) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) else { return Vec::new() };
    match pair.split_once(':') {
        Some((_, password)) if password.len() >= 4 => vec![password.to_owned(), pair.clone()],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_masked_wherever_they_stand() {
        let names = SecretNames { header: "x-team".to_owned(), query: "team-key".to_owned() };
        let mask = |text: &str| names.mask_queries(text).unwrap_or_else(|| text.to_owned());
        assert_eq!(mask("https://h/p?a=1&SIG=abc%3D&b=2#f"), "https://h/p?a=1&SIG=***&b=2#f");
        assert_eq!(mask("see '?team-key=x' and ?code=y"), "see '?team-key=***' and ?code=***");
        assert_eq!(mask("a ? b : c && d == e"), "a ? b : c && d == e");
        assert!(names.is_header("x-team") && names.is_header("set-cookie") && !names.is_header("accept"));
    }

    #[test]
    fn parts_of_credentials_are_secret_too() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Basic dXNlcjpwYXNzd29yZA==".parse().unwrap());
        headers.insert("cookie", "session=abcdefgh; theme=dark".parse().unwrap());
        headers.insert("accept", "text/plain-and-long".parse().unwrap());
        let values = SecretNames::default().values(&headers);
        for expected in ["password", "user:password", "dXNlcjpwYXNzd29yZA==", "abcdefgh"] {
            assert!(values.iter().any(|value| value == expected), "{expected}: {values:?}");
        }
        assert!(!values.iter().any(|value| value.contains("text/plain") || value == "dark"));
    }
}
