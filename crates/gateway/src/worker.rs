//! The threads that serve connections: one for each core, each with a run time of its own.
//!
//! A connection stays on its thread, and so do the connections to backends that its calls use. Nothing on the way of
//! a call wakes another thread, which on small calls costs more than the policies do.

use std::cell::Cell;
use std::io;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

thread_local! {
    /// The number of this thread among the workers, from 1; 0 on all other threads.
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// How many workers serve by default: one for each core that the process may use.
pub(crate) fn default_count() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Running workers. Dropping them ends them, with everything that still runs on them.
pub(crate) struct Workers {
    handles: Vec<Handle>,
    threads: Vec<JoinHandle<()>>,
    next: AtomicUsize,
    stop: CancellationToken,
}

impl Workers {
    /// Starts `count` threads.
    ///
    /// # Errors
    /// When the system gives no thread or no event queue.
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let mut workers = Self { handles: Vec::new(), threads: Vec::new(), next: AtomicUsize::new(0), stop };
        for number in 1..=count.max(1) {
            // One thread serves. The kind of run time with several is what lets a thread leave its work to another,
            // for an expression that takes long (see `overtime`).
            let runtime = Builder::new_multi_thread()
                .worker_threads(1)
                .thread_name(format!("gateway-{number}"))
                .on_thread_start(move || NUMBER.set(number))
                .enable_all()
                .build()?;
            workers.handles.push(runtime.handle().clone());
            let stop = workers.stop.clone();
            let thread =
                std::thread::Builder::new().name(format!("gateway-{number}-end")).spawn(move || {
                    runtime.block_on(stop.cancelled());
                })?;
            workers.threads.push(thread);
        }
        Ok(workers)
    }

    /// The workers in turn.
    pub(crate) fn next(&self) -> Option<&Handle> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        self.handles.get(turn.checked_rem(self.handles.len())?)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.stop.cancel();
        // A worker that waits for its own end would wait for ever.
        if NUMBER.get() == 0 {
            for thread in self.threads.drain(..) {
                // A worker that panicked has ended as well.
                let _ = thread.join();
            }
        }
    }
}

/// A value for each worker, made when it is first asked for there. Other threads share one.
pub(crate) struct PerWorker<T> {
    places: Box<[OnceLock<T>]>,
    /// For workers beyond the number of cores.
    spare: OnceLock<T>,
}

impl<T> PerWorker<T> {
    /// Places for all workers.
    pub(crate) fn new() -> Self {
        Self { places: (0..=default_count()).map(|_| OnceLock::new()).collect(), spare: OnceLock::new() }
    }

    /// The value of this thread.
    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        self.places.get(NUMBER.get()).unwrap_or(&self.spare).get_or_init(make)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_take_turns_and_have_their_own_values() {
        let workers = Workers::start(2).unwrap();
        let values = std::sync::Arc::new(PerWorker::new());
        let made = std::sync::Arc::new(AtomicUsize::new(0));
        let mut seen = Vec::new();
        for _ in 0..4 {
            let (values, made) = (std::sync::Arc::clone(&values), std::sync::Arc::clone(&made));
            let (answer, answered) = std::sync::mpsc::sync_channel(1);
            workers.next().unwrap().spawn(async move {
                let value = *values.get_or_init(|| made.fetch_add(1, Ordering::Relaxed));
                answer.send((NUMBER.get(), value)).unwrap();
            });
            seen.push(answered.recv().unwrap());
        }
        assert_eq!((seen[0], seen[1]), (seen[2], seen[3]), "{seen:?}");
        assert_ne!(seen[0], seen[1]);
        assert_eq!(made.load(Ordering::Relaxed), 2);
    }
}
