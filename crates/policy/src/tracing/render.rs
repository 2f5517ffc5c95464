//! The trace as JSON: API Management's frame, with our own members in `data`. `docs/tracing.md` lists them.

use std::time::Duration;

use sekisho_diagnostics::{Location, Span};
use sekisho_expression::context::LastErrorFacts;
use sekisho_expression::framework::round_trip_date;
use sekisho_expression::value::{DateTime, DateTimeKind};
use sekisho_llm::Usage;
use serde_json::{Map, Value, json};

use super::Tracer;
use super::changes::{BodyChange, Change, HeaderChange, RequestChanges, ResponseChanges};
use super::entry::{Entry, Evaluated, Finish, LimitNote, PolicyPlace, VariableChange};
use super::redact::Redactor;
use super::text::Shown;
use crate::pipeline::Section;
use crate::ports::Attempt;
use crate::ports::record::TraceEntry;

/// Where something stands in the documents of the configuration that the call ran under.
pub trait Places: Send + Sync {
    /// Line and column as the author sees them.
    fn locate(&self, span: Span) -> Location;
    /// What is written there; named values are not replaced.
    fn written(&self, span: Span) -> &str;
}

/// What a trace tells beside its policies.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// By which it is asked for.
    pub trace_id: String,
    /// `context.Deployment.ServiceName`.
    pub service_name: String,
    /// The status that was sent.
    pub status: u16,
    /// How the call ended; none while its response is sent.
    pub end: Option<End>,
}

/// How a call ended.
#[derive(Clone, Debug, Default)]
pub struct End {
    /// From arrival to the last byte.
    pub duration: Duration,
    /// From arrival to the first byte of the response.
    pub time_to_first_byte: Option<Duration>,
    /// Bytes of the request body that were read.
    pub request_bytes: u64,
    /// Bytes of the response body that were sent.
    pub response_bytes: u64,
    /// The response broke off, or the client went away.
    pub is_incomplete: bool,
    /// Tokens of all attempts; none for a call that used none.
    pub usage: Option<Usage>,
}

/// Ticks of 100 ns in a microsecond.
const TICKS_PER_MICROSECOND: u128 = 10;

impl Tracer {
    /// The trace as JSON text, free of every secret that is known by now.
    pub fn render(&self, head: &Head, places: &dyn Places) -> String {
        let show = Render { tracer: self, places };
        let mut sections: [Vec<Value>; 4] = Default::default();
        let mut push = |section: Section, entry: Value| {
            if let Some(entries) = sections.get_mut(section as usize) {
                entries.push(entry);
            }
        };
        push(Section::Inbound, show.request());
        for (place, entry) in self.entries.iter().enumerate() {
            push(entry.section, show.entry(place, entry));
        }
        let has_failed = self.entries.iter().any(|entry| entry.section == Section::OnError);
        let last = if has_failed { Section::OnError } else { Section::Outbound };
        push(last, show.response(head));
        let mut entries = Map::new();
        for (section, list) in Section::ALL.into_iter().zip(sections) {
            entries.insert(section.name().to_owned(), Value::Array(list));
        }
        let mut trace = json!({
            "serviceName": head.service_name,
            "traceId": head.trace_id,
            "traceEntries": entries,
        });
        // What was learned after it was taken down is looked for once more.
        if let Some(entries) = trace.get_mut("traceEntries") {
            redact_all(entries, &self.redactor);
        }
        trace.to_string()
    }
}

