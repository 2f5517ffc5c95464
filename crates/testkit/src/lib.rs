//! For tests: fake ports and the runner of conformance cases.
//!
//! - [`backends`], [`services`]: what the gateway calls, following a script
//! - [`ports`]: a clock that stands still, counted randomness, tokens and records to look at
//! - [`case`]: a conformance case read from its folder
//! - [`runner`]: runs a case and says how it differs from what it expects (`compare`)
//! - [`clock`]: the real clock, for tests with real servers
//! - [`message`], [`pem`]: HTTP messages and certificates as text
//! - [`redis`]: real Redis servers and clusters as child processes

pub mod backends;
pub mod case;
pub mod clock;
mod compare;
pub mod contract;
pub mod embeddings;
pub mod message;
pub mod pem;
pub mod ports;
pub mod redis;
pub mod runner;
pub mod services;
