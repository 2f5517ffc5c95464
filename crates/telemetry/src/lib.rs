//! The record of a call, and where it goes.
//!
//! - [`fanout`]: one recorder of several
//! - [`access_log`]: one JSON line for each call, in the words of API Management's gateway log
//! - [`export`]: what all exporters share that push records somewhere
//! - [`metrics`]: counters and histograms, in the OpenMetrics text format
//! - [`otlp`]: OpenTelemetry: spans, metrics and log entries
//! - [`server`]: `/metrics` and the health path on the management address
//! - [`statsd`]: counters and timers over UDP
//! - [`text`]: times as text

pub mod access_log;
pub mod export;
pub mod fanout;
pub mod metrics;
pub mod otlp;
pub mod server;
pub mod statsd;
pub mod text;

pub use access_log::{AccessLog, AccessLogOptions};
pub use fanout::{Fanout, Keeper, Observer, Pricing};
pub use metrics::{BuildInfo, Metrics};
pub use otlp::{Otlp, OtlpSettings, OtlpTasks, Signals};
pub use server::MetricsServer;
pub use statsd::{Statsd, StatsdSettings, StatsdTask};
