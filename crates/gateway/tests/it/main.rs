//! The gateway from outside: real sockets on both sides, policies as they are written.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // Helpers of tests are no tests to clippy.

mod bench;
mod calls;
mod connections;
mod models;
mod reloads;
mod streams;
