//! Diagnostics: what a service or an API writes to a logger.

use super::Spanned;

/// `properties.verbosity`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// `verbose`
    Verbose,
    /// `information`; the default.
    #[default]
    Information,
    /// `error`
    Error,
}

/// A diagnostic of the service or of one API.
#[derive(Clone, Debug)]
pub struct DiagnosticSettings {
    /// Resource name: `applicationinsights`, `azuremonitor` or `local`.
    pub name: Spanned<String>,
    /// `properties.loggerId` as the name of the logger.
    pub logger: Option<Spanned<String>>,
    /// `properties.alwaysLog` is `allErrors`: failures are logged whatever the sampling says.
    pub always_log_errors: bool,
    /// `properties.sampling.percentage`, 0–100; 100 when not set.
    pub sampling_percentage: f64,
    /// `properties.verbosity`.
    pub verbosity: Verbosity,
    /// `properties.metrics`: custom metrics are sent. False when not set.
    pub metrics: bool,
    /// `properties.logClientIp`, false when not set.
    pub log_client_ip: bool,
    /// `properties.largeLanguageModel`.
    pub large_language_model: Option<LanguageModelLogging>,
    /// All of `properties` as written, for what has no field here (`frontend`, `backend`, …).
    pub properties: serde_json::Value,
}

/// `properties.largeLanguageModel`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageModelLogging {
    /// `logs` is `enabled`.
    pub logs: bool,
    /// `requests`; `None` when prompts are not logged.
    pub requests: Option<MessageLogging>,
    /// `responses`; `None` when completions are not logged.
    pub responses: Option<MessageLogging>,
}

/// `largeLanguageModel.requests` or `.responses` with `messages: all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLogging {
    /// `maxSizeInBytes`; 32 768 when not set.
    pub maximum_bytes: u64,
}
