//! Adapters of the state ports.
//!
//! - [`memory`]: for one gateway

pub mod memory;
