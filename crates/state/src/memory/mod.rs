//! State in the memory of one gateway.
//!
//! - [`cache`]: values and locks
//! - [`counters`]: counters of limits and quotas
//! - [`vectors`]: answers under vectors
//!
//! The first two are tables with bounds on entries and bytes. What is over is dropped when it is met and by a small sweep with
//! every insertion; at a bound the least recently used goes.

pub mod cache;
pub mod counters;
mod lru;
mod shards;
pub mod vectors;

pub use cache::MemoryCache;
pub use counters::MemoryCounters;
pub use vectors::MemoryVectors;

/// How much may be held in memory. Large bounds are divided among up to 16 parts, so that a part may be full a little
/// before the whole is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryBounds {
    /// Counters, values, or answers.
    pub entries: usize,
    /// Bytes that these take, about.
    pub bytes: usize,
}

impl MemoryBounds {
    /// For counters: 100,000 and 64 MiB.
    pub const COUNTERS: MemoryBounds = MemoryBounds { entries: 100_000, bytes: 64 * 1024 * 1024 };
    /// For cached values: 100,000 and 128 MiB.
    pub const CACHE: MemoryBounds = MemoryBounds { entries: 100_000, bytes: 128 * 1024 * 1024 };
    /// For answers under vectors: 50,000 and 256 MiB.
    pub const VECTORS: MemoryBounds = MemoryBounds { entries: 50_000, bytes: 256 * 1024 * 1024 };
}
