//! Takes down what happens to one call, within bounds.

use std::sync::Arc;

use sekisho_diagnostics::Span;
use sekisho_expression::value::Value;

use super::changes::{RequestChanges, ResponseChanges, Snapshot};
use super::entry::{Entry, Evaluated, Finish, PolicyPlace, VariableChange};
use super::redact::{Redactor, SecretNames, Secrets};
use super::text::Shown;
use crate::compile::setting::to_text;
use crate::exchange::{CallFacts, Exchange};
use crate::pipeline::Step;

/// The most entries of a trace.
pub const MOST_ENTRIES: usize = 500;
/// The most bytes of text in a trace, about.
pub const MOST_BYTES: usize = 1024 * 1024;
/// What an entry or an expression takes beside its texts, about.
const OVERHEAD: usize = 64;

/// The trace of a call that is under way.
pub struct Tracer {
    pub(super) entries: Vec<Entry>,
    /// The policies that run, the innermost last; none for one that had no room.
    open: Vec<Option<usize>>,
    seen: Snapshot,
    pub(super) redactor: Redactor,
    /// Bytes taken down, and how many of them before this branch.
    spent: usize,
    spent_before: usize,
    /// Entries and texts that had no room.
    pub(super) dropped: u64,
    /// So many backend attempts and trace entries of the call are taken down.
    attempts: usize,
    messages: usize,
    knows_subscription: bool,
    pub(super) arrival: Arrived,
    pub(super) facts: CallFacts,
}

/// The request as it arrived.
#[derive(Clone, Debug, Default)]
pub(super) struct Arrived {
    pub(super) timestamp_ticks: i64,
    pub(super) method: String,
    pub(super) url: Shown,
    pub(super) ip_address: String,
    pub(super) headers: Vec<(String, Shown)>,
}

