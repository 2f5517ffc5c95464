//! Model calls: which calls are ones, what was asked and what was answered.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use sekisho_llm::transcript::parts::{is_one_part, split};
use sekisho_llm::transcript::{Said, answered, asked};
use sekisho_llm::{Kind, classify, deployment};

use crate::record::read::ReadCall;

/// What the log of models tells of a call beyond what the table of calls tells of every call.
#[derive(Clone, Debug)]
pub(crate) struct ModelCall<'a> {
    pub(crate) deployment_name: Option<&'a str>,
    /// As the backend names it; as the client does where the backend does not.
    pub(crate) model_name: Option<Cow<'a, str>>,
    pub(crate) api_version: Option<&'a str>,
    pub(crate) request: Parts,
    pub(crate) response: Parts,
}

/// What one side said, in its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) count: i32,
    /// JSON arrays of messages, one in each line. None without parts, and for one part that the client's request or the response to
    /// it [tells in the usual shape](sekisho_llm::transcript::usual): it is read there when it is asked for.
    pub(crate) lines: Option<String>,
}

impl Parts {
    fn of(messages: Vec<Said<'_>>, is_in_body: bool, maximum: usize) -> Parts {
        if is_in_body && is_one_part(&messages, maximum) {
            return Parts { count: 1, lines: None };
        }
        let parts = split(messages, maximum);
        let count = i32::try_from(parts.len()).unwrap_or(i32::MAX);
        // JSON breaks no lines by itself: those of texts are escaped.
        Parts { count, lines: (count > 0).then(|| parts.join("\n")) }
    }
}

impl<'a> ModelCall<'a> {
    /// None for calls that reach no model. `maximum` bounds the texts of each side, in bytes.
    pub(crate) fn of(read: &ReadCall<'a>, maximum: Option<u64>) -> Option<ModelCall<'a>> {
        let spoken = Spoken::of(read)?;
        let maximum = maximum.map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        let call = &read.call;
        let question = read.body(spoken.request).map(|body| asked(spoken.kind, body.as_bytes()));
        let question = question.unwrap_or_default();
        let answer =
            read.body(spoken.response).map(|body| answered(spoken.kind, body.as_bytes(), call.is_stream));
        let answer = answer.unwrap_or_default();
        let by_client = spoken.request == 0;
        Some(ModelCall {
            deployment_name: deployment(call.url).or(call.model),
            model_name: answer.model.or(call.model.map(Cow::Borrowed)),
            api_version: call.query.and_then(api_version),
            request: Parts::of(question.messages, by_client && question.is_usual, maximum),
            response: Parts::of(answer.messages, by_client && answer.is_usual, maximum),
        })
    }
}

/// The bodies in which a model was spoken to, and how.
struct Spoken {
    kind: Kind,
    request: usize,
    response: usize,
}

impl Spoken {
    /// As the client spoke; as the backend was spoken to where the client's path tells nothing.
    fn of(read: &ReadCall<'_>) -> Option<Spoken> {
        let call = &read.call;
        let is_answered = !call.attempts.is_empty() || call.cache.is_some_and(|(_, is_hit)| is_hit);
        let is_model = call.model.is_some() || call.usage.is_some();
        if !is_answered || !is_model {
            return None;
        }
        let by_client = classify(call.url);
        if by_client.uses_tokens() {
            return Some(Spoken { kind: by_client, request: 0, response: 1 });
        }
        let place = call.attempts.len().checked_sub(1)?;
        let by_backend = classify(call.attempts.get(place)?.path);
        by_backend.uses_tokens().then_some(Spoken {
            kind: by_backend,
            request: 2 + 2 * place,
            response: 3 + 2 * place,
        })
    }
}

fn api_version(query: &str) -> Option<&str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.eq_ignore_ascii_case("api-version")).map(|(_, value)| value)
}
