//! Where to and what.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

/// Settings of the exporter.
#[derive(Clone, Debug)]
pub struct OtlpSettings {
    /// Where the paths `/v1/traces` and so on are, without a slash at its end.
    pub endpoint: String,
    /// Headers of every request. Values that hold secrets are marked sensitive and shown nowhere.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What is sent.
    pub signals: Signals,
    /// Prompts and completions are part of log entries, as far as they were kept.
    pub content: bool,
    /// Between two states of the metrics.
    pub interval: Duration,
    /// One attempt to send something.
    pub timeout: Duration,
    /// Attributes of the resource: `service.name` and others.
    pub resource: Vec<(String, String)>,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals {
    /// A span for each sampled call, and spans of its backends.
    pub traces: bool,
    /// Everything that the page of metrics has.
    pub metrics: bool,
    /// An entry for each call.
    pub logs: bool,
}
