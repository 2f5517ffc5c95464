//! What all payloads of the process may hold together. Each thread takes some of it in advance, so that threads do not contend for one
//! number with every body.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What all payloads of the process may hold together unless it is set otherwise, in bytes.
pub const DEFAULT_BUDGET: usize = 512 * 1024 * 1024;

/// What a thread takes in advance, in bytes. It keeps at most twice as much that it does not use.
const ADVANCE: usize = 64 * 1024;

static BUDGET: AtomicUsize = AtomicUsize::new(DEFAULT_BUDGET);
/// What payloads hold, and what threads have in advance.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static UNUSED: Unused = const { Unused(Cell::new(0)) };
}

/// What a thread has taken and does not use, in bytes. It goes back when the thread ends.
struct Unused(Cell<usize>);

impl Drop for Unused {
    fn drop(&mut self) {
        TAKEN.fetch_sub(self.0.get(), Ordering::Relaxed);
    }
}

/// Sets what all payloads of the process may hold together, in bytes.
pub fn set_budget(bytes: usize) {
    BUDGET.store(bytes, Ordering::Relaxed);
}

/// Takes so many bytes, or what is left of the budget.
pub(super) fn take(bytes: usize) -> usize {
    let take = |unused: &Unused| {
        let mut has = unused.0.get();
        if has < bytes {
            has += take_from_all((bytes - has).saturating_add(ADVANCE));
        }
        let taken = has.min(bytes);
        unused.0.set(has - taken);
        taken
    };
    // A thread that ends has nothing in advance.
    UNUSED.try_with(take).unwrap_or_else(|_| take_from_all(bytes))
}

fn take_from_all(bytes: usize) -> usize {
    let budget = BUDGET.load(Ordering::Relaxed);
    let more = |taken: usize| taken.checked_add(bytes.min(budget.saturating_sub(taken)));
    match TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
        Ok(taken) => bytes.min(budget.saturating_sub(taken)),
        Err(_) => 0,
    }
}

/// Gives bytes back that [`take`] gave, on whatever thread.
pub(super) fn give_back(bytes: usize) {
    let give_back = |unused: &Unused| {
        let has = unused.0.get() + bytes;
        if has <= 2 * ADVANCE {
            return unused.0.set(has);
        }
        unused.0.set(ADVANCE);
        TAKEN.fetch_sub(has - ADVANCE, Ordering::Relaxed);
    };
    if UNUSED.try_with(give_back).is_err() {
        TAKEN.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The budget is one for the process: all that depends on it stands in one test.
    #[test]
    fn threads_share_the_budget() {
        set_budget(10 * ADVANCE);
        assert_eq!(take(100), 100);
        assert_eq!(TAKEN.load(Ordering::Relaxed), 100 + ADVANCE, "some more is taken in advance");
        assert_eq!(take(ADVANCE), ADVANCE);
        assert_eq!(TAKEN.load(Ordering::Relaxed), 100 + ADVANCE, "of which the next one comes");
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(take(20 * ADVANCE))).join().unwrap().unwrap();
        let rest = receiver.recv().unwrap();
        assert_eq!(rest, 9 * ADVANCE - 100, "what is left");
        assert_eq!(take(1), 0);
        give_back(rest + 100 + ADVANCE);
        assert_eq!(TAKEN.load(Ordering::Relaxed), ADVANCE, "a thread keeps little");
        std::thread::spawn(|| assert_eq!((take(5), give_back(5)), (5, ()))).join().unwrap();
        assert_eq!(TAKEN.load(Ordering::Relaxed), ADVANCE, "and nothing when it ends");
        set_budget(DEFAULT_BUDGET);
    }
}
