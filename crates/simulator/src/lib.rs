//! A simulated Azure on loopback ports: what `sekisho simulate` runs and what tests and benchmarks talk to.
//!
//! - [`config`]: resources, their deployments and services, identities
//! - [`server`]: [`Simulator::start`], [`Running`]; `listener`: ports and connections
//! - `call`: the way of a call, from its path to its reply; `azure/`, `anthropic/`, `safety`: what answers it
//! - `realtime`: WebSocket sessions; `mcp`, `a2a`: the protocols of agents
//! - `identity`: managed identity (IMDS, App Service) and Entra token endpoints
//! - [`limits`]: tokens and requests per minute, provisioned throughput
//! - [`faults`]: errors, delays, cuts and resets on command; `marks`: commands inside a prompt
//! - [`stats`]: what reached the backend, and what it generated and told
//! - `control`: `/__sim/stats`, `/__sim/faults`, `/__sim/reset`
//! - `bare`: prebuilt answers for benchmarks; `stamp`: when each event went out
//!
//! `docs/simulator.md` is the page for users.
//!
//! # Ports
//!
//! The main port ([`Running::url`]) has the identity endpoints, the control endpoints for everything, and every
//! resource under `/{name}/…`. Each resource has a port of its own too, where it stands at the root, because backends
//! are told apart by their URL.
//!
//! # Tokens
//!
//! The simulator's own tokenizer is deliberately simple and exact: a token is the shortest run of characters with at
//! least four UTF-8 bytes. Usage, limits, stream chunks and `max_tokens` use it, so sums always agree. A deployment may
//! count with the vocabulary of its model instead; the chunks of its streams stay the same.

mod a2a;
mod anthropic;
mod azure;
mod bare;
mod body;
mod bounded;
mod call;
pub mod clock;
pub mod config;
mod connection;
mod control;
pub mod faults;
mod identity;
mod json_rpc;
pub mod limits;
mod listener;
mod marks;
mod mcp;
mod realtime;
mod resource;
mod safety;
pub mod server;
mod stamp;
pub mod stats;
mod text;
mod tokens;

pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{
    A2aConfig, Config, DeploymentConfig, DeploymentKind, IdentityConfig, McpAnswers, McpConfig,
    ResourceConfig, Secret, TokenCounting, UsageDetails,
};
pub use faults::{Fault, ParseFaultError};
pub use server::{Addresses, Running, Simulator, StartError};
pub use stats::{Check, Counts, ResourceStats, SeenRequest, Stats};

#[cfg(test)]
mod tests;
