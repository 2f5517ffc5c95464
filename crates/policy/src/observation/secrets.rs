//! What is never written down: keys and tokens in headers and query parameters.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::HeaderChoice;

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// Headers that hold keys, tokens or sessions, whatever the API.
const HEADERS: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "x-functions-key",
    "ocp-apim-subscription-key",
    "apim-debug-authorization",
    "x-ms-authorization-auxiliary",
    "x-amz-security-token",
    "ocp-apim-trace-location",
];

/// Query parameters that hold keys or tokens, whatever the API; without regard to case.
const PARAMETERS: &[&str] = &[
    "subscription-key",
    "api-key",
    "apikey",
    "api_key",
    "key",
    "code",
    "sig",
    "signature",
    "token",
    "access_token",
    "id_token",
    "client_secret",
    "password",
    "secret",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
];

/// The names that an API gives its keys, beside the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretNames {
    /// The header of the key, in lower case.
    pub header: String,
    /// The query parameter of the key.
    pub query: String,
}

impl SecretNames {
    /// True for a header that holds a secret; `name` is in lower case.
    pub fn is_header(&self, name: &str) -> bool {
        name == self.header || HEADERS.contains(&name)
    }

    /// True for a query parameter that holds a secret.
    pub fn is_parameter(&self, name: &str) -> bool {
        let own = !self.query.is_empty() && name.eq_ignore_ascii_case(&self.query);
        own || PARAMETERS.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// The headers that are kept, those that hold secrets as [`MASK`].
pub fn kept_headers(
    headers: &HeaderMap,
    choice: &HeaderChoice,
    names: &SecretNames,
) -> Option<Box<HeaderMap>> {
    if *choice == HeaderChoice::None {
        return None;
    }
    let kept = headers.iter().filter(|(name, _)| choice.contains(name));
    let kept = kept.map(|(name, value)| (name.clone(), shown(name, value, names)));
    let mut shown = HeaderMap::new();
    kept.for_each(|(name, value)| {
        shown.append(name, value);
    });
    Some(Box::new(shown))
}

/// Values that a backend's credentials or a policy marked are secret under any name.
fn shown(name: &HeaderName, value: &HeaderValue, names: &SecretNames) -> HeaderValue {
    match value.is_sensitive() || names.is_header(name.as_str()) {
        true => HeaderValue::from_static(MASK),
        false => value.clone(),
    }
}

/// A query without `?`, its secrets as [`MASK`].
pub fn shown_query(query: &str, names: &SecretNames) -> String {
    let mut shown = String::with_capacity(query.len());
    for (place, pair) in query.split('&').enumerate() {
        if place > 0 {
            shown.push('&');
        }
        match pair.split_once('=') {
            Some((name, _)) if names.is_parameter(&decoded(name)) => {
                shown.push_str(name);
                shown.push('=');
                shown.push_str(MASK);
            }
            _ => shown.push_str(pair),
        }
    }
    shown
}

/// Names may be escaped so that nobody recognises them.
fn decoded(name: &str) -> std::borrow::Cow<'_, str> {
    percent_encoding::percent_decode_str(name).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_queries_are_masked() {
        let names = SecretNames { query: "mine".to_owned(), ..SecretNames::default() };
        let query = "api-version=1&Subscription-Key=abc&s%69g=x&flag&mine=1";
        assert_eq!(shown_query(query, &names), "api-version=1&Subscription-Key=***&s%69g=***&flag&mine=***");
        assert_eq!(shown_query("", &names), "");
    }

    #[test]
    fn headers_are_chosen_and_masked() {
        let mut headers = HeaderMap::new();
        headers.append("x-team", HeaderValue::from_static("a"));
        headers.append("team-key", HeaderValue::from_static("secret"));
        headers.append("authorization", HeaderValue::from_static("Bearer secret"));
        let mut credential = HeaderValue::from_static("secret");
        credential.set_sensitive(true);
        headers.append("x-backend", credential);
        let own = SecretNames { header: "team-key".to_owned(), ..SecretNames::default() };
        let all = kept_headers(&headers, &HeaderChoice::All, &own).unwrap();
        assert_eq!(all.get("x-backend").unwrap(), MASK);
        assert_eq!(all.get("team-key").unwrap(), MASK);
        assert_eq!(all.get("authorization").unwrap(), MASK);
        assert_eq!(all.get("x-team").unwrap(), "a");
        let names = [HeaderName::from_static("x-team")];
        let named = kept_headers(&headers, &HeaderChoice::Named(names.into()), &own).unwrap();
        assert_eq!(named.len(), 1);
        assert!(kept_headers(&headers, &HeaderChoice::None, &own).is_none());
    }
}
