use std::collections::BTreeMap;
use std::sync::Arc;

use sekisho_expression::context::LastErrorFacts;
use sekisho_llm::usage::Usage;
use sekisho_policy::ports::record::Cost;

use super::*;
use crate::fanout::{Fanout, Keeper, Pricing};

fn metrics() -> Metrics {
    Metrics::new(BuildInfo { version: "1.2.3" })
}

/// Every sample by its name and labels; checks the form of every line on the way.
fn samples(metrics: &Metrics) -> BTreeMap<String, f64> {
    let text = metrics.render();
    assert!(text.ends_with("# EOF\n"));
    let mut types: BTreeMap<String, String> = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some("EOF"), None, None) => {}
                (Some("HELP"), Some(_), Some(help)) => assert!(help.ends_with('.'), "{line}"),
                (Some("UNIT"), Some(name), Some(unit)) => {
                    assert!(name.ends_with(&format!("_{unit}")), "{line}")
                }
                (Some("TYPE"), Some(name), Some(kind)) => {
                    assert_eq!(types.insert(name.to_owned(), kind.to_owned()), None, "{line}");
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let family = types.iter().find(|(family, kind)| {
            let suffixes: &[&str] = match kind.as_str() {
                "counter" => &["_total"],
                "histogram" => &["_sum", "_count", "_bucket"],
                "info" => &["_info"],
                _ => &[""],
            };
            suffixes.iter().any(|suffix| name == format!("{family}{suffix}"))
        });
        assert!(family.is_some() && name.starts_with("sekisho_"), "{line}");
        assert!(samples.insert(series.to_owned(), value.parse().unwrap()).is_none(), "twice: {line}");
    }
    samples
}

fn record() -> CallRecord {
    CallRecord {
        duration: Duration::from_millis(300),
        time_to_first_byte: Some(Duration::from_millis(101)),
        api_id: Some("openai".into()),
        operation_id: Some("chat".into()),
        product_id: Some("gold".into()),
        subscription_id: Some("team-a".into()),
        status: 200,
        request_bytes: 10,
        response_bytes: 20,
        attempts: vec![
            Attempt {
                backend_id: Some("east".into()),
                pool_id: Some("pool".into()),
                authority: "https://east".into(),
                duration: Duration::from_millis(40),
                status: Some(429),
                failure: None,
                reply: None,
                ..Attempt::default()
            },
            Attempt {
                authority: "https://west".into(),
                duration: Duration::from_millis(60),
                failure: Some("Timeout"),
                ..Attempt::default()
            },
        ],
        model: Some("gpt-4o".into()),
        usage: Some(Usage::new(Provenance::Reported, Some(11), None)),
        ..CallRecord::default()
    }
}

#[test]
fn a_call_counts_everywhere_it_belongs() {
    let metrics = metrics();
    Recorder::started(&metrics);
    assert_eq!(samples(&metrics)["sekisho_requests_in_flight"], 1.0);
    metrics.call(record(), Hold::default());
    let samples = samples(&metrics);
    let request = "api=\"openai\",operation=\"chat\",product=\"gold\",status=\"200\",status_class=\"2xx\"";
    assert_eq!(samples[&format!("sekisho_requests_total{{{request}}}")], 1.0);
    let of_api = |name: &str| samples[&format!("sekisho_{name}{{api=\"openai\"}}")];
    assert_eq!(of_api("request_duration_seconds_count"), 1.0);
    assert_eq!(of_api("request_duration_seconds_sum"), 0.3);
    assert_eq!(of_api("time_to_first_byte_seconds_sum"), 0.101);
    assert_eq!(of_api("backend_duration_seconds_sum"), 0.1);
    assert_eq!(of_api("gateway_duration_seconds_sum"), 0.001);
    assert_eq!(of_api("request_body_bytes_total"), 10.0);
    assert_eq!(of_api("response_body_bytes_total"), 20.0);
    assert_eq!(of_api("incomplete_responses_total"), 0.0);
    assert_eq!(samples["sekisho_request_duration_seconds_bucket{le=\"0.25\",api=\"openai\"}"], 0.0);
    assert_eq!(samples["sekisho_request_duration_seconds_bucket{le=\"0.5\",api=\"openai\"}"], 1.0);
    let attempts = |labels: &str| samples[&format!("sekisho_backend_attempts_total{{{labels}}}")];
    assert_eq!(attempts("backend=\"east\",pool=\"pool\",outcome=\"429\""), 1.0);
    assert_eq!(attempts("backend=\"https://west\",outcome=\"Timeout\""), 1.0);
    assert_eq!(samples["sekisho_backend_attempt_duration_seconds_sum{backend=\"east\"}"], 0.04);
    assert_eq!(samples["sekisho_requests_in_flight"], 0.0);
    assert_eq!(samples["sekisho_build_info{version=\"1.2.3\"}"], 1.0);
}

