//! Policy documents: read, compiled into pipelines, and run.
//!
//! - [`xml`]: the lenient, span-keeping reader and writer
//! - [`document`]: scopes, `<base/>`, fragments and named values become an effective [`pipeline`]
//! - [`declaration`] and [`policies`]: one file for each policy, and the catalogue of all names
//! - [`pipeline`]: runs what was compiled
//! - [`exchange`]: one call on its way: what `context` shows
//! - [`body`]: a message body, streamed or whole
//! - [`ports`]: the I/O that policies may do

pub mod body;
pub mod exchange;
pub mod pipeline;
pub mod ports;
pub mod xml;
