//! What was fetched, by key: tokens by resource and client id, OpenID configurations by address. Reading takes no lock
//! and no allocation.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use papaya::{Equivalent, HashMap};
use parking_lot::Mutex;

use crate::flight::{Entry, Fetched, Pauses};
use crate::reply::{Reply, TICKS_PER_SECOND};

/// A token ends for us this much before it ends for its issuer: it still has to travel.
const SAFETY_MARGIN: i64 = 30 * TICKS_PER_SECOND;
/// A token is refreshed at the latest this much before its end.
const LATEST_REFRESH: i64 = 5 * 60 * TICKS_PER_SECOND;
/// How long a token source that failed is left alone.
pub(crate) const TOKEN_PAUSES: Pauses =
    Pauses { first: Duration::from_secs(1), longest: Duration::from_secs(32) };

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) resource: Arc<str>,
    pub(crate) client_id: Option<Arc<str>>,
}

/// The same, borrowed. Hashes like [`Key`], field by field.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct KeyView<'a> {
    pub(crate) resource: &'a str,
    pub(crate) client_id: Option<&'a str>,
}

impl<'a> KeyView<'a> {
    /// A key as policies and configurations write it: a scope counts as its resource, an empty client id as none.
    pub(crate) fn normalised(resource: &'a str, client_id: Option<&'a str>) -> KeyView<'a> {
        let resource = resource.trim();
        KeyView {
            resource: resource.strip_suffix("/.default").unwrap_or(resource),
            client_id: client_id.map(str::trim).filter(|id| !id.is_empty()),
        }
    }

    pub(crate) fn to_owned(self) -> Key {
        Key { resource: self.resource.into(), client_id: self.client_id.map(Arc::from) }
    }
}

impl Equivalent<Key> for KeyView<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.resource == &*key.resource && self.client_id == key.client_id.as_deref()
    }
}

/// How long a token that arrived at `now` is used.
pub(crate) fn fetched(reply: Reply, now: i64) -> Fetched<Arc<str>> {
    let lifetime = reply.expires_at.saturating_sub(now);
    let ahead = (lifetime / 5).max(LATEST_REFRESH.min(lifetime / 2));
    Fetched {
        value: reply.token.into(),
        usable_until: reply.expires_at.saturating_sub(SAFETY_MARGIN.min(lifetime / 10)),
        refresh_at: reply.refresh_at.unwrap_or(reply.expires_at.saturating_sub(ahead)),
    }
}

/// All entries, at most `capacity`.
pub(crate) struct Cache<K, T, E> {
    entries: HashMap<K, Arc<Entry<K, T, E>>>,
    capacity: usize,
    pauses: Pauses,
    /// Held while entries are added, so that the bound is exact.
    adding: Mutex<()>,
}

impl<K: Clone + Eq + Hash, T: Clone, E: Clone> Cache<K, T, E> {
    pub(crate) fn new(capacity: usize, pauses: Pauses) -> Self {
        Self { entries: HashMap::new(), capacity, pauses, adding: Mutex::new(()) }
    }

    /// Looks at an entry that exists.
    pub(crate) fn with<Q: Equivalent<K> + Hash + ?Sized, R>(
        &self,
        key: &Q,
        look: impl FnOnce(&Arc<Entry<K, T, E>>) -> R,
    ) -> Option<R> {
        self.entries.pin().get(key).map(look)
    }

    /// The entry of a key. When the cache is full, it takes the place of the one whose value ends first; none when
    /// all others are being fetched.
    pub(crate) fn entry<Q: Equivalent<K> + Hash + ?Sized>(
        &self,
        key: &Q,
        owned: impl FnOnce() -> K,
    ) -> Option<Arc<Entry<K, T, E>>> {
        if let Some(entry) = self.with(key, Arc::clone) {
            return Some(entry);
        }
        let _adding = self.adding.lock();
        let entries = self.entries.pin();
        if let Some(entry) = entries.get(key) {
            return Some(entry.clone());
        }
        if entries.len() >= self.capacity {
            let idle = entries.values().filter(|entry| !entry.is_in_flight());
            let first_to_end = idle.min_by_key(|entry| entry.ends())?.key.clone();
            entries.remove(&first_to_end);
        }
        let entry = Entry::new(owned(), self.pauses);
        entries.insert(entry.key.clone(), entry.clone());
        Some(entry)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
