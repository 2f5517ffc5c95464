//! What a diagnostic lets through: the same for every destination that diagnostics name.
//!
//! - [`gateway`]: who writes
//! - [`operation`]: which operation a call is a part of
//! - [`sampling`]: whether a call is written down
//! - [`masking`]: what is written of headers and queries
//! - [`body`]: what is written of a body

pub mod body;
pub mod gateway;
pub mod masking;
pub mod operation;
pub mod sampling;

pub use gateway::GatewayFacts;
pub use sampling::{CallTelemetry, is_success};
