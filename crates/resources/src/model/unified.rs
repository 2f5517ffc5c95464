//! Unified model APIs: one Chat Completions endpoint in front of models of several formats.

use std::time::Duration;

use super::{Spanned, StatusCodeRange};

/// `properties.unifiedModelApi` of an API. API Management documents what such an API is, not how ARM writes it: the
/// names are chosen here, in the manner of backends.
#[derive(Clone, Debug)]
pub struct UnifiedModelApi {
    /// `models` in their order; aliases are unique.
    pub models: Vec<UnifiedModel>,
    /// `failover.statusCodeRanges`: answers after which the next target of a model is called; 429 and 500–599 when not
    /// set.
    pub failover_status_codes: Vec<StatusCodeRange>,
}

/// A model as clients call it.
#[derive(Clone, Debug)]
pub struct UnifiedModel {
    /// `alias`: the `model` of requests.
    pub alias: Spanned<String>,
    /// The model itself, then its `fallbacks`. At least one.
    pub targets: Vec<ModelTarget>,
}

/// A model of a backend.
#[derive(Clone, Debug)]
pub struct ModelTarget {
    /// `model`: the backend's name of the model; the alias when not set.
    pub model: String,
    /// `apiFormat`.
    pub api_format: ModelApiFormat,
    /// `backendId` as the name of a backend.
    pub backend: Spanned<String>,
    /// `path` behind the URL of the backend, with a leading slash; that of the format when not set.
    pub path: Option<String>,
    /// `timeout`: how long this target may take until its response headers, within the time of the whole call.
    pub timeout: Option<Duration>,
}

/// What a backend speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelApiFormat {
    /// OpenAI's Chat Completions: `/chat/completions`.
    ChatCompletions,
    /// Anthropic's Messages: `/v1/messages`.
    AnthropicMessages,
}
