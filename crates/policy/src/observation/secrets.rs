//! What is never written down: keys and tokens in headers and query parameters.

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
    if !name.contains('%') {
        return name.into();
    }
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
}
