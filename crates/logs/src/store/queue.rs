//! A queue between many calls and the writer, bounded by records and by bytes. Putting in never waits for the writer.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Bytes at which a writer that lets records gather is woken.
const GATHERED_BYTES: usize = 1024 * 1024;

pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    records: usize,
    bytes: usize,
}

struct State<T> {
    waiting: Vec<T>,
    bytes: usize,
    is_open: bool,
    /// The writer sleeps until there is something.
    is_idle: bool,
    /// The reader is gone.
    is_drained: bool,
}

/// Why something was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Full,
    Closed,
}

impl<T> Queue<T> {
    pub(super) fn new(records: usize, bytes: usize) -> Queue<T> {
        let state = State { waiting: Vec::new(), bytes: 0, is_open: true, is_idle: false, is_drained: false };
        Queue { state: Mutex::new(state), changed: Condvar::new(), records, bytes }
    }

    /// Puts something in. The lock is only ever held for moving a pointer. What is larger than the bound in bytes is
    /// taken when nothing else waits.
    pub(super) fn push(&self, item: T, bytes: usize) -> Result<(), Refused> {
        let mut state = self.state.lock();
        if !state.is_open {
            return Err(Refused::Closed);
        }
        let fits = state.waiting.is_empty() || state.bytes.saturating_add(bytes) <= self.bytes;
        if !fits || state.waiting.len() >= self.records {
            return Err(Refused::Full);
        }
        state.waiting.push(item);
        let before = state.bytes;
        state.bytes += bytes;
        let wakes = state.is_idle || (before < GATHERED_BYTES && state.bytes >= GATHERED_BYTES);
        state.is_idle = false;
        drop(state);
        if wakes {
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Takes all there is into `batch`, which is empty: at once, or after waiting for at most `patience` for the first.
    /// False when the queue is closed and empty.
    pub(super) fn take(&self, batch: &mut Vec<T>, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut state = self.state.lock();
        while state.waiting.is_empty() && state.is_open {
            state.is_idle = true;
            if self.changed.wait_until(&mut state, end).timed_out() {
                break;
            }
        }
        state.is_idle = false;
        state.bytes = 0;
        std::mem::swap(&mut state.waiting, batch);
        state.is_open || !batch.is_empty()
    }

    /// Lets records gather: waits for `pause`, or until there are many bytes or the queue is closed.
    pub(super) fn gather(&self, pause: Duration) {
        let end = Instant::now() + pause;
        let mut state = self.state.lock();
        while state.is_open && state.bytes < GATHERED_BYTES {
            if self.changed.wait_until(&mut state, end).timed_out() {
                return;
            }
        }
    }

    pub(super) fn close(&self) {
        self.state.lock().is_open = false;
        self.changed.notify_all();
    }

    /// Waits until the reader has dropped its [`Drained`]; false when that takes longer than `patience`.
    pub(super) fn wait_until_drained(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut state = self.state.lock();
        while !state.is_drained {
            if self.changed.wait_until(&mut state, end).timed_out() {
                return state.is_drained;
            }
        }
        true
    }

    pub(super) fn drained_on_drop(&self) -> Drained<'_, T> {
        Drained { queue: self }
    }
}

/// Held by the reader while it reads.
pub(super) struct Drained<'a, T> {
    queue: &'a Queue<T>,
}

impl<T> Drop for Drained<'_, T> {
    fn drop(&mut self) {
        let mut state = self.queue.state.lock();
        state.is_open = false;
        state.is_drained = true;
        drop(state);
        self.queue.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_hold() {
        let queue = Queue::new(2, 10);
        assert_eq!(queue.push(1, 30), Ok(()));
        assert_eq!(queue.push(2, 1), Err(Refused::Full));
        let mut batch = Vec::new();
        assert!(queue.take(&mut batch, Duration::ZERO));
        assert_eq!(batch, [1]);
        batch.clear();
        assert_eq!(
            [queue.push(3, 5), queue.push(4, 5), queue.push(5, 0)],
            [Ok(()), Ok(()), Err(Refused::Full)]
        );
        queue.close();
        assert_eq!(queue.push(6, 0), Err(Refused::Closed));
        assert!(queue.take(&mut batch, Duration::ZERO));
        assert_eq!(batch, [3, 4]);
        batch.clear();
        assert!(!queue.take(&mut batch, Duration::ZERO));
    }

    #[test]
    fn a_writer_that_sleeps_is_woken() {
        let queue = std::sync::Arc::new(Queue::new(8, 8));
        let other = queue.clone();
        let thread = std::thread::spawn(move || {
            let mut batch = Vec::new();
            other.take(&mut batch, Duration::from_secs(60)).then_some(batch)
        });
        queue.push(7, 1).unwrap();
        assert_eq!(thread.join().unwrap(), Some(vec![7]));
    }
}
