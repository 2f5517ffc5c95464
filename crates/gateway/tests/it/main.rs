//! The gateway from outside: real sockets on both sides, policies as they are written.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // Helpers of tests are no tests to clippy.

mod agents;
mod bench;
mod broken_backends;
mod calls;
mod certificates;
mod client_certificates;
mod connections;
mod contracts;
mod credentials;
mod destinations;
mod mcp_servers;
mod mcp_tools;
mod models;
mod outgoing;
mod peer;
mod policy_calls;
mod protected_resources;
mod proxies;
mod reloads;
mod secure_backends;
mod streams;
mod tls;
mod unified;
mod versions;
mod web_sockets;
mod wire;
