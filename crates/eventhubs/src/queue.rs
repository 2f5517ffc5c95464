//! Events that wait for their hub.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_policy::ports::clock::{Clock, within};
use sekisho_policy::ports::events::{HubEvent, Partition};
use tokio::sync::Notify;

use crate::settings::{EVENT_COST, QueueBounds};

/// A queue with bounds. Events that were taken count until they are [released](Queue::release).
pub(crate) struct Queue {
    bounds: QueueBounds,
    /// How many bytes make a full batch.
    batch: usize,
    waiting: Mutex<Waiting>,
    /// There is something to take, a full batch is there, or the queue was closed.
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<HubEvent>,
    /// Bytes of the events above.
    bytes: usize,
    /// Events and bytes that were taken and not released.
    taken: (usize, usize),
    is_closed: bool,
}

/// What an event counts, in bytes.
pub(crate) fn size(event: &HubEvent) -> usize {
    let key = match &event.partition {
        Partition::Any => 0,
        Partition::Id(text) | Partition::Key(text) => text.len(),
    };
    event.body.len() + key + EVENT_COST
}

impl Queue {
    /// An empty queue, of which batches of at most so many bytes are taken.
    pub(crate) fn new(bounds: QueueBounds, batch: usize) -> Queue {
        Queue { bounds, batch, waiting: Mutex::default(), changed: Notify::new() }
    }

    /// Puts an event in; false when there is no room, or the queue is closed.
    pub(crate) fn push(&self, event: HubEvent) -> bool {
        let size = size(&event);
        let mut waiting = self.waiting.lock();
        let events = waiting.events.len() + waiting.taken.0 + 1;
        let bytes = waiting.bytes + waiting.taken.1 + size;
        if waiting.is_closed || events > self.bounds.events || bytes > self.bounds.bytes {
            return false;
        }
        // Whoever takes is woken for the first event and for a full batch, not for each in between.
        let was_short = waiting.bytes < self.batch;
        waiting.bytes += size;
        let wakes = waiting.events.is_empty() || (was_short && waiting.bytes >= self.batch);
        waiting.events.push_back(event);
        drop(waiting);
        if wakes {
            self.changed.notify_one();
        }
        true
    }

    /// Waits for an event, and then for so long that more of them come: what fits into a batch, one at least. None
    /// once the queue is closed and empty.
    pub(crate) async fn take(&self, clock: &dyn Clock, linger: Duration) -> Option<Vec<HubEvent>> {
        while self.is_short(1) {
            if self.waiting.lock().is_closed {
                return None;
            }
            self.changed.notified().await;
        }
        if !linger.is_zero() {
            within(clock, linger, async {
                while self.is_short(self.batch) && !self.waiting.lock().is_closed {
                    self.changed.notified().await;
                }
            })
            .await;
        }
        Some(self.waiting.lock().take(self.batch))
    }

    fn is_short(&self, of: usize) -> bool {
        self.waiting.lock().bytes < of
    }

    /// Makes room: so many events and bytes that were taken are no longer held.
    pub(crate) fn release(&self, events: usize, bytes: usize) {
        let mut waiting = self.waiting.lock();
        waiting.taken.0 = waiting.taken.0.saturating_sub(events);
        waiting.taken.1 = waiting.taken.1.saturating_sub(bytes);
    }

    /// Takes nothing more in. What waits can still be taken.
    pub(crate) fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Forgets all events, also those that were taken; tells how many there were.
    pub(crate) fn abandon(&self) -> usize {
        let mut waiting = self.waiting.lock();
        let count = waiting.events.len() + waiting.taken.0;
        *waiting = Waiting { is_closed: true, ..Waiting::default() };
        count
    }
}

impl Waiting {
    fn take(&mut self, most: usize) -> Vec<HubEvent> {
        let mut taken = Vec::new();
        let mut bytes = 0;
        while let Some(next) = self.events.front().map(size) {
            if !taken.is_empty() && bytes + next > most {
                break;
            }
            bytes += next;
            taken.extend(self.events.pop_front());
        }
        self.bytes -= bytes;
        self.taken.0 += taken.len();
        self.taken.1 += bytes;
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sekisho_testkit::ports::FakeClock;

    use super::*;

    const LINGER: Duration = Duration::from_millis(100);

    fn event(bytes: usize) -> HubEvent {
        HubEvent::new(Arc::from("x".repeat(bytes)), Partition::Any)
    }

    fn queue(events: usize, bytes: usize) -> Queue {
        Queue::new(QueueBounds { events, bytes }, 1_000)
    }

    #[tokio::test]
    async fn both_bounds_hold_until_events_are_released() {
        let clock = FakeClock::default();
        let queue = queue(2, 10_000);
        assert!(queue.push(event(1)) && queue.push(event(1)) && !queue.push(event(1)));
        let taken = queue.take(&clock, Duration::ZERO).await.unwrap();
        assert_eq!(taken.len(), 2);
        assert!(!queue.push(event(1)), "what is being sent counts");
        queue.release(1, size(&taken[0]));
        assert!(queue.push(event(1)) && !queue.push(event(1)));

        let queue = self::queue(100, 2 * (10 + EVENT_COST));
        assert!(queue.push(event(10)) && queue.push(event(10)) && !queue.push(event(0)));
    }

    #[tokio::test]
    async fn a_batch_is_what_fits() {
        let clock = FakeClock::default();
        let queue = queue(10, 100_000);
        for bytes in [300, 300, 5_000, 1] {
            assert!(queue.push(event(bytes)));
        }
        let mut taken = Vec::new();
        for _ in 0..3 {
            let batch = queue.take(&clock, LINGER).await.unwrap();
            taken.push(batch.iter().map(|event| event.body.len()).collect::<Vec<_>>());
        }
        assert_eq!(taken, [vec![300, 300], vec![5_000], vec![1]]);
    }

    #[tokio::test]
    async fn only_a_short_batch_is_waited_for() {
        let clock = FakeClock::default();
        let queue = queue(10, 100_000);
        assert!(queue.push(event(2_000)));
        queue.take(&clock, LINGER).await.unwrap();
        assert!(clock.take_waits().is_empty());
        assert!(queue.push(event(20)));
        queue.take(&clock, LINGER).await.unwrap();
        assert_eq!(clock.take_waits(), [LINGER]);
    }

    #[tokio::test]
    async fn a_closed_queue_gives_what_it_has() {
        let clock = FakeClock::default();
        let queue = queue(10, 10_000);
        assert!(queue.push(event(1)));
        queue.close();
        assert!(!queue.push(event(1)));
        assert_eq!(queue.take(&clock, LINGER).await.unwrap().len(), 1);
        assert!(queue.take(&clock, LINGER).await.is_none());
        assert_eq!(queue.abandon(), 1, "it was not released");
    }
}
