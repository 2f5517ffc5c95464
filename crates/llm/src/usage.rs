//! Token counts of a call, and where they come from.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::lenient::{Count, Object, Text};

/// Where a token count comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// The backend said so in its `usage`.
    Reported,
    /// Counted here with the model's own tokenizer.
    Counted,
    /// Estimated here: another tokenizer, a flat charge for an image, a stream that was cut.
    Estimated,
    /// Not known. Never shown as 0.
    #[default]
    Unknown,
}

impl Provenance {
    /// The word used in logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Counted => "counted",
            Self::Estimated => "estimated",
            Self::Unknown => "unknown",
        }
    }
}

/// Tokens of one call. A count that is not known is `None`, never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Where the counts come from.
    pub provenance: Provenance,
    /// Tokens of the prompt, those read from a prompt cache included.
    pub prompt: Option<u64>,
    /// Tokens of the completion, reasoning included.
    pub completion: Option<u64>,
    /// Prompt and completion together, as reported or else as the sum.
    pub total: Option<u64>,
    /// Prompt tokens that came from the backend's prompt cache (part of `prompt`).
    pub cached: Option<u64>,
    /// Prompt tokens written to the backend's prompt cache (part of `prompt`; Anthropic only).
    pub cache_written: Option<u64>,
    /// Completion tokens spent on reasoning (part of `completion`).
    pub reasoning: Option<u64>,
    /// Prompt tokens that are audio (part of `prompt`).
    pub prompt_audio: Option<u64>,
    /// Completion tokens that are audio (part of `completion`).
    pub completion_audio: Option<u64>,
    /// Tokens of a predicted output that were used (part of `completion`).
    pub accepted_prediction: Option<u64>,
    /// Tokens of a predicted output that were not used (part of `completion`).
    pub rejected_prediction: Option<u64>,
}

impl Usage {
    /// Usage made of a prompt and a completion count; the total is their sum when both are known.
    pub fn new(provenance: Provenance, prompt: Option<u64>, completion: Option<u64>) -> Self {
        Self { provenance, prompt, completion, total: sum(prompt, completion), ..Self::default() }
    }

    /// Usage of which nothing is known.
    pub fn unknown() -> Self {
        Self::default()
    }
}

fn sum(left: Option<u64>, right: Option<u64>) -> Option<u64> {
    Some(left?.saturating_add(right?))
}

/// What a whole JSON reply says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply<'a> {
    /// Its usage; `None` when there is none.
    pub usage: Option<Usage>,
    /// The model that answered, as the backend names it.
    pub model: Option<Cow<'a, str>>,
}

/// Reads usage and model of a whole JSON reply; both are `None` when the body is not a JSON object. Everything else is
/// skipped.
pub fn read_reply(kind: Kind, body: &[u8]) -> Reply<'_> {
    let Ok(Object(Some(reply))) = serde_json::from_slice::<Object<RawReply<'_>>>(body) else {
        return Reply::default();
    };
    let usage = reply.usage.0.filter(|_| kind.uses_tokens()).and_then(|usage| usage.resolve(kind));
    Reply { usage, model: reply.model.0 }
}

/// Reads the usage of a frame of Realtime: of `response.done`, as the service sends it for each response, and of a
/// finished transcription of the user's speech. `None` for every other frame.
pub fn read_realtime(frame: &[u8]) -> Option<Usage> {
    if !mentions_usage(frame) {
        return None;
    }
    let frame = serde_json::from_slice::<Object<RealtimeFrame<'_>>>(frame).ok()?.0?;
    let usage = match frame.kind.0.as_deref()? {
        "response.done" => frame.response.0?.usage,
        "conversation.item.input_audio_transcription.completed" => frame.usage,
        _ => return None,
    };
    usage.0?.resolve(Kind::Realtime)
}

/// Reads the usage of a whole JSON reply. `None` when there is none, when `kind` uses no tokens, or when the body is
/// not JSON. Everything but the usage is skipped; nothing is copied.
///
/// Anthropic counts tokens read from and written to its prompt cache beside `input_tokens`; here they are part of
/// `prompt`, as they are with OpenAI. An embedding has no completion: its count is a known 0.
pub fn read_usage(kind: Kind, body: &[u8]) -> Option<Usage> {
    if !kind.uses_tokens() || !mentions_usage(body) {
        return None;
    }
    read_reply(kind, body).usage
}

/// Whether a `usage` member with a value may be in these bytes: a quick look before any parsing. `"usage":null`, as
/// every chunk of a stream with usage has it, does not count.
pub(crate) fn mentions_usage(json: &[u8]) -> bool {
    const MEMBER: &[u8] = b"\"usage\"";
    memchr::memmem::find_iter(json, MEMBER).any(|at| {
        let after = json.get(at + MEMBER.len()..).unwrap_or_default().trim_ascii_start();
        let value = after.strip_prefix(b":").map(<[u8]>::trim_ascii_start);
        value.is_some_and(|value| !value.starts_with(b"null"))
    })
}

