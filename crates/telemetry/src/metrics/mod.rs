//! Counters and histograms over calls and events, in the OpenMetrics text format.
//!
//! Every label value is bounded: past its bound it counts as `other`. On the way of a call no label set is built and no
//! family is locked: the handles are looked up by borrowed values.

mod custom;
mod families;
mod labels;
mod plain;
mod series;
#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use sekisho_llm::usage::Provenance;
use sekisho_policy::ports::{Attempt, CallRecord, Event, Hold, Metric, Recorder};

use crate::fanout::Observer;
use custom::CustomMetrics;
pub(crate) use custom::{CUSTOM_PREFIX, CustomSnapshot};
use families::Families;
pub(crate) use labels::{Bound, Labels};
pub(crate) use series::Series;

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How the text ends.
const END: &str = "# EOF\n";

/// What is said about the build.
#[derive(Clone, Copy, Debug)]
pub struct BuildInfo {
    /// Version of the product.
    pub version: &'static str,
}

/// All metrics of a gateway. Their names begin with `sekisho_`.
pub struct Metrics {
    registry: Registry,
    families: Families,
    custom: CustomMetrics,
}

impl Metrics {
    /// Metrics that have counted nothing yet.
    pub fn new(build: BuildInfo) -> Metrics {
        let mut registry = Registry::with_prefix("sekisho");
        registry.register("build", "What is running", Info::new([("version", build.version)]));
        let families = Families::register(&mut registry);
        Metrics { registry, families, custom: CustomMetrics::default() }
    }