#[test]
fn tokens_are_counted_by_kind_and_unknown_ones_are_not_zero() {
    let metrics = metrics();
    metrics.call(record(), Hold::default());
    let usage = Usage { cached: Some(3), ..Usage::new(Provenance::Estimated, Some(5), Some(7)) };
    metrics.call(CallRecord { usage: Some(usage), ..record() }, Hold::default());
    metrics.call(CallRecord { usage: Some(usage), ..record() }, Hold::default());
    metrics.call(
        CallRecord { usage: Some(Usage { prompt: Some(0), ..Usage::unknown() }), ..record() },
        Hold::default(),
    );
    metrics.call(CallRecord { usage: None, ..record() }, Hold::default());
    metrics.call(CallRecord { usage: None, status: 429, ..record() }, Hold::default());
    let samples = samples(&metrics);
    let tokens: BTreeMap<_, _> = samples
        .iter()
        .filter_map(|(series, value)| Some((series.strip_prefix("sekisho_tokens_total{")?, *value)))
        .collect();
    let labels = |provenance: &str, kind: &str| {
        format!(
            "api=\"openai\",subscription=\"team-a\",model=\"gpt-4o\",provenance=\"{provenance}\",kind=\"{kind}\"}}"
        )
    };
    let expected: BTreeMap<String, f64> = [
        (labels("reported", "prompt"), 11.0),
        (labels("estimated", "prompt"), 10.0),
        (labels("estimated", "completion"), 14.0),
        (labels("estimated", "total"), 24.0),
        (labels("estimated", "cached"), 6.0),
    ]
    .into();
    assert_eq!(tokens, expected.iter().map(|(series, value)| (series.as_str(), *value)).collect());
    assert_eq!(samples["sekisho_token_usage_unknown_total{api=\"openai\",model=\"gpt-4o\"}"], 2.0);
}

#[test]
fn refusals_are_counted_by_reason() {
    let metrics = metrics();
    let error = |reason: Option<&str>| {
        Some(LastErrorFacts {
            source: "llm-token-limit".into(),
            reason: reason.map(Arc::from),
            ..LastErrorFacts::default()
        })
    };
    metrics.call(
        CallRecord { status: 429, last_error: error(Some("TokenLimitExceeded")), ..record() },
        Hold::default(),
    );
    metrics
        .call(CallRecord { status: 403, last_error: error(None), api_id: None, ..record() }, Hold::default());
    metrics.call(CallRecord { status: 200, last_error: error(Some("Handled")), ..record() }, Hold::default());
    metrics.call(CallRecord { status: 404, last_error: None, ..record() }, Hold::default());
    let samples = samples(&metrics);
    let refusals: Vec<_> =
        samples.iter().filter(|(series, _)| series.starts_with("sekisho_refusals")).collect();
    assert_eq!(
        refusals,
        [
            (&"sekisho_refusals_total{api=\"openai\",reason=\"TokenLimitExceeded\"}".to_owned(), &1.0),
            (&"sekisho_refusals_total{reason=\"llm-token-limit\"}".to_owned(), &1.0),
        ]
    );
}

