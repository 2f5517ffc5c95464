//! Small calls that ended, until there are enough to make their frames in a row: the code that makes them is in the caches of the
//! processor then, which it is not after each single call. Beside them the metrics that were counted, until the writer takes their sums.
//! Each thread has a place of its own for both, so that threads do not contend with every call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use parking_lot::Mutex;
use sekisho_policy::ports::{CallRecord, Hold, Metric};

use super::batch::Item;
use super::sums::{Hasher, Sums};

/// So many calls are enough.
const ENOUGH_CALLS: usize = 8;
/// So many bytes of bodies are enough.
const ENOUGH_BYTES: usize = 64 * 1024;

thread_local! {
    /// The number of this thread.
    static THREAD: usize = {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        THREADS.fetch_add(1, Ordering::Relaxed)
    };
}

/// What waits on each thread.
pub(super) struct Ended {
    places: Box<[Place]>,
    hasher: Hasher,
    /// The most sums that wait at a place.
    most_sums: usize,
}

/// Where calls of a thread wait, or of a few. No two share a line of a cache.
#[derive(Default)]
#[repr(align(128))]
struct Place(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    calls: Vec<Arc<CallRecord>>,
    /// Of their bodies.
    bytes: usize,
    /// The writer saw the first of them.
    is_seen: bool,
    sums: Sums,
    is_closed: bool,
}

/// What came of a call, or of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It waits, and nothing else does: the writer has to know.
    First,
    /// It waits, or waited.
    Later,
    /// There is no room.
    Full,
    /// The end has come.
    Closed,
}

impl Ended {
    /// Lets at most about so many sums wait.
    pub(super) fn new(most_sums: usize) -> Ended {
        let threads = available_parallelism().map_or(1, usize::from);
        let places = (0..threads).map(|_| Place::default()).collect();
        Ended { places, hasher: Hasher::default(), most_sums: most_sums.div_ceil(threads) }
    }

    /// The place of this thread.
    fn place(&self) -> Option<&Place> {
        THREAD.with(|thread| self.places.get(thread % self.places.len()))
    }

    /// Lets a call wait whose bodies have so many bytes. Once they are enough, all that wait are given to `make`, which leaves none of
    /// them; no other thread takes or closes the place meanwhile.
    pub(super) fn add(
        &self,
        record: &Arc<CallRecord>,
        bytes: usize,
        make: impl FnOnce(&mut Vec<Arc<CallRecord>>),
    ) -> Added {
        let Some(place) = self.place() else { return Added::Closed };
        let mut waiting = place.0.lock();
        if waiting.is_closed {
            return Added::Closed;
        }
        let is_first = waiting.is_empty();
        waiting.calls.push(Arc::clone(record));
        waiting.bytes += bytes;
        if waiting.calls.len() >= ENOUGH_CALLS || waiting.bytes >= ENOUGH_BYTES {
            make(&mut waiting.calls);
            waiting.begin();
            return Added::Later;
        }
        if is_first { Added::First } else { Added::Later }
    }

    /// Adds a metric that was counted to its sum, which begins at the time that `ticks` tells where there is none.
    pub(super) fn count(&self, metric: &Metric, ticks: impl FnOnce() -> i64) -> Added {
        let hash = self.hasher.hash(metric);
        let Some(place) = self.place() else { return Added::Closed };
        let mut waiting = place.0.lock();
        if waiting.is_closed {
            return Added::Closed;
        }
        if waiting.sums.merge(hash, metric) {
            return Added::Later;
        }
        if waiting.sums.len() >= self.most_sums {
            return Added::Full;
        }
        let is_first = waiting.is_empty();
        waiting.sums.insert(hash, ticks(), metric);
        if is_first { Added::First } else { Added::Later }
    }

    /// Takes all sums, and the calls that were there the last time already. True when others wait.
    pub(super) fn take_old(&self, items: &mut Vec<Item>, sums: &mut Sums) -> bool {
        let mut is_rest = false;
        for place in &self.places {
            let mut waiting = place.0.lock();
            sums.take(&mut waiting.sums);
            if waiting.is_seen {
                waiting.take(items);
            }
            waiting.is_seen = !waiting.calls.is_empty();
            is_rest |= waiting.is_seen;
        }
        is_rest
    }

