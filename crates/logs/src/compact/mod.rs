//! Compaction: sealed segments become Parquet, the files of an hour are merged, old ones are removed, and object storage
//! gets copies. All of it on one thread beside the writer.
//!
//! - this file: the thread, and what it does in which order
//! - [`segment`]: a segment becomes files of tables
//! - [`parquet`]: how the files are written
//! - [`merge`]: the files of an hour become one
//! - [`retention`]: what is removed
//! - [`target`], [`copy`]: copies in object storage

mod copy;
mod merge;
mod parquet;
mod retention;
mod segment;
mod target;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

pub use retention::Retention;
pub(crate) use segment::at;
pub use target::{Target, TargetError, TargetSettings};

use crate::layout::{Layout, Table, hour_of};
use crate::store::{Current, Options, segment as segments};
use copy::Copier;

/// How often it is looked for sealed segments.
const PAUSE: Duration = Duration::from_millis(500);
/// How long it waits after a step that failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The thread of compaction.
pub(crate) struct Compactor {
    signal: Arc<Signal>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct Signal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_closed: bool,
    is_done: bool,
}

impl Compactor {
    pub(crate) fn start(layout: Layout, options: Options, current: Arc<Current>) -> io::Result<Compactor> {
        let signal = Arc::new(Signal::default());
        let copier = match options.target.clone() {
            Some(target) => Some(Copier::new(target, layout.clone(), options.counters.clone())?),
            None => None,
        };
        let mut work = Work { layout, options, current, copier };
        let own = Arc::clone(&signal);
        let thread = std::thread::Builder::new().name("log-compact".to_owned()).spawn(move || {
            // Says that it is over also when it panics.
            let _done = Done(&own);
            while own.wait(if work.step() { PAUSE } else { PATIENCE }) {}
            work.last_step();
        })?;
        Ok(Compactor { signal, thread })
    }

    /// Compacts what is sealed, and ends. False when that takes longer than `patience`.
    pub(crate) fn finish(self, patience: Duration) -> bool {
        self.signal.state.lock().is_closed = true;
        self.signal.changed.notify_all();
        let end = Instant::now() + patience;
        let mut state = self.signal.state.lock();
        self.signal.changed.wait_while_until(&mut state, |state| !state.is_done, end);
        let is_done = state.is_done;
        drop(state);
        is_done && self.thread.join().is_ok()
    }
}

impl Signal {
    /// False once it is closed.
    fn wait(&self, pause: Duration) -> bool {
        let end = Instant::now() + pause;
        let mut state = self.state.lock();
        self.changed.wait_while_until(&mut state, |state| !state.is_closed, end);
        !state.is_closed
    }
}

struct Done<'a>(&'a Signal);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.state.lock().is_done = true;
        self.0.changed.notify_all();
    }
}

/// What there is to do.
struct Work {
    layout: Layout,
    options: Options,
    current: Arc<Current>,
    copier: Option<Copier>,
}

impl Work {
    /// Everything once. False when something failed, which is counted and tried again.
    fn step(&mut self) -> bool {
        let hour = hour_of(self.options.clock.utc_ticks());
        let is_done = self.compact_and_merge(hour).inspect_err(|_| self.failed()).is_ok();
        let is_removed = self.retain().inspect_err(|_| self.failed()).is_ok();
        // What is not merged yet would be there twice.
        let is_copied = match &mut self.copier {
            Some(copier) if is_done => copier.step(hour),
            _ => true,
        };
        is_done && is_removed && is_copied
    }

    /// What the end of the process leaves time for.
    fn last_step(&self) {
        if self.compact().is_err() {
            self.failed();
        }
    }

    fn failed(&self) {
        self.options.counters.failed.inc();
    }

    fn compact_and_merge(&self, hour: i64) -> io::Result<()> {
        self.compact()?;
        Table::ALL.into_iter().try_for_each(|table| merge::merge(&self.layout, table, hour))
    }

    /// Sealed segments, the oldest first.
    fn compact(&self) -> io::Result<()> {
        let current = self.current.number();
        let directory = self.layout.segments();
        for number in segments::numbers(&directory)?.into_iter().filter(|number| *number < current) {
            let files = self.layout.files(Table::Calls)?;
            if !files.iter().any(|file| file.holds(number)) {
                segment::compact(&self.layout, number, self.options.message_bytes, &self.options.counters)?;
            }
            std::fs::remove_file(segments::path(&directory, number))?;
        }
        Ok(())
    }

    fn retain(&self) -> io::Result<()> {
        retention::remove_left_over(&self.layout)?;
        retention::retain(&self.layout, &self.options.retention, self.options.clock.utc_ticks())
    }
}