impl Tracer {
    /// A trace of a call as it is now. `names` are those under which its API takes keys, `secrets` those of its
    /// configuration.
    pub fn begin(exchange: &Exchange, names: SecretNames, secrets: Arc<Secrets>) -> Box<Self> {
        let mut redactor = Redactor::new(Arc::new(names), secrets);
        let request = &exchange.request;
        redactor.learn_headers(&request.headers);
        redactor.learn_query(&request.original_url.query);
        let url = request.original_url.view();
        let url = format!("{}://{}:{}{}{}", url.scheme, url.host, url.port, url.path, url.query);
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), redactor.header(name, value))).collect();
        let arrival = Arrived {
            timestamp_ticks: exchange.timestamp_ticks,
            method: request.method.to_string(),
            url: redactor.show(&url),
            ip_address: request.ip_text.to_string(),
            headers,
        };
        Box::new(Self::new(exchange, redactor, arrival))
    }

    fn new(exchange: &Exchange, redactor: Redactor, arrival: Arrived) -> Self {
        Self {
            entries: Vec::new(),
            open: Vec::new(),
            seen: Snapshot::of(exchange),
            redactor,
            spent: 0,
            spent_before: 0,
            dropped: 0,
            attempts: exchange.attempts.len(),
            messages: exchange.traces.len(),
            knows_subscription: false,
            arrival,
            facts: exchange.facts.clone(),
        }
    }

    /// A trace of a branch of the call, to be [put back](Tracer::absorb).
    pub fn branch(&self, branch: &Exchange) -> Box<Self> {
        let mut new = Self::new(branch, self.redactor.clone(), Arrived::default());
        new.spent = self.spent;
        new.spent_before = self.spent;
        Box::new(new)
    }

    /// Puts the trace of a branch into this one, below the policy that runs.
    pub(super) fn absorb(&mut self, branch: Tracer) {
        self.redactor.learn_from(&branch.redactor);
        self.dropped = self.dropped.saturating_add(branch.dropped);
        self.spent = self.spent.saturating_add(branch.spent.saturating_sub(branch.spent_before));
        let (offset, parent) = (self.entries.len(), self.innermost());
        let room = MOST_ENTRIES.saturating_sub(offset);
        self.dropped += branch.entries.len().saturating_sub(room) as u64;
        self.entries.extend(
            branch.entries.into_iter().take(room).map(|entry| Entry {
                parent: entry.parent.map(|parent| parent + offset).or(parent),
                ..entry
            }),
        );
    }

    /// A policy begins.
    pub(super) fn enter(&mut self, exchange: &mut Exchange, step: &Step) {
        self.observe(exchange);
        let policy = PolicyPlace {
            name: step.name,
            policy_id: step.policy_id.clone(),
            scope: step.scope,
            path: Arc::clone(&step.path),
            span: step.span,
        };
        let parent = self.innermost();
        let place = self.push(Entry::new(Some(policy), exchange.section, parent, exchange.elapsed()));
        self.open.push(place);
    }

    /// The innermost policy ends.
    pub(super) fn leave(&mut self, exchange: &mut Exchange, finish: Finish) {
        self.observe(exchange);
        let elapsed = exchange.elapsed();
        let Some(Some(place)) = self.open.pop() else { return };
        if let Some(entry) = self.entries.get_mut(place) {
            entry.duration = Some(elapsed.saturating_sub(entry.started));
            entry.finish = Some(finish);
        }
    }

    /// Nothing more comes; what still runs was cancelled.
    pub(super) fn close(&mut self, exchange: &mut Exchange) {
        while !self.open.is_empty() {
            self.leave(exchange, Finish::Cancelled);
        }
        self.observe(exchange);
        self.facts = exchange.facts.clone();
    }

    /// An expression gave a value, or the text of an exception.
    pub(super) fn evaluated(&mut self, exchange: &mut Exchange, span: Span, value: Result<&Value, String>) {
        let (type_name, value) = match value {
            Ok(Value::Null) => (String::new(), Ok(None)),
            Ok(value) => (value.type_of().to_string(), Ok(Some(self.value(exchange, value)))),
            Err(exception) => (String::new(), Err(self.show(&exception))),
        };
        if !self.spend(OVERHEAD + type_name.len()) {
            return;
        }
        if let Some(entry) = self.current(exchange) {
            entry.expressions.push(Evaluated { span, type_name, value });
        }
    }

    /// Something is added to the policy that runs.
    pub(super) fn note(&mut self, exchange: &Exchange, add: impl FnOnce(&mut Entry)) {
        if self.spend(2 * OVERHEAD)
            && let Some(entry) = self.current(exchange)
        {
            add(entry);
        }
    }

    /// Takes down what changed since the last look, for the policy that runs.
    pub(super) fn observe(&mut self, exchange: &mut Exchange) {
        self.learn_subscription(exchange);
        let (request, response) = self.seen.look(exchange, &mut self.redactor);
        let variables = self.variable_changes(exchange);
        let attempts = exchange.attempts.get(self.attempts..).unwrap_or_default().to_vec();
        let messages = exchange.traces.get(self.messages..).unwrap_or_default().to_vec();
        self.attempts = exchange.attempts.len();
        self.messages = exchange.traces.len();
        let size = size_of_changes(&request, &response)
            + variables.len() * OVERHEAD
            + attempts.len() * 2 * OVERHEAD
            + messages.iter().map(|message| message.message.len() + OVERHEAD).sum::<usize>();
        if size == 0 || !self.spend(size) {
            return;
        }
        let messages: Vec<_> = messages.into_iter().map(|message| self.safe_message(message)).collect();
        let Some(entry) = self.current(exchange) else { return };
        entry.request.merge(request);
        entry.response.merge(response);
        entry.variables.extend(variables);
        entry.attempts.extend(attempts);
        entry.messages.extend(messages);
    }

    /// Attempts and messages of a branch were put into the call, and are taken down already.
    pub(super) fn skip_records(&mut self, exchange: &Exchange) {
        self.attempts = exchange.attempts.len();
        self.messages = exchange.traces.len();
    }

    fn variable_changes(&mut self, exchange: &mut Exchange) -> Vec<VariableChange> {
        let mut changes = Vec::new();
        for (name, before) in exchange.variables.take_log() {
            let after = exchange.variables.get(&name).cloned().unwrap_or_default();
            self.learn_message(&after);
            let raw = |exchange: &mut Exchange, value: &Value| to_text(exchange, value).ok().flatten();
            let is_same = match &before {
                Some(before) => {
                    before.type_of() == after.type_of() && raw(exchange, before) == raw(exchange, &after)
                }
                None => false,
            };
            if is_same {
                continue;
            }
            let before = before.map(|before| self.optional_value(exchange, &before));
            let after = self.optional_value(exchange, &after);
            changes.push(VariableChange { name, before, after });
        }
        changes
    }

    /// Headers of an answer that a policy keeps in a variable are read from there.
    fn learn_message(&mut self, value: &Value) {
        use sekisho_expression::value::HostReference;
        if let Value::Host(HostReference::Stored(message)) = value {
            self.redactor.learn_headers(&message.headers);
        }
    }

    /// The keys of the caller's subscription, which expressions can read.
    fn learn_subscription(&mut self, exchange: &Exchange) {
        if self.knows_subscription {
            return;
        }
        if let Some(subscription) = &exchange.facts.subscription {
            self.knows_subscription = true;
            let keys = [&subscription.key, &subscription.primary_key, &subscription.secondary_key];
            self.redactor.learn(keys.map(|key| key.to_string()));
        }
    }

    fn optional_value(&mut self, exchange: &mut Exchange, value: &Value) -> Option<Shown> {
        match value {
            Value::Null => None,
            value => Some(self.value(exchange, value)),
        }
    }

    /// The text of a value, or its type where it has none.
    fn value(&mut self, exchange: &mut Exchange, value: &Value) -> Shown {
        match to_text(exchange, value) {
            Ok(text) => self.show(text.as_deref().unwrap_or("")),
            Err(_) => self.show(&value.type_of().to_string()),
        }
    }

    fn safe_message(
        &self,
        mut message: crate::ports::record::TraceEntry,
    ) -> crate::ports::record::TraceEntry {
        message.message = self.redactor.show(&message.message).text;
        for (_, value) in &mut message.metadata {
            *value = self.redactor.show(value).text;
        }
        message
    }

    /// A text without secrets, cut; empty when there is no more room.
    fn show(&mut self, text: &str) -> Shown {
        let shown = self.redactor.show(text);
        if self.spend(shown.text.len()) { shown } else { Shown { text: String::new(), is_cut: true } }
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let has_room = self.spent.saturating_add(bytes) <= MOST_BYTES;
        if has_room {
            self.spent += bytes;
        } else {
            self.dropped += 1;
        }
        has_room
    }

    fn push(&mut self, entry: Entry) -> Option<usize> {
        if self.entries.len() >= MOST_ENTRIES || !self.spend(OVERHEAD) {
            self.dropped += 1;
            return None;
        }
        self.entries.push(entry);
        Some(self.entries.len() - 1)
    }

    /// The innermost policy that runs and has an entry.
    fn innermost(&self) -> Option<usize> {
        self.open.iter().rev().find_map(|place| *place)
    }

    /// Its entry; where no policy runs, one for the gateway itself.
    fn current(&mut self, exchange: &Exchange) -> Option<&mut Entry> {
        let place = match self.open.last() {
            Some(Some(place)) => *place,
            // What belongs to a policy that had no room has none either.
            Some(None) => return None,
            None => {
                let own = Entry::new(None, exchange.section, None, exchange.elapsed());
                self.push(own)?
            }
        };
        self.entries.get_mut(place)
    }
}

fn size_of_changes(request: &RequestChanges, response: &ResponseChanges) -> usize {
    let text = |shown: &Option<Shown>| shown.as_ref().map_or(0, |shown| shown.text.len());
    let pair = |change: &Option<(Shown, Shown)>| {
        change.as_ref().map_or(0, |(before, after)| before.text.len() + after.text.len() + OVERHEAD)
    };
    let headers = request.headers.iter().chain(&response.headers);
    let headers: usize = headers
        .map(|header| header.name.as_str().len() + text(&header.before) + text(&header.after) + OVERHEAD)
        .sum();
    let others = [
        request.method.is_some(),
        request.backend.is_some(),
        request.body.is_some(),
        response.status.is_some(),
        response.body.is_some(),
    ];
    let others = others.into_iter().filter(|is_there| *is_there).count() * OVERHEAD;
    headers + others + pair(&request.url) + pair(&response.reason)
}
