//! Columns that are JSON.

use sekisho_llm::compose::{Object, push_objects};
use sekisho_llm::usage::Usage;
use serde::Serialize;

use super::bodies::text;
use super::row::CallRow;
use crate::record::{Kept, Limit, Message};

/// A list; none when it is empty.
pub(super) fn list<T: Serialize>(to: &mut String, items: &[T]) -> Option<()> {
    if items.is_empty() {
        return None;
    }
    to.push_str(&serde_json::to_string(items).ok()?);
    Some(())
}

/// Headers as an object, in the order of a message, in which those of one name follow each other: their values are joined with `, `.
pub(super) fn headers(to: &mut String, message: &Message<'_>) -> Option<()> {
    let headers = message.headers.as_ref()?;
    let mut object = Object::begin(to);
    for of_a_name in headers.chunk_by(|(one, _), (other, _)| one == other) {
        match of_a_name {
            [] => {}
            [(name, value)] => object.entry(name, value),
            [(name, _), ..] => {
                let values: Vec<&str> = of_a_name.iter().map(|(_, value)| *value).collect();
                object.entry(name, &values.join(", "));
            }
        }
    }
    object.end();
    Some(())
}

/// Objects as a list; none without any.
fn objects<T>(to: &mut String, items: &[T], mut write: impl FnMut(&mut Object<'_>, usize, &T)) -> Option<()> {
    if items.is_empty() {
        return None;
    }
    push_objects(to, items.iter().enumerate(), |object, (place, item)| write(object, place, item));
    Some(())
}

/// Attempts without what they have not. Bodies are those of attempts before the last, which has columns.
pub(super) fn attempts(to: &mut String, row: &CallRow<'_>) -> Option<()> {
    let count = row.call.attempts.len();
    let body = |place: usize, side: usize, message: &Message<'_>| match message.body?.kept {
        Kept::Same(_) => None,
        _ => text(row, 2 + 2 * place + side, message).filter(|_| place + 1 < count),
    };
    objects(to, &row.call.attempts, |object, place, attempt| {
        object.text("backend_id", attempt.backend_id);
        object.text("pool_id", attempt.pool_id);
        object.text("authority", attempt.authority);
        object.text("method", attempt.method);
        object.text("path", attempt.path);
        object.number("started_us", attempt.started);
        object.number("duration_us", attempt.duration);
        object.text("span_id", attempt.span_id.map(const_hex::encode).as_deref());
        object.number("status", attempt.status.map(u64::from));
        object.text("failure", attempt.failure);
        if let Some(usage) = &attempt.usage {
            push_usage(object.member("usage"), usage);
        }
        object.text("request_body", body(place, 0, &attempt.request).as_deref());
        object.text("response_body", body(place, 1, &attempt.response).as_deref());
    })
}

/// Counts that are not known are left out.
fn push_usage(json: &mut String, usage: &Usage) {
    let mut object = Object::begin(json);
    object.text("provenance", usage.provenance.as_str());
    object.text("prompt_provenance", usage.prompt_provenance.as_str());
    object.text("completion_provenance", usage.completion_provenance.as_str());
    object.number("prompt", usage.prompt);
    object.number("completion", usage.completion);
    object.number("total", usage.total);
    object.number("cached", usage.cached);
    object.number("cache_written", usage.cache_written);
    object.number("reasoning", usage.reasoning);
    object.number("prompt_audio", usage.prompt_audio);
    object.number("completion_audio", usage.completion_audio);
    object.number("accepted_prediction", usage.accepted_prediction);
    object.number("rejected_prediction", usage.rejected_prediction);
    object.end();
}

/// Limits that were applied.
pub(super) fn limits(to: &mut String, limits: &[Limit<'_>]) -> Option<()> {
    objects(to, limits, |object, _, limit| {
        object.text("policy", limit.policy);
        object.text("window", limit.window);
        object.number("limit", limit.limit);
        object.number("count", limit.count);
        object.bool("is_refused", limit.is_refused);
    })
}

#[cfg(test)]
mod tests {
    use sekisho_llm::usage::Provenance;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn counts_that_are_not_known_are_left_out() {
        let usage = Usage { reasoning: Some(0), ..Usage::new(Provenance::Counted, Some(4), None) };
        let mut written = String::new();
        push_usage(&mut written, &usage);
        let shown = json!({
            "provenance": "counted", "prompt_provenance": "counted", "completion_provenance": "unknown",
            "prompt": 4, "reasoning": 0,
        });
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), shown);
    }

    #[test]
    fn limits_have_the_names_of_their_record() {
        let limit = Limit { policy: "quota", window: "a\"b", limit: 10, count: u64::MAX, is_refused: true };
        let mut written = String::new();
        limits(&mut written, &[limit, limit]).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), json!([limit, limit]));
    }
}
