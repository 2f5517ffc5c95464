//! All families with their names and help texts, and the handles that a call uses.

use std::sync::{Arc, OnceLock};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::labels::{Bound, Labels};
use super::series::Series;

/// From a cache hit to a long reasoning answer, in seconds.
const SECONDS: [f64; 18] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0,
    600.0,
];
/// What the gateway itself takes, in seconds.
const OWN_SECONDS: [f64; 14] =
    [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 10.0];
/// Label sets of one family.
const SERIES_LIMIT: usize = 10_000;

const REQUEST: &[&str; 5] = &["api", "operation", "product", "status", "status_class"];
const API: &[&str; 1] = &["api"];
const ATTEMPT: &[&str; 3] = &["backend", "pool", "outcome"];
const BACKEND: &[&str; 1] = &["backend"];
const TRANSITION: &[&str; 2] = &["backend", "to"];
const TOKENS: &[&str; 4] = &["api", "subscription", "model", "provenance"];
const TOKENS_OF_A_KIND: &[&str; 5] = &["api", "subscription", "model", "provenance", "kind"];
const MODEL: &[&str; 2] = &["api", "model"];
const REFUSAL: &[&str; 2] = &["api", "reason"];
const REASON: &[&str; 1] = &["reason"];
const RESULT: &[&str; 1] = &["result"];
const RESOURCE: &[&str; 1] = &["resource"];
const ADDRESS: &[&str; 1] = &["address"];
const SAFETY_FAILURE: &[&str; 3] = &["backend", "reason", "effect"];
const BLOCKED: &[&str; 2] = &["backend", "what"];
const LOG: &[&str; 1] = &["log"];
const LOG_REASON: &[&str; 2] = &["log", "reason"];
const EVENT: &[&str; 1] = &["event"];
const STORE: &[&str; 1] = &["store"];
const KIND: &[&str; 1] = &["kind"];
const OUTCOME: &[&str; 1] = &["outcome"];
const LOGGER: &[&str; 1] = &["logger"];
const LOGGER_REASON: &[&str; 2] = &["logger", "reason"];
const METRIC: &[&str; 1] = &["metric"];
const SIGNAL: &[&str; 2] = &["exporter", "signal"];
const EXPORTER: &[&str; 1] = &["exporter"];
const LOSS: &[&str; 2] = &["exporter", "reason"];

type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Histograms = Family<Labels<1>, Histogram, fn() -> Histogram>;

/// What one call touches besides backends and tokens.
pub(super) struct RequestHandles {
    pub(super) requests: Counter,
    pub(super) duration: Histogram,
    pub(super) first_byte: Histogram,
    pub(super) backend: Histogram,
    pub(super) own: Histogram,
    pub(super) request_bytes: Counter,
    pub(super) response_bytes: Counter,
    pub(super) incomplete: Counter,
}

/// What one attempt touches.
pub(super) struct AttemptHandles {
    pub(super) attempts: Counter,
    pub(super) duration: Histogram,
}

/// Token counters of one model: a kind that was never known has no series, because 0 would be a claim.
pub(super) struct TokenHandles {
    family: Counters<5>,
    labels: Labels<4>,
    kinds: [OnceLock<Counter>; 5],
}

/// The kinds of tokens, in the order of [`TokenHandles`].
pub(super) const KINDS: [&str; 5] = ["prompt", "completion", "total", "cached", "reasoning"];

impl TokenHandles {
    /// Counts tokens of each kind that is known, in the order of [`KINDS`].
    pub(super) fn add(&self, counts: [Option<u64>; 5]) {
        for ((kind, counter), count) in KINDS.iter().zip(&self.kinds).zip(counts) {
            if let Some(count) = count {
                counter.get_or_init(|| self.counter(kind)).inc_by(count);
            }
        }
    }

    fn counter(&self, kind: &str) -> Counter {
        let [api, subscription, model, provenance] = self.labels.values.clone();
        let values = [api, subscription, model, provenance, Some(kind.into())];
        self.family.get_or_create_owned(&Labels { names: TOKENS_OF_A_KIND, values })
    }
}

