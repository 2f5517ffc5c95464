//! The record of a call, and where it goes.
//!
//! - [`fanout`]: one recorder of several
//! - [`access_log`]: one JSON line for each call, in the words of API Management's gateway log
//! - [`metrics`]: counters and histograms, in the OpenMetrics text format
//! - [`prices`]: what calls cost
//! - [`text`]: times as text

pub mod access_log;
pub mod fanout;
pub mod metrics;
pub mod prices;
pub mod text;

pub use access_log::{AccessLog, AccessLogOptions};
pub use fanout::{Fanout, Keeper, Observer, Pricing};
pub use metrics::{BuildInfo, Metrics};
