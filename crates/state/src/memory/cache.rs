//! Values and locks in memory.

use std::collections::HashMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use sekisho_policy::ports::{Cache, Clock, PortFuture};

/// A cache in memory.
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    values: Mutex<HashMap<String, (Bytes, Duration)>>,
    locks: Mutex<HashMap<String, (u64, Duration)>>,
}

impl MemoryCache {
    /// An empty cache.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, values: Mutex::default(), locks: Mutex::default() }
    }
}

impl Cache for MemoryCache {
    fn get<'a>(&'a self, key: &'a str) -> PortFuture<'a, Option<Bytes>> {
        let now = self.clock.monotonic();
        let values = self.values.lock();
        let found = values.get(key).filter(|(_, until)| *until > now).map(|(value, _)| value.clone());
        Box::pin(ready(found))
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, duration: Duration) -> PortFuture<'a, ()> {
        let until = self.clock.monotonic().saturating_add(duration);
        self.values.lock().insert(key.to_owned(), (value, until));
        Box::pin(ready(()))
    }

    fn remove<'a>(&'a self, key: &'a str) -> PortFuture<'a, ()> {
        self.values.lock().remove(key);
        Box::pin(ready(()))
    }

    fn lock<'a>(&'a self, key: &'a str, owner: u64, duration: Duration) -> PortFuture<'a, bool> {
        let now = self.clock.monotonic();
        let mut locks = self.locks.lock();
        let is_free = locks.get(key).is_none_or(|(holder, until)| *holder == owner || *until <= now);
        if is_free {
            locks.insert(key.to_owned(), (owner, now.saturating_add(duration)));
        }
        Box::pin(ready(is_free))
    }

    fn unlock<'a>(&'a self, key: &'a str, owner: u64) -> PortFuture<'a, ()> {
        let mut locks = self.locks.lock();
        if locks.get(key).is_some_and(|(holder, _)| *holder == owner) {
            locks.remove(key);
        }
        Box::pin(ready(()))
    }
}
