//! Limits and caches with ports that a case file cannot describe: state that cannot be reached, calls at the same time,
//! bodies that arrive piece by piece.

#![allow(clippy::unwrap_used, clippy::panic)] // Helpers of tests are no tests to clippy.

mod asked;
mod bench;
mod caches;
mod limits;
mod tokens;
