//! Between many calls and one thread that writes: calls add to a batch, which the thread takes. Adding never waits for the
//! writer.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// Bytes at which a writer that lets a batch grow is woken.
const GROWN_BYTES: usize = 1024 * 1024;

/// A batch that grows until it is taken, bounded by the number of what waits in it and by its bytes.
pub struct Gathering<B> {
    state: Mutex<State<B>>,
    changed: Condvar,
    most: usize,
    most_bytes: usize,
}

struct State<B> {
    batch: B,
    waiting: usize,
    bytes: usize,
    is_open: bool,
    /// The writer sleeps until there is something.
    is_idle: bool,
    /// Someone waits for what is in the batch.
    is_hurried: bool,
    /// The writer has something to do beside the batch.
    is_woken: bool,
    /// The writer is gone.
    is_drained: bool,
}

/// Why something was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no room.
    Full,
    /// The end has come.
    Closed,
}

impl<B: Default> Gathering<B> {
    /// An empty batch for at most so many things, and so many bytes of them.
    pub fn new(most: usize, most_bytes: usize) -> Gathering<B> {
        let state = State {
            batch: B::default(),
            waiting: 0,
            bytes: 0,
            is_open: true,
            is_idle: false,
            is_hurried: false,
            is_woken: false,
            is_drained: false,
        };
        Gathering { state: Mutex::new(state), changed: Condvar::new(), most, most_bytes }
    }

    /// Lets `add` put one thing of this size into the batch: see [`Gathering::add_some`].
    ///
    /// # Errors
    /// When there is no room, or the end has come.
    pub fn add(&self, bytes: usize, add: impl FnOnce(&mut B)) -> Result<(), Refused> {
        self.add_some(1, bytes, add)
    }

    /// Lets `add` put so many things into the batch that have so many bytes together: all, or none. What is larger than a bound is
    /// taken when nothing else waits. The lock is held while `add` runs.
    ///
    /// # Errors
    /// When there is no room, or the end has come.
    pub fn add_some(&self, things: usize, bytes: usize, add: impl FnOnce(&mut B)) -> Result<(), Refused> {
        let mut state = self.state.lock();
        if !state.is_open {
            return Err(Refused::Closed);
        }
        let waiting = state.waiting.saturating_add(things);
        let fits = waiting <= self.most && state.bytes.saturating_add(bytes) <= self.most_bytes;
        if !fits && state.waiting > 0 {
            return Err(Refused::Full);
        }
        add(&mut state.batch);
        state.waiting = waiting;
        let before = state.bytes;
        state.bytes += bytes;
        let wakes = state.is_idle || (before < GROWN_BYTES && state.bytes >= GROWN_BYTES);
        state.is_idle = false;
        drop(state);
        if wakes {
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Wakes a writer that sleeps: it has something to do beside the batch.
    pub fn wake(&self) {
        let mut state = self.state.lock();
        state.is_woken = true;
        let wakes = std::mem::take(&mut state.is_idle);
        drop(state);
        if wakes {
            self.changed.notify_all();
        }
    }

    /// Takes what there is in exchange for `batch`, which is empty: at once, or after waiting for at most `patience` for
    /// the first, or to be [woken](Gathering::wake). False when it is closed and nothing is left.
    pub fn take(&self, batch: &mut B, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut state = self.state.lock();
        let is_idle = |state: &mut State<B>| {
            state.is_idle = state.waiting == 0 && state.is_open && !state.is_woken;
            state.is_idle
        };
        self.changed.wait_while_until(&mut state, is_idle, end);
        state.is_idle = false;
        state.is_hurried = false;
        state.is_woken = false;
        state.bytes = 0;
        let taken = std::mem::take(&mut state.waiting);
        std::mem::swap(&mut state.batch, batch);
        state.is_open || taken > 0
    }

    /// Does not let the batch grow: someone waits for what is in it.
    pub fn hurry(&self) {
        self.state.lock().is_hurried = true;
        self.changed.notify_all();
    }

    /// Lets the batch grow: waits for `pause`, or until it is large or closed, or someone waits for it.
    pub fn grow(&self, pause: Duration) {
        let end = Instant::now() + pause;
        let mut state = self.state.lock();
        let may_grow = |state: &mut State<B>| state.is_open && !state.is_hurried && state.bytes < GROWN_BYTES;
        self.changed.wait_while_until(&mut state, may_grow, end);
    }

    /// Takes nothing more.
    pub fn close(&self) {
        self.state.lock().is_open = false;
        self.changed.notify_all();
    }

    /// Waits until the writer has dropped its [`Drained`]; false when that takes longer than `patience`.
    pub fn wait_until_drained(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut state = self.state.lock();
        self.changed.wait_while_until(&mut state, |state| !state.is_drained, end);
        state.is_drained
    }

    /// Says that everything is drained when it is dropped, also by a panic. The writer holds it.
    pub fn drained_on_drop(&self) -> Drained<'_, B> {
        Drained { gathering: self }
    }
}

/// Held by the writer while it writes.
pub struct Drained<'a, B> {
    gathering: &'a Gathering<B>,
}