/// Everything that is measured.
pub(super) struct Families {
    pub(super) requests: Series<5, RequestHandles>,
    pub(super) in_flight: Gauge,
    pub(super) attempts: Series<3, AttemptHandles>,
    pub(super) breaker_open: Series<1, Gauge>,
    pub(super) breaker_transitions: Series<2, Counter>,
    pub(super) tokens: Series<4, TokenHandles>,
    pub(super) usage_unknown: Series<2, Counter>,
    pub(super) refusals: Series<2, Counter>,
    pub(super) connections_refused: Series<1, Counter>,
    pub(super) configurations: Series<1, Counter>,
    pub(super) configuration_errors: Gauge,
    pub(super) token_failures: Series<1, Counter>,
    pub(super) web_sockets_open: Gauge,
    pub(super) web_sockets_closed: Series<1, Counter>,
    pub(super) one_way_requests_lost: Series<1, Counter>,
    pub(super) openid_failures: Series<1, Counter>,
    pub(super) content_safety_failures: Series<3, Counter>,
    pub(super) content_blocked: Series<2, Counter>,
    pub(super) lines_dropped: Series<1, Counter>,
    pub(super) records_dropped: Series<2, Counter>,
    pub(super) records_written: Series<1, Counter>,
    pub(super) log_store: Series<1, Counter>,
    pub(super) log_records_late: Counter,
    pub(super) lines_failed: Series<1, Counter>,
    pub(super) state_lost: Series<1, Gauge>,
    pub(super) state_outages: Series<1, Counter>,
    pub(super) state_bypasses: Series<1, Counter>,
    pub(super) state_evictions: Series<1, Counter>,
    pub(super) semantic_lookups: Series<1, Counter>,
    pub(super) event_hub_lost: Series<1, Gauge>,
    pub(super) event_hub_events_sent: Series<1, Counter>,
    pub(super) event_hub_events_dropped: Series<2, Counter>,
    pub(super) event_hub_events_truncated: Series<1, Counter>,
    pub(super) custom_values_dropped: Series<1, Counter>,
    pub(super) export_sent: Series<2, Counter>,
    pub(super) export_failures: Series<1, Counter>,
    pub(super) export_dropped: Series<2, Counter>,
}

fn histograms(bounds: fn() -> Histogram) -> Histograms {
    Family::new_with_constructor(bounds)
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

fn own_seconds() -> Histogram {
    Histogram::new(OWN_SECONDS)
}

/// A family of counters and the series to reach it by.
fn counters<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    names: &'static [&'static str; N],
    bounds: [&Arc<Bound>; N],
) -> Series<N, Counter> {
    let family = Counters::<N>::default();
    registry.register(name, help, family.clone());
    Series::new(names, bounds, SERIES_LIMIT, move |labels| family.get_or_create_owned(labels))
}

