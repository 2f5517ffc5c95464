//! What a surface generates for a call.

use bytes::Bytes;
use sekisho_llm::Kind;
use serde_json::Value;

use super::Spent;
use crate::config::UsageDetails;
use crate::faults::Fault;
use crate::resource::Deployment;
use crate::server::Shared;
use crate::stats::StreamPlan;
use crate::text;
use crate::tokens::Tokenizer;

/// What a generator needs to know of a call.
pub(crate) struct Call {
    pub(crate) serial: u64,
    /// Seconds since 1970.
    pub(crate) created: i64,
    /// The model's name, shown in replies.
    pub(crate) model: String,
    /// The deployment's exact number of completion tokens.
    pub(crate) completion_tokens: Option<u64>,
    /// The deployment's number of dimensions of an embedding.
    pub(crate) dimensions: Option<usize>,
    /// What the deployment's usage tells beside prompt and completion.
    pub(crate) details: UsageDetails,
    /// How this deployment counts.
    pub(crate) tokenizer: Tokenizer,
    /// Whether replies tell their usage.
    pub(crate) usage: bool,
    /// Whether streams tell it unasked.
    pub(crate) always_usage: bool,
}

impl Call {
    /// A new call of a deployment under this name.
    pub(crate) fn new(shared: &Shared, name: &str, deployment: &Deployment, fault: &Fault) -> Self {
        let config = &deployment.config;
        let model = config.model.clone().unwrap_or_else(|| name.to_owned());
        Self {
            serial: shared.next_serial(),
            created: shared.clock.now().unix_timestamp(),
            completion_tokens: config.completion_tokens.map(u64::from),
            dimensions: config.dimensions,
            details: config.usage_details,
            tokenizer: Tokenizer::new(config.tokens, &model),
            model,
            usage: !fault.no_usage,
            always_usage: fault.always_usage,
        }
    }

    /// Tokens of a request's body: as the deployment's tokenizer counts such bodies, else as given.
    pub(crate) fn prompt_tokens(&self, kind: Kind, body: &[u8], simple: impl FnOnce() -> u64) -> u64 {
        self.tokenizer.count_prompt(kind, body).unwrap_or_else(simple)
    }

    /// An id with the prefix of its kind, such as `chatcmpl-`.
    pub(crate) fn id(&self, prefix: &str) -> String {
        format!("{prefix}{:016x}", text::mix(self.serial))
    }
}

/// A generated answer.
pub(crate) struct Product {
    pub(crate) plan: StreamPlan,
    /// Whether a whole reply tells its usage; events say it each.
    pub(crate) tells_usage: bool,
    pub(crate) payload: Payload,
}

impl Product {
    /// An answer whose tokens are these, told when the call's usage is.
    pub(crate) fn new(call: &Call, spent: &Spent, payload: Payload) -> Self {
        Self { plan: spent.plan(&call.tokenizer), tells_usage: call.usage, payload }
    }

    /// An answer that generates no tokens.
    pub(crate) fn of_prompt(call: &Call, prompt_tokens: u64, payload: Payload) -> Self {
        Self::without_details(call, prompt_tokens, 0, payload)
    }

    /// An answer of a surface whose usage has no parts.
    pub(crate) fn without_details(call: &Call, prompt: u64, completion: u64, payload: Payload) -> Self {
        let plan = StreamPlan {
            tokenizer: call.tokenizer.clone(),
            prompt_tokens: prompt,
            completion_tokens: completion,
            hidden_tokens: 0,
        };
        Self { plan, tells_usage: call.usage, payload }
    }
}

pub(crate) enum Payload {
    Json(Value),
    /// A body of another type, such as audio.
    Bytes(&'static str, Bytes),
    /// Whole server-sent events, in order.
    Events(Vec<Event>),
}

/// One server-sent event and what it means for the counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    pub(crate) bytes: Bytes,
    pub(crate) said: Option<Said>,
    pub(crate) tells_prompt: bool,
    pub(crate) tells_completion: bool,
}

impl Event {
    /// The generated text this event carries.
    pub(crate) fn saying(mut self, part: usize, text: impl Into<String>) -> Self {
        self.said = Some(Said { part, text: text.into() });
        self
    }

    /// The event tells prompt tokens.
    pub(crate) fn telling_prompt(mut self, tells: bool) -> Self {
        self.tells_prompt = tells;
        self
    }

    /// The event tells completion tokens.
    pub(crate) fn telling_completion(mut self, tells: bool) -> Self {
        self.tells_completion = tells;
        self
    }
}

impl From<Bytes> for Event {
    fn from(bytes: Bytes) -> Self {
        Self { bytes, ..Self::default() }
    }
}

/// A piece of generated text. Pieces of one part are one text and are counted as one.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// Numbers the texts of a reply: choices, names and arguments of tools.
    pub(crate) part: usize,
    pub(crate) text: String,
}
