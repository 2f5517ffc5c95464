//! The thread that writes: takes what waits, makes the frames that are not made yet, and appends them with few writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sekisho_policy::ports::Hold;
use sekisho_telemetry::gathering::Gathering;

use super::batch::{Batch, Item};
use super::chunk::{CHUNK_BYTES, Chunk};
use super::disk::{Disk, SegmentFile};
use super::ended::Ended;
use super::options::{Counters, Options};
use super::segment;
use super::sums::{Sum, Sums};
use super::sync::Dirty;
use crate::record::event;

/// How long what waits may grow after a write. A small call that is followed by none waits for two such pauses. Together with making
/// frames and writing them, what is lost when the process is killed stays below 10 ms.
const GROW: Duration = Duration::from_millis(4);
/// How often the writer looks at the hour when nothing comes.
const TICK: Duration = Duration::from_secs(1);

const TICKS_PER_HOUR: i64 = 3600 * 10_000_000;

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

/// What a frame is made of.
enum Waiting {
    Item(Item),
    Sum(Sum),
}

pub(super) struct Writer {
    disk: Box<dyn Disk>,
    options: Options,
    counters: Counters,
    current: Arc<Current>,
    dirty: Arc<Dirty>,
    segment: Option<Segment>,
    /// Frames that are not written yet.
    chunk: Chunk,
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
        Writer { disk, options, counters, current, dirty, segment: None, chunk: Chunk::default() }
    }

    pub(super) fn run(mut self, queue: &Gathering<Batch>, ended: &Ended) {
        // Says that everything is drained also when a writer panics.
        let _drained = queue.drained_on_drop();
        let (mut batch, mut sums) = (Batch::default(), Sums::default());
        let mut is_rest = false;
        while queue.take(&mut batch, if is_rest { Duration::ZERO } else { TICK }) {
            self.turn_the_hour();
            is_rest = ended.take_old(&mut batch.items, &mut sums);
            if self.write_all(&mut batch, &mut sums) || is_rest {
                queue.grow(GROW);
            }
        }
        ended.take_all(&mut batch.items, &mut sums);
        self.write_all(&mut batch, &mut sums);
        self.seal();
    }

    /// Writes what there is and leaves nothing of it; false when there was nothing.
    fn write_all(&mut self, batch: &mut Batch, sums: &mut Sums) -> bool {
        let mut has_written = false;
        for chunk in &mut batch.chunks {
            has_written |= chunk.records > 0;
            self.write(chunk);
        }
        batch.chunks.truncate(1);
        let items = batch.items.drain(..).map(Waiting::Item);
        for waiting in items.chain(sums.drain().map(Waiting::Sum)) {
            has_written = true;
            self.encode(waiting);
            if self.chunk.bytes.len() >= CHUNK_BYTES {
                self.write_own();
            }
        }
        self.write_own();
        has_written
    }

    fn encode(&mut self, waiting: Waiting) {
        let buffer = &mut self.chunk.bytes;
        let is_written = match waiting {
            Waiting::Item(Item::Call(record, hold)) => {
                self.chunk.holds.extend(Some(hold).filter(Hold::is_set));
                self.options.append(buffer, &record)
            }
            Waiting::Item(Item::Event(ticks, event)) => event::append_event(buffer, ticks, &event),
            Waiting::Sum(sum) => {
                for place in 0..sum.tallies.len() {
                    let is_written = event::append_metric(&mut self.chunk.bytes, &sum, place);
                    self.count(is_written);
                }
                return;
            }
        };
        self.count(is_written);
    }

    /// Counts a frame that was to be made.
    fn count(&mut self, is_written: bool) {
        match is_written {
            true => self.chunk.records += 1,
            false => drop(self.counters.dropped_disk.inc()),
        }
    }

    fn write_own(&mut self) {
        let mut chunk = std::mem::take(&mut self.chunk);
        self.write(&mut chunk);
        self.chunk = chunk;
    }

    /// Appends a chunk and leaves it empty. What cannot be written is dropped, and the next chunk is tried again.
    fn write(&mut self, chunk: &mut Chunk) {
        if chunk.records > 0 {
            match self.append(&chunk.bytes) {
                Ok(()) => self.counters.written.inc_by(chunk.records),
                Err(_) => self.counters.dropped_disk.inc_by(chunk.records),
            };
        }
        chunk.clear();
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