impl Families {
    /// Registers all families.
    pub(super) fn register(registry: &mut Registry) -> Families {
        let (apis, operations, products) = (Bound::new(500), Bound::new(5000), Bound::new(500));
        let (subscriptions, models, backends) = (Bound::new(2000), Bound::new(500), Bound::new(500));
        let (statuses, words, resources) = (Bound::new(1000), Bound::new(200), Bound::new(100));
        let (addresses, loggers) = (Bound::new(200), Bound::new(200));
        let in_flight = Gauge::default();
        registry.register(
            "requests_in_flight",
            "Calls that have arrived and are not over",
            in_flight.clone(),
        );
        let web_sockets_open = Gauge::default();
        registry.register(
            "websockets_open",
            "Calls that became WebSockets and are open",
            web_sockets_open.clone(),
        );
        let configuration_errors = Gauge::default();
        registry.register(
            "configuration_errors",
            "Errors of the configuration that was refused last; 0 when the newest one serves",
            configuration_errors.clone(),
        );
        let log_records_late = Counter::default();
        registry.register(
            "log_records_late",
            "Large responses that ended before the record of their call was written",
            log_records_late.clone(),
        );
        let breaker_open = Family::<Labels<1>, Gauge>::default();
        registry.register(
            "breaker_open",
            "1 while the circuit breaker of a backend is open",
            breaker_open.clone(),
        );
        let state_lost = Family::<Labels<1>, Gauge>::default();
        registry.register("state_lost", "1 while shared state cannot be reached", state_lost.clone());
        let event_hub_lost = Family::<Labels<1>, Gauge>::default();
        let lost = "1 while the event hub of a logger cannot be reached";
        registry.register("event_hub_lost", lost, event_hub_lost.clone());
        let requests_bounds = [&apis, &operations, &products, &statuses, &words];
        Families {
            requests: register_requests(registry, requests_bounds),
            in_flight,
            attempts: register_attempts(registry, [&backends, &backends, &words]),
            breaker_open: Series::new(BACKEND, [&backends], SERIES_LIMIT, move |labels| {
                breaker_open.get_or_create_owned(labels)
            }),
            breaker_transitions: counters(
                registry,
                "breaker_transitions",
                "Circuit breakers that opened or closed",
                TRANSITION,
                [&backends, &words],
            ),
            tokens: register_tokens(registry, [&apis, &subscriptions, &models, &words]),
            usage_unknown: counters(
                registry,
                "token_usage_unknown",
                "Successful calls of a model whose tokens nobody knows",
                MODEL,
                [&apis, &models],
            ),
            refusals: counters(
                registry,
                "refusals",
                "Calls that ended with an error of the gateway, by the reason that LastError names",
                REFUSAL,
                [&apis, &words],
            ),
            connections_refused: counters(
                registry,
                "connections_refused",
                "Client connections that were refused or ended because of a limit",
                REASON,
                [&words],
            ),
            web_sockets_open,
            log_records_late,
            web_sockets_closed: counters(
                registry,
                "websockets_closed",
                "WebSockets that are over, by what ended them",
                REASON,
                [&words],
            ),
            one_way_requests_lost: counters(
                registry,
                "one_way_requests_lost",
                "Requests of send-one-way-request that were not sent or got no answer",
                REASON,
                [&words],
            ),
            configurations: counters(
                registry,
                "configuration_loads",
                "Configurations that were taken into service (ok) or refused",
                RESULT,
                [&words],
            ),
            configuration_errors,
            token_failures: counters(
                registry,
                "token_source_failures",
                "Identity tokens that could not be had, by resource",
                RESOURCE,
                [&resources],
            ),
            openid_failures: counters(
                registry,
                "openid_configuration_failures",
                "OpenID configurations or key sets that could not be fetched, by address",
                ADDRESS,
                [&addresses],
            ),
            content_safety_failures: counters(
                registry,
                "content_safety_failures",
                "Texts on which Content Safety gave no verdict, and whether they were blocked or passed",
                SAFETY_FAILURE,
                [&backends, &words, &words],
            ),
            content_blocked: counters(
                registry,
                "content_blocked",
                "Requests and responses that Content Safety objected to, and streams that were cut off for it",
                BLOCKED,
                [&backends, &words],
            ),
            lines_dropped: counters(
                registry,
                "log_lines_dropped",
                "Log lines that were dropped because the writer did not keep up",
                LOG,
                [&words],
            ),
            records_dropped: counters(
                registry,
                "log_records_dropped",
                "Records that a log did not keep, and why",
                LOG_REASON,
                [&words, &words],
            ),
            records_written: counters(
                registry,
                "log_records_written",
                "Records that a log wrote",
                LOG,
                [&words],
            ),
            log_store: counters(
                registry,
                "log_store_events",
                "What happened to the store of logs",
                EVENT,
                [&words],
            ),
            lines_failed: counters(
                registry,
                "log_lines_failed",
                "Log lines that could not be written",
                LOG,
                [&words],
            ),
            state_lost: Series::new(STORE, [&resources], SERIES_LIMIT, move |labels| {
                state_lost.get_or_create_owned(labels)
            }),
            state_outages: counters(
                registry,
                "state_outages",
                "Times that shared state could not be reached any more",
                STORE,
                [&resources],
            ),
            state_bypasses: counters(
                registry,
                "state_bypasses",
                "Decisions, reads and writes that went on without shared state",
                STORE,
                [&resources],
            ),
            state_evictions: counters(
                registry,
                "state_evictions",
                "Counters, cached values and answers that were dropped from memory before their time",
                KIND,
                [&words],
            ),
            semantic_lookups: counters(
                registry,
                "semantic_cache_lookups",
                "What came of lookups in the semantic cache: hit, miss, skipped, failed",
                OUTCOME,
                [&words],
            ),
            event_hub_lost: Series::new(LOGGER, [&loggers], SERIES_LIMIT, move |labels| {
                event_hub_lost.get_or_create_owned(labels)
            }),
            event_hub_events_sent: counters(
                registry,
                "event_hub_events_sent",
                "Events of log-to-eventhub that their hub has",
                LOGGER,
                [&loggers],
            ),
            event_hub_events_dropped: counters(
                registry,
                "event_hub_events_dropped",
                "Events of log-to-eventhub that were dropped, by the reason",
                LOGGER_REASON,
                [&loggers, &words],
            ),
            event_hub_events_truncated: counters(
                registry,
                "event_hub_events_truncated",
                "Events of log-to-eventhub that were too long and were cut",
                LOGGER,
                [&loggers],
            ),
            custom_values_dropped: counters(
                registry,
                "custom_metric_values_dropped",
                "Values of metrics of policies that were dropped because a bound on their number was reached",
                METRIC,
                [&words],
            ),
            export_sent: counters(
                registry,
                "export_sent",
                "What exporters sent and destinations took: calls, log entries, or pages of metrics",
                SIGNAL,
                [&words, &words],
            ),
            export_failures: counters(
                registry,
                "export_failures",
                "Attempts of exporters to send something that failed",
                EXPORTER,
                [&words],
            ),
            export_dropped: counters(
                registry,
                "export_dropped",
                "What exporters lost, by the reason",
                LOSS,
                [&words, &words],
            ),
        }
    }
}

