//! State in the memory of one gateway.
//!
//! - [`cache`]: values and locks
//! - [`counters`]: counters of limits and quotas

pub mod cache;
pub mod counters;

pub use cache::MemoryCache;
pub use counters::MemoryCounters;
