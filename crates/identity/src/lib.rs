//! Tokens of the gateway's own identities.
//!
//! - [`jwt`]: checks of JSON web tokens
//! - [`authorizations`]: connections of the credential manager
//! - [`config`]: what may be configured, and [`config::Environment`], where `auto` looks
//! - [`source`]: one file for each protocol: how a token is asked for
//! - [`reply`]: what token endpoints answer
//! - [`fetch`]: one token from one source: attempts, back-off, deadline
//! - [`flight`]: one value that is fetched, kept and refreshed; [`cache`]: these by key
//! - [`provider`]: [`IdentityTokens`], which joins them behind the `Tokens` port

pub mod authorizations;
mod cache;
pub mod config;
mod endpoint;
mod fetch;
mod flight;
pub mod jwt;
pub mod provider;
mod reply;
mod source;
#[cfg(test)]
mod testing;

pub use authorizations::{ConnectionConfig, Connections};
pub use config::{ConfigError, Environment, IdentityConfig, SourceConfig};
pub use jwt::JwtVerifier;
pub use provider::{IdentityPorts, IdentityTokens, tokio_spawner};
