//! Finds a subscription by its key without telling by its time how much of a key was right.

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use secrecy::{ExposeSecret, SecretString};
use sekisho_expression::context::{SubscriptionFacts, UserFacts};
use subtle::ConstantTimeEq;

/// No randomness for the table of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes for the table of subscription keys")]
pub(crate) struct NoRandomness;

/// What a key opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyScope {
    /// Every API of the product at this place in the snapshot.
    Product(usize),
    /// The API of this name, in all revisions.
    Api(Arc<str>),
    /// Every API.
    All,
}

/// A key with its subscription.
pub(crate) struct KeyEntry {
    pub(crate) key: SecretString,
    pub(crate) scope: KeyScope,
    /// False for a subscription that is not active.
    pub(crate) is_usable: bool,
    pub(crate) allow_tracing: bool,
    pub(crate) facts: Arc<SubscriptionFacts>,
    pub(crate) user: Option<Arc<UserFacts>>,
}

/// All keys. They are found by an HMAC under a key of this process, so that nobody outside can aim at a bucket.
pub(crate) struct KeyIndex {
    hmac: hmac::Key,
    by_tag: HashMap<[u8; 32], Vec<KeyEntry>>,
}

impl KeyIndex {
    pub(crate) fn new() -> Result<Self, NoRandomness> {
        let hmac = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).map_err(|_| NoRandomness)?;
        Ok(Self { hmac, by_tag: HashMap::new() })
    }

    pub(crate) fn insert(&mut self, entry: KeyEntry) {
        let tag = self.tag(entry.key.expose_secret());
        self.by_tag.entry(tag).or_default().push(entry);
    }

    /// The subscriptions with this key; one, unless a configuration gives the same key twice.
    pub(crate) fn find(&self, key: &str) -> impl Iterator<Item = &KeyEntry> {
        let entries = self.by_tag.get(&self.tag(key)).map(Vec::as_slice).unwrap_or_default();
        entries.iter().filter(move |entry| entry.key.expose_secret().as_bytes().ct_eq(key.as_bytes()).into())
    }

    fn tag(&self, key: &str) -> [u8; 32] {
        let mut tag = [0; 32];
        for (to, from) in tag.iter_mut().zip(hmac::sign(&self.hmac, key.as_bytes()).as_ref()) {
            *to = *from;
        }
        tag
    }
}
