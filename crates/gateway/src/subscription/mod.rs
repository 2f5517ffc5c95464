//! The key check: who calls, and in the context of which product.
//!
//! - a key belongs to an active subscription to this API, to a product with it, or to all APIs; else 401, also where
//!   no key is needed
//! - without a key: an open product that has the API; an API that needs none; else 401. A bearer token that is nobody's
//!   key counts as none, because it may be meant for a policy

mod index;

use std::borrow::Cow;
use std::sync::Arc;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue};
use sekisho_expression::context::{SubscriptionFacts, UserFacts};
use sekisho_policy::pipeline::PolicyError;

use crate::router::query_values;
pub(crate) use index::{KeyEntry, KeyIndex, KeyScope};

/// How an API asks for keys.
#[derive(Clone, Debug)]
pub(crate) struct KeyRules {
    /// The API's name without `;rev=`.
    pub(crate) api: Arc<str>,
    /// False when calls without a key are welcome.
    pub(crate) required: bool,
    /// The header of the key.
    pub(crate) header: HeaderName,
    /// The same as the configuration writes it.
    pub(crate) header_text: Arc<str>,
    /// The query parameter of the key, looked at when there is no header.
    pub(crate) query: Arc<str>,
    /// True when `Authorization: Bearer <key>` will do.
    pub(crate) bearer: bool,
    /// Places of the products with this API.
    pub(crate) products: Vec<usize>,
    /// The one of them that needs no key.
    pub(crate) open_product: Option<usize>,
}

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) subscription: Option<Arc<SubscriptionFacts>>,
    pub(crate) user: Option<Arc<UserFacts>>,
    /// Place of the product whose policies run.
    pub(crate) product: Option<usize>,
    pub(crate) allow_tracing: bool,
}

/// Why a call is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// There is no key.
    Missing,
    /// There is one, but it opens nothing here.
    Invalid,
}

impl KeyRules {
    /// Checks the key of a call.
    pub(crate) fn check(&self, keys: &KeyIndex, headers: &HeaderMap, query: &str) -> Result<Access, Denied> {
        let (key, is_bearer) = match self.key(headers, query) {
            Some(key) => (key, false),
            None => match self.bearer_key(headers) {
                Some(key) => (Cow::Borrowed(key), true),
                None => return self.without_key().ok_or(Denied::Missing),
            },
        };
        if is_bearer && keys.find(&key).next().is_none() {
            return self.without_key().ok_or(Denied::Invalid);
        }
        let mut fitting = keys.find(&key).filter(|entry| entry.is_usable && self.is_opened_by(&entry.scope));
        let entry = fitting.next().ok_or(Denied::Invalid)?;
        Ok(Access {
            subscription: Some(Arc::clone(&entry.facts)),
            user: entry.user.clone(),
            product: match entry.scope {
                KeyScope::Product(product) => Some(product),
                KeyScope::Api(_) | KeyScope::All => None,
            },
            allow_tracing: entry.allow_tracing,
        })
    }

    /// The access of a call that shows no key; none where it must.
    fn without_key(&self) -> Option<Access> {
        match self.open_product {
            Some(product) => Some(Access { product: Some(product), ..Access::default() }),
            None => (!self.required).then(Access::default),
        }
    }

    fn is_opened_by(&self, scope: &KeyScope) -> bool {
        match scope {
            KeyScope::Product(product) => self.products.contains(product),
            KeyScope::Api(api) => *api == self.api,
            KeyScope::All => true,
        }
    }

    /// The key in header or query. An empty one counts as none. Bytes that are no text are a key that nobody has.
    fn key<'c>(&self, headers: &'c HeaderMap, query: &'c str) -> Option<Cow<'c, str>> {
        if let Some(value) = headers.get(&self.header).filter(|value| !value.is_empty()) {
            return Some(String::from_utf8_lossy(value.as_bytes()));
        }
        query_values(query, &self.query).find(|value| !value.is_empty())
    }

    /// The bearer token, where it may be a key.
    fn bearer_key<'c>(&self, headers: &'c HeaderMap) -> Option<&'c str> {
        let value = headers.get(AUTHORIZATION).filter(|_| self.bearer)?.to_str().ok()?;
        let (scheme, key) = value.split_once(' ')?;
        let key = key.trim();
        (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
    }

    /// The 401 of a call to `gateway_url` (scheme, host and a slash) under `api_path`.
    pub(crate) fn refusal(&self, denied: Denied, gateway_url: &str, api_path: &str) -> PolicyError {
        let (reason, message) = match denied {
            Denied::Missing => (
                "SubscriptionKeyNotFound",
                "Access denied due to missing subscription key. Make sure to include subscription key when making \
                 requests to an API.",
            ),
            Denied::Invalid => (
                "SubscriptionKeyInvalid",
                "Access denied due to invalid subscription key. Make sure to provide a valid key for an active \
                 subscription.",
            ),
        };
        let error = PolicyError::refusal(401, reason, message).with_source("authorization");
        let challenge = format!(
            "AzureApiManagementKey realm=\"{gateway_url}{api_path}\",name=\"{}\",type=\"header\"",
            self.header_text
        );
        match HeaderValue::try_from(challenge) {
            Ok(challenge) => error.with_header(WWW_AUTHENTICATE, challenge),
            Err(_) => error,
        }
    }
}

#[cfg(test)]
mod tests;
