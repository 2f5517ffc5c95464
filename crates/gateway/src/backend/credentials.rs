//! What a backend is sent to prove who calls. It replaces what the client or a policy sent in the same place.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use sekisho_policy::ports::{TokenError, Tokens};

/// Credentials with named values already in place. Header values are marked as sensitive, so Debug hides them.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    /// Headers with all their values.
    pub(crate) headers: Vec<(HeaderName, Vec<HeaderValue>)>,
    /// `name=value` pairs, escaped.
    pub(crate) query: String,
    /// Names of the parameters in `query`, as they stand there.
    pub(crate) query_names: Vec<String>,
    /// The identity whose token is sent.
    pub(crate) identity: Option<Identity>,
}

/// A managed identity.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) resource: Arc<str>,
    pub(crate) client_id: Option<Arc<str>>,
}

/// What must be escaped in a query.
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?');

impl Credentials {
    /// True when there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.query.is_empty() && self.identity.is_none()
    }

    /// Its texts: header values, what follows a scheme in them, and the values of query parameters.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let values = self.headers.iter().flat_map(|(_, values)| values);
        let texts = values.filter_map(|value| value.to_str().ok());
        let headers = texts.flat_map(|text| {
            let behind_scheme = text.split_once(' ').map(|(_, rest)| rest.trim().to_owned());
            std::iter::once(text.to_owned()).chain(behind_scheme)
        });
        headers.chain(crate::tracing::values_of_query(&self.query)).collect()
    }

    /// Adds a query parameter.
    pub(crate) fn add_query(&mut self, name: &str, value: &str) {
        let name = utf8_percent_encode(name, QUERY).to_string();
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(&name);
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value, QUERY));
        self.query_names.push(name);
    }

    /// Puts the headers in place.
    ///
    /// # Errors
    /// No token for the managed identity.
    pub(crate) async fn apply(&self, headers: &mut HeaderMap, tokens: &dyn Tokens) -> Result<(), TokenError> {
        for (name, values) in &self.headers {
            headers.remove(name);
            for value in values {
                headers.append(name, value.clone());
            }
        }
        let Some(identity) = &self.identity else { return Ok(()) };
        let client_id = identity.client_id.as_deref();
        let token = match tokens.cached(&identity.resource, client_id) {
            Some(token) => token,
            None => tokens.token(&identity.resource, client_id).await?,
        };
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| TokenError {
            message: format!("the token for `{}` cannot stand in a header", identity.resource),
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    /// The query with the backend's parameters in place; none when there are none.
    pub(crate) fn query(&self, query: &str) -> Option<String> {
        if self.query.is_empty() {
            return None;
        }
        let is_replaced = |pair: &&str| {
            let name = pair.split('=').next().unwrap_or(pair);
            self.query_names.iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let kept = query.split('&').filter(|pair| !pair.is_empty() && !is_replaced(pair));
        Some(kept.chain([self.query.as_str()]).collect::<Vec<_>>().join("&"))
    }
}

/// A header value that Debug does not show; none when the text cannot stand in a header.
pub(crate) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_parameters_replace_those_of_the_call() {
        let mut credentials = Credentials::default();
        assert!(credentials.is_empty());
        assert_eq!(credentials.query("a=1"), None);
        credentials.add_query("api-key", "a b&c");
        credentials.add_query("code", "x");
        assert!(!credentials.is_empty());
        assert_eq!(credentials.query("a=1&API-KEY=old&b").unwrap(), "a=1&b&api-key=a%20b%26c&code=x");
        assert_eq!(credentials.query("").unwrap(), "api-key=a%20b%26c&code=x");
    }
}
