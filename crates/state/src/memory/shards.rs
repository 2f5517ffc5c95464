//! Several tables, each behind its own lock.

use std::hash::{BuildHasher, Hash, RandomState};

use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

use super::MemoryBounds;
use super::lru::{Bounds, Lru};

/// More locks than a small machine has threads.
const SHARDS: usize = 16;
/// A shard holds at least so many entries and bytes, so that small bounds are not cut into crumbs.
const ENTRIES_OF_A_SHARD: usize = 64;

/// The tables. Hashes are seeded afresh in every process: keys come from outside.
pub(super) struct Shards<K, V> {
    hasher: RandomState,
    shards: Box<[Mutex<Lru<K, V>>]>,
}

impl<K: Eq, V> Shards<K, V> {
    /// Bounds are divided evenly, and no shard has less than `shard_bytes`.
    pub(super) fn new(bounds: MemoryBounds, shard_bytes: usize) -> Self {
        let possible = (bounds.entries / ENTRIES_OF_A_SHARD).min(bounds.bytes / shard_bytes).clamp(1, SHARDS);
        // The greatest power of two that is not above, so that a mask picks the shard.
        let count = 1 << possible.ilog2();
        let each = Bounds { entries: (bounds.entries / count).max(1), bytes: bounds.bytes / count };
        let shards = (0..count).map(|_| Mutex::new(Lru::new(each))).collect();
        Self { hasher: RandomState::new(), shards }
    }

    pub(super) fn hash(&self, key: impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The table of a hash.
    pub(super) fn lock(&self, hash: u64) -> Guard<'_, K, V> {
        self.shards[self.index(hash)].lock()
    }

    /// The tables of several hashes, locked in a fixed order so that two decisions never wait for each other.
    pub(super) fn lock_all(&self, hashes: &[u64]) -> Locked<'_, K, V> {
        let mut indices: SmallVec<[usize; 4]> = hashes.iter().map(|hash| self.index(*hash)).collect();
        indices.sort_unstable();
        indices.dedup();
        Locked(indices.into_iter().map(|index| (index, self.shards[index].lock())).collect())
    }

    /// The bits that the tables use least.
    fn index(&self, hash: u64) -> usize {
        (hash >> 40) as usize & (self.shards.len() - 1)
    }

    /// The table of a hash among those that are locked; none when it is not.
    pub(super) fn table<'l, 's>(
        &self,
        locked: &'l mut Locked<'s, K, V>,
        hash: u64,
    ) -> Option<&'l mut Guard<'s, K, V>> {
        let wanted = self.index(hash);
        locked.0.iter_mut().find(|(index, _)| *index == wanted).map(|(_, table)| table)
    }
}

/// Locked tables by their number.
pub(super) struct Locked<'s, K, V>(SmallVec<[(usize, Guard<'s, K, V>); 2]>);

type Guard<'s, K, V> = MutexGuard<'s, Lru<K, V>>;
