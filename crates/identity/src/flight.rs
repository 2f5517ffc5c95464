//! One value that is fetched, kept and refreshed: reading it takes no lock, and at most one request is under way for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::reply::TICKS_PER_SECOND;

/// What a flight ends with; none while it goes on.
pub(crate) type Outcome<T, E> = Option<Result<T, E>>;

/// How long nobody asks after a failure; doubled with every further failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pauses {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Pauses {
    fn after(self, failures: u32) -> i64 {
        let pause = self.first.saturating_mul(1 << failures.min(16)).min(self.longest);
        pause.as_secs() as i64 * TICKS_PER_SECOND
    }
}

/// A value that was fetched. Times are 100 ns ticks since 0001-01-01T00:00:00Z.
pub(crate) struct Fetched<T> {
    pub(crate) value: T,
    /// Until when it may be used.
    pub(crate) usable_until: i64,
    /// When it shall be fetched again.
    pub(crate) refresh_at: i64,
}

/// A value and how long it is used. Not `Debug`: it may be a token.
struct Kept<T> {
    value: T,
    usable_until: i64,
}

/// One value, or the way to it.
pub(crate) struct Entry<K, T, E> {
    pub(crate) key: K,
    pauses: Pauses,
    current: ArcSwapOption<Kept<T>>,
    /// When somebody shall ask again; `i64::MAX` while somebody does.
    next_refresh: AtomicI64,
    /// When the next [early](Entry::may_refresh_early) refresh may be.
    next_early: AtomicI64,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    flight: Option<watch::Receiver<Outcome<T, E>>>,
    failures: u32,
    blocked_until: i64,
    last_error: Option<E>,
}

impl<T, E> Default for State<T, E> {
    fn default() -> Self {
        Self { flight: None, failures: 0, blocked_until: 0, last_error: None }
    }
}

/// For what a caller comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// Any value that may be used.
    Usable,
    /// A value whose refresh is not due.
    Refreshed,
    /// A value that is fetched after now.
    Newer,
}

/// What a caller without the value does.
pub(crate) enum Join<K, T, E> {
    /// There is an answer already.
    Ready(Result<T, E>),
    /// Somebody asks already.
    Wait(watch::Receiver<Outcome<T, E>>),
    /// The caller starts the flight, and may wait for it.
    Start(Flight<K, T, E>, watch::Receiver<Outcome<T, E>>),
}

impl<K, T: Clone, E: Clone> Entry<K, T, E> {
    pub(crate) fn new(key: K, pauses: Pauses) -> Arc<Self> {
        Arc::new(Self {
            key,
            pauses,
            current: ArcSwapOption::empty(),
            next_refresh: AtomicI64::new(i64::MIN),
            next_early: AtomicI64::new(i64::MIN),
            state: Mutex::default(),
        })
    }

    /// The value, if it may be used at `now`.
    pub(crate) fn usable(&self, now: i64) -> Option<T> {
        let current = self.current.load();
        current.as_ref().filter(|kept| now < kept.usable_until).map(|kept| kept.value.clone())
    }

    /// True when the value shall be refreshed and nobody does yet.
    pub(crate) fn is_refresh_due(&self, now: i64) -> bool {
        now >= self.next_refresh.load(Ordering::Relaxed)
    }

    /// True when [`Entry::may_refresh_early`] would let somebody through.
    pub(crate) fn is_early_refresh_due(&self, now: i64) -> bool {
        now >= self.next_early.load(Ordering::Relaxed)
    }

    /// True for one caller in each `pause`: it may refresh the value though that is not due.
    pub(crate) fn may_refresh_early(&self, now: i64, pause: Duration) -> bool {
        let next = self.next_early.load(Ordering::Relaxed);
        let after = now.saturating_add(pause.as_secs() as i64 * TICKS_PER_SECOND);
        now >= next
            && self.next_early.compare_exchange(next, after, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// True when the last request failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.state.lock().failures > 0
    }

    /// True while a request is under way.
    pub(crate) fn is_in_flight(&self) -> bool {
        self.state.lock().flight.is_some()
    }

    /// When the value ends; none without one.
    pub(crate) fn ends(&self) -> Option<i64> {
        self.current.load().as_ref().map(|kept| kept.usable_until)
    }

    /// What a caller has to do. At most one caller gets [`Join::Start`] until that flight is over.
    pub(crate) fn join(self: &Arc<Self>, now: i64, want: Want) -> Join<K, T, E> {
        let mut state = self.state.lock();
        if let Some(flight) = &state.flight {
            return Join::Wait(flight.clone());
        }
        // Another flight may have ended between the caller's look and the lock.
        let serves = match want {
            Want::Usable => true,
            Want::Refreshed => !self.is_refresh_due(now),
            Want::Newer => false,
        };
        if let Some(value) = self.usable(now).filter(|_| serves) {
            return Join::Ready(Ok(value));
        }
        if let Some(error) = state.last_error.as_ref().filter(|_| now < state.blocked_until) {
            return Join::Ready(Err(error.clone()));
        }
        let (sender, receiver) = watch::channel(None);
        state.flight = Some(receiver.clone());
        self.next_refresh.store(i64::MAX, Ordering::Relaxed);
        Join::Start(Flight { entry: self.clone(), sender, landed: false }, receiver)
    }
}

/// The one request that is under way for an entry. Dropping it unfinished frees the entry for the next one.
pub(crate) struct Flight<K, T, E> {
    entry: Arc<Entry<K, T, E>>,
    sender: watch::Sender<Outcome<T, E>>,
    landed: bool,
}

impl<K, T: Clone, E: Clone> Flight<K, T, E> {
    pub(crate) fn key(&self) -> &K {
        &self.entry.key
    }

    /// Keeps the value, or the failure, and tells everybody who waits.
    pub(crate) fn land(mut self, result: Result<Fetched<T>, E>, now: i64) {
        self.landed = true;
        let outcome = match result {
            Ok(fetched) => Ok(self.keep(fetched)),
            Err(error) => {
                self.block(&error, now);
                Err(error)
            }
        };
        self.sender.send_replace(Some(outcome));
    }

    fn keep(&self, fetched: Fetched<T>) -> T {
        let Fetched { value, usable_until, refresh_at } = fetched;
        let mut state = self.entry.state.lock();
        self.entry.current.store(Some(Arc::new(Kept { value: value.clone(), usable_until })));
        self.entry.next_refresh.store(refresh_at, Ordering::Relaxed);
        *state = State::default();
        value
    }

    fn block(&self, error: &E, now: i64) {
        let mut state = self.entry.state.lock();
        let until = now.saturating_add(self.entry.pauses.after(state.failures));
        self.entry.next_refresh.store(until, Ordering::Relaxed);
        *state = State {
            flight: None,
            failures: state.failures.saturating_add(1),
            blocked_until: until,
            last_error: Some(error.clone()),
        };
    }
}

impl<K, T, E> Drop for Flight<K, T, E> {
    fn drop(&mut self) {
        if !self.landed {
            let mut state = self.entry.state.lock();
            state.flight = None;
            self.entry.next_refresh.store(i64::MIN, Ordering::Relaxed);
        }
    }
}
