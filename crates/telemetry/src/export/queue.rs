//! A bounded queue between many calls and one task. Putting in never waits.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_policy::ports::Clock;
use sekisho_policy::ports::clock::within;
use tokio::sync::Notify;

/// What may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// How many items.
    pub items: usize,
    /// How many bytes they may have together.
    pub bytes: usize,
    /// What is taken out at once.
    pub batch: BatchLimits,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { items: 8192, bytes: 64 * 1024 * 1024, batch: BatchLimits::default() }
    }
}

/// When a batch is complete: whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// How many items a batch has at most.
    pub items: usize,
    /// How many bytes they have together at most; a single item may have more.
    pub bytes: usize,
    /// How long the first item waits for others.
    pub interval: Duration,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { items: 512, bytes: 1024 * 1024, interval: Duration::from_secs(1) }
    }
}

/// The queue. Any number of callers put in, one task takes out.
pub struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Notify,
    limits: QueueLimits,
}

struct State<T> {
    waiting: VecDeque<(T, usize)>,
    bytes: usize,
    is_closed: bool,
}

impl<T> Queue<T> {
    /// An empty queue.
    pub fn new(limits: QueueLimits) -> Self {
        let state = State { waiting: VecDeque::new(), bytes: 0, is_closed: false };
        Self { state: Mutex::new(state), changed: Notify::new(), limits }
    }

    /// Puts in an item of so many bytes; false when it does not fit, or the queue is closed. The lock is only ever held
    /// for moving items.
    pub fn push(&self, item: T, bytes: usize) -> bool {
        let mut state = self.state.lock();
        let fits =
            state.waiting.len() < self.limits.items && state.bytes.saturating_add(bytes) <= self.limits.bytes;
        if state.is_closed || !fits {
            return false;
        }
        state.waiting.push_back((item, bytes));
        state.bytes += bytes;
        let wakes = state.waiting.len() == 1 || self.is_due(&state);
        drop(state);
        if wakes {
            self.changed.notify_one();
        }
        true
    }

    /// Takes nothing more in. What waits is still taken out, without waiting for more.
    pub fn close(&self) {
        self.state.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.state.lock().waiting.len()
    }

    /// True when none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits for a batch; none when the queue is closed and empty. A call that is given up loses nothing.
    pub async fn batch(&self, clock: &dyn Clock) -> Option<Vec<T>> {
        while !self.has_any() {
            self.changed.notified().await;
        }
        let full = async {
            while !self.is_complete() {
                self.changed.notified().await;
            }
        };
        within(clock, self.limits.batch.interval, full).await;
        let batch = self.take();
        (!batch.is_empty()).then_some(batch)
    }

    fn has_any(&self) -> bool {
        let state = self.state.lock();
        state.is_closed || !state.waiting.is_empty()
    }

    fn is_complete(&self) -> bool {
        self.is_due(&self.state.lock())
    }

    fn is_due(&self, state: &State<T>) -> bool {
        let batch = &self.limits.batch;
        state.is_closed || state.waiting.len() >= batch.items || state.bytes >= batch.bytes
    }

    fn take(&self) -> Vec<T> {
        let limits = &self.limits.batch;
        let mut state = self.state.lock();
        let (mut batch, mut taken) = (Vec::new(), 0_usize);
        while let Some((item, bytes)) = state.waiting.pop_front() {
            let fits = batch.len() < limits.items && taken.saturating_add(bytes) <= limits.bytes;
            if !fits && !batch.is_empty() {
                state.waiting.push_front((item, bytes));
                break;
            }
            taken += bytes;
            batch.push(item);
        }
        state.bytes -= taken;
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::testing::{SteppedClock, settle};
    use std::sync::Arc;

    fn limits(items: usize, bytes: usize, batch: (usize, usize)) -> QueueLimits {
        let interval = Duration::from_secs(1);
        QueueLimits { items, bytes, batch: BatchLimits { items: batch.0, bytes: batch.1, interval } }
    }

    #[tokio::test]
    async fn count_and_bytes_are_bounded() {
        let queue = Queue::new(limits(3, 100, (2, 50)));
        assert!(queue.push('a', 40));
        assert!(!queue.push('x', 61));
        assert!(queue.push('b', 40) && queue.push('c', 20));
        assert!(!queue.push('d', 0), "three are enough");
        let clock = SteppedClock::default();
        assert_eq!(queue.batch(&clock).await, Some(vec!['a']), "two would be more than 50 bytes");
        assert!(queue.push('d', 40), "there is room again");
        assert!(!queue.push('e', 0), "and again there are three");
    }

    #[tokio::test]
    async fn a_batch_waits_for_its_interval_only_while_it_is_not_complete() {
        let queue = Arc::new(Queue::new(limits(100, 1000, (2, 50))));
        let clock = Arc::new(SteppedClock::default());
        let (source, time) = (Arc::clone(&queue), Arc::clone(&clock));
        let mut reader = tokio::spawn(async move {
            let first = source.batch(&*time).await;
            (first, source.batch(&*time).await, source.batch(&*time).await, source.batch(&*time).await)
        });
        settle().await;
        queue.push(1, 1);
        settle().await;
        assert_eq!(queue.len(), 1, "it waits for a second one");
        queue.push(2, 1);
        settle().await;
        assert_eq!(queue.len(), 0);
        queue.push(3, 1);
        settle().await;
        clock.advance(Duration::from_millis(999)).await;
        assert_eq!(queue.len(), 1);
        clock.advance(Duration::from_millis(1)).await;
        assert_eq!(queue.len(), 0);
        queue.push(4, 1);
        queue.close();
        assert!(!queue.push(5, 1));
        let batches = (&mut reader).await.unwrap();
        assert_eq!(batches, (Some(vec![1, 2]), Some(vec![3]), Some(vec![4]), None));
    }

    #[tokio::test]
    async fn an_item_larger_than_a_batch_goes_alone() {
        let queue = Queue::new(limits(100, 1000, (9, 50)));
        assert!(queue.push('a', 400) && queue.push('b', 1));
        queue.close();
        let clock = SteppedClock::default();
        assert_eq!(queue.batch(&clock).await, Some(vec!['a']));
        assert_eq!(queue.batch(&clock).await, Some(vec!['b']));
        assert_eq!(queue.batch(&clock).await, None);
    }
}
