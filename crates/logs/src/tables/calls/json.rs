//! Columns that are JSON.

use std::borrow::Cow;

use sekisho_llm::usage::Usage;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::bodies::text;
use super::row::CallRow;
use super::{hex, own};
use crate::record::{Kept, Message, Pairs};

/// What an item of a list takes about, in bytes: room for it is made beforehand.
const EXPECTED_ITEM: usize = 640;

/// A list as JSON; null when it is empty.
pub(super) fn list<T: Serialize>(items: &[T]) -> Option<Cow<'static, str>> {
    if items.is_empty() {
        return None;
    }
    let mut json = Vec::with_capacity(EXPECTED_ITEM * items.len());
    serde_json::to_writer(&mut json, items).ok()?;
    own(String::from_utf8(json).ok()?)
}

/// What a header takes about, in bytes.
const EXPECTED_HEADER: usize = 48;

/// Headers as an object; those that stand there more than once have their values joined with `, `.
pub(super) fn headers(message: &Message<'_>) -> Option<Cow<'static, str>> {
    let headers = message.headers.as_ref()?;
    let mut json = Vec::with_capacity(EXPECTED_HEADER * headers.len());
    serde_json::to_writer(&mut json, &Headers(headers)).ok()?;
    own(String::from_utf8(json).ok()?)
}

/// Headers in the order of a message, in which those of one name follow each other.
struct Headers<'a>(&'a Pairs<'a>);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of_a_name = self.0.chunk_by(|(one, _), (other, _)| one == other);
        serializer.collect_map(of_a_name.filter_map(|headers| match headers {
            [] => None,
            [(name, value)] => Some((name, Cow::Borrowed(*value))),
            [(name, _), ..] => {
                let values: Vec<&str> = headers.iter().map(|(_, value)| *value).collect();
                Some((name, values.join(", ").into()))
            }
        }))
    }
}

/// An attempt as the column of attempts has it, without what it has not. Bodies are those of attempts before the last, which has
/// columns.
#[derive(Serialize)]
struct ShownAttempt<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    backend_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool_id: Option<&'a str>,
    authority: &'a str,
    method: &'a str,
    path: &'a str,
    started_us: u64,
    duration_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<ShownUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_body: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_body: Option<Cow<'a, str>>,
}

/// [`Usage`] without counts that are not known.
struct ShownUsage(Usage);

impl Serialize for ShownUsage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let usage = &self.0;
        let sources = [
            ("provenance", usage.provenance),
            ("prompt_provenance", usage.prompt_provenance),
            ("completion_provenance", usage.completion_provenance),
        ];
        let counts = [
            ("prompt", usage.prompt),
            ("completion", usage.completion),
            ("total", usage.total),
            ("cached", usage.cached),
            ("cache_written", usage.cache_written),
            ("reasoning", usage.reasoning),
            ("prompt_audio", usage.prompt_audio),
            ("completion_audio", usage.completion_audio),
            ("accepted_prediction", usage.accepted_prediction),
            ("rejected_prediction", usage.rejected_prediction),
        ];
        let mut shown = serializer.serialize_map(None)?;
        sources.iter().try_for_each(|(name, source)| shown.serialize_entry(name, source.as_str()))?;
        let mut known = counts.iter().filter_map(|(name, count)| Some((name, (*count)?)));
        known.try_for_each(|(name, count)| shown.serialize_entry(name, &count))?;
        shown.end()
    }
}

pub(super) fn attempts<'r>(row: &'r CallRow<'_>) -> Option<Cow<'r, str>> {
    let count = row.call.attempts.len();
    let body = |place: usize, side: usize, message: &Message<'_>| match message.body?.kept {
        Kept::Same(_) => None,
        _ => text(row, 2 + 2 * place + side, message).filter(|_| place + 1 < count),
    };
    let shown = row.call.attempts.iter().enumerate().map(|(place, attempt)| ShownAttempt {
        backend_id: attempt.backend_id,
        pool_id: attempt.pool_id,
        authority: attempt.authority,
        method: attempt.method,
        path: attempt.path,
        started_us: attempt.started,
        duration_us: attempt.duration,
        span_id: attempt.span_id.map(|id| hex(&id)),
        status: attempt.status,
        failure: attempt.failure,
        usage: attempt.usage.map(ShownUsage),
        request_body: body(place, 0, &attempt.request),
        response_body: body(place, 1, &attempt.response),
    });
    list(&shown.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use sekisho_llm::usage::Provenance;
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_that_are_not_known_are_left_out() {
        let usage = Usage { reasoning: Some(0), ..Usage::new(Provenance::Counted, Some(4), None) };
        let shown = json!({
            "provenance": "counted", "prompt_provenance": "counted", "completion_provenance": "unknown",
            "prompt": 4, "reasoning": 0,
        });
        assert_eq!(serde_json::to_value(ShownUsage(usage)).unwrap(), shown);
    }
}
