//! A deployment: limits, pace, length and counts of its answers.

use serde::Deserialize;

use crate::faults::Fault;

/// How a deployment is paid for, and so how it is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeploymentKind {
    /// Tokens and requests per minute in fixed windows.
    #[default]
    Paygo,
    /// Provisioned throughput: a utilisation that rises with use and falls with time.
    Ptu,
}

/// How a deployment counts tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenCounting {
    /// The simulator's own tokens of at least four bytes.
    #[default]
    Simple,
    /// The tokens of the model's own vocabulary, as far as it is public, else of GPT-4o's.
    Bpe,
}

/// Parts of the counts in a usage. Cached, created, accepted and prompt audio tokens are a part of what was read or
/// written anyway and never more than that; the others are generated beside the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UsageDetails {
    /// Prompt tokens read from a cache.
    pub cached_tokens: u64,
    /// Prompt tokens written to a cache (Anthropic).
    pub cache_creation_tokens: u64,
    /// Prompt tokens that are audio.
    pub prompt_audio_tokens: u64,
    /// Completion tokens spent on reasoning.
    pub reasoning_tokens: u64,
    /// Completion tokens that are audio.
    pub audio_tokens: u64,
    /// Completion tokens that stood in the prediction.
    pub accepted_prediction_tokens: u64,
    /// Tokens of the prediction that were generated and dropped.
    pub rejected_prediction_tokens: u64,
}

/// A model under a name.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentConfig {
    /// Its name; `*` accepts any name that has no entry of its own.
    pub name: String,
    /// The model it runs. Default: the deployment's name.
    #[serde(default)]
    pub model: Option<String>,
    /// How it is paid for and limited.
    #[serde(default)]
    pub kind: DeploymentKind,
    /// Tokens per minute; with `ptu`, the tokens per minute that make 100 % utilisation. Default: no limit.
    #[serde(default)]
    pub tokens_per_minute: Option<u64>,
    /// Requests per minute (`paygo` only). Default: no limit.
    #[serde(default)]
    pub requests_per_minute: Option<u64>,
    /// Milliseconds before the headers of a reply. Default 0.
    #[serde(default)]
    pub first_byte_ms: u64,
    /// Milliseconds between two events of a stream. Default 0: one after the other, each flushed by itself.
    #[serde(default)]
    pub chunk_ms: u64,
    /// Tokens of each completion, unless the request's maximum is lower. Default: depends on the prompt.
    #[serde(default)]
    pub completion_tokens: Option<u32>,
    /// How tokens are counted.
    #[serde(default)]
    pub tokens: TokenCounting,
    /// What its usage tells beside prompt and completion.
    #[serde(default)]
    pub usage_details: UsageDetails,
    /// Dimensions of an embedding, unless the request names them. Default: 3072 for a model with `3-large` in its name,
    /// else 1536.
    #[serde(default)]
    pub dimensions: Option<usize>,
    /// Faults from the start, used up in order; one without `count` stays.
    #[serde(default)]
    pub faults: Vec<Fault>,
}

impl DeploymentConfig {
    /// An unlimited, immediate pay-as-you-go deployment.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            model: None,
            kind: DeploymentKind::Paygo,
            tokens_per_minute: None,
            requests_per_minute: None,
            first_byte_ms: 0,
            chunk_ms: 0,
            completion_tokens: None,
            tokens: TokenCounting::default(),
            usage_details: UsageDetails::default(),
            dimensions: None,
            faults: Vec::new(),
        }
    }
}
