//! Token counts of a call, and where they come from.

mod raw;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::{Deserialize, Serialize};

use crate::glance::mentions;
use crate::kind::Kind;
use crate::lenient::{Object, Text};

pub(crate) use raw::RawUsage;

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
    /// This, for a count that is there; unknown for one that is not.
    pub(crate) fn of(self, count: Option<u64>) -> Self {
        if count.is_some() { self } else { Self::Unknown }
    }

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
    /// Where the counts come from: the least certain of those that are known.
    pub provenance: Provenance,
    /// Where the count of the prompt comes from.
    pub prompt_provenance: Provenance,
    /// Where the count of the completion comes from.
    pub completion_provenance: Provenance,
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
        Self {
            provenance,
            prompt_provenance: provenance.of(prompt),
            completion_provenance: provenance.of(completion),
            prompt,
            completion,
            total: sum(prompt, completion),
            ..Self::default()
        }
    }

    /// Usage of which nothing is known.
    pub fn unknown() -> Self {
        Self::default()
    }

    /// This and `other` together. A count that one of both does not know is not known; the less certain provenance is
    /// that of the sum.
    pub fn plus(self, other: Self) -> Self {
        /// Parts of a count are 0 where only one of both names them.
        fn part(left: Option<u64>, right: Option<u64>) -> Option<u64> {
            sum(left, right).or(left).or(right)
        }
        Self {
            provenance: self.provenance.max(other.provenance),
            prompt_provenance: self.prompt_provenance.max(other.prompt_provenance),
            completion_provenance: self.completion_provenance.max(other.completion_provenance),
            prompt: sum(self.prompt, other.prompt),
            completion: sum(self.completion, other.completion),
            total: sum(self.total, other.total),
            cached: part(self.cached, other.cached),
            cache_written: part(self.cache_written, other.cache_written),
            reasoning: part(self.reasoning, other.reasoning),
            prompt_audio: part(self.prompt_audio, other.prompt_audio),
            completion_audio: part(self.completion_audio, other.completion_audio),
            accepted_prediction: part(self.accepted_prediction, other.accepted_prediction),
            rejected_prediction: part(self.rejected_prediction, other.rejected_prediction),
        }
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
    Reply { usage, model: model_name(reply.model) }
}

/// The longest name of a model, in bytes: longer ones are no names.
const MAX_MODEL_BYTES: usize = 256;

/// The name of a model, where it is one.
pub(crate) fn model_name(name: Text<'_>) -> Option<Cow<'_, str>> {
    name.0.filter(|name| !name.is_empty() && name.len() <= MAX_MODEL_BYTES)
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
    static USAGE: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("\"usage\""));
    mentions(json, &USAGE, |value| !value.starts_with(b"null"))
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