impl<B> Drop for Drained<'_, B> {
    fn drop(&mut self) {
        let mut state = self.gathering.state.lock();
        state.is_open = false;
        state.is_drained = true;
        drop(state);
        self.gathering.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_hold() {
        let gathering = Gathering::new(2, 10);
        let add = |item, bytes| gathering.add(bytes, |batch: &mut Vec<u8>| batch.push(item));
        assert_eq!(add(1, 30), Ok(()));
        assert_eq!(add(2, 1), Err(Refused::Full));
        let mut batch = Vec::new();
        assert!(gathering.take(&mut batch, Duration::ZERO));
        assert_eq!(batch, [1]);
        batch.clear();
        assert_eq!([add(3, 5), add(4, 5), add(5, 0)], [Ok(()), Ok(()), Err(Refused::Full)]);
        gathering.close();
        assert_eq!(add(6, 0), Err(Refused::Closed));
        assert!(gathering.take(&mut batch, Duration::ZERO));
        assert_eq!(batch, [3, 4]);
        batch.clear();
        assert!(!gathering.take(&mut batch, Duration::ZERO));
    }

    #[test]
    fn a_writer_that_sleeps_is_woken() {
        let gathering = std::sync::Arc::new(Gathering::new(8, 8));
        let other = gathering.clone();
        let thread = std::thread::spawn(move || {
            let mut batch = Vec::new();
            other.take(&mut batch, Duration::from_secs(60)).then_some(batch)
        });
        gathering.add(1, |batch| batch.push(7)).unwrap();
        assert_eq!(thread.join().unwrap(), Some(vec![7]));
    }

    #[test]
    fn a_writer_is_woken_for_what_is_not_in_the_batch() {
        let gathering = std::sync::Arc::new(Gathering::new(8, 8));
        let other = gathering.clone();
        let thread = std::thread::spawn(move || {
            let mut batch: Vec<u8> = Vec::new();
            let begin = Instant::now();
            (other.take(&mut batch, Duration::from_secs(60)), batch.len(), begin.elapsed())
        });
        gathering.wake();
        let (is_open, found, waited) = thread.join().unwrap();
        assert!(is_open && found == 0 && waited < Duration::from_secs(30), "{is_open} {found} {waited:?}");
    }

    #[test]
    fn some_are_taken_together_or_not_at_all() {
        let gathering = Gathering::new(3, 100);
        let add = |things: usize| gathering.add_some(things, things, |sum: &mut usize| *sum += things);
        assert_eq!(
            [add(2), add(2), add(1), add(1)],
            [Ok(()), Err(Refused::Full), Ok(()), Err(Refused::Full)]
        );
        let mut sum = 0;
        assert!(gathering.take(&mut sum, Duration::ZERO));
        assert_eq!(sum, 3);
        assert_eq!(add(9), Ok(()), "nothing else waits");
    }
}
