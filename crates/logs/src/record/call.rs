//! A call as it is written: the bodies first, then all that is known of it.

use std::time::Duration;

use http::HeaderValue;
use sekisho_policy::observation::headers::KeptHeaders;
use sekisho_policy::observation::secrets::MASK;
use sekisho_policy::payload::SharedPayload;
use sekisho_policy::ports::record::TraceEntry;
use sekisho_policy::ports::{self, CallRecord};

use super::body::{self, BodyRules};
use super::frame::{Kind, Open};
use super::{Added, Attempt, Body, Call, Kept, LastError, Limit, Mcp, Message, Pairs, Place, Timing, Trace};

/// What a content type shows that is not UTF-8.
const NO_TEXT: &str = "(not UTF-8)";

/// What came of writing a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// False when it cannot be written.
    pub(crate) is_written: bool,
    /// Bodies of which only the beginning is kept.
    pub(crate) cut: u64,
    /// Bodies that are kept by their hash.
    pub(crate) hashed: u64,
}

/// Appends a call as a frame.
pub(crate) fn append(buffer: &mut Vec<u8>, record: &CallRecord, rules: BodyRules<'_>) -> Written {
    let frame = Open::begin(buffer, Kind::Call, record.timestamp_ticks);
    let bodies = if record.is_private { Vec::new() } else { Bodies::write(buffer, record, rules) };
    let query = record.query.as_deref().filter(|_| !record.is_private);
    let query = query.map(|query| rules.masking.query(query));
    let call = call(record, &bodies, query.as_deref(), rules);
    let count = |is: fn(Kept) -> bool| bodies.iter().flatten().filter(|body| is(body.kept)).count() as u64;
    Written {
        is_written: frame.finish(buffer, &(call, added(record))),
        cut: count(|kept| matches!(kept, Kept::Cut(_))),
        hashed: count(|kept| matches!(kept, Kept::Hashed(_))),
    }
}

/// Whether the bodies of a call are kept as they came.
pub(crate) fn is_plain(record: &CallRecord, rules: BodyRules<'_>) -> bool {
    let is_plain = |message: &ports::Message| message.content_encoding.is_none();
    let mut messages = [&record.request, &record.response].into_iter().chain(backend_messages(record));
    !rules.masking.has_paths() && messages.all(is_plain)
}

/// Bytes that the bodies of a call hold. One that the client's side and attempts share counts once.
pub(crate) fn held(record: &CallRecord) -> usize {
    let clients = [record.request.body.as_ref(), record.response.body.as_ref()];
    let backends = backend_messages(record).filter_map(|message| message.body.as_ref());
    let own = backends.filter(|body| !clients.contains(&Some(*body)));
    clients.into_iter().flatten().chain(own).map(|body| body.with(|payload| payload.held())).sum()
}

/// What is kept of the messages of all attempts.
fn backend_messages(record: &CallRecord) -> impl Iterator<Item = &ports::Message> {
    let attempts = record.attempts.iter().filter_map(|attempt| attempt.messages.as_deref());
    attempts.flat_map(|messages| [&messages.request, &messages.response])
}

/// The bodies of a call in the order they are numbered: those of the client, then those of each attempt.
struct Bodies<'a> {
    kept: Vec<Option<Body>>,
    payloads: Vec<Option<&'a SharedPayload>>,
}

impl<'a> Bodies<'a> {
    fn write(buffer: &mut Vec<u8>, record: &'a CallRecord, rules: BodyRules<'_>) -> Vec<Option<Body>> {
        let places = 2 + 2 * record.attempts.len();
        let mut bodies = Bodies { kept: Vec::with_capacity(places), payloads: Vec::with_capacity(places) };
        bodies.add(buffer, Some(&record.request), rules);
        bodies.add(buffer, Some(&record.response), rules);
        for attempt in &record.attempts {
            let messages = attempt.messages.as_deref();
            bodies.add(buffer, messages.map(|messages| &messages.request), rules);
            bodies.add(buffer, messages.map(|messages| &messages.response), rules);
        }
        bodies.kept
    }

    /// A body that an earlier one of the same side equals is not written again.
    fn add(&mut self, buffer: &mut Vec<u8>, message: Option<&'a ports::Message>, rules: BodyRules<'_>) {
        let payload = message.and_then(|message| message.body.as_ref());
        let same = payload.and_then(|payload| self.same(payload));
        let kept = match (same, message) {
            (Some(same), _) => Some(same),
            (None, Some(message)) => body::append(buffer, message, rules),
            (None, None) => None,
        };
        self.kept.push(kept);
        self.payloads.push(payload);
    }

    fn same(&self, payload: &SharedPayload) -> Option<Body> {
        let own_side = self.kept.len() % 2;
        (own_side..self.kept.len()).step_by(2).find_map(|number| {
            let body = self.kept.get(number).copied().flatten().filter(|body| body.kept.bytes() > 0)?;
            let earlier = self.payloads.get(number).copied().flatten()?;
            let kept = Kept::Same(u32::try_from(number).ok()?);
            body::are_same(earlier, payload).then_some(Body { passed: body.passed, kept })
        })
    }
}

