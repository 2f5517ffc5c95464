//! Adapters of the state ports.
//!
//! - [`memory`]: for one gateway
//! - [`redis`]: shared by gateways, on Redis servers
//! - `window`: how counters forget, wherever they are kept

pub mod memory;
pub mod redis;
mod window;
