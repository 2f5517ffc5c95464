//! The tokens at hand, by resource and client id. Reading one takes no lock and no allocation.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use papaya::{Equivalent, HashMap};
use parking_lot::Mutex;
use sekisho_policy::ports::TokenError;
use tokio::sync::watch;

use crate::reply::{Reply, TICKS_PER_SECOND};

/// What a flight ends with; none while it goes on.
pub(crate) type Outcome = Option<Result<Arc<str>, TokenError>>;

/// A token ends for us this much before it ends for its issuer: it still has to travel.
const SAFETY_MARGIN: i64 = 30 * TICKS_PER_SECOND;
/// A token is refreshed at the latest this much before its end.
const LATEST_REFRESH: i64 = 5 * 60 * TICKS_PER_SECOND;
/// After a failure nobody asks for this long; doubled with every further failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(32);

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

    fn to_owned(self) -> Key {
        Key { resource: self.resource.into(), client_id: self.client_id.map(Arc::from) }
    }
}

impl Equivalent<Key> for KeyView<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.resource == &*key.resource && self.client_id == key.client_id.as_deref()
    }
}

/// A token and how long it is used. Not `Debug`: it would show the token.
struct Cached {
    token: Arc<str>,
    usable_until: i64,
}

/// One token, or the way to it.
pub(crate) struct Entry {
    pub(crate) key: Key,
    current: ArcSwapOption<Cached>,
    /// When somebody shall ask again; `i64::MAX` while somebody does.
    next_refresh: AtomicI64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    flight: Option<watch::Receiver<Outcome>>,
    failures: u32,
    blocked_until: i64,
    last_error: Option<TokenError>,
}

/// What a caller without a token does.
pub(crate) enum Join {
    /// There is an answer already.
    Ready(Result<Arc<str>, TokenError>),
    /// Somebody asks already.
    Wait(watch::Receiver<Outcome>),
    /// The caller starts the flight, and may wait for it.
    Start(Flight, watch::Receiver<Outcome>),
}

impl Entry {
    fn new(key: Key) -> Arc<Entry> {
        Arc::new(Entry {
            key,
            current: ArcSwapOption::empty(),
            next_refresh: AtomicI64::new(i64::MIN),
            state: Mutex::default(),
        })
    }

    /// The token, if it may be used at `now`.
    pub(crate) fn usable(&self, now: i64) -> Option<Arc<str>> {
        let current = self.current.load();
        current.as_ref().filter(|cached| now < cached.usable_until).map(|cached| cached.token.clone())
    }

    /// True when the token shall be refreshed and nobody does yet.
    pub(crate) fn is_refresh_due(&self, now: i64) -> bool {
        now >= self.next_refresh.load(Ordering::Relaxed)
    }

    /// What a caller that found no usable token, or a due refresh, has to do. At most one caller gets
    /// [`Join::Start`] until that flight is over.
    pub(crate) fn join(self: &Arc<Entry>, now: i64, refresh: bool) -> Join {
        let mut state = self.state.lock();
        if let Some(flight) = &state.flight {
            return Join::Wait(flight.clone());
        }
        // Another flight may have ended between the caller's look and the lock.
        if let Some(token) = self.usable(now).filter(|_| !refresh || !self.is_refresh_due(now)) {
            return Join::Ready(Ok(token));
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
pub(crate) struct Flight {
    entry: Arc<Entry>,
    sender: watch::Sender<Outcome>,
    landed: bool,
}

impl Flight {
    pub(crate) fn key(&self) -> &Key {
        &self.entry.key
    }

    /// Keeps the token, or the failure, and tells everybody who waits.
    pub(crate) fn land(mut self, result: Result<Reply, TokenError>, now: i64) {
        self.landed = true;
        let outcome = match result {
            Ok(reply) => Ok(self.keep(reply, now)),
            Err(error) => {
                self.block(&error, now);
                Err(error)
            }
        };
        self.sender.send_replace(Some(outcome));
    }

    fn keep(&self, reply: Reply, now: i64) -> Arc<str> {
        let lifetime = reply.expires_at.saturating_sub(now);
        let ahead = (lifetime / 5).max(LATEST_REFRESH.min(lifetime / 2));
        let refresh_at = reply.refresh_at.unwrap_or(reply.expires_at.saturating_sub(ahead));
        let usable_until = reply.expires_at.saturating_sub(SAFETY_MARGIN.min(lifetime / 10));
        let token: Arc<str> = reply.token.into();
        let mut state = self.entry.state.lock();
        self.entry.current.store(Some(Arc::new(Cached { token: token.clone(), usable_until })));
        self.entry.next_refresh.store(refresh_at, Ordering::Relaxed);
        *state = State::default();
        token
    }

    fn block(&self, error: &TokenError, now: i64) {
        let mut state = self.entry.state.lock();
        let pause = FIRST_PAUSE.saturating_mul(1 << state.failures.min(16)).min(LONGEST_PAUSE);
        let until = now.saturating_add(pause.as_secs() as i64 * TICKS_PER_SECOND);
        self.entry.next_refresh.store(until, Ordering::Relaxed);
        *state = State {
            flight: None,
            failures: state.failures.saturating_add(1),
            blocked_until: until,
            last_error: Some(error.clone()),
        };
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if !self.landed {
            let mut state = self.entry.state.lock();
            state.flight = None;
            self.entry.next_refresh.store(i64::MIN, Ordering::Relaxed);
        }
    }
}

/// All entries, at most `capacity`.
pub(crate) struct Cache {
    entries: HashMap<Key, Arc<Entry>>,
    capacity: usize,
    /// Held while entries are added, so that the bound is exact.
    adding: Mutex<()>,
}

impl Cache {
    pub(crate) fn new(capacity: usize) -> Cache {
        Cache { entries: HashMap::new(), capacity, adding: Mutex::new(()) }
    }

    /// Looks at an entry that exists.
    pub(crate) fn with<R>(&self, key: KeyView<'_>, look: impl FnOnce(&Arc<Entry>) -> R) -> Option<R> {
        self.entries.pin().get(&key).map(look)
    }

    /// The entry of a key. When the cache is full, it takes the place of the one whose token ends first; none when
    /// all others are being fetched.
    pub(crate) fn entry(&self, key: KeyView<'_>) -> Option<Arc<Entry>> {
        if let Some(entry) = self.with(key, Arc::clone) {
            return Some(entry);
        }
        let _adding = self.adding.lock();
        let entries = self.entries.pin();
        if let Some(entry) = entries.get(&key) {
            return Some(entry.clone());
        }
        if entries.len() >= self.capacity {
            let idle = entries.values().filter(|entry| entry.state.lock().flight.is_none());
            let ends = |entry: &&Arc<Entry>| entry.current.load().as_ref().map(|cached| cached.usable_until);
            let first_to_end = idle.min_by_key(ends)?.key.clone();
            entries.remove(&first_to_end);
        }
        let entry = Entry::new(key.to_owned());
        entries.insert(entry.key.clone(), entry.clone());
        Some(entry)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
