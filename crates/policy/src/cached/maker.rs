//! Of many calls that miss a value, one makes it: the others wait for it.

use std::time::Duration;

use super::entry::Entry;
use crate::ports::{Cache, Ports};

/// How long one call may take to make a value before another one tries.
pub(crate) const LOCK_DURATION: Duration = Duration::from_secs(30);
/// How long a call waits between looks for the value that another one makes.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a call waits in all before it makes the value itself.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What a lookup found.
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// A value that is good as it is.
    Fresh(Entry),
    /// A value that is to be made anew.
    Old(Entry),
}

/// How waiting for another call's value ended.
pub(crate) enum Waited {
    /// The value is there.
    Value(Entry),
    /// Nobody makes it: this call does.
    Lock,
    /// Another call is at it for too long: this one makes it too.
    TooLong,
}

/// Looks a value up and holds its age against `refresh_after`.
pub(crate) async fn look(
    ports: &Ports,
    cache: &dyn Cache,
    key: &str,
    refresh_after: Option<Duration>,
) -> Found {
    let now = ports.clock.utc_ticks();
    let Some(entry) = cache.get(key).await.and_then(|bytes| Entry::from_bytes(&bytes)) else {
        return Found::Nothing;
    };
    let age = Duration::from_nanos(
        u64::try_from(now.saturating_sub(entry.stored_ticks)).unwrap_or(0).saturating_mul(100),
    );
    if refresh_after.is_some_and(|after| age >= after) { Found::Old(entry) } else { Found::Fresh(entry) }
}

/// Waits for the lock of a missing value, or for the value itself.
pub(crate) async fn wait(ports: &Ports, cache: &dyn Cache, key: &str, owner: u64) -> Waited {
    let started = ports.clock.monotonic();
    loop {
        if cache.lock(key, owner, LOCK_DURATION).await {
            // Whoever had the lock before may have left the value.
            return match look(ports, cache, key, None).await {
                Found::Fresh(entry) => {
                    cache.unlock(key, owner).await;
                    Waited::Value(entry)
                }
                _ => Waited::Lock,
            };
        }
        if ports.clock.monotonic().saturating_sub(started) >= LONGEST_WAIT {
            return Waited::TooLong;
        }
        ports.clock.sleep(LOOK_AGAIN).await;
        if let Found::Fresh(entry) = look(ports, cache, key, None).await {
            return Waited::Value(entry);
        }
    }
}
