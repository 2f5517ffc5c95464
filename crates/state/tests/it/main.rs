//! The adapters of the state ports, in memory and on real Redis servers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests may fail as tests do

mod bench;
mod memory;
mod model;
mod outage;
mod secure;
mod shared;
mod vectors;
