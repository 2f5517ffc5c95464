//! Metrics and events as they are written.

use std::fmt::Write;

use sekisho_policy::ports;

use super::frame::{Kind, Open};
use super::{Event, Metric};
use crate::store::sums::Sum;

/// Appends one of the sums of values as a frame. False when it cannot be written.
pub(crate) fn append_metric(buffer: &mut Vec<u8>, sum: &Sum, place: usize) -> bool {
    let metric = &sum.metric;
    let (Some((name, value)), Some(tally)) = (metric.values.get(place), sum.tallies.get(place)) else {
        return false;
    };
    let head = Metric {
        namespace: metric.namespace.as_deref(),
        name,
        value: *value,
        count: tally.count,
        min: tally.min,
        max: tally.max,
        dimensions: metric.dimensions.iter().map(|(name, value)| (&**name, &**value)).collect(),
    };
    Open::begin(buffer, Kind::Metric, sum.ticks).finish(buffer, &head)
}

/// Appends an event as a frame. False when it cannot be written.
pub(crate) fn append_event(buffer: &mut Vec<u8>, ticks: i64, event: &ports::Event) -> bool {
    let (name, facts) = describe(event);
    let facts = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Open::begin(buffer, Kind::Event, ticks).finish(buffer, &Event { name, facts })
}

type Facts = Vec<(&'static str, String)>;

/// Its name in kebab case, and what it tells.
fn describe(event: &ports::Event) -> (&'static str, Facts) {
    use ports::Event as E;
    let fact = |name, value: &dyn std::fmt::Display| {
        let mut text = String::new();
        // A String takes everything.
        let _ = write!(text, "{value}");
        (name, text)
    };
    let seconds = |duration: &std::time::Duration| duration.as_secs_f64();
    match event {
        E::BreakerOpened { backend, rule, duration } => (
            "breaker-opened",
            vec![fact("backend", backend), fact("rule", rule), fact("seconds", &seconds(duration))],
        ),
        E::BreakerClosed { backend } => ("breaker-closed", vec![fact("backend", backend)]),
        E::ConfigurationLoaded => ("configuration-loaded", Vec::new()),
        E::ConfigurationRefused { errors } => ("configuration-refused", vec![fact("errors", errors)]),
        E::TokenFailed { resource } => ("token-failed", vec![fact("resource", resource)]),
        E::OneWayRequestLost { reason } => ("one-way-request-lost", vec![fact("reason", reason)]),
        E::OpenIdFailed { address } => ("open-id-failed", vec![fact("address", address)]),
        E::ContentSafetyFailed { backend, reason, message, is_blocked } => (
            "content-safety-failed",
            vec![
                fact("backend", backend),
                fact("reason", reason),
                fact("message", message),
                fact("blocked", is_blocked),
            ],
        ),
        E::ContentBlocked { backend, what } => {
            ("content-blocked", vec![fact("backend", backend), fact("what", what)])
        }
        E::ConnectionRefused { reason } => ("connection-refused", vec![fact("reason", reason)]),
        E::WebSocketOpened => ("web-socket-opened", Vec::new()),
        E::WebSocketClosed { reason } => ("web-socket-closed", vec![fact("reason", reason)]),
        E::StateLost { store, reason } => ("state-lost", vec![fact("store", store), fact("reason", reason)]),
        E::StateRecovered { store, duration } => {
            ("state-recovered", vec![fact("store", store), fact("seconds", &seconds(duration))])
        }
        E::StateBypassed { store } => ("state-bypassed", vec![fact("store", store)]),
        E::SearchMissing { store } => ("search-missing", vec![fact("store", store)]),
        E::SemanticLookup { outcome } => ("semantic-lookup", vec![fact("outcome", outcome)]),
        E::HubEventsSent { logger, count } => {
            ("hub-events-sent", vec![fact("logger", logger), fact("count", count)])
        }
        E::HubEventsDropped { logger, reason, count } => {
            ("hub-events-dropped", vec![fact("logger", logger), fact("reason", reason), fact("count", count)])
        }
        E::HubEventRefused { logger, message } => {
            ("hub-event-refused", vec![fact("logger", logger), fact("message", message)])
        }
        E::HubEventTruncated { logger } => ("hub-event-truncated", vec![fact("logger", logger)]),
        E::EventHubLost { logger, reason } => {
            ("event-hub-lost", vec![fact("logger", logger), fact("reason", reason)])
        }
        E::EventHubRecovered { logger, duration } => {
            ("event-hub-recovered", vec![fact("logger", logger), fact("seconds", &seconds(duration))])
        }
        E::RecordLate => ("record-late", Vec::new()),
        E::StateEvicted { kind } => ("state-evicted", vec![fact("kind", kind)]),
    }
}
