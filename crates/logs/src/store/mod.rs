//! The store: records are appended to segments by one thread, and compacted by another.
//!
//! - this file: what calls are given to
//! - [`options`]: how it behaves and what it counts
//! - [`ended`]: small calls, until there are enough to make their frames, and metrics; [`sums`]: what metrics become
//! - [`batch`]: what waits for the writer
//! - [`writer`]: appends frames, and makes those of large calls; [`chunk`]: as many as it appends together
//! - [`disk`]: the files that are written to
//! - [`sync`]: makes what was written outlast a loss of power
//! - [`segment`]: reads them again

mod batch;
mod chunk;
pub(crate) mod disk;
mod ended;
mod options;
pub(crate) mod segment;
pub(crate) mod sums;
mod sync;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sekisho_policy::ports::{CallRecord, Event, Hold, Metric};
use sekisho_telemetry::Keeper;
use sekisho_telemetry::gathering::{Gathering, Refused};

pub use options::{Counters, Options};
pub(crate) use writer::Current;

use crate::compact::Compactor;
use crate::layout::Layout;
use crate::record::body::BodyRules;
use crate::record::call;
use batch::{Batch, Item};
use disk::{Directory, Disk};
use ended::{Added, Ended};
use sync::Dirty;
use writer::Writer;

/// What a record takes beside its bodies, about, in bytes.
const RECORD_BYTES: usize = 2048;

/// The most bytes of bodies of a call whose frame is made where calls end: that takes microseconds, and no memory goes from one
/// thread to another. The last bytes of the response may still be on their way then. The writer makes the frames of larger calls,
/// of those whose clients wait for them, of those whose bodies are masked or compressed, and of those that are not followed by enough
/// others.
const SMALL_BYTES: usize = 64 * 1024;

thread_local! {
    /// Where frames are made before they are added to what waits.
    static FRAMES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Keeps records of calls, metrics and events in a directory. Giving it something never waits for the disk.
pub struct LogStore {
    queue: Arc<Gathering<Batch>>,
    ended: Arc<Ended>,
    options: Options,
}

/// The threads of a store. Dropping this leaves them running; [`LogThreads::finish`] ends them.
pub struct LogThreads {
    queue: Arc<Gathering<Batch>>,
    ended: Arc<Ended>,
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
        let queue = Arc::new(Gathering::new(options.queue_records, options.queue_bytes));
        let (ended, dirty) = (Arc::new(Ended::new(options.queue_records)), Arc::new(Dirty::default()));
        let store =
            LogStore { queue: Arc::clone(&queue), ended: Arc::clone(&ended), options: options.clone() };
        let (marked, interval, counters) =
            (Arc::clone(&dirty), options.sync_interval, options.counters.clone());
        let sync = thread("log-sync", move || marked.run(interval, &counters))?;
        let writer = Writer::new(disk, options, current, Arc::clone(&dirty));
        let (source, small) = (Arc::clone(&queue), Arc::clone(&ended));
        let writer = thread("log-store", move || writer.run(&source, &small))?;
        Ok((Arc::new(store), LogThreads { queue, ended, dirty, writer, sync, compactor }))
    }

    fn put(&self, bytes: usize, add: impl FnOnce(&mut Batch)) {
        self.put_some(1, bytes, add);
    }

    fn put_some(&self, things: usize, bytes: usize, add: impl FnOnce(&mut Batch)) {
        match self.queue.add_some(things, bytes, add) {
            Ok(()) => {}
            Err(Refused::Full) => drop(self.options.counters.dropped_queue.inc_by(things as u64)),
            Err(Refused::Closed) => drop(self.options.counters.dropped_closed.inc_by(things as u64)),
        }
    }

    /// Lets a small call wait. Once there are enough, it makes their frames and puts them in.
    fn put_small(&self, record: &Arc<CallRecord>, bytes: usize) {
        let make = |calls: &mut Vec<_>| FRAMES.with_borrow_mut(|frames| self.put_frames(calls, frames));
        self.added(self.ended.add(record, bytes, make));
    }

    /// Wakes the writer, or counts what is dropped.
    fn added(&self, added: Added) {
        match added {
            Added::First => self.queue.wake(),
            Added::Later => {}
            Added::Full => drop(self.options.counters.dropped_queue.inc()),
            Added::Closed => drop(self.options.counters.dropped_closed.inc()),
        }
    }

    fn put_frames(&self, calls: &mut Vec<Arc<CallRecord>>, frames: &mut Vec<u8>) {
        let all = calls.len();
        frames.clear();
        let made = calls.drain(..).filter(|record| self.options.append(frames, record)).count();
        if made < all {
            self.options.counters.dropped_disk.inc_by((all - made) as u64);
        }
        if made > 0 {
            self.put_some(made, frames.len(), |batch| batch.add_frames(frames, made));
        }
    }
}

impl Options {
    fn body_rules(&self) -> BodyRules<'_> {
        BodyRules { masking: &self.masking, maximum: self.maximum_body_bytes }
    }

    /// Appends the frame of a call, and counts what became of its bodies. False when it cannot be written.
    fn append(&self, buffer: &mut Vec<u8>, record: &CallRecord) -> bool {
        let written = call::append(buffer, record, self.body_rules());
        // Threads contend for a counter also when they add nothing.
        for (counter, more) in
            [(&self.counters.bodies_cut, written.cut), (&self.counters.bodies_hashed, written.hashed)]
        {
            if more > 0 {
                counter.inc_by(more);
            }
        }
        written.is_written
    }
}

impl Keeper for LogStore {
    fn keep_call(&self, record: &Arc<CallRecord>, hold: &Hold) {
        let bytes = call::held(record);
        let is_small = bytes <= SMALL_BYTES && !hold.is_set();
        if is_small && call::is_plain(record, self.options.body_rules()) {
            return self.put_small(record, bytes);
        }
        let item = Item::Call(Arc::clone(record), hold.clone());
        self.put(RECORD_BYTES + bytes, |batch| batch.items.push(item));
        if hold.is_set() {
            self.queue.hurry();
        }
    }

    fn keep_event(&self, event: &Event) {
        let item = Item::Event(self.options.clock.utc_ticks(), Box::new(event.clone()));
        self.put(RECORD_BYTES, |batch| batch.items.push(item));
    }

    fn keep_metric(&self, metric: &Metric) {
        self.added(self.ended.count(metric, || self.options.clock.utc_ticks()));
    }
}

impl LogThreads {
    /// Takes no more records, writes and synchronises those that wait, compacts what is left, and ends the threads.
    /// False when that did not get done within `patience`: what is written by then is there for the next time.
    pub fn finish(self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let left = || end.saturating_duration_since(Instant::now());
        self.ended.close();
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

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)
}
