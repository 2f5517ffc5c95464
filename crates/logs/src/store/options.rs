//! How the store behaves, and what it counts.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use sekisho_policy::ports::Clock;

use crate::compact::{Retention, Target};
use crate::mask::Masking;

const MIB: u64 = 1024 * 1024;

/// How the store behaves.
#[derive(Clone)]
pub struct Options {
    /// Tells the time of metrics and events, and the hours that files are of.
    pub clock: Arc<dyn Clock>,
    /// The most records that wait for the writer. More are dropped and counted.
    pub queue_records: usize,
    /// The most bytes of bodies that wait for the writer. More are dropped and counted.
    pub queue_bytes: usize,
    /// The most that is kept of a compressed body when it is decoded, in bytes.
    pub maximum_body_bytes: usize,
    /// How often what was written is made to outlast a loss of power.
    pub sync_interval: Duration,
    /// How much is appended to a segment before it is compacted, in bytes.
    pub segment_bytes: u64,
    /// What is kept as `***`.
    pub masking: Masking,
    /// The most text of each side of a model call in its rows, in bytes; all when not set.
    pub message_bytes: Option<u64>,
    /// What is removed, and when.
    pub retention: Retention,
    /// Where compacted files are copied to.
    pub target: Option<Target>,
    /// What is counted.
    pub counters: Counters,
}

impl Options {
    /// The defaults of `logs` in `sekisho.yaml`.
    pub fn new(clock: Arc<dyn Clock>) -> Options {
        Options {
            clock,
            queue_records: 65_536,
            queue_bytes: (512 * MIB) as usize,
            maximum_body_bytes: (16 * MIB) as usize,
            sync_interval: Duration::from_secs(1),
            segment_bytes: 64 * MIB,
            masking: Masking::default(),
            message_bytes: None,
            retention: Retention::default(),
            target: None,
            counters: Counters::default(),
        }
    }
}

/// What the store counts.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Records that were written.
    pub written: Counter,
    /// Records that were dropped because the queue was full.
    pub dropped_queue: Counter,
    /// Records that were dropped because they came after the end.
    pub dropped_closed: Counter,
    /// Records that were dropped because they could not be written: the disk is full, or fails.
    pub dropped_disk: Counter,
    /// Bodies of which only the beginning is kept.
    pub bodies_cut: Counter,
    /// Bodies that are kept by their hash.
    pub bodies_hashed: Counter,
    /// Places in segments where a frame cannot be read; what follows in that segment is lost.
    pub damaged: Counter,
    /// Steps of compaction, retention or copying that failed and are tried again.
    pub failed: Counter,
    /// Files that were copied to object storage.
    pub copied: Counter,
}
