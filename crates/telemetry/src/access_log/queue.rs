//! A bounded queue between many calls and one writing thread. Putting in never waits for the writer.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    capacity: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    is_open: bool,
    is_drained: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(capacity: usize) -> Queue<T> {
        let state = State { waiting: VecDeque::new(), is_open: true, is_drained: false };
        Queue { state: Mutex::new(state), changed: Condvar::new(), capacity }
    }

    /// False when it is full or closed. The lock is only ever held for moving a pointer.
    pub(super) fn push(&self, item: T) -> bool {
        let mut state = self.state.lock();
        let fits = state.is_open && state.waiting.len() < self.capacity;
        if fits {
            let was_empty = state.waiting.is_empty();
            state.waiting.push_back(item);
            drop(state);
            if was_empty {
                self.changed.notify_all();
            }
        }
        fits
    }

    /// Waits for items and takes all there are; none when it is closed and empty.
    pub(super) fn take(&self) -> Option<VecDeque<T>> {
        let mut state = self.state.lock();
        self.changed.wait_while(&mut state, |state| state.waiting.is_empty() && state.is_open);
        let batch = std::mem::take(&mut state.waiting);
        (!batch.is_empty()).then_some(batch)
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
