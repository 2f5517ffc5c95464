//! Answers under vectors, in memory: exact, by looking at every vector of a partition.

mod partition;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::ready;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::RwLock;
use sekisho_policy::ports::vectors::{Neighbour, Vector, Vectors};
use sekisho_policy::ports::{Clock, Event, PortFuture, Recorder};

use super::MemoryBounds;
use partition::{Found, Partition};

/// More locks than a small machine has threads.
const SHARDS: usize = 16;
/// A shard is not made smaller than this, because an answer larger than a shard cannot be kept.
const SHARD_BYTES: usize = 16 * 1024 * 1024;
/// Numbers that are looked at before other work gets its turn: about a millisecond.
const NUMBERS_AT_ONCE: usize = 4 * 1024 * 1024;
/// What a partition takes beside its entries, about.
const PARTITION_BYTES: usize = 256;

/// A cache of answers in memory.
///
/// Partitions are spread over shards, each behind its own lock. A shard that is full loses what is over and then the
/// least recently used sixteenth of its bound, so that its entries are put in order once for many insertions.
pub struct MemoryVectors {
    clock: Arc<dyn Clock>,
    recorder: Arc<dyn Recorder>,
    hasher: RandomState,
    shards: Box<[RwLock<Shard>]>,
    bounds: MemoryBounds,
    /// Counts uses, so that entries can be put in order.
    uses: AtomicU64,
}

#[derive(Default)]
struct Shard {
    partitions: HashMap<Box<str>, Partition>,
    entries: usize,
    bytes: usize,
}

impl MemoryVectors {
    /// An empty cache within these bounds, which are divided among the shards; `recorder` is told about every answer that
    /// is dropped before its time.
    pub fn new(clock: Arc<dyn Clock>, bounds: MemoryBounds, recorder: Arc<dyn Recorder>) -> Self {
        let count = (bounds.bytes / SHARD_BYTES).min(bounds.entries).clamp(1, SHARDS);
        let bounds =
            MemoryBounds { entries: (bounds.entries / count).max(1), bytes: (bounds.bytes / count).max(1) };
        let shards = (0..count).map(|_| RwLock::default()).collect();
        Self { clock, recorder, hasher: RandomState::new(), shards, bounds, uses: AtomicU64::new(0) }
    }

    fn now(&self) -> u64 {
        micros(self.clock.monotonic())
    }

    fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed)
    }

    fn shard(&self, partition: &str) -> &RwLock<Shard> {
        // Hashes are seeded afresh in every process, so the remainder is as good as any bits.
        #[allow(clippy::cast_possible_truncation)]
        let index = self.hasher.hash_one(partition) as usize % self.shards.len();
        &self.shards[index]
    }

    /// Looks at a partition piece by piece. Entries that change their place meanwhile may be missed.
    async fn search(&self, partition: &str, vector: &Vector, within: f32) -> Option<Neighbour> {
        let now = self.now();
        let at_once = (NUMBERS_AT_ONCE / vector.numbers().len()).max(1);
        let mut best: Option<Found> = None;
        for piece in 0.. {
            let first = piece * at_once;
            {
                let shard = self.shard(partition).read();
                let rows = shard.partitions.get(partition).map(|known| (known, known.len(vector)));
                let Some((known, count)) = rows.filter(|(_, count)| first < *count) else { break };
                known.search(vector, first..(first + at_once).min(count), within, now, &mut best);
                if first + at_once >= count {
                    break;
                }
            }
            tokio::task::yield_now().await;
        }
        let Found { distance, value } = best?;
        let value = value.map(|(value, used)| {
            used.store(self.next_use(), Ordering::Relaxed);
            value
        });
        Some(Neighbour { distance, value })
    }

    fn keep(&self, partition: &str, vector: &Vector, value: &Bytes, duration: Duration) {
        let now = self.now();
        let added = PARTITION_BYTES + Partition::entry_bytes(vector, value);
        if added > self.bounds.bytes {
            return;
        }
        let mut shard = self.shard(partition).write();
        let shard = &mut *shard;
        if !shard.partitions.contains_key(partition) {
            shard.partitions.insert(partition.into(), Partition::default());
            shard.bytes += PARTITION_BYTES;
        }
        let Some(known) = shard.partitions.get_mut(partition) else { return };
        let before = (known.entries(), known.bytes());
        let ends = now.saturating_add(micros(duration));
        // A slice of a larger buffer would hold all of it.
        let value = (!duration.is_zero()).then(|| (Bytes::copy_from_slice(value), ends));
        known.put(vector, value, self.next_use(), now);
        shard.entries = shard.entries + known.entries() - before.0;
        shard.bytes = shard.bytes + known.bytes() - before.1;
        let lost = shard.make_room(self.bounds, now);
        (0..lost).for_each(|_| self.recorder.event(Event::StateEvicted { kind: "vectors" }));
    }
}

impl Shard {
    /// Drops what is over, and the least recently used, when the bounds are passed. Gives how many that still counted had
    /// to go.
    fn make_room(&mut self, bounds: MemoryBounds, now: u64) -> usize {
        if self.entries <= bounds.entries && self.bytes <= bounds.bytes {
            return 0;
        }
        self.retain(|_, ends| ends > now);
        if self.entries <= bounds.entries && self.bytes <= bounds.bytes {
            return 0;
        }
        let entries = bounds.entries - bounds.entries / 16;
        let bytes = bounds.bytes - bounds.bytes / 16;
        let mut uses: Vec<(u64, usize)> = self.partitions.values().flat_map(Partition::uses).collect();
        uses.sort_unstable_by_key(|(used, _)| std::cmp::Reverse(*used));
        // The most recent that fit; the newest stays however large it is.
        let mut room = (0, self.partitions.len() * PARTITION_BYTES);
        let fits = uses.iter().take_while(|(_, size)| {
            room = (room.0 + 1, room.1 + size);
            room.0 == 1 || (room.0 <= entries && room.1 <= bytes)
        });
        let kept = fits.count();
        let Some((oldest, _)) = uses.get(kept.saturating_sub(1)).copied() else { return 0 };
        let before = self.entries;
        self.retain(|used, _| used >= oldest);
        before - self.entries
    }

    /// Keeps entries by their last use and their end.
    fn retain(&mut self, keep: impl Fn(u64, u64) -> bool) {
        self.partitions.retain(|_, partition| {
            partition.retain(&keep);
            partition.entries() > 0
        });
        self.entries = self.partitions.values().map(Partition::entries).sum();
        let held: usize = self.partitions.values().map(Partition::bytes).sum();
        self.bytes = held + self.partitions.len() * PARTITION_BYTES;
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

impl Vectors for MemoryVectors {
    fn nearest<'a>(
        &'a self,
        partition: &'a str,
        vector: &'a Vector,
        within: f32,
    ) -> PortFuture<'a, Option<Neighbour>> {
        Box::pin(self.search(partition, vector, within))
    }

    fn put<'a>(
        &'a self,
        partition: &'a str,
        vector: &'a Vector,
        value: Bytes,
        duration: Duration,
    ) -> PortFuture<'a, ()> {
        self.keep(partition, vector, &value, duration);
        Box::pin(ready(()))
    }
}
