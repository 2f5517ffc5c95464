//! Application Insights: what the diagnostic `applicationinsights` wants written, to the loggers that it names.
//!
//! - [`connection`]: a logger's credentials
//! - [`envelope`]: the form of all items, and the lengths that the service takes
//! - [`call`]: what the items of one call have in common
//! - [`request`], [`dependency`], [`exception`], [`message`], [`metric`]: one file for each kind of item
//! - [`item`]: what waits in the queue
//! - [`ingestion`]: the service that takes the items
//! - [`loggers`]: the loggers of the configuration
//!
//! Sources: the swagger of the ingestion API v2.1 and API Management's page on Application Insights.

pub mod call;
pub mod connection;
pub mod dependency;
pub mod envelope;
pub mod exception;
pub mod ingestion;
pub mod item;
pub mod loggers;
pub mod message;
pub mod metric;
pub mod request;

#[cfg(test)]
pub(crate) mod tests;

pub use connection::{Connection, ConnectionError, Credentials};
pub use loggers::{InsightsLoggers, LoggerMeans, LoggerSettings};
