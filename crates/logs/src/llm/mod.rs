//! Model calls: which calls are ones, what was asked and what was answered.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use sekisho_llm::transcript::chat::has_text;
use sekisho_llm::transcript::parts::{PART_BYTES, is_one_part, split};
use sekisho_llm::transcript::{Answer, Said, answered, asked};
use sekisho_llm::{Kind, Provenance, classify, deployment};

use crate::record::read::ReadCall;
use crate::record::{Body, Kept};

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
    /// it tells: it is [read there](sekisho_llm::transcript::chat) when it is asked for.
    pub(crate) lines: Option<String>,
}

impl Parts {
    /// One part, which is in the body.
    const IN_BODY: Parts = Parts { count: 1, lines: None };

    fn of(messages: Vec<Said<'_>>, is_in_body: bool, maximum: usize) -> Parts {
        if is_in_body && is_one_part(&messages, maximum) {
            return Parts::IN_BODY;
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
        let named = read.added.response_model.map(Cow::Borrowed);
        let (response, model_name) = match named {
            Some(named) if spoken.is_one_part(read, spoken.response, maximum) => {
                (Parts::IN_BODY, Some(named))
            }
            named => {
                let answer = spoken.answer(read);
                let is_in_body = spoken.is_clients() && answer.is_usual;
                (Parts::of(answer.messages, is_in_body, maximum), named.or(answer.model))
            }
        };
        Some(ModelCall {
            deployment_name: deployment(call.url).or(call.model),
            model_name: model_name.or(call.model.map(Cow::Borrowed)),
            api_version: call.query.and_then(api_version),
            request: spoken.question(read, maximum),
            response,
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

    /// The bodies are those of the client.
    fn is_clients(&self) -> bool {
        self.request == 0
    }

    fn question(&self, read: &ReadCall<'_>, maximum: usize) -> Parts {
        if self.is_one_part(read, self.request, maximum) {
            return Parts::IN_BODY;
        }
        let question = read.body(self.request).map(|body| asked(self.kind, body.as_bytes()));
        let question = question.unwrap_or_default();
        Parts::of(question.messages, self.is_clients() && question.is_usual, maximum)
    }

    fn answer<'a>(&self, read: &ReadCall<'a>) -> Answer<'a> {
        let body = read.body(self.response);
        body.map(|body| answered(self.kind, body.as_bytes(), read.call.is_stream)).unwrap_or_default()
    }

    /// True where a body tells one part without being parsed, which most do: the backend read what was asked and counted what it
    /// said, a message says something, and all is no longer than a part.
    fn is_one_part(&self, read: &ReadCall<'_>, body: usize, maximum: usize) -> bool {
        let call = &read.call;
        let (message, is_stream) = match body {
            0 => (&call.request, false),
            _ => (&call.response, call.is_stream),
        };
        let is_whole = matches!(message.body, Some(Body { kept: Kept::Whole(_), .. }));
        let is_reported = call.usage.is_some_and(|usage| {
            [usage.prompt_provenance, usage.completion_provenance] == [Provenance::Reported; 2]
        });
        let is_short = |body: &&str| body.len() <= PART_BYTES.min(maximum);
        self.is_clients()
            && self.kind == Kind::ChatCompletions
            && !is_stream
            && is_whole
            && is_reported
            && read.body(body).filter(is_short).is_some_and(has_text)
    }
}

fn api_version(query: &str) -> Option<&str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.eq_ignore_ascii_case("api-version")).map(|(_, value)| value)
}
