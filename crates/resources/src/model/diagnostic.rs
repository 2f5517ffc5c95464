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
    /// `properties.httpCorrelationProtocol`; `Legacy` when not set.
    pub correlation: CorrelationProtocol,
    /// `properties.operationNameFormat` is `Url`; false when not set.
    pub names_operations_by_url: bool,
    /// `properties.frontend.request`.
    pub frontend_request: MessageDiagnostic,
    /// `properties.frontend.response`.
    pub frontend_response: MessageDiagnostic,
    /// `properties.backend.request`.
    pub backend_request: MessageDiagnostic,
    /// `properties.backend.response`.
    pub backend_response: MessageDiagnostic,
    /// `properties.largeLanguageModel`.
    pub large_language_model: Option<LanguageModelLogging>,
}

/// `properties.httpCorrelationProtocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CorrelationProtocol {
    /// `None`
    None,
    /// `Legacy`; the default.
    #[default]
    Legacy,
    /// `W3C`
    W3c,
}

/// What a diagnostic writes of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageDiagnostic {
    /// `headers`: names.
    pub headers: Vec<String>,
    /// `body.bytes`, at most 8,192; 0 when not set.
    pub body_bytes: usize,
    /// `dataMasking.headers`: names, and true for those that are hidden.
    pub masked_headers: Vec<(String, bool)>,
    /// `dataMasking.queryParams`: names, and true for those that are hidden.
    pub masked_query: Vec<(String, bool)>,
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
