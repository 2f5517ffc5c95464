//! The tokens a reply tells, in the shape of each surface.

use serde_json::{Value, json};

use super::Call;
use crate::config::UsageDetails;
use crate::marks;
use crate::stats::StreamPlan;
use crate::tokens::Tokenizer;

/// The tokens of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spent {
    /// Everything the model read, cached or not.
    pub(crate) prompt: u64,
    /// Tokens of the text it wrote.
    text: u64,
    details: UsageDetails,
}

impl Spent {
    /// The counts of a call; marks in the prompt stand above the deployment's settings. Parts are never larger than
    /// the whole they are a part of.
    pub(crate) fn new(call: &Call, transcript: &str, prompt: u64, text: u64) -> Self {
        let mut details = call.details;
        let members = [
            ("cached", &mut details.cached_tokens),
            ("cache-creation", &mut details.cache_creation_tokens),
            ("prompt-audio", &mut details.prompt_audio_tokens),
            ("reasoning", &mut details.reasoning_tokens),
            ("audio", &mut details.audio_tokens),
            ("accepted", &mut details.accepted_prediction_tokens),
            ("rejected", &mut details.rejected_prediction_tokens),
        ];
        for (name, member) in members {
            *member = marks::number(transcript, name).unwrap_or(*member);
        }
        details.cached_tokens = details.cached_tokens.min(prompt);
        details.cache_creation_tokens = details.cache_creation_tokens.min(prompt - details.cached_tokens);
        details.prompt_audio_tokens = details.prompt_audio_tokens.min(prompt);
        details.accepted_prediction_tokens = details.accepted_prediction_tokens.min(text);
        Self { prompt, text, details }
    }

    /// What is counted when the answer is sent, or a part of it.
    pub(crate) fn plan(&self, tokenizer: &Tokenizer) -> StreamPlan {
        StreamPlan {
            tokenizer: tokenizer.clone(),
            prompt_tokens: self.prompt,
            completion_tokens: self.completion(),
            hidden_tokens: self.hidden(),
        }
    }

    /// Tokens that were generated and have no text on the wire.
    fn hidden(&self) -> u64 {
        let UsageDetails { reasoning_tokens, audio_tokens, rejected_prediction_tokens, .. } = self.details;
        reasoning_tokens.saturating_add(audio_tokens).saturating_add(rejected_prediction_tokens)
    }

    /// Everything the model generated.
    pub(crate) fn completion(&self) -> u64 {
        self.text.saturating_add(self.hidden())
    }

    fn total(&self) -> u64 {
        self.prompt.saturating_add(self.completion())
    }

    /// `usage` of chat and text completions.
    pub(crate) fn chat(&self) -> Value {
        let details = self.details;
        json!({
            "completion_tokens": self.completion(),
            "completion_tokens_details": {
                "accepted_prediction_tokens": details.accepted_prediction_tokens,
                "audio_tokens": details.audio_tokens, "reasoning_tokens": details.reasoning_tokens,
                "rejected_prediction_tokens": details.rejected_prediction_tokens},
            "prompt_tokens": self.prompt,
            "prompt_tokens_details": {"audio_tokens": details.prompt_audio_tokens,
                "cached_tokens": details.cached_tokens},
            "total_tokens": self.total(),
        })
    }

    /// `usage` of Responses.
    pub(crate) fn responses(&self) -> Value {
        json!({"input_tokens": self.prompt, "input_tokens_details": {"cached_tokens": self.details.cached_tokens},
            "output_tokens": self.completion(),
            "output_tokens_details": {"reasoning_tokens": self.details.reasoning_tokens},
            "total_tokens": self.total()})
    }

    /// `usage` of a realtime response.
    pub(crate) fn realtime(&self) -> Value {
        let details = self.details;
        let prompt_text = self.prompt.saturating_sub(details.prompt_audio_tokens);
        let output_text = self.completion().saturating_sub(details.audio_tokens);
        json!({"total_tokens": self.total(), "input_tokens": self.prompt, "output_tokens": self.completion(),
            "input_token_details": {"text_tokens": prompt_text, "audio_tokens": details.prompt_audio_tokens,
                "image_tokens": 0, "cached_tokens": details.cached_tokens,
                "cached_tokens_details": {"text_tokens": details.cached_tokens, "audio_tokens": 0,
                    "image_tokens": 0}},
            "output_token_details": {"text_tokens": output_text, "audio_tokens": details.audio_tokens}})
    }

    /// `usage` of Anthropic Messages with so many output tokens. What was read from the cache or written to it is
    /// not in `input_tokens`.
    pub(crate) fn messages(&self, output_tokens: u64) -> Value {
        let UsageDetails { cached_tokens, cache_creation_tokens, .. } = self.details;
        let input_tokens = self.prompt.saturating_sub(cached_tokens).saturating_sub(cache_creation_tokens);
        json!({"input_tokens": input_tokens, "cache_creation_input_tokens": cache_creation_tokens,
            "cache_read_input_tokens": cached_tokens,
            "cache_creation": {"ephemeral_5m_input_tokens": cache_creation_tokens,
                "ephemeral_1h_input_tokens": 0},
            "output_tokens": output_tokens, "service_tier": "standard"})
    }
}
