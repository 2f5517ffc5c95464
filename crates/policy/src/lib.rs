//! Policy documents: read, compiled into pipelines, and run.
//!
//! - [`xml`]: the lenient, span-keeping reader and writer
//! - [`document`]: scopes and `<base />`: documents become an effective [`pipeline`]
//! - [`declaration`] and [`policies`]: one file for each policy, and the catalogue of all names
//! - `cached`: what the cache policies keep, as bytes
//! - [`compile`]: from elements to steps; named values, fragments, settings
//! - `limits`: what rate limits and quotas share
//! - [`pipeline`]: runs what was compiled
//! - [`exchange`]: one call on its way: what `context` shows
//! - [`metering`]: tokens that calls to models use
//! - [`jwt`]: what the policies that check JSON web tokens share
//! - [`observation`]: what is written down of calls
//! - [`payload`]: bodies that are kept as they pass by
//! - [`body`]: a message body, streamed or whole
//! - [`schema`]: JSON Schema of specifications
//! - [`convert`]: JSON to XML and back; `liquid`: templates of `set-body`
//! - [`ports`]: the I/O that policies may do
//! - [`tracing`]: what one call did, for whoever asked to see it
//! - [`reference`]: the pages of `docs/policies/`

pub mod body;
mod cached;
pub mod compile;
pub mod convert;
pub mod declaration;
mod digest;
pub mod document;
pub mod exchange;
mod jwt;
mod limits;
mod liquid;
pub mod metering;
pub mod observation;
pub mod payload;
pub mod pipeline;
pub mod policies;
pub mod ports;
pub mod reference;
pub mod schema;
pub mod semantic;
pub mod tracing;
pub mod xml;