    /// Everything as text, of the type [`CONTENT_TYPE`].
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a string fails only when a metric does not know how to show itself; ours do.
        let _ = encode(&mut text, &self.registry);
        text.truncate(text.trim_end_matches(END).len());
        self.custom.render(&mut text);
        text.push_str(END);
        text
    }

    /// Everything in the format that `Accept` asks for: OpenMetrics where it is named, else the older text format, which
    /// everything reads. The content type comes first.
    pub fn page(&self, accept: Option<&str>) -> (&'static str, String) {
        let page = self.render();
        match accept.is_some_and(|accept| accept.contains("application/openmetrics-text")) {
            true => (CONTENT_TYPE, page),
            false => (plain::CONTENT_TYPE, plain::plain(&page)),
        }
    }

    /// Metrics of policies, under their own names.
    pub(crate) fn of_policies(&self) -> Vec<CustomSnapshot> {
        self.custom.snapshots()
    }

    /// Counts the lines of a log that are dropped because its queue is full.
    pub fn log_lines_dropped(&self, log: &str) -> Counter {
        self.families.lines_dropped.with([Some(log)], Counter::clone)
    }

    /// Counts the records that a log does not keep for this reason.
    pub fn log_records_dropped(&self, log: &str, reason: &str) -> Counter {
        self.families.records_dropped.with([Some(log), Some(reason)], Counter::clone)
    }

    /// Counts the records that a log writes.
    pub fn log_records_written(&self, log: &str) -> Counter {
        self.families.records_written.with([Some(log)], Counter::clone)
    }

    /// Counts what happens to the store of logs.
    pub fn log_store(&self, event: &str) -> Counter {
        self.families.log_store.with([Some(event)], Counter::clone)
    }

    /// Counts the lines of a log that cannot be written.
    pub fn log_lines_failed(&self, log: &str) -> Counter {
        self.families.lines_failed.with([Some(log)], Counter::clone)
    }

    /// Counts items that a destination took.
    pub(crate) fn export_sent(&self, exporter: &str, signal: &str) -> Counter {
        self.families.export_sent.with([Some(exporter), Some(signal)], Counter::clone)
    }

    /// Counts attempts to send that failed.
    pub(crate) fn export_failures(&self, exporter: &str) -> Counter {
        self.families.export_failures.with([Some(exporter)], Counter::clone)
    }

    /// Counts items that an exporter lost.
    pub(crate) fn export_dropped(&self, exporter: &str, reason: &str) -> Counter {
        self.families.export_dropped.with([Some(exporter), Some(reason)], Counter::clone)
    }

    fn count_request(&self, record: &CallRecord) {
        let status = Digits::of(record.status);
        let labels = [
            record.api_id.as_deref(),
            record.operation_id.as_deref(),
            record.product_id.as_deref(),
            Some(status.as_str()),
            Some(class(record.status)),
        ];
        let in_backends: Duration = record.attempts.iter().map(|attempt| attempt.duration).sum();
        self.families.requests.with(labels, |handles| {
            handles.requests.inc();
            handles.duration.observe(record.duration.as_secs_f64());
            if let Some(first_byte) = record.time_to_first_byte {
                handles.first_byte.observe(first_byte.as_secs_f64());
            }
            if !record.attempts.is_empty() {
                handles.backend.observe(in_backends.as_secs_f64());
            }
            let until_answer = record.time_to_first_byte.unwrap_or(record.duration);
            handles.own.observe(until_answer.saturating_sub(in_backends).as_secs_f64());
            handles.request_bytes.inc_by(record.request_bytes);
            handles.response_bytes.inc_by(record.response_bytes);
            handles.incomplete.inc_by(u64::from(record.incomplete));
        });
    }

    fn count_attempt(&self, attempt: &Attempt) {
        let status = Digits::of(attempt.status.unwrap_or_default());
        let outcome = match (attempt.failure, attempt.status) {
            (Some(failure), _) => failure,
            (None, Some(_)) => status.as_str(),
            (None, None) => "NoAnswer",
        };
        let backend = attempt.backend_id.as_deref().unwrap_or(&attempt.authority);
        self.families.attempts.with([Some(backend), attempt.pool_id.as_deref(), Some(outcome)], |handles| {
            handles.attempts.inc();
            handles.duration.observe(attempt.duration.as_secs_f64());
        });
    }

    fn count_tokens(&self, record: &CallRecord) {
        let (api, model) = (record.api_id.as_deref(), record.model.as_deref());
        // A call that ran no model used nothing: refused, or answered by a cache.
        let Some(usage) = record.usage else { return };
        let counts = [
            (usage.prompt, usage.prompt_provenance),
            (usage.completion, usage.completion_provenance),
            (usage.total, usage.provenance),
            (usage.cached, usage.prompt_provenance),
            (usage.reasoning, usage.completion_provenance),
        ];
        let is_known =
            |(count, from): &(Option<u64>, Provenance)| count.is_some() && *from != Provenance::Unknown;
        if !counts.iter().take(2).all(is_known) {
            self.families.usage_unknown.with([api, model], |counter| counter.inc());
        }
        for from in [Provenance::Reported, Provenance::Counted, Provenance::Estimated] {
            let counts = counts.map(|(count, its)| count.filter(|_| its == from));
            if counts.iter().any(Option::is_some) {
                let labels = [api, record.subscription_id.as_deref(), model, Some(from.as_str())];
                self.families.tokens.with(labels, |handles| handles.add(counts));
            }
        }
    }

    fn count_refusal(&self, record: &CallRecord) {
        let Some(error) = record.last_error.as_ref().filter(|_| record.status >= 400) else { return };
        let reason = error.reason.as_deref().unwrap_or(&error.source);
        self.families.refusals.with([record.api_id.as_deref(), Some(reason)], |counter| counter.inc());
    }

    fn breaker(&self, backend: &str, is_open: bool) {
        let to = if is_open { "open" } else { "closed" };
        self.families.breaker_open.with([Some(backend)], |gauge| gauge.set(i64::from(is_open)));
        self.families.breaker_transitions.with([Some(backend), Some(to)], |counter| counter.inc());
    }
}

impl Observer for Metrics {
    fn started(&self) {
        self.families.in_flight.inc();
    }

