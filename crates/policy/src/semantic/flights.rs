//! Of calls that ask the same at once, one goes to the model; the others wait for what it brings.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::Place;
use crate::ports::Clock;
use crate::ports::clock::within;

type Key = [u8; 32];

/// Who asks what. Only questions that are under way are held, so their number is bounded by that of the calls.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<Key, Weak<Landing>>>);

/// Where those wait that ask the same.
struct Landing {
    /// None once there is nothing to wait for.
    waiting: Mutex<Option<Vec<Waker>>>,
}

/// The right to ask for all. When it goes, also with a call that is cancelled, the others go on.
pub(crate) struct Flight {
    flights: Arc<Flights>,
    key: Key,
    landing: Arc<Landing>,
}

/// How joining a flight ended.
pub(crate) enum Waited {
    /// This call asks.
    Flies(Flight),
    /// Another one asked, and its answer may be there.
    Landed,
    /// Another one asks for too long.
    TooLong,
}

impl Flights {
    /// Asks for all, or waits for whoever does.
    pub(super) async fn join(
        self: &Arc<Self>,
        place: &Place,
        clock: &dyn Clock,
        longest_wait: Duration,
    ) -> Waited {
        let mut key = Sha256::new();
        key.update(place.partition.as_bytes());
        key.update(place.vector.to_bytes());
        let key = key.finalize().into();
        let landing = {
            let mut flights = self.0.lock();
            match flights.get(&key).and_then(Weak::upgrade) {
                Some(landing) => landing,
                None => {
                    let landing = Arc::new(Landing { waiting: Mutex::new(Some(Vec::new())) });
                    flights.insert(key, Arc::downgrade(&landing));
                    return Waited::Flies(Flight { flights: Arc::clone(self), key, landing });
                }
            }
        };
        let landed = poll_fn(|context| match &mut *landing.waiting.lock() {
            None => Poll::Ready(()),
            Some(waiting) => {
                if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                    waiting.push(context.waker().clone());
                }
                Poll::Pending
            }
        });
        match within(clock, longest_wait, landed).await {
            Some(()) => Waited::Landed,
            None => Waited::TooLong,
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights.0.lock().remove(&self.key);
        let waiting = self.landing.waiting.lock().take();
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}
