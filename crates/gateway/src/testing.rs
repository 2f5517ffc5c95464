//! Fakes of the ports for the tests of this crate.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::{CallRecord, Clock, Event, Hold, PortFuture, Recorder};

/// Time that stands still until it is moved.
#[derive(Clone, Default)]
pub(crate) struct FakeClock {
    now: Arc<Mutex<Duration>>,
}

impl FakeClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.now.lock() += by;
    }
}

impl Clock for FakeClock {
    fn utc_ticks(&self) -> i64 {
        UNIX_EPOCH_TICKS + i64::try_from(self.now.lock().as_nanos() / 100).unwrap()
    }

    fn monotonic(&self) -> Duration {
        *self.now.lock()
    }

    fn sleep(&self, duration: Duration) -> PortFuture<'static, ()> {
        self.advance(duration);
        Box::pin(std::future::ready(()))
    }
}

/// Keeps what is recorded.
#[derive(Clone, Default)]
pub(crate) struct Events {
    events: Arc<Mutex<Vec<Event>>>,
}

impl Events {
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock())
    }
}

impl Recorder for Events {
    fn call(&self, _record: CallRecord, _hold: Hold) {}

    fn event(&self, event: Event) {
        self.events.lock().push(event);
    }
}
