//! The access log: one JSON line for each call.
//!
//! - this file: what calls are given to, and the thread that writes
//! - [`line`]: the fields of a line

pub mod line;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use sekisho_policy::ports::{CallRecord, Hold};

use crate::fanout::Keeper;
use crate::gathering::Gathering;

/// What is written at once, in bytes; a batch may exceed it by one line.
const CHUNK_BYTES: usize = 256 * 1024;
/// How long the thread sleeps when nothing comes.
const TICK: Duration = Duration::from_secs(60);

/// Records that wait.
type Waiting = Gathering<Vec<Arc<CallRecord>>>;

/// How the log behaves.
#[derive(Clone, Debug)]
pub struct AccessLogOptions {
    /// How many records may wait for the writer. More are dropped and counted.
    pub capacity: usize,
    /// Counts records that were dropped because the queue was full or closed.
    pub dropped: Counter,
    /// Counts lines that could not be written.
    pub failed: Counter,
}

impl Default for AccessLogOptions {
    fn default() -> Self {
        AccessLogOptions { capacity: 8192, dropped: Counter::default(), failed: Counter::default() }
    }
}

/// Writes one JSON line for each call, on a thread of its own: a slow disk or a full pipe holds up no call.
pub struct AccessLog {
    queue: Arc<Waiting>,
    dropped: Counter,
}

/// The writing thread. Dropping this leaves it running; [`AccessLogThread::finish`] ends it.
pub struct AccessLogThread {
    queue: Arc<Waiting>,
    thread: JoinHandle<()>,
}

impl AccessLog {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        writer: impl Write + Send + 'static,
        options: AccessLogOptions,
    ) -> std::io::Result<(AccessLog, AccessLogThread)> {
        // Records are shared with whoever else keeps them: their bytes are not counted here.
        let queue = Arc::new(Waiting::new(options.capacity, usize::MAX));
        let (source, failed) = (queue.clone(), options.failed);
        let thread = std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || write_all(&source, writer, &failed))?;
        let log = AccessLog { queue: queue.clone(), dropped: options.dropped };
        Ok((log, AccessLogThread { queue, thread }))
    }
}

impl Keeper for AccessLog {
    fn keep_call(&self, record: &Arc<CallRecord>, _hold: &Hold) {
        if self.queue.add(0, |waiting| waiting.push(Arc::clone(record))).is_err() {
            self.dropped.inc();
        }
    }
}

impl AccessLogThread {
    /// Takes no more records, writes those that wait, and ends the thread. False when the writer did not get done
    /// within `patience`; it is then left to itself.
    pub fn finish(self, patience: Duration) -> bool {
        self.queue.close();
        self.queue.wait_until_drained(patience) && self.thread.join().is_ok()
    }
}

fn write_all(queue: &Waiting, mut writer: impl Write, failed: &Counter) {
    // Says that everything is drained also when a writer panics.
    let _drained = queue.drained_on_drop();
    let (mut batch, mut chunk) = (Vec::new(), Vec::new());
    while queue.take(&mut batch, TICK) {
        let mut lines = 0;
        for record in batch.drain(..) {
            line::append(&mut chunk, &record);
            lines += 1;
            if chunk.len() >= CHUNK_BYTES {
                write_chunk(&mut writer, &mut chunk, &mut lines, failed);
            }
        }
        write_chunk(&mut writer, &mut chunk, &mut lines, failed);
    }
}

fn write_chunk(writer: &mut impl Write, chunk: &mut Vec<u8>, lines: &mut u64, failed: &Counter) {
    if writer.write_all(chunk).and_then(|()| writer.flush()).is_err() {
        failed.inc_by(*lines);
    }
    *lines = 0;
    chunk.clear();
    chunk.shrink_to(2 * CHUNK_BYTES);
}
