//! The key of a response: everything it may depend on, in a canonical and unambiguous form.
//!
//! Each part goes into a SHA-256 with its length in front, so that no value can be mistaken for two.

use http::{HeaderMap, HeaderName};
use sha2::{Digest, Sha256};

use crate::exchange::Exchange;

/// A key that is being made.
pub(crate) struct VaryKey(Sha256);

impl VaryKey {
    /// Of API, revision, operation, product and path. Policies of the product may have changed the response.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let facts = &exchange.facts;
        let mut key = Self(Sha256::new());
        let api = facts.api.as_deref();
        key.part(api.map_or("", |api| &api.id));
        key.part(api.map_or("", |api| &api.revision));
        key.part(facts.operation.as_deref().map_or("", |operation| &operation.id));
        key.part(facts.product.as_deref().map_or("", |product| &product.id));
        key.part(&exchange.request.original_url.path);
        key.part(exchange.request.path());
        key
    }

    fn part(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    /// The user, or the subscription where it has no owner.
    pub(crate) fn developer(&mut self, exchange: &Exchange) {
        let facts = &exchange.facts;
        let (kind, id) = match (&facts.user, &facts.subscription) {
            (Some(user), _) => ("user", &*user.id),
            (None, Some(subscription)) => ("subscription", &*subscription.id),
            (None, None) => ("", ""),
        };
        self.part(kind);
        self.part(id);
    }

    /// The groups of the user, in whatever order.
    pub(crate) fn groups(&mut self, exchange: &Exchange) {
        let user = exchange.facts.user.as_deref();
        let mut ids: Vec<&str> =
            user.into_iter().flat_map(|user| user.groups.iter().map(|group| &*group.id)).collect();
        ids.sort_unstable();
        self.count(ids.len());
        ids.iter().for_each(|id| self.part(id));
    }

    /// The values of a header; a missing one is not an empty one.
    pub(crate) fn header(&mut self, headers: &HeaderMap, name: &HeaderName) {
        self.part(name.as_str());
        let values = headers.get_all(name);
        self.count(values.iter().count());
        values.iter().for_each(|value| self.bytes(value.as_bytes()));
    }

    /// The query: all parameters but the subscription key, or those that are named. Their order does not matter, that
    /// of values of the same parameter does.
    pub(crate) fn query(&mut self, exchange: &Exchange, names: &[&str]) {
        let key_parameter = exchange.facts.api.as_deref().map_or("", |api| &api.subscription_key_query);
        let counts = |name: &str| match names {
            [] => !name.eq_ignore_ascii_case(key_parameter),
            names => names.iter().any(|known| known.eq_ignore_ascii_case(name)),
        };
        let pairs = exchange.request.query().split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let mut pairs: Vec<(&str, &str)> = pairs.filter(|(name, _)| counts(name)).collect();
        pairs.sort_by_key(|(name, _)| *name);
        self.count(pairs.len());
        for (name, value) in pairs {
            self.part(name);
            self.part(value);
        }
    }

    /// The key.
    pub(crate) fn finish(self) -> String {
        format!("response/{}", const_hex::encode(self.0.finalize()))
    }
}