#[test]
fn outages_and_losses_are_counted() {
    let metrics = metrics();
    let lost = || Event::StateLost { store: "state".into(), reason: "gone".to_owned() };
    let recovered = || Event::StateRecovered { store: "state".into(), duration: Duration::from_secs(1) };
    metrics.event(lost());
    metrics.event(Event::StateBypassed { store: "state".into() });
    metrics.event(Event::StateEvicted { kind: "counters" });
    metrics.event(Event::SemanticLookup { outcome: "hit" });
    metrics.event(Event::SearchMissing { store: "state".into() });
    metrics.event(Event::RecordLate);
    assert_eq!(samples(&metrics)["sekisho_state_lost{store=\"state\"}"], 1.0);
    metrics.event(recovered());
    metrics.event(lost());
    metrics.event(recovered());
    let samples = samples(&metrics);
    for (series, value) in [
        ("state_lost{store=\"state\"}", 0.0),
        ("state_outages_total{store=\"state\"}", 2.0),
        ("state_bypasses_total{store=\"state\"}", 1.0),
        ("state_evictions_total{kind=\"counters\"}", 1.0),
        ("semantic_cache_lookups_total{outcome=\"hit\"}", 1.0),
        ("log_records_late_total", 1.0),
    ] {
        assert_eq!(samples[&format!("sekisho_{series}")], value, "{series}");
    }
}

#[test]
fn events_are_counted() {
    let metrics = metrics();
    let opened = || Event::BreakerOpened {
        backend: "east".into(),
        rule: "r".into(),
        duration: Duration::from_secs(60),
    };
    metrics.event(opened());
    metrics.event(Event::ConfigurationLoaded);
    metrics.event(Event::ConfigurationRefused { errors: 3 });
    metrics.event(Event::OpenIdFailed { address: "https://login.example/keys".into() });
    metrics.event(Event::TokenFailed { resource: "https://cognitiveservices.azure.com".into() });
    metrics.event(Event::ConnectionRefused { reason: "too-many-connections" });
    metrics.event(Event::OneWayRequestLost { reason: "Timeout" });
    metrics.event(Event::ContentSafetyFailed {
        backend: "safety".into(),
        reason: "Timeout",
        message: "no answer".into(),
        is_blocked: true,
    });
    metrics.event(Event::ContentBlocked { backend: "safety".into(), what: "stream" });
    metrics.log_lines_dropped("access").inc_by(4);
    metrics.log_lines_failed("access").inc();
    let after_first = samples(&metrics);
    assert_eq!(after_first["sekisho_breaker_open{backend=\"east\"}"], 1.0);
    assert_eq!(after_first["sekisho_configuration_errors"], 3.0);
    metrics.event(Event::BreakerClosed { backend: "east".into() });
    metrics.event(opened());
    metrics.event(Event::BreakerClosed { backend: "east".into() });
    metrics.event(Event::ConfigurationLoaded);
    let samples = samples(&metrics);
    for (series, value) in [
        ("breaker_open{backend=\"east\"}", 0.0),
        ("breaker_transitions_total{backend=\"east\",to=\"open\"}", 2.0),
        ("breaker_transitions_total{backend=\"east\",to=\"closed\"}", 2.0),
        ("configuration_loads_total{result=\"ok\"}", 2.0),
        ("configuration_loads_total{result=\"refused\"}", 1.0),
        ("configuration_errors", 0.0),
        ("openid_configuration_failures_total{address=\"https://login.example/keys\"}", 1.0),
        ("token_source_failures_total{resource=\"https://cognitiveservices.azure.com\"}", 1.0),
        ("connections_refused_total{reason=\"too-many-connections\"}", 1.0),
        ("content_safety_failures_total{backend=\"safety\",reason=\"Timeout\",effect=\"blocked\"}", 1.0),
        ("content_blocked_total{backend=\"safety\",what=\"stream\"}", 1.0),
        ("log_lines_dropped_total{log=\"access\"}", 4.0),
        ("log_lines_failed_total{log=\"access\"}", 1.0),
    ] {
        assert_eq!(samples[&format!("sekisho_{series}")], value, "{series}");
    }
}

#[test]
fn open_web_sockets_and_their_ends_are_counted() {
    let metrics = metrics();
    metrics.event(Event::WebSocketOpened);
    metrics.event(Event::WebSocketOpened);
    metrics.event(Event::WebSocketClosed { reason: "idle" });
    let samples = samples(&metrics);
    assert_eq!(samples["sekisho_websockets_open"], 1.0);
    assert_eq!(samples["sekisho_websockets_closed_total{reason=\"idle\"}"], 1.0);
}

