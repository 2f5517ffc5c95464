//! The record of a call, and where it goes.
//!
//! - [`fanout`]: one recorder of several
//! - [`access_log`]: one JSON line for each call, in the words of API Management's gateway log
//! - [`export`]: what all exporters share that push records somewhere
//! - [`azure_monitor`]: rows for the Logs Ingestion API
//! - [`diagnostic`]: what a diagnostic lets through
//! - [`gathering`]: what waits for a thread that writes
//! - [`insights`]: calls, attempts, traces and metrics for Application Insights
//! - [`llm_rows`]: what was asked of models and answered, as rows
//! - [`metrics`]: counters and histograms, in the OpenMetrics text format
//! - [`otlp`]: OpenTelemetry: spans, metrics and log entries
//! - [`prices`]: what calls cost
//! - [`statsd`]: counters and timers over UDP
//! - [`text`]: times as text

pub mod access_log;
pub mod azure_monitor;
pub mod diagnostic;
pub mod export;
pub mod fanout;
pub mod gathering;
pub mod insights;
pub mod llm_rows;
pub mod metrics;
pub mod otlp;
pub mod prices;
pub mod statsd;
pub mod text;

pub use access_log::{AccessLog, AccessLogOptions};
pub use fanout::{Fanout, Keeper, Observer, Pricing};
pub use metrics::{BuildInfo, Metrics};
pub use otlp::{Otlp, OtlpSettings, OtlpTasks, Signals};
pub use statsd::{Statsd, StatsdSettings, StatsdTask};