    fn observe_call(&self, record: &CallRecord) {
        // Never below 0, whoever forgot to say that a call started.
        let in_flight = self.families.in_flight.inner();
        let _ = in_flight
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| (count > 0).then(|| count - 1));
        self.count_request(record);
        record.attempts.iter().for_each(|attempt| self.count_attempt(attempt));
        self.count_tokens(record);
        self.count_refusal(record);
    }

    fn observe_event(&self, event: &Event) {
        let families = &self.families;
        match event {
            Event::BreakerOpened { backend, .. } => self.breaker(backend, true),
            Event::BreakerClosed { backend } => self.breaker(backend, false),
            Event::ConfigurationLoaded => {
                families.configurations.with([Some("ok")], |counter| counter.inc());
                families.configuration_errors.set(0);
            }
            Event::ConfigurationRefused { errors } => {
                families.configurations.with([Some("refused")], |counter| counter.inc());
                families.configuration_errors.set(i64::try_from(*errors).unwrap_or(i64::MAX));
            }
            Event::TokenFailed { resource } => {
                families.token_failures.with([Some(resource)], |counter| counter.inc());
            }
            Event::OneWayRequestLost { reason } => {
                families.one_way_requests_lost.with([Some(reason)], |counter| counter.inc());
            }
            Event::OpenIdFailed { address } => {
                families.openid_failures.with([Some(address)], |counter| counter.inc());
            }
            Event::ContentSafetyFailed { backend, reason, is_blocked, .. } => {
                let effect = if *is_blocked { "blocked" } else { "passed" };
                let labels = [Some(&**backend), Some(*reason), Some(effect)];
                families.content_safety_failures.with(labels, |counter| counter.inc());
            }
            Event::ContentBlocked { backend, what } => {
                families.content_blocked.with([Some(backend), Some(what)], |counter| counter.inc());
            }
            Event::ConnectionRefused { reason } => {
                families.connections_refused.with([Some(reason)], |counter| counter.inc());
            }
            Event::WebSocketOpened => {
                families.web_sockets_open.inc();
            }
            Event::WebSocketClosed { reason } => {
                families.web_sockets_open.dec();
                families.web_sockets_closed.with([Some(reason)], |counter| counter.inc());
            }
            Event::StateLost { store, .. } => {
                families.state_lost.with([Some(store)], |gauge| gauge.set(1));
                families.state_outages.with([Some(store)], |counter| counter.inc());
            }
            Event::StateRecovered { store, .. } => {
                families.state_lost.with([Some(store)], |gauge| gauge.set(0));
            }
            Event::StateBypassed { store } => {
                families.state_bypasses.with([Some(store)], |counter| counter.inc());
            }
            Event::StateEvicted { kind } => {
                families.state_evictions.with([Some(kind)], |counter| counter.inc());
            }
            Event::SemanticLookup { outcome } => {
                families.semantic_lookups.with([Some(outcome)], |counter| counter.inc());
            }
            Event::HubEventsSent { logger, count } => {
                families.event_hub_events_sent.with([Some(logger)], |counter| counter.inc_by(*count));
            }
            Event::HubEventsDropped { logger, reason, count } => {
                let labels = [Some(&**logger), Some(*reason)];
                families.event_hub_events_dropped.with(labels, |counter| counter.inc_by(*count));
            }
            Event::HubEventTruncated { logger } => {
                families.event_hub_events_truncated.with([Some(logger)], |counter| counter.inc());
            }
            Event::EventHubLost { logger, .. } => {
                families.event_hub_lost.with([Some(logger)], |gauge| gauge.set(1));
            }
            Event::EventHubRecovered { logger, .. } => {
                families.event_hub_lost.with([Some(logger)], |gauge| gauge.set(0));
            }
            Event::RecordLate => drop(families.log_records_late.inc()),
            Event::SearchMissing { .. } | Event::HubEventRefused { .. } => {}
        }
    }

    fn observe_metric(&self, metric: &Metric) {
        let dropped = &self.families.custom_values_dropped;
        self.custom.add(metric, |name| {
            dropped.with([Some(&**name)], |counter| counter.inc());
        });
    }
}

impl Recorder for Metrics {
    fn started(&self) {
        Observer::started(self);
    }

    fn call(&self, record: CallRecord, _hold: Hold) {
        self.observe_call(&record);
    }

    fn event(&self, event: Event) {
        self.observe_event(&event);
    }

    fn metric(&self, metric: &Metric) {
        self.observe_metric(metric);
    }
}

/// `1xx` to `5xx`, as dashboards group statuses.
fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => labels::OTHER,
    }
}

/// A status of three digits as text, without a place in the heap.
struct Digits([u8; 3]);

impl Digits {
    fn of(status: u16) -> Digits {
        let digit = |of: u16| b'0' + (of % 10) as u8;
        Digits([digit(status / 100), digit(status / 10), digit(status)])
    }

    fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or(labels::OTHER)
    }
}