fn call<'a>(
    record: &'a CallRecord,
    bodies: &[Option<Body>],
    query: Option<&'a str>,
    rules: BodyRules<'a>,
) -> Call<'a> {
    let open = !record.is_private;
    let body = |number: usize| bodies.get(number).copied().flatten();
    let first = record.attempts.first().map(|attempt| attempt.started).unwrap_or_default();
    let attempts = record.attempts.iter().enumerate();
    Call {
        request_id: record.request_id,
        duration: microseconds(record.duration),
        time_to_first_byte: record.time_to_first_byte.map(microseconds),
        ip_address: record.ip_address.filter(|_| open),
        method: &record.method,
        url: &record.url,
        query,
        protocol: record.protocol,
        api_id: record.api_id.as_deref(),
        api_name: record.api_name.as_deref(),
        api_revision: record.api_revision.as_deref(),
        api_version: record.api_version.as_deref(),
        operation_id: record.operation_id.as_deref(),
        operation_name: record.operation_name.as_deref(),
        product_id: record.product_id.as_deref(),
        subscription_id: record.subscription_id.as_deref(),
        user_id: record.user_id.as_deref(),
        status: record.status,
        request_bytes: record.request_bytes,
        response_bytes: record.response_bytes,
        attempts: attempts
            .map(|(place, attempt)| {
                self::attempt(attempt, first, [body(2 + 2 * place), body(3 + 2 * place)], rules)
            })
            .collect(),
        last_error: last_error(record),
        incomplete: record.incomplete,
        model: record.model.as_deref(),
        is_stream: record.is_stream,
        usage: record.usage,
        cost: record.cost.as_ref().map(|cost| (cost.amount, &*cost.currency)),
        cache: record.cache.map(|cache| (cache.policy, cache.is_hit)),
        mcp: record.mcp.as_deref().filter(|_| open).map(mcp),
        request: message(&record.request, body(0), open, rules),
        response: message(&record.response, body(1), open, rules),
        trace: record.trace.as_ref().map(|place| Place {
            trace_id: place.trace_id,
            span_id: place.span_id,
            parent_id: place.parent_id,
        }),
        limits: record.limits.iter().map(limit).collect(),
        policies: record.policies.iter().map(timing).collect(),
        is_private: record.is_private,
        traces: record.traces.iter().filter(|_| open).map(trace).collect(),
    }
}

fn added(record: &CallRecord) -> Added<'_> {
    Added { response_model: record.attempts.last().and_then(ports::Attempt::response_model) }
}

fn attempt<'a>(
    attempt: &'a ports::Attempt,
    first: Duration,
    [request, response]: [Option<Body>; 2],
    rules: BodyRules<'a>,
) -> Attempt<'a> {
    let messages = attempt.messages.as_deref();
    let of = |message: Option<&'a ports::Message>, body| {
        message.map(|kept| self::message(kept, body, true, rules)).unwrap_or_default()
    };
    Attempt {
        backend_id: attempt.backend_id.as_deref(),
        pool_id: attempt.pool_id.as_deref(),
        authority: &attempt.authority,
        started: microseconds(attempt.started.saturating_sub(first)),
        duration: microseconds(attempt.duration),
        method: attempt.method.as_str(),
        path: &attempt.path,
        span_id: attempt.span_id,
        status: attempt.status,
        failure: attempt.failure,
        usage: attempt.usage().copied(),
        request: of(messages.map(|messages| &messages.request), request),
        response: of(messages.map(|messages| &messages.response), response),
    }
}

fn message<'a>(
    message: &'a ports::Message,
    body: Option<Body>,
    is_open: bool,
    rules: BodyRules<'a>,
) -> Message<'a> {
    if !is_open {
        return Message::default();
    }
    Message {
        headers: message.headers.as_ref().map(|headers| pairs(headers, rules)),
        content_type: message.content_type.as_ref().map(text),
        body,
    }
}

fn pairs<'a>(headers: &'a KeptHeaders, rules: BodyRules<'a>) -> Pairs<'a> {
    let shown = |(name, value)| match rules.masking.hides_header(name) {
        true => (name, MASK),
        false => (name, value),
    };
    let mut pairs = Vec::with_capacity(headers.len());
    pairs.extend(headers.iter().map(shown));
    pairs
}

fn text(value: &HeaderValue) -> &str {
    std::str::from_utf8(value.as_bytes()).unwrap_or(NO_TEXT)
}

/// Of a private call, its kind only: messages of errors may quote contents.
fn last_error(record: &CallRecord) -> Option<LastError<'_>> {
    record.last_error.as_ref().map(|error| LastError {
        source: &error.source,
        reason: error.reason.as_deref(),
        message: if record.is_private { "" } else { &error.message },
        scope: error.scope.as_deref(),
        section: error.section.as_deref(),
        path: error.path.as_deref(),
        policy_id: error.policy_id.as_deref(),
    })
}

fn mcp(message: &ports::record::McpMessage) -> Mcp<'_> {
    Mcp {
        server_name: &message.server_name,
        method: message.method.as_deref(),
        tool_name: message.tool_name.as_deref(),
        client_name: message.client_name.as_deref(),
        client_version: message.client_version.as_deref(),
        session_id: message.session_id.as_deref(),
        protocol_version: message.protocol_version.as_deref(),
    }
}

fn limit(limit: &ports::record::AppliedLimit) -> Limit<'_> {
    Limit {
        policy: limit.policy,
        window: limit.window,
        limit: limit.limit,
        count: limit.count,
        is_refused: limit.is_refused,
    }
}

fn timing(timing: &ports::record::PolicyTiming) -> Timing<'_> {
    Timing {
        name: timing.name,
        section: timing.section,
        scope: timing.scope,
        path: &timing.path,
        started: microseconds(timing.started),
        duration: microseconds(timing.duration),
    }
}

fn trace(entry: &TraceEntry) -> Trace<'_> {
    Trace {
        source: &entry.source,
        severity: entry.severity,
        message: &entry.message,
        metadata: entry.metadata.iter().map(|(name, value)| (&**name, value.as_str())).collect(),
        elapsed: microseconds(entry.elapsed),
    }
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
