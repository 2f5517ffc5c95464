//! The store: records are appended to segments by one thread, and compacted by another.
//!
//! - this file: what calls are given to
//! - [`options`]: how it behaves and what it counts
//! - [`queue`]: between the calls and the writer
//! - [`writer`]: makes frames and appends them
//! - [`disk`]: the files that are written to
//! - [`sync`]: makes what was written outlast a loss of power
//! - [`segment`]: reads them again

pub(crate) mod disk;
mod options;
mod queue;
pub(crate) mod segment;
mod sync;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sekisho_policy::ports::{CallRecord, Clock, Event, Metric};
use sekisho_telemetry::Keeper;

pub use options::{Counters, Options};
pub(crate) use writer::Current;

use crate::compact::Compactor;
use crate::layout::Layout;
use disk::{Directory, Disk};
use queue::{Queue, Refused};
use sync::Dirty;
use writer::{Item, Writer};

/// What a record takes beside its bodies, about, in bytes.
const RECORD_BYTES: usize = 2048;

/// Keeps records of calls, metrics and events in a directory. Giving it something never waits for the disk.
pub struct LogStore {
    queue: Arc<Queue<Item>>,
    clock: Arc<dyn Clock>,
    counters: Counters,
}

/// The threads of a store. Dropping this leaves them running; [`LogThreads::finish`] ends them.
pub struct LogThreads {
    queue: Arc<Queue<Item>>,
    dirty: Arc<Dirty>,
    writer: JoinHandle<()>,
    sync: JoinHandle<()>,
    compactor: Option<Compactor>,
}

impl LogStore {
    /// Opens the store of a directory, which is made when it is not there, and starts its threads. What an earlier process
    /// left behind is compacted. One process at a time may have a directory open.
    ///
    /// # Errors
    /// When the directory cannot be made or read, another process has it open, or the system gives no threads.
    pub fn open(directory: &Path, options: Options) -> io::Result<(Arc<LogStore>, LogThreads)> {
        let layout = Layout::make(directory)?;
        let disk = Directory(layout.segments());
        let current = Arc::new(Current::default());
        current.set(layout.next_number()?);
        let compactor = Compactor::start(layout, options.clone(), Arc::clone(&current))?;
        Self::start(Box::new(disk), options, current, Some(compactor))
    }

    fn start(
        disk: Box<dyn Disk>,
        options: Options,
        current: Arc<Current>,
        compactor: Option<Compactor>,
    ) -> io::Result<(Arc<LogStore>, LogThreads)> {
        let queue = Arc::new(Queue::new(options.queue_records, options.queue_bytes));
        let dirty = Arc::new(Dirty::default());
        let store = LogStore {
            queue: Arc::clone(&queue),
            clock: Arc::clone(&options.clock),
            counters: options.counters.clone(),
        };
        let (marked, interval, counters) =
            (Arc::clone(&dirty), options.sync_interval, options.counters.clone());
        let sync = thread("log-sync", move || marked.run(interval, &counters))?;
        let (source, writer) = (Arc::clone(&queue), Writer::new(disk, options, current, Arc::clone(&dirty)));
        let writer = thread("log-store", move || writer.run(&source))?;
        Ok((Arc::new(store), LogThreads { queue, dirty, writer, sync, compactor }))
    }

    fn put(&self, item: Item, bytes: usize) {
        match self.queue.push(item, bytes) {
            Ok(()) => {}
            Err(Refused::Full) => drop(self.counters.dropped_queue.inc()),
            Err(Refused::Closed) => drop(self.counters.dropped_closed.inc()),
        }
    }
}

impl Keeper for LogStore {
    fn keep_call(&self, record: &Arc<CallRecord>) {
        self.put(Item::Call(Arc::clone(record)), RECORD_BYTES + bytes(record));
    }

    fn keep_event(&self, event: &Event) {
        self.put(Item::Event(self.clock.utc_ticks(), Box::new(event.clone())), RECORD_BYTES);
    }

    fn keep_metric(&self, metric: &Metric) {
        self.put(Item::Metric(self.clock.utc_ticks(), Box::new(metric.clone())), RECORD_BYTES);
    }
}

impl LogThreads {
    /// Takes no more records, writes and synchronises those that wait, compacts what is left, and ends the threads.
    /// False when that did not get done within `patience`: what is written by then is there for the next time.
    pub fn finish(self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let left = || end.saturating_duration_since(Instant::now());
        self.queue.close();
        if !self.queue.wait_until_drained(left()) || self.writer.join().is_err() {
            return false;
        }
        self.dirty.close();
        // Compaction needs what is written, not that it outlasts a loss of power.
        let is_compacted = self.compactor.is_none_or(|compactor| compactor.finish(left()));
        let is_synchronised = self.dirty.wait_until_done(left()) && self.sync.join().is_ok();
        is_compacted && is_synchronised
    }
}

/// Bytes that the bodies of a record hold. One that is shared counts once for each of its places.
fn bytes(record: &CallRecord) -> usize {
    let attempts = record.attempts.iter().filter_map(|attempt| attempt.messages.as_deref());
    let backends = attempts.flat_map(|messages| [&messages.request, &messages.response]);
    let messages = [&record.request, &record.response].into_iter().chain(backends);
    messages.filter_map(|message| message.body.as_ref()).map(|body| body.with(|payload| payload.held())).sum()
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}
