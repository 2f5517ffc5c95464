//! State on Redis servers, shared by all gateways that use them.
//!
//! - [`settings`]: how the servers are reached
//! - [`store`]: the connection with its circuit: what happens when the servers cannot be reached
//! - `link`: one connection, to a single server or to a cluster
//! - `script`: scripts that decide in one round trip
//! - `key`: names of keys
//! - [`counters`], [`cache`], [`vectors`]: the adapters
//!
//! `docs/state.md` tells names, types and life of all keys.

pub mod cache;
pub mod counters;
mod key;
mod link;
mod script;
pub mod settings;
pub mod store;
#[cfg(test)]
mod tests;
pub mod vectors;

pub use cache::RedisCache;
pub use counters::RedisCounters;
pub use settings::{OnStateFailure, RedisServer, RedisSettings};
pub use store::RedisStore;
pub use vectors::RedisVectors;