#[derive(Deserialize)]
struct RawReply<'a> {
    #[serde(default)]
    usage: Object<RawUsage>,
    #[serde(borrow, default)]
    model: Text<'a>,
}

#[derive(Deserialize)]
struct RealtimeFrame<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(default)]
    usage: Object<RawUsage>,
    #[serde(default)]
    response: Object<RealtimeResponse>,
}

#[derive(Deserialize)]
struct RealtimeResponse {
    #[serde(default)]
    usage: Object<RawUsage>,
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(kind: Kind, body: &str) -> Option<(Option<u64>, Option<u64>, Option<u64>)> {
        read_usage(kind, body.as_bytes()).map(|usage| (usage.prompt, usage.completion, usage.total))
    }

    #[test]
    fn chat_completion_with_every_detail() {
        let body = br#"{"id":"x","choices":[{"message":{"content":"say \"usage\": {}"}}],"usage":{
            "prompt_tokens":100,"completion_tokens":50,"total_tokens":150,
            "prompt_tokens_details":{"cached_tokens":64,"audio_tokens":3},
            "completion_tokens_details":{"reasoning_tokens":20,"audio_tokens":4,
              "accepted_prediction_tokens":5,"rejected_prediction_tokens":6}}}"#;
        let usage = read_usage(Kind::ChatCompletions, body).unwrap();
        let expected = Usage {
            provenance: Provenance::Reported,
            prompt: Some(100),
            completion: Some(50),
            total: Some(150),
            cached: Some(64),
            cache_written: None,
            reasoning: Some(20),
            prompt_audio: Some(3),
            completion_audio: Some(4),
            accepted_prediction: Some(5),
            rejected_prediction: Some(6),
        };
        assert_eq!(usage, expected);
    }

    #[test]
    fn every_format_has_its_names() {
        let responses = r#"{"output":[],"usage":{"input_tokens":7,"output_tokens":5,"total_tokens":12,
            "input_tokens_details":{"cached_tokens":2},"output_tokens_details":{"reasoning_tokens":1}}}"#;
        let usage = read_usage(Kind::Responses, responses.as_bytes()).unwrap();
        assert_eq!((usage.total, usage.cached, usage.reasoning), (Some(12), Some(2), Some(1)));

        let embeddings = r#"{"data":[],"usage":{"prompt_tokens":8,"total_tokens":8}}"#;
        assert_eq!(counts(Kind::Embeddings, embeddings), Some((Some(8), Some(0), Some(8))));

        let both_names = r#"{"usage":{"prompt_tokens":4,"input_tokens":4,"completion_tokens":1}}"#;
        assert_eq!(counts(Kind::Completions, both_names), Some((Some(4), Some(1), Some(5))));
    }

    #[test]
    fn anthropic_cache_tokens_are_part_of_the_prompt() {
        let body =
            br#"{"usage":{"input_tokens":10,"cache_read_input_tokens":90,"cache_creation_input_tokens":5,
            "output_tokens":20}}"#;
        let usage = read_usage(Kind::AnthropicMessages, body).unwrap();
        assert_eq!((usage.prompt, usage.completion, usage.total), (Some(105), Some(20), Some(125)));
        assert_eq!((usage.cached, usage.cache_written), (Some(90), Some(5)));
    }

    #[test]
    fn unknown_is_not_zero() {
        assert_eq!(counts(Kind::ChatCompletions, r#"{"choices":[]}"#), None);
        assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":null}"#), None);
        assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":{}}"#), None);
        assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":"much"}"#), None);
        assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":[1,2,3]}"#), None);
        assert_eq!(counts(Kind::ChatCompletions, r#"[{"usage":{"total_tokens":1}}]"#), None);
        assert_eq!(counts(Kind::ChatCompletions, r#"{"a":{"usage":{"total_tokens":1}}}"#), None);
        assert_eq!(counts(Kind::Other, r#"{"usage":{"total_tokens":1}}"#), None);
        assert_eq!(counts(Kind::ChatCompletions, r#"{"usage":{"prompt_tokens":3"#), None);
        let only_prompt = r#"{"usage":{"prompt_tokens":3,"completion_tokens":-1,"total_tokens":"x"}}"#;
        assert_eq!(counts(Kind::ChatCompletions, only_prompt), Some((Some(3), None, None)));
        assert_eq!(
            counts(Kind::ChatCompletions, r#"{"usage":{"total_tokens":3.0}}"#),
            Some((None, None, Some(3)))
        );
    }

    #[test]
    fn sums_do_not_overflow() {
        let body = format!(r#"{{"usage":{{"prompt_tokens":{},"completion_tokens":2}}}}"#, u64::MAX);
        assert_eq!(counts(Kind::ChatCompletions, &body).unwrap().2, Some(u64::MAX));
    }
}
