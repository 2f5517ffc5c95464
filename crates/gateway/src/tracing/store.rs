//! Traces that wait to be fetched: in memory, few, and not for long.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

/// The most traces.
const MOST: usize = 200;
/// The most bytes of all of them.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How long a trace is kept.
const LIFE: Duration = Duration::from_secs(3_600);

/// Finished traces, the oldest first.
#[derive(Default)]
pub(super) struct TraceStore {
    kept: Mutex<Kept>,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Kept {
    traces: VecDeque<Stored>,
    bytes: usize,
}

struct Stored {
    id: Arc<str>,
    json: Arc<str>,
    /// Monotonic time.
    at: Duration,
}

impl TraceStore {
    /// Keeps a trace, in place of an earlier state of it. What has no room any more is dropped and counted.
    pub(super) fn put(&self, id: &Arc<str>, json: Arc<str>, now: Duration) {
        let mut kept = self.kept.lock();
        kept.forget_old(now);
        if let Some(place) = kept.traces.iter().position(|stored| stored.id == *id) {
            kept.remove(place);
        }
        kept.bytes += json.len();
        kept.traces.push_back(Stored { id: Arc::clone(id), json, at: now });
        while kept.traces.len() > MOST || kept.bytes > MOST_BYTES {
            kept.remove(0);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A trace by its id.
    pub(super) fn get(&self, id: &str, now: Duration) -> Option<Arc<str>> {
        let mut kept = self.kept.lock();
        kept.forget_old(now);
        kept.traces.iter().find(|stored| &*stored.id == id).map(|stored| Arc::clone(&stored.json))
    }

    /// How many were dropped before their time.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Kept {
    fn forget_old(&mut self, now: Duration) {
        while self.traces.front().is_some_and(|oldest| now.saturating_sub(oldest.at) >= LIFE) {
            self.remove(0);
        }
    }

    fn remove(&mut self, place: usize) {
        if let Some(gone) = self.traces.remove(place) {
            self.bytes -= gone.json.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(5);

    fn id(number: usize) -> Arc<str> {
        number.to_string().into()
    }

    #[test]
    fn the_oldest_go_first_and_are_counted() {
        let store = TraceStore::default();
        (0..MOST + 3).for_each(|number| store.put(&id(number), "{}".into(), START));
        assert_eq!((store.dropped(), store.get("2", START).is_none()), (3, true));
        assert!(store.get("3", START).is_some());
        let large: Arc<str> = "x".repeat(MOST_BYTES / 2).into();
        (0..3).for_each(|number| store.put(&id(1_000 + number), Arc::clone(&large), START));
        assert!(store.get("1000", START).is_none() && store.get("1002", START).is_some());
        assert!(store.kept.lock().bytes <= MOST_BYTES);
    }

    #[test]
    fn a_later_state_replaces_the_earlier_and_all_are_forgotten_in_time() {
        let store = TraceStore::default();
        store.put(&id(1), "first".into(), START);
        store.put(&id(1), "second".into(), START);
        assert_eq!(store.get("1", START).as_deref(), Some("second"));
        assert_eq!(store.kept.lock().bytes, "second".len());
        assert_eq!(store.get("1", START + LIFE), None);
        assert_eq!((store.kept.lock().bytes, store.dropped()), (0, 0));
    }
}
