//! Azure Monitor's Logs Ingestion API: rows with the columns of API Management's own tables.
//!
//! - [`gateway_row`]: a row of `ApiManagementGatewayLogs`; those of model calls are in [`crate::llm_rows`]
//! - [`ingestion`]: the API
//! - [`keeper`]: from records to rows, apart from calls

pub mod gateway_row;
pub mod ingestion;
pub mod keeper;
#[cfg(test)]
mod tests;

pub use ingestion::{CollectionRule, LogStream};
pub use keeper::{AzureMonitor, AzureMonitorTask, Streams};
