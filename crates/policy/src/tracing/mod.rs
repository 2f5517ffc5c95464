//! What one call did, policy by policy, for whoever asked to see it: the debug trace.
//!
//! Nothing is recorded unless [`Exchange::tracer`](crate::exchange::Exchange::tracer) is set; a policy then costs one
//! branch. Where something stands in the documents is worked out when the trace is shown, not while the call waits.
//!
//! - [`tracer`]: takes down what happens, within bounds
//! - [`entry`]: what is taken down of one policy
//! - [`changes`]: what a policy changed of request, response and variables
//! - [`hooks`]: where policies and expressions report
//! - [`redact`]: what is never shown
//! - [`text`]: texts that are cut
//! - [`render`]: the trace as JSON

pub mod changes;
pub mod entry;
mod hooks;
pub mod redact;
pub mod render;
pub mod text;
pub mod tracer;

pub use entry::Finish;
pub use redact::{SecretNames, Secrets};
pub use render::{Head, Places};
pub use tracer::Tracer;
