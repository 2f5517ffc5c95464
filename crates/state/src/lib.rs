//! Adapters of the state ports.
//!
//! - [`memory`]: for one gateway
//! - `window`: how counters forget, wherever they are kept

pub mod memory;
mod window;