    /// Lets no more wait. Those that were given to `make` are where it puts them.
    pub(super) fn close(&self) {
        self.places.iter().for_each(|place| place.0.lock().is_closed = true);
    }

    /// Takes all.
    pub(super) fn take_all(&self, items: &mut Vec<Item>, sums: &mut Sums) {
        for place in &self.places {
            let mut waiting = place.0.lock();
            sums.take(&mut waiting.sums);
            waiting.take(items);
        }
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.sums.is_empty()
    }

    fn take(&mut self, items: &mut Vec<Item>) {
        items.extend(self.calls.drain(..).map(|record| Item::Call(record, Hold::default())));
        self.begin();
    }

    /// There are no calls.
    fn begin(&mut self) {
        self.bytes = 0;
        self.is_seen = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds a call, and says how many were enough.
    fn add(ended: &Ended, bytes: usize) -> (Added, usize) {
        let mut enough = 0;
        let make = |calls: &mut Vec<_>| enough = calls.drain(..).count();
        (ended.add(&Arc::default(), bytes, make), enough)
    }

    #[test]
    fn some_calls_are_enough_and_so_are_some_bytes() {
        let ended = Ended::new(100);
        assert_eq!(add(&ended, 10), (Added::First, 0));
        (2..ENOUGH_CALLS).for_each(|_| assert_eq!(add(&ended, 10), (Added::Later, 0)));
        assert_eq!(add(&ended, 10), (Added::Later, ENOUGH_CALLS));
        assert_eq!(add(&ended, 10), (Added::First, 0));
        assert_eq!(add(&ended, ENOUGH_BYTES), (Added::Later, 2));
        assert_eq!(add(&ended, ENOUGH_BYTES), (Added::Later, 1));
        assert!(!ended.take_old(&mut Vec::new(), &mut Sums::default()));
    }

    #[test]
    fn what_is_not_enough_is_taken_when_it_is_seen_again() {
        let (ended, mut items) = (Ended::new(100), Vec::new());
        add(&ended, 0);
        assert!(ended.take_old(&mut items, &mut Sums::default()));
        add(&ended, 0);
        assert!(items.is_empty());
        assert!(!ended.take_old(&mut items, &mut Sums::default()));
        assert_eq!(items.len(), 2);
    }

    #[test]
    fn what_came_after_enough_is_not_old() {
        let (ended, mut items) = (Ended::new(100), Vec::new());
        add(&ended, 0);
        ended.take_old(&mut items, &mut Sums::default());
        add(&ended, ENOUGH_BYTES);
        add(&ended, 0);
        assert!(ended.take_old(&mut items, &mut Sums::default()));
        assert!(items.is_empty());
    }

    #[test]
    fn the_end_takes_what_waits_and_nothing_after_it() {
        let (ended, mut items) = (Ended::new(100), Vec::new());
        add(&ended, 0);
        ended.close();
        assert_eq!(add(&ended, 0), (Added::Closed, 0));
        ended.take_all(&mut items, &mut Sums::default());
        assert_eq!(items.len(), 1);
    }

    #[test]
    fn sums_wait_until_they_are_looked_for() {
        let ended = Ended::new(1);
        let count = |name: &str| {
            let values = vec![(Arc::from(name), 2.0)];
            let metric = Metric { namespace: None, values, dimensions: Vec::new(), insights_logger: None };
            ended.count(&metric, || 7)
        };
        assert_eq!([count("a"), count("a"), count("b")], [Added::First, Added::Later, Added::Full]);
        assert_eq!(add(&ended, 0), (Added::Later, 0), "the writer knows already");
        let mut sums = Sums::default();
        assert!(ended.take_old(&mut Vec::new(), &mut sums));
        let found: Vec<_> = sums.drain().map(|sum| (sum.ticks, sum.metric.values)).collect();
        assert_eq!(found, [(7, vec![("a".into(), 4.0)])]);
        assert_eq!(count("b"), Added::Later, "a call waits");
        ended.close();
        assert_eq!(count("b"), Added::Closed);
        ended.take_all(&mut Vec::new(), &mut sums);
        assert_eq!(sums.drain().count(), 1);
    }
}
