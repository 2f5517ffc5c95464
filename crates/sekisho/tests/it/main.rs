//! The running binary, end to end: routing, failover, streaming, errors, reload, drain.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests may fail as tests do

mod support;

mod chargeback;
mod content_safety;
mod errors;
mod examples;
mod failures;
mod gallery;
mod ledger;
mod log_store;
mod mcp_tools;
mod metric_isolation;
mod realtime;
mod reload;
mod runaway;
mod shared_state;
mod streaming;
mod token_limit;
mod tracing;
mod unified_models;
