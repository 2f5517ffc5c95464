//! How many may be in a place at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use parking_lot::Mutex;

/// A place that holds a limited number at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// `limit-concurrency` with this key.
    Key(Arc<str>),
    /// Calls of `send-one-way-request`, which nobody waits for.
    OneWay,
}

/// Who is where in this gateway. Only places in use are kept, so their number is bounded by that of the calls.
#[derive(Debug, Default)]
pub struct Permits {
    used: Mutex<HashMap<Place, u32>>,
}

/// The right to be in a place, until it is dropped: also when the call is cancelled or panics.
#[derive(Debug)]
pub struct Permit {
    permits: Arc<Permits>,
    place: Place,
}

impl Permits {
    /// Enters a place unless `limit` are there already.
    pub fn enter(self: &Arc<Self>, place: Place, limit: u32) -> Option<Permit> {
        let mut used = self.used.lock();
        let count = used.get(&place).copied().unwrap_or(0);
        if count >= limit {
            return None;
        }
        used.insert(place.clone(), count + 1);
        Some(Permit { permits: Arc::clone(self), place })
    }

    /// How many places are in use.
    pub fn places(&self) -> usize {
        self.used.lock().len()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut used = self.permits.used.lock();
        let Entry::Occupied(mut count) = used.entry(self.place.clone()) else { return };
        if *count.get() > 1 {
            *count.get_mut() -= 1;
        } else {
            count.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Place {
        Place::Key(Arc::from(name))
    }

    #[test]
    fn a_place_is_free_again_when_its_permit_goes() {
        let permits = Arc::new(Permits::default());
        let first = permits.enter(key("a"), 2).unwrap();
        let second = permits.enter(key("a"), 2).unwrap();
        assert!(permits.enter(key("a"), 2).is_none());
        assert!(permits.enter(key("b"), 1).is_some());
        drop(first);
        assert!(permits.enter(key("a"), 2).is_some());
        drop(second);
        assert_eq!(permits.places(), 0);
    }

    #[test]
    fn a_panic_gives_the_permit_back() {
        let permits = Arc::new(Permits::default());
        let shared = Arc::clone(&permits);
        let result = std::thread::spawn(move || {
            let _permit = shared.enter(key("a"), 1).unwrap();
            panic!("on purpose");
        });
        assert!(result.join().is_err());
        assert!(permits.enter(key("a"), 1).is_some());
    }
}
