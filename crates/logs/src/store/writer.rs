//! The thread that writes: takes what waits, makes frames of it, and appends them with one write.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sekisho_policy::ports::{CallRecord, Event, Metric};

use super::disk::{Disk, SegmentFile};
use super::options::{Counters, Options};
use super::queue::Queue;
use super::segment;
use super::sync::Dirty;
use crate::record::body::BodyRules;
use crate::record::{call, event};

/// How long records gather after a write. Together with making frames and writing them, what is lost when the process is
/// killed stays below 10 ms.
const GATHER: Duration = Duration::from_millis(2);
/// How often the writer looks at the hour when nothing comes.
const TICK: Duration = Duration::from_secs(1);
/// What is written at once, in bytes; a batch may exceed it by one frame.
const CHUNK_BYTES: usize = 1024 * 1024;

const TICKS_PER_HOUR: i64 = 3600 * 10_000_000;

/// What waits for the writer.
pub(super) enum Item {
    Call(Arc<CallRecord>),
    Metric(i64, Box<Metric>),
    Event(i64, Box<Event>),
}

/// The segment that is being written; those before it are sealed.
#[derive(Debug, Default)]
pub(crate) struct Current(AtomicU64);

impl Current {
    pub(crate) fn number(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn set(&self, number: u64) {
        self.0.store(number, Ordering::Release);
    }
}

pub(super) struct Writer {
    disk: Box<dyn Disk>,
    options: Options,
    counters: Counters,
    current: Arc<Current>,
    dirty: Arc<Dirty>,
    segment: Option<Segment>,
    chunk: Vec<u8>,
    /// Records in the chunk.
    pending: u64,
}

struct Segment {
    file: Box<dyn SegmentFile>,
    bytes: u64,
    hour: i64,
}

impl Writer {
    /// A writer whose first segment has the number that `current` says.
    pub(super) fn new(
        disk: Box<dyn Disk>,
        options: Options,
        current: Arc<Current>,
        dirty: Arc<Dirty>,
    ) -> Writer {
        let counters = options.counters.clone();
        Writer { disk, options, counters, current, dirty, segment: None, chunk: Vec::new(), pending: 0 }
    }

    pub(super) fn run(mut self, queue: &Queue<Item>) {
        // Says that everything is drained also when a writer panics.
        let _drained = queue.drained_on_drop();
        let mut batch = Vec::new();
        while queue.take(&mut batch, TICK) {
            self.turn_the_hour();
            for item in batch.drain(..) {
                self.encode(&item);
                if self.chunk.len() >= CHUNK_BYTES {
                    self.write();
                }
            }
            if self.pending > 0 {
                self.write();
                queue.gather(GATHER);
            }
        }
        self.seal();
    }

    fn encode(&mut self, item: &Item) {
        let is_written = match item {
            Item::Call(record) => {
                let rules =
                    BodyRules { masking: &self.options.masking, maximum: self.options.maximum_body_bytes };
                let written = call::append(&mut self.chunk, record, rules);
                self.counters.bodies_cut.inc_by(written.cut);
                self.counters.bodies_hashed.inc_by(written.hashed);
                written.is_written
            }
            Item::Metric(ticks, metric) => event::append_metric(&mut self.chunk, *ticks, metric),
            Item::Event(ticks, event) => event::append_event(&mut self.chunk, *ticks, event),
        };
        match is_written {
            true => self.pending += 1,
            false => drop(self.counters.dropped_disk.inc()),
        }
    }

    /// Appends the chunk. What cannot be written is dropped, and the next chunk is tried again.
    fn write(&mut self) {
        let (records, chunk) = (std::mem::take(&mut self.pending), std::mem::take(&mut self.chunk));
        match self.append(&chunk) {
            Ok(()) => self.counters.written.inc_by(records),
            Err(_) => self.counters.dropped_disk.inc_by(records),
        };
        self.chunk = chunk;
        self.chunk.clear();
        self.chunk.shrink_to(2 * CHUNK_BYTES);
    }

    fn append(&mut self, chunk: &[u8]) -> std::io::Result<()> {
        let mut segment = match self.segment.take() {
            Some(segment) => segment,
            None => self.begin()?,
        };
        let appended = segment.file.append(chunk);
        match &appended {
            Ok(()) => {
                segment.bytes += chunk.len() as u64;
                self.dirty.mark(segment.file.handle());
            }
            // Half a chunk may stand there. A segment that cannot be cut is over: readers stop at the half frame.
            Err(_) if segment.file.cut(segment.bytes).is_err() => {
                self.current.set(self.current.number() + 1);
                return appended;
            }
            Err(_) => {}
        }
        let is_full = segment.bytes >= self.options.segment_bytes;
        self.segment = Some(segment);
        if is_full {
            self.seal();
        }
        appended
    }

    fn begin(&mut self) -> std::io::Result<Segment> {
        let ticks = self.options.clock.utc_ticks();
        let mut file = match self.disk.create(self.current.number()) {
            Ok(file) => file,
            Err(error) => {
                // A file that is half there must not stand in the way for ever.
                if error.kind() == std::io::ErrorKind::AlreadyExists {
                    self.current.set(self.current.number() + 1);
                }
                return Err(error);
            }
        };
        if let Err(error) = file.append(&segment::header(ticks)) {
            self.current.set(self.current.number() + 1);
            return Err(error);
        }
        self.dirty.mark(self.disk.names());
        Ok(Segment { file, bytes: segment::HEADER as u64, hour: ticks / TICKS_PER_HOUR })
    }

    fn turn_the_hour(&mut self) {
        let hour = self.options.clock.utc_ticks() / TICKS_PER_HOUR;
        if self.segment.as_ref().is_some_and(|segment| segment.hour != hour) {
            self.seal();
        }
    }

    /// Ends the segment: the next chunk begins another.
    fn seal(&mut self) {
        if self.segment.take().is_some() {
            self.current.set(self.current.number() + 1);
        }
    }
}
