//! From what a reply told of itself to what it used: as reported, and counted here where nothing was reported.

use std::borrow::Cow;

use bytes::Bytes;
use sekisho_llm::{
    Estimate, ImageRule, Kind, Provenance, Reply, StreamUsage, Usage, completion_tokens, peek, prompt_tokens,
    read_reply,
};

use super::ModelCall;
use crate::payload::{Payload, SharedPayload};

/// A reply that has ended.
pub(super) enum Found {
    /// A JSON reply; none when it was too large to be kept, broke off, or cannot be read.
    Whole(Option<Bytes>),
    /// What a stream told.
    Stream(Box<StreamUsage>),
}

impl Found {
    /// What it used by what it [told](Found::told); none when there is something to count.
    pub(super) fn reported(&self, kind: Kind, told: &Reply<'_>) -> Option<Usage> {
        let usage = told.usage.unwrap_or_else(Usage::unknown);
        let is_known = usage.prompt.is_some() && usage.completion.is_some() && !self.is_cut();
        (is_known || !has_texts(kind)).then_some(usage)
    }

    /// What it used by its own words, and by counting where it says nothing.
    pub(super) fn counted(&self, call: &ModelCall, request: &SharedPayload) -> Usage {
        let reply = self.told(call.kind);
        let reported = reply.usage.unwrap_or_else(Usage::unknown);
        let request = request.with(Payload::take).unwrap_or_default();
        let named = peek("POST", "", &request).model;
        let model = reply.model.as_deref().or(named.as_deref()).or(call.deployment.as_deref());
        let prompt = reported.prompt.map_or_else(
            || prompt_tokens(call.kind, model, &request, ImageRule::Exact),
            |tokens| Some(Estimate { tokens, provenance: Provenance::Reported }),
        );
        let completion = self.completion(call.kind, model, &reported);
        filled(reported, prompt, completion)
    }

    /// Its own words.
    pub(super) fn told(&self, kind: Kind) -> Reply<'_> {
        match self {
            Found::Whole(Some(body)) => read_reply(kind, body),
            Found::Whole(None) => Reply::default(),
            Found::Stream(stream) => {
                Reply { usage: stream.usage(), model: stream.model().map(Cow::Borrowed) }
            }
        }
    }

    /// A stream that broke off: what it reported until then is not the last word on the completion.
    fn is_cut(&self) -> bool {
        matches!(self, Found::Stream(stream) if !stream.finished())
    }

    fn completion(&self, kind: Kind, model: Option<&str>, reported: &Usage) -> Option<Estimate> {
        let told = reported.completion.map(|tokens| Estimate { tokens, provenance: Provenance::Reported });
        if kind == Kind::Embeddings {
            return told.or(Some(Estimate { tokens: 0, provenance: Provenance::Counted }));
        }
        let counted = || match self {
            Found::Whole(body) => completion_tokens(kind, model, body.as_deref()?),
            Found::Stream(stream) => stream.completion_estimate(model),
        };
        match told {
            Some(told) if !self.is_cut() => Some(told),
            Some(told) => Some(counted().filter(|counted| counted.tokens > told.tokens).unwrap_or(told)),
            None => counted(),
        }
    }
}

/// Kinds whose prompt and completion are texts that can be counted.
fn has_texts(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ChatCompletions
            | Kind::Completions
            | Kind::Embeddings
            | Kind::Responses
            | Kind::AnthropicMessages
    )
}

/// The usage with these counts in place of those that are missing.
fn filled(reported: Usage, prompt: Option<Estimate>, completion: Option<Estimate>) -> Usage {
    let of = |estimate: Option<Estimate>| {
        estimate.map_or((None, Provenance::Unknown), |estimate| (Some(estimate.tokens), estimate.provenance))
    };
    let ((prompt, from_prompt), (completion, from_completion)) = (of(prompt), of(completion));
    let total = prompt.zip(completion).map(|(prompt, completion)| prompt.saturating_add(completion));
    let known = [from_prompt, from_completion].into_iter().filter(|from| *from != Provenance::Unknown);
    Usage {
        provenance: known.max().unwrap_or(Provenance::Unknown),
        prompt_provenance: from_prompt,
        completion_provenance: from_completion,
        prompt,
        completion,
        total: total.or(reported.total),
        ..reported
    }
}
