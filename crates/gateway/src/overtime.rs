//! Expressions that run long: other calls do not notice them.
//!
//! Nearly every evaluation ends within microseconds, on the worker thread of its connection. One that does not would
//! hold up all connections of that worker; so after its first slice of time ([`FIRST_SLICE`]) it gives the worker
//! away: another thread serves the worker's connections, and this one only finishes the evaluation. Of those, few
//! compute at a time, in turns, so that they leave cores to ordinary calls however many there are.
//!
//! [`FIRST_SLICE`]: sekisho_expression::budget::FIRST_SLICE

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use sekisho_expression::budget::Overtime;
use tokio::runtime::{Handle, RuntimeFlavor};

/// How long an evaluation computes while others wait.
const TURN: Duration = Duration::from_millis(10);

/// How many wait; more are refused. Each of them holds a thread, and the memory it has used so far.
const MAXIMUM_WAITING: usize = 32;

/// How long one waits for a turn.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How long the wait for the thread that takes over a worker lasts at the most. A busy machine may let it wait.
const TAKE_OVER: Duration = Duration::from_secs(1);

/// The turns of the process: all its gateways share its cores.
pub(crate) static TURNS: Turns = Turns::new();

thread_local! {
    /// When the evaluation of this thread got its turn; none while it has none.
    static SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Who computes, and who waits.
pub(crate) struct Turns {
    state: Mutex<State>,
    changed: Condvar,
    /// The length of the queue, to be read without the lock.
    waiting: AtomicUsize,
}

struct State {
    computing: usize,
    queue: VecDeque<u64>,
    next_ticket: u64,
}

impl Turns {
    const fn new() -> Self {
        let state = State { computing: 0, queue: VecDeque::new(), next_ticket: 0 };
        Self { state: Mutex::new(state), changed: Condvar::new(), waiting: AtomicUsize::new(0) }
    }

    /// Waits for a turn, behind those that wait already. False when there are too many, or none came in time.
    fn take(&self) -> bool {
        let mut state = self.state.lock();
        if state.queue.len() >= MAXIMUM_WAITING {
            return false;
        }
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.queue.push_back(ticket);
        let deadline = Instant::now() + LONGEST_WAIT;
        let is_turn = |state: &State| state.queue.front() == Some(&ticket) && state.computing < places();
        while !is_turn(&state) {
            self.waiting.store(state.queue.len(), Ordering::Relaxed);
            if self.changed.wait_until(&mut state, deadline).timed_out() && !is_turn(&state) {
                state.queue.retain(|waiting| *waiting != ticket);
                self.tell(&state);
                return false;
            }
        }
        state.queue.pop_front();
        state.computing += 1;
        self.tell(&state);
        drop(state);
        SINCE.set(Some(Instant::now()));
        true
    }

    fn give_back(&self) {
        if SINCE.take().is_some() {
            let mut state = self.state.lock();
            state.computing -= 1;
            self.tell(&state);
        }
    }

    fn tell(&self, state: &MutexGuard<'_, State>) {
        self.waiting.store(state.queue.len(), Ordering::Relaxed);
        self.changed.notify_all();
    }
}

impl Overtime for Turns {
    fn begin(&self) -> bool {
        without_worker(|| self.take())
    }

    fn turn(&self) -> bool {
        if SINCE.get().is_some_and(|since| since.elapsed() < TURN) {
            return true;
        }
        // Also when nobody waits: see `without_worker`.
        without_worker(|| {
            if self.waiting.load(Ordering::Relaxed) == 0 {
                SINCE.set(Some(Instant::now()));
                return true;
            }
            self.give_back();
            self.take()
        })
    }

    fn end(&self) {
        self.give_back();
    }
}

/// How many compute at a time: half of the cores.
fn places() -> usize {
    static PLACES: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *PLACES.get_or_init(|| (crate::worker::default_count() / 2).max(1))
}

/// Waits while another thread serves the tasks of this worker. From then on this thread is only a thread that finishes
/// the step of its task; then it goes back to the run time's idle ones.
///
/// A thread that comes back from here may find the worker on its way from one thread to the next, and takes it along.
/// It then holds up the others until it comes here again, so that everyone comes here at each [`TURN`].
fn without_worker<T>(wait: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
    if !matches!(flavor, Ok(RuntimeFlavor::MultiThread)) {
        return wait();
    }
    let (running, seen) = sync_channel(1);
    tokio::spawn(async move { running.send(()) });
    // The worker is offered to another thread while this one blocks. It was taken when a task of it ran there.
    tokio::task::block_in_place(|| {
        let _ = seen.recv_timeout(TAKE_OVER);
        wait()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn computing(turns: &Turns) -> usize {
        turns.state.lock().computing
    }

    #[test]
    fn as_many_compute_as_there_are_places_and_the_rest_in_turns() {
        static TURNS: Turns = Turns::new();
        let most = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..places() + 4 {
                scope.spawn(|| {
                    assert!(TURNS.take());
                    let begin = Instant::now();
                    while begin.elapsed() < TURN * 3 {
                        most.fetch_max(computing(&TURNS), Ordering::Relaxed);
                        assert!(TURNS.turn());
                    }
                    TURNS.end();
                });
            }
        });
        assert_eq!(most.load(Ordering::Relaxed), places());
        assert_eq!(computing(&TURNS), 0);
    }

    #[test]
    fn beyond_the_queue_they_are_refused() {
        static TURNS: Turns = Turns::new();
        TURNS.state.lock().queue.extend(0..MAXIMUM_WAITING as u64);
        assert!(!TURNS.take());
        TURNS.end();
        assert_eq!(computing(&TURNS), 0);
    }

    #[test]
    fn tasks_of_the_worker_run_while_an_evaluation_blocks_it() {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (answer, answered) = sync_channel(1);
        let blocking = runtime.spawn(async move {
            tokio::spawn(async move { answer.send(()) });
            without_worker(|| ());
            // Would not come while this step holds the only worker.
            answered.recv_timeout(Duration::from_secs(20))
        });
        assert_eq!(runtime.block_on(blocking).unwrap(), Ok(()));
    }
}