#[test]
fn label_values_are_bounded_and_escaped() {
    let metrics = metrics();
    for index in 0..1200 {
        metrics
            .call(CallRecord { model: Some(format!("model-{index}").into()), ..record() }, Hold::default());
    }
    let count = |samples: &BTreeMap<String, f64>, model: &str| {
        let model = format!("model=\"{model}\"");
        let mut found = samples
            .iter()
            .filter(|(series, _)| series.contains(&model) && series.contains("kind=\"prompt\""));
        found.next().map(|(_, value)| *value)
    };
    let before = samples(&metrics);
    assert_eq!(count(&before, "model-0"), Some(11.0));
    assert_eq!(count(&before, "model-499"), Some(11.0));
    assert_eq!(count(&before, "model-500"), None);
    assert_eq!(count(&before, "other"), Some(700.0 * 11.0));
    // Those that are known stay known.
    metrics.call(CallRecord { model: Some("model-0".into()), ..record() }, Hold::default());
    assert_eq!(count(&samples(&metrics), "model-0"), Some(22.0));

    metrics.call(CallRecord { api_id: Some("a\"b\\c\nd".into()), ..record() }, Hold::default());
    let samples = samples(&metrics);
    assert_eq!(samples["sekisho_request_duration_seconds_count{api=\"a\\\"b\\\\c\\nd\"}"], 1.0);
    metrics.call(CallRecord { api_id: Some("x".repeat(300).into()), ..record() }, Hold::default());
    assert_eq!(self::samples(&metrics)["sekisho_request_duration_seconds_count{api=\"other\"}"], 1.0);
}

#[test]
fn calls_without_a_start_do_not_make_the_gauge_negative() {
    let metrics = metrics();
    metrics.call(record(), Hold::default());
    Recorder::started(&metrics);
    assert_eq!(samples(&metrics)["sekisho_requests_in_flight"], 1.0);
}

#[test]
fn concurrent_calls_are_all_counted() {
    let metrics = metrics();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let metrics = &metrics;
            scope.spawn(move || {
                for index in 0..500 {
                    let api: Arc<str> = format!("api-{}", (index + thread) % 7).into();
                    metrics.call(CallRecord { api_id: Some(api), ..record() }, Hold::default());
                }
            });
        }
    });
    let samples = samples(&metrics);
    let requests = samples.iter().filter(|(series, _)| series.starts_with("sekisho_requests_total{"));
    assert_eq!(requests.map(|(_, value)| value).sum::<f64>(), 2000.0);
}

/// Keeps what it is given.
#[derive(Default)]
struct Kept(parking_lot::Mutex<Vec<Arc<CallRecord>>>);

impl Keeper for Kept {
    fn keep_call(&self, record: &Arc<CallRecord>, _hold: &Hold) {
        self.0.lock().push(Arc::clone(record));
    }
}

struct Dime;

impl Pricing for Dime {
    fn cost(&self, _record: &CallRecord) -> Option<Cost> {
        Some(Cost { amount: 0.1, currency: "USD".into() })
    }
}

#[test]
fn a_fanout_reaches_all_its_members() {
    let (first, second) = (Arc::new(metrics()), Arc::new(metrics()));
    let (kept, also_kept) = (Arc::new(Kept::default()), Arc::new(Kept::default()));
    let fanout = Fanout::new().observer(first.clone()).observer(second.clone());
    let fanout = fanout.keeper(kept.clone()).keeper(also_kept.clone()).priced_by(Arc::new(Dime));
    fanout.started();
    fanout.started();
    fanout.call(record(), Hold::default());
    fanout.event(Event::ConfigurationLoaded);
    for member in [&first, &second] {
        let samples = samples(member);
        assert_eq!(samples["sekisho_requests_in_flight"], 1.0);
        assert_eq!(samples["sekisho_request_duration_seconds_count{api=\"openai\"}"], 1.0);
        assert_eq!(samples["sekisho_configuration_loads_total{result=\"ok\"}"], 1.0);
    }
    let (kept, also_kept) = (kept.0.lock(), also_kept.0.lock());
    assert!(Arc::ptr_eq(&kept[0], &also_kept[0]));
    assert_eq!(kept[0].cost.as_ref().map(|cost| cost.amount), Some(0.1));
}
