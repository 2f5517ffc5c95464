//! Values and locks in memory.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sekisho_policy::ports::{Cache, Clock, Event, PortFuture, Recorder};

use super::MemoryBounds;
use super::lru::{Entry, Lru};
use super::shards::Shards;

/// A shard is not made smaller than this, because a value larger than a shard cannot be kept.
const SHARD_BYTES: usize = 16 * 1024 * 1024;
/// Locks are short and few; the bounds are for whoever takes one for every key there is.
const LOCKS: MemoryBounds = MemoryBounds { entries: 65_536, bytes: 16 * 1024 * 1024 };
const LOCK_SHARD_BYTES: usize = 1024 * 1024;

/// A cache in memory.
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    recorder: Option<Arc<dyn Recorder>>,
    values: Shards<Box<str>, Bytes>,
    largest: usize,
    locks: Shards<Box<str>, u64>,
}

impl MemoryCache {
    /// An empty cache within the usual bounds.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::build(clock, MemoryBounds::CACHE, None)
    }

    /// Within these bounds; `recorder` is told about every value that is dropped before its time.
    pub fn bounded(clock: Arc<dyn Clock>, bounds: MemoryBounds, recorder: Arc<dyn Recorder>) -> Self {
        Self::build(clock, bounds, Some(recorder))
    }

    fn build(clock: Arc<dyn Clock>, bounds: MemoryBounds, recorder: Option<Arc<dyn Recorder>>) -> Self {
        Self {
            clock,
            recorder,
            values: Shards::new(bounds, SHARD_BYTES),
            largest: bounds.bytes.min(SHARD_BYTES),
            locks: Shards::new(LOCKS, LOCK_SHARD_BYTES),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.monotonic().as_micros()).unwrap_or(u64::MAX)
    }

    fn lost(&self, count: usize) {
        if let Some(recorder) = &self.recorder {
            (0..count).for_each(|_| recorder.event(Event::StateEvicted { kind: "cache" }));
        }
    }

    fn keep(&self, key: &str, value: Bytes, duration: Duration) {
        let bytes = Lru::<Box<str>, Bytes>::own_bytes() + key.len() + value.len();
        let hash = self.values.hash(key);
        let now = self.now();
        let mut values = self.values.lock(hash);
        if let Some(place) = values.find(hash, |other| **other == *key, now) {
            values.remove(place);
        }
        if duration.is_zero() || bytes > self.largest {
            return;
        }
        // A slice of a larger buffer would hold all of it.
        let value = Bytes::copy_from_slice(&value);
        let entry = Entry { key: key.into(), value, ends: Some(end(now, duration)), bytes };
        let lost = values.insert(hash, entry, now).1;
        drop(values);
        self.lost(lost);
    }
}

fn end(now: u64, duration: Duration) -> u64 {
    now.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

impl Cache for MemoryCache {
    fn get<'a>(&'a self, key: &'a str) -> PortFuture<'a, Option<Bytes>> {
        let hash = self.values.hash(key);
        let mut values = self.values.lock(hash);
        let place = values.find(hash, |other| **other == *key, self.now());
        let found = place.and_then(|place| values.value(place)).cloned();
        Box::pin(ready(found))
    }

    fn set<'a>(&'a self, key: &'a str, value: Bytes, duration: Duration) -> PortFuture<'a, ()> {
        self.keep(key, value, duration);
        Box::pin(ready(()))
    }

    fn remove<'a>(&'a self, key: &'a str) -> PortFuture<'a, ()> {
        let hash = self.values.hash(key);
        let mut values = self.values.lock(hash);
        if let Some(place) = values.find(hash, |other| **other == *key, self.now()) {
            values.remove(place);
        }
        Box::pin(ready(()))
    }

    fn lock<'a>(&'a self, key: &'a str, owner: u64, duration: Duration) -> PortFuture<'a, bool> {
        let hash = self.locks.hash(key);
        let now = self.now();
        let mut locks = self.locks.lock(hash);
        let ends = Some(end(now, duration));
        let bytes = Lru::<Box<str>, u64>::own_bytes() + key.len();
        let granted = match locks.find(hash, |other| **other == *key, now) {
            Some(place) if locks.value(place) == Some(&owner) => {
                locks.changed(place, ends, bytes, now);
                true
            }
            Some(_) => false,
            None => {
                locks.insert(hash, Entry { key: key.into(), value: owner, ends, bytes }, now);
                true
            }
        };
        Box::pin(ready(granted))
    }

    fn unlock<'a>(&'a self, key: &'a str, owner: u64) -> PortFuture<'a, ()> {
        let hash = self.locks.hash(key);
        let mut locks = self.locks.lock(hash);
        if let Some(place) = locks.find(hash, |other| **other == *key, self.now())
            && locks.value(place) == Some(&owner)
        {
            locks.remove(place);
        }
        Box::pin(ready(()))
    }
}