fn register_requests(registry: &mut Registry, bounds: [&Arc<Bound>; 5]) -> Series<5, RequestHandles> {
    let requests = Counters::<5>::default();
    let [duration, first_byte, backend] = [(); 3].map(|()| histograms(seconds));
    let own = histograms(own_seconds);
    let [request_bytes, response_bytes, incomplete] = [(); 3].map(|()| Counters::<1>::default());
    registry.register("requests", "Calls that are over", requests.clone());
    let mut timed = |name: &str, help: &str, family: &Histograms| {
        registry.register_with_unit(name, help, Unit::Seconds, family.clone());
    };
    timed("request_duration", "From arrival to the last byte of the response", &duration);
    timed("time_to_first_byte", "From arrival to the first byte of the response", &first_byte);
    timed("backend_duration", "All backend attempts of a call until their response headers", &backend);
    timed(
        "gateway_duration",
        "From arrival to the first byte without the backend attempts; pauses of retries count",
        &own,
    );
    let bytes = Unit::Bytes;
    registry.register_with_unit(
        "request_body",
        "Request bodies as read",
        bytes.clone(),
        request_bytes.clone(),
    );
    registry.register_with_unit("response_body", "Response bodies as sent", bytes, response_bytes.clone());
    registry.register(
        "incomplete_responses",
        "Responses that broke off before their end",
        incomplete.clone(),
    );
    Series::new(REQUEST, bounds, SERIES_LIMIT, move |labels| {
        let [api, ..] = labels.values.clone();
        let api = Labels { names: API, values: [api] };
        RequestHandles {
            requests: requests.get_or_create_owned(labels),
            duration: duration.get_or_create_owned(&api),
            first_byte: first_byte.get_or_create_owned(&api),
            backend: backend.get_or_create_owned(&api),
            own: own.get_or_create_owned(&api),
            request_bytes: request_bytes.get_or_create_owned(&api),
            response_bytes: response_bytes.get_or_create_owned(&api),
            incomplete: incomplete.get_or_create_owned(&api),
        }
    })
}

fn register_attempts(registry: &mut Registry, bounds: [&Arc<Bound>; 3]) -> Series<3, AttemptHandles> {
    let attempts = Counters::<3>::default();
    let duration = histograms(seconds);
    registry.register("backend_attempts", "Calls of backends, by status or failure", attempts.clone());
    let help = "One call of a backend until its response headers or its failure";
    registry.register_with_unit("backend_attempt_duration", help, Unit::Seconds, duration.clone());
    Series::new(ATTEMPT, bounds, SERIES_LIMIT, move |labels| {
        let [backend, ..] = labels.values.clone();
        AttemptHandles {
            attempts: attempts.get_or_create_owned(labels),
            duration: duration.get_or_create_owned(&Labels { names: BACKEND, values: [backend] }),
        }
    })
}

fn register_tokens(registry: &mut Registry, bounds: [&Arc<Bound>; 4]) -> Series<4, TokenHandles> {
    let family = Counters::<5>::default();
    let help = "Tokens of models. The kinds overlap: cached is part of prompt, reasoning of completion, total is both";
    registry.register("tokens", help, family.clone());
    Series::new(TOKENS, bounds, SERIES_LIMIT, move |labels| TokenHandles {
        family: family.clone(),
        labels: labels.clone(),
        kinds: Default::default(),
    })
}