/// Redacts every text but names of our own.
fn redact_all(value: &mut Value, redactor: &Redactor) {
    match value {
        Value::String(text) => {
            let redacted = redactor.redact(text);
            if redacted != *text {
                *text = redacted;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact_all(item, redactor)),
        Value::Object(members) => {
            let is_ours = |key: &str| {
                matches!(
                    key,
                    "source" | "section" | "scope" | "path" | "file" | "timestamp" | "elapsed" | "outcome"
                )
            };
            let texts = members.iter_mut().filter(|(key, value)| !(is_ours(key) && value.is_string()));
            texts.for_each(|(_, value)| redact_all(value, redactor));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

struct Render<'r> {
    tracer: &'r Tracer,
    places: &'r dyn Places,
}

impl Render<'_> {
    /// An entry in API Management's frame.
    fn frame(&self, source: &str, started: Duration, data: Map<String, Value>) -> Value {
        json!({
            "source": source,
            "timestamp": utc(self.tracer.arrival.timestamp_ticks.saturating_add(ticks(started))),
            "elapsed": clock(started),
            "data": data,
        })
    }

    /// How the call arrived.
    fn request(&self) -> Value {
        let Tracer { arrival, facts, .. } = self.tracer;
        let headers: Vec<Value> =
            arrival.headers.iter().map(|(name, value)| json!({"name": name, "value": value.text})).collect();
        let mut data = Map::new();
        set(&mut data, "kind", json!("request"));
        set(&mut data, "method", json!(arrival.method));
        set(&mut data, "url", json!(arrival.url.text));
        set(&mut data, "ipAddress", json!(arrival.ip_address));
        set(&mut data, "headers", json!(headers));
        set(&mut data, "apiId", json!(facts.api.as_ref().map(|api| &*api.id)));
        set(&mut data, "operationId", json!(facts.operation.as_ref().map(|operation| &*operation.id)));
        set(&mut data, "productId", json!(facts.product.as_ref().map(|product| &*product.id)));
        set(&mut data, "subscriptionId", json!(facts.subscription.as_ref().map(|known| &*known.id)));
        self.frame("request", Duration::ZERO, data)
    }

    /// What was sent to the client.
    fn response(&self, head: &Head) -> Value {
        let mut data = Map::new();
        set(&mut data, "kind", json!("response"));
        set(&mut data, "status", json!(head.status));
        set(&mut data, "complete", json!(head.end.is_some()));
        let mut elapsed = self.tracer.entries.iter().map(|entry| entry.started).max().unwrap_or_default();
        if let Some(end) = &head.end {
            elapsed = end.duration;
            set(&mut data, "durationMicroseconds", microseconds(end.duration));
            set(
                &mut data,
                "timeToFirstByteMicroseconds",
                end.time_to_first_byte.map_or(Value::Null, microseconds),
            );
            set(&mut data, "requestBytes", json!(end.request_bytes));
            set(&mut data, "responseBytes", json!(end.response_bytes));
            set(&mut data, "brokenOff", json!(end.is_incomplete));
            set(&mut data, "tokens", end.usage.as_ref().map_or(Value::Null, tokens));
        }
        if self.tracer.dropped > 0 {
            set(&mut data, "dropped", json!(self.tracer.dropped));
        }
        self.frame("response", elapsed, data)
    }

    fn entry(&self, place: usize, entry: &Entry) -> Value {
        let mut data = Map::new();
        set(&mut data, "kind", json!(if entry.policy.is_some() { "policy" } else { "gateway" }));
        set(&mut data, "run", json!(place + 1));
        set(&mut data, "parent", json!(entry.parent.map(|parent| parent + 1)));
        set(&mut data, "section", json!(entry.section.name()));
        if let Some(policy) = &entry.policy {
            self.policy(&mut data, policy);
            set(&mut data, "durationMicroseconds", entry.duration.map_or(Value::Null, microseconds));
            let finish = entry.finish.as_ref().unwrap_or(&Finish::Cancelled);
            set(&mut data, "outcome", json!(finish.name()));
            if let Finish::Failed(Some(error)) = finish {
                set(&mut data, "error", self.error(error));
            }
        }
        let lists = [
            ("expressions", list(&entry.expressions, |evaluated| self.expression(evaluated))),
            ("variables", list(&entry.variables, variable)),
            ("limits", list(&entry.limits, limit)),
            (
                "cacheLookups",
                list(&entry.lookups, |note| json!({"cache": note.cache, "outcome": note.outcome})),
            ),
            ("attempts", list(&entry.attempts, attempt)),
            ("messages", list(&entry.messages, message)),
        ];
        for (name, list) in lists {
            set(&mut data, name, list);
        }
        set(&mut data, "request", request(&entry.request));
        set(&mut data, "response", response(&entry.response));
        let source = entry.policy.as_ref().map_or("gateway", |policy| policy.name);
        self.frame(source, entry.started, data)
    }

    fn policy(&self, data: &mut Map<String, Value>, policy: &PolicyPlace) {
        set(data, "scope", json!(policy.scope.name()));
        set(data, "path", json!(&*policy.path));
        set(data, "policyId", json!(policy.policy_id.as_deref()));
        if policy.span == Span::default() {
            set(data, "builtIn", json!(true));
        } else {
            set(data, "location", self.location(policy.span));
        }
    }

    fn location(&self, span: Span) -> Value {
        let at = self.places.locate(span);
        json!({
            "file": &*at.file,
            "line": at.line,
            "column": at.column,
            "endLine": at.end_line,
            "endColumn": at.end_column,
        })
    }

    fn expression(&self, evaluated: &Evaluated) -> Value {
        let written = self.tracer.redactor.show(self.places.written(evaluated.span));
        let mut data = Map::new();
        set(&mut data, "text", json!(written.text));
        if !evaluated.type_name.is_empty() {
            set(&mut data, "type", json!(evaluated.type_name));
        }
        let (name, value) = match &evaluated.value {
            Ok(value) => ("value", value.as_ref()),
            Err(exception) => ("exception", Some(exception)),
        };
        data.insert(name.to_owned(), json!(value.map(|value| &value.text)));
        if value.is_some_and(|value| value.is_cut) {
            set(&mut data, "cut", json!(true));
        }
        let at = self.places.locate(evaluated.span);
        set(&mut data, "line", json!(at.line));
        set(&mut data, "column", json!(at.column));
        Value::Object(data)
    }

    fn error(&self, error: &LastErrorFacts) -> Value {
        let text = |text: &str| self.tracer.redactor.show(text).text;
        json!({
            "source": &*error.source,
            "reason": error.reason.as_deref(),
            "message": text(&error.message),
            "scope": error.scope.as_deref(),
            "section": error.section.as_deref(),
            "path": error.path.as_deref(),
            "policyId": error.policy_id.as_deref(),
            "httpErrorCode": error.http_error_code,
        })
    }
}

/// Sets a member; nulls and empty lists and objects are left out.
fn set(data: &mut Map<String, Value>, name: &str, value: Value) {
    let is_empty = match &value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    if !is_empty {
        data.insert(name.to_owned(), value);
    }
}

fn list<T>(items: &[T], show: impl FnMut(&T) -> Value) -> Value {
    Value::Array(items.iter().map(show).collect())
}

fn variable(change: &VariableChange) -> Value {
    let text = |value: &Option<Shown>| json!(value.as_ref().map(|value| &value.text));
    let mut data = Map::new();
    data.insert("name".to_owned(), json!(&*change.name));
    if let Some(before) = &change.before {
        data.insert("before".to_owned(), text(before));
    }
    data.insert("after".to_owned(), text(&change.after));
    if change.after.as_ref().is_some_and(|after| after.is_cut) {
        set(&mut data, "cut", json!(true));
    }
    Value::Object(data)
}

fn request(changes: &RequestChanges) -> Value {
    let mut data = Map::new();
    set(&mut data, "method", pair(&changes.method, |text| json!(text)));
    set(&mut data, "url", pair(&changes.url, |url| json!(url.text)));
    set(&mut data, "backendId", pair(&changes.backend, |backend| json!(backend)));
    set(&mut data, "headers", list(&changes.headers, header));
    set(&mut data, "body", changes.body.map_or(Value::Null, body));
    Value::Object(data)
}

fn response(changes: &ResponseChanges) -> Value {
    let mut data = Map::new();
    set(&mut data, "status", pair(&changes.status, |status| json!(status)));
    set(&mut data, "reason", pair(&changes.reason, |reason| json!(reason.text)));
    set(&mut data, "headers", list(&changes.headers, header));
    set(&mut data, "body", changes.body.map_or(Value::Null, body));
    Value::Object(data)
}

fn pair<T>(change: &Change<T>, show: impl Fn(&T) -> Value) -> Value {
    match change {
        Some((before, after)) => json!({"before": show(before), "after": show(after)}),
        None => Value::Null,
    }
}

fn header(change: &HeaderChange) -> Value {
    let what = match (&change.before, &change.after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let mut data = Map::new();
    set(&mut data, "name", json!(change.name.as_str()));
    set(&mut data, "change", json!(what));
    set(&mut data, "before", json!(change.before.as_ref().map(|value| &value.text)));
    set(&mut data, "after", json!(change.after.as_ref().map(|value| &value.text)));
    Value::Object(data)
}

fn body(change: BodyChange) -> Value {
    match change {
        BodyChange::Replaced(bytes) => json!({"change": "replaced", "bytes": bytes}),
        BodyChange::Buffered(bytes) => json!({"change": "buffered", "bytes": bytes}),
        BodyChange::Arriving => json!({"change": "arriving"}),
        BodyChange::Consumed => json!({"change": "consumed"}),
        BodyChange::Removed => json!({"change": "removed"}),
    }
}

fn limit(note: &LimitNote) -> Value {
    let mut data = Map::new();
    set(&mut data, "rule", json!(note.rule));
    set(&mut data, "counter", json!(note.counter));
    set(&mut data, "limit", json!(note.limit));
    set(&mut data, "counted", json!(note.counted));
    set(&mut data, "asked", json!(note.asked));
    set(&mut data, "remaining", json!(note.limit.saturating_sub(note.counted)));
    set(&mut data, "granted", json!(note.granted));
    let seconds = |wait: Duration| json!(wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    set(&mut data, "retryAfterSeconds", note.retry_after.map_or(Value::Null, seconds));
    Value::Object(data)
}

fn attempt(attempt: &Attempt) -> Value {
    let mut data = Map::new();
    set(&mut data, "poolId", json!(attempt.pool_id.as_deref()));
    set(&mut data, "backendId", json!(attempt.backend_id.as_deref()));
    set(&mut data, "authority", json!(&*attempt.authority));
    set(&mut data, "status", json!(attempt.status));
    set(&mut data, "failure", json!(attempt.failure));
    set(&mut data, "durationMicroseconds", microseconds(attempt.duration));
    set(&mut data, "tokens", attempt.usage().map_or(Value::Null, tokens));
    Value::Object(data)
}

/// Counts that are not known are left out.
fn tokens(usage: &Usage) -> Value {
    let mut data = Map::new();
    set(&mut data, "promptTokens", json!(usage.prompt));
    set(&mut data, "completionTokens", json!(usage.completion));
    set(&mut data, "totalTokens", json!(usage.total));
    set(&mut data, "cachedTokens", json!(usage.cached));
    set(&mut data, "reasoningTokens", json!(usage.reasoning));
    set(&mut data, "provenance", json!(usage.provenance.as_str()));
    Value::Object(data)
}

fn message(entry: &TraceEntry) -> Value {
    let metadata = entry.metadata.iter().map(|(name, value)| json!({"name": &**name, "value": value}));
    let mut data = Map::new();
    // `source` is the name that the document gives, not one of ours.
    set(&mut data, "from", json!(&*entry.source));
    set(&mut data, "severity", json!(entry.severity));
    set(&mut data, "message", json!(entry.message));
    set(&mut data, "metadata", Value::Array(metadata.collect()));
    set(&mut data, "elapsed", json!(clock(entry.elapsed)));
    Value::Object(data)
}

fn microseconds(duration: Duration) -> Value {
    json!(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

fn ticks(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX)
}

/// `hh:mm:ss.fffffff`
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let fraction = duration.as_nanos() / 100 % (TICKS_PER_MICROSECOND * 1_000_000);
    format!("{:02}:{:02}:{:02}.{fraction:07}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// `2026-11-22T07:27:30.1234567Z`
fn utc(ticks: i64) -> String {
    round_trip_date(DateTime { ticks, kind: DateTimeKind::Utc })
}
