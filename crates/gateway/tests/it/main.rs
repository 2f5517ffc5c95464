//! The gateway from outside: real sockets on both sides, policies as they are written.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // Helpers of tests are no tests to clippy.

mod bench;
mod broken_backends;
mod calls;
mod certificates;
mod client_certificates;
mod connections;
mod contracts;
mod credentials;
mod destinations;
mod models;
mod outgoing;
mod peer;
mod policy_calls;
mod proxies;
mod reloads;
mod secure_backends;
mod streams;
mod tls;
mod versions;
mod web_sockets;
mod wire;
