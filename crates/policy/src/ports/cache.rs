//! What policies keep between calls: bytes under a key, for a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::PortFuture;

/// A cache. What it holds may be gone at any time; a failure of a cache is a miss and never fails a call.
pub trait Cache: Send + Sync {
    /// The bytes under a key; none when there are none, they are too old, or the cache cannot be reached.
    fn get<'a>(&'a self, key: &'a str) -> PortFuture<'a, Option<Bytes>>;

    /// Keeps bytes under a key for a time, in place of what was there.
    fn set<'a>(&'a self, key: &'a str, value: Bytes, duration: Duration) -> PortFuture<'a, ()>;

    /// Forgets what is under a key.
    fn remove<'a>(&'a self, key: &'a str) -> PortFuture<'a, ()>;

    /// Takes the lock of a key for `owner`, for at most `duration`; false when another owner has it. A cache that
    /// cannot be reached gives every lock: work is then done twice rather than not at all.
    fn lock<'a>(&'a self, key: &'a str, owner: u64, duration: Duration) -> PortFuture<'a, bool>;

    /// Gives a lock back; nothing happens when `owner` does not have it.
    fn unlock<'a>(&'a self, key: &'a str, owner: u64) -> PortFuture<'a, ()>;
}

/// The caches of a gateway.
#[derive(Clone)]
pub struct Caches {
    /// `caching-type="internal"`: always there.
    pub internal: Arc<dyn Cache>,
    /// `caching-type="external"`: a Redis-compatible cache, when one is configured.
    pub external: Option<Arc<dyn Cache>>,
}

/// `caching-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CachingType {
    /// The built-in cache.
    Internal,
    /// The external cache; without one nothing is kept.
    External,
    /// The external cache where there is one, else the built-in one.
    #[default]
    PreferExternal,
}

impl Caches {
    /// The cache for a `caching-type`.
    pub fn of(&self, caching_type: CachingType) -> Option<&Arc<dyn Cache>> {
        match caching_type {
            CachingType::Internal => Some(&self.internal),
            CachingType::External => self.external.as_ref(),
            CachingType::PreferExternal => Some(self.external.as_ref().unwrap_or(&self.internal)),
        }
    }
}
