//! The rows of model calls: what was asked, what was answered, and the tokens of both. Which calls have rows, and in which order.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::rc::Rc;

use sekisho_llm::transcript::parts::split;
use sekisho_llm::transcript::{answered, asked};
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_llm::{Kind, classify, deployment};
use sekisho_policy::pipeline::uuid_text;

use crate::record::call::ReadCall;
use crate::tables::column::{Column, Rows};

/// A row of a model call.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    call: Rc<Facts<'a>>,
    sequence: i32,
    request: Option<String>,
    response: Option<String>,
}

/// What all rows of a call say.
#[derive(Debug)]
struct Facts<'a> {
    ticks: i64,
    request_id: String,
    operation_name: Option<&'a str>,
    deployment: Option<&'a str>,
    model: Option<Cow<'a, str>>,
    api_version: Option<&'a str>,
    is_stream: bool,
    usage: Option<Usage>,
}

/// The table of model calls.
pub(crate) struct Llm;

impl Rows for Llm {
    type Row<'a> = Row<'a>;
    const COLUMNS: &'static [Column<Self>] = &[
        Column::time("timestamp", |row| Some(row.call.ticks)),
        Column::id("request_id", |row| Some(row.call.request_id.as_str().into())),
        Column::int("sequence_number", |row| Some(row.sequence)),
        Column::text("operation_name", |row| Some(row.call.operation_name?.into())),
        Column::text("deployment_name", |row| Some(row.call.deployment?.into())),
        Column::text("model_name", |row| Some(row.call.model.as_deref()?.into())),
        Column::text("api_version", |row| Some(row.call.api_version?.into())),
        Column::bool("is_stream", |row| Some(row.call.is_stream)),
        Column::int("prompt_tokens", |row| tokens(row, |usage| (usage.prompt, usage.prompt_provenance))),
        Column::int("completion_tokens", |row| {
            tokens(row, |usage| (usage.completion, usage.completion_provenance))
        }),
        Column::int("total_tokens", |row| tokens(row, |usage| (usage.total, usage.provenance))),
        Column::dynamic("request_messages", |row| Some(row.request.as_deref()?.into())),
        Column::dynamic("response_messages", |row| Some(row.response.as_deref()?.into())),
    ];
}

/// Tokens stand in the first row only; a count without a source is no count.
fn tokens(row: &Row<'_>, of: fn(Usage) -> (Option<u64>, Provenance)) -> Option<i32> {
    let (count, provenance) = of(row.call.usage.filter(|_| row.sequence == 0)?);
    count.filter(|_| provenance != Provenance::Unknown).and_then(|count| i32::try_from(count).ok())
}

/// Appends the rows of a call: tokens and model, then what was asked in its parts, then what was answered in its parts.
/// Calls that reach no model have none. `maximum` bounds the texts of each side, in bytes.
pub(crate) fn append<'a>(rows: &mut Vec<Row<'a>>, read: &ReadCall<'a>, maximum: Option<u64>) {
    let Some(spoken) = Spoken::of(read) else { return };
    let maximum = maximum.map_or(usize::MAX, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
    let questions =
        read.body(spoken.request).map(|body| asked(spoken.kind, body.as_bytes())).unwrap_or_default();
    let answer =
        read.body(spoken.response).map(|body| answered(spoken.kind, body.as_bytes(), read.call.is_stream));
    let answer = answer.unwrap_or_default();
    let call = &read.call;
    let facts = Rc::new(Facts {
        ticks: read.ticks,
        request_id: uuid_text(&call.request_id),
        operation_name: call.operation_name,
        deployment: deployment(call.url).or(call.model),
        model: answer.model.map(Cow::Owned).or(call.model.map(Cow::Borrowed)),
        api_version: call.query.and_then(api_version),
        is_stream: call.is_stream,
        usage: call.usage,
    });
    let mut add = |request: Option<String>, response: Option<String>, sequence: i32| {
        rows.push(Row { call: Rc::clone(&facts), sequence, request, response });
    };
    add(None, None, 0);
    let mut sequence = 1;
    for part in split(questions, maximum) {
        add(Some(part), None, sequence);
        sequence += 1;
    }
    for part in split(answer.messages, maximum) {
        add(None, Some(part), sequence);
        sequence += 1;
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
