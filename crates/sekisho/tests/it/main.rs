//! The running binary, end to end: routing, failover, streaming, errors, reload, drain.

mod support;

mod errors;
mod examples;
mod reload;
mod streaming;
