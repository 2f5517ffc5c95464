//! The `usage` object of every format.

use serde::Deserialize;

use super::{Provenance, Usage, sum};
use crate::kind::Kind;
use crate::lenient::{Count, Object};

/// A `usage` object with the names of every supported format. Some services send the older and the newer name of one
/// count together, so each name has its own place.
#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct RawUsage {
    prompt_tokens: Count,
    completion_tokens: Count,
    input_tokens: Count,
    output_tokens: Count,
    total_tokens: Count,
    prompt_tokens_details: Object<PromptDetails>,
    input_tokens_details: Object<PromptDetails>,
    /// The singular is the name in Realtime and in transcriptions.
    input_token_details: Object<PromptDetails>,
    completion_tokens_details: Object<CompletionDetails>,
    output_tokens_details: Object<CompletionDetails>,
    output_token_details: Object<CompletionDetails>,
    cache_read_input_tokens: Count,
    cache_creation_input_tokens: Count,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Count,
    audio_tokens: Count,
}

#[derive(Debug, Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct CompletionDetails {
    reasoning_tokens: Count,
    audio_tokens: Count,
    accepted_prediction_tokens: Count,
    rejected_prediction_tokens: Count,
}

impl RawUsage {
    /// Takes over what `later` knows: counts in a stream are cumulative, so the last one said is right.
    pub(crate) fn merge(&mut self, later: RawUsage) {
        fn newer(mine: &mut Count, later: Count) {
            mine.0 = later.0.or(mine.0);
        }
        fn newer_details<T: Copy>(mine: &mut Object<T>, later: Object<T>) {
            mine.0 = later.0.or(mine.0);
        }
        newer(&mut self.prompt_tokens, later.prompt_tokens);
        newer(&mut self.completion_tokens, later.completion_tokens);
        newer(&mut self.input_tokens, later.input_tokens);
        newer(&mut self.output_tokens, later.output_tokens);
        newer(&mut self.total_tokens, later.total_tokens);
        newer(&mut self.cache_read_input_tokens, later.cache_read_input_tokens);
        newer(&mut self.cache_creation_input_tokens, later.cache_creation_input_tokens);
        newer_details(&mut self.prompt_tokens_details, later.prompt_tokens_details);
        newer_details(&mut self.input_tokens_details, later.input_tokens_details);
        newer_details(&mut self.input_token_details, later.input_token_details);
        newer_details(&mut self.completion_tokens_details, later.completion_tokens_details);
        newer_details(&mut self.output_tokens_details, later.output_tokens_details);
        newer_details(&mut self.output_token_details, later.output_token_details);
    }

    /// The counts under one name each; `None` when the object names no count at all.
    pub(crate) fn resolve(self, kind: Kind) -> Option<Usage> {
        let prompt_details =
            [self.prompt_tokens_details, self.input_tokens_details, self.input_token_details];
        let prompt_details = prompt_details.into_iter().find_map(|details| details.0).unwrap_or_default();
        let completion_details =
            [self.completion_tokens_details, self.output_tokens_details, self.output_token_details];
        let completion_details =
            completion_details.into_iter().find_map(|details| details.0).unwrap_or_default();
        let mut prompt = self.prompt_tokens.0.or(self.input_tokens.0);
        let mut completion = self.completion_tokens.0.or(self.output_tokens.0);
        if kind == Kind::AnthropicMessages {
            let beside = [self.cache_read_input_tokens, self.cache_creation_input_tokens];
            prompt = prompt
                .map(|count| beside.iter().filter_map(|cache| cache.0).fold(count, u64::saturating_add));
        }
        if kind == Kind::Embeddings && prompt.is_some() {
            completion = completion.or(Some(0));
        }
        let total = self.total_tokens.0.or_else(|| sum(prompt, completion));
        if prompt.is_none() && completion.is_none() && total.is_none() {
            return None;
        }
        Some(Usage {
            provenance: Provenance::Reported,
            prompt_provenance: Provenance::Reported.of(prompt),
            completion_provenance: Provenance::Reported.of(completion),
            prompt,
            completion,
            total,
            cached: prompt_details.cached_tokens.0.or(self.cache_read_input_tokens.0),
            cache_written: self.cache_creation_input_tokens.0,
            reasoning: completion_details.reasoning_tokens.0,
            prompt_audio: prompt_details.audio_tokens.0,
            completion_audio: completion_details.audio_tokens.0,
            accepted_prediction: completion_details.accepted_prediction_tokens.0,
            rejected_prediction: completion_details.rejected_prediction_tokens.0,
        })
    }
}
