use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use prost::Message as _;
use sekisho_expression::context::LastErrorFacts;
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_policy::payload::{Excess, Payload, SharedPayload};
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::record::{AppliedLimit, CacheUse, Cost, TraceEntry};
use sekisho_policy::ports::{Attempt, Hold, Metric, Recorder, ReplyFacts, TraceContext};

use super::*;
use crate::export::testing::{Bench, Reply, run, settle};
use crate::metrics::BuildInfo;

/// When the fake call arrived, in nanoseconds since 1970.
const ARRIVAL: u64 = 1_700_000_000_000_000_000;

fn record() -> CallRecord {
    let usage = Usage { cached: Some(3), ..Usage::new(Provenance::Reported, Some(11), Some(7)) };
    let mut body = Payload::new(1 << 20, Excess::Cut);
    body.push(&Bytes::from_static(br#"{"model":"gpt-4o-2024","choices":[{"finish_reason":"stop"}]}"#));
    let attempt = Attempt {
        pool_id: Some("pool".into()),
        path: "/openai/deployments/gpt-4o/chat/completions".into(),
        method: http::Method::POST,
        ..Attempt::default()
    };
    CallRecord {
        request_id: [9; 16],
        timestamp_ticks: UNIX_EPOCH_TICKS + (ARRIVAL / 100) as i64,
        duration: Duration::from_millis(300),
        time_to_first_byte: Some(Duration::from_millis(250)),
        ip_address: Some([192, 0, 2, 7].into()),
        method: "POST".into(),
        url: "http://gateway.example:8080/a/openai/deployments/gpt-4o/chat/completions".to_owned(),
        protocol: "HTTP/1.1",
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
                authority: "https://east.openai.azure.com".into(),
                started: Duration::from_millis(10),
                duration: Duration::from_millis(40),
                span_id: Some([3; 8]),
                status: Some(429),
                ..attempt.clone()
            },
            Attempt {
                backend_id: Some("west".into()),
                authority: "http://127.0.0.1:4000".into(),
                started: Duration::from_millis(60),
                duration: Duration::from_millis(190),
                span_id: Some([4; 8]),
                status: Some(200),
                reply: Some(Arc::new(OnceLock::from(ReplyFacts {
                    usage,
                    model: Some("gpt-4o-2024".into()),
                }))),
                ..attempt
            },
        ],
        last_error: Some(LastErrorFacts {
            source: "retry".into(),
            reason: Some("Handled".into()),
            message: "it was busy".into(),
            ..LastErrorFacts::default()
        }),
        model: Some("gpt-4o".into()),
        usage: Some(usage),
        cost: Some(Cost { amount: 0.25, currency: "USD".into() }),
        cache: Some(CacheUse { policy: "llm-semantic-cache-lookup", is_hit: false }),
        limits: vec![AppliedLimit {
            policy: "llm-token-limit",
            window: "bucket",
            limit: 10,
            count: 11,
            is_refused: true,
        }],
        response: sekisho_policy::ports::Message {
            body: Some(SharedPayload::new(body)),
            ..Default::default()
        },
        trace: Some(TraceContext {
            trace_id: [1; 16],
            span_id: [2; 8],
            parent_id: Some([5; 8]),
            is_sampled: true,
            state: Some(HeaderValue::from_static("vendor=1")),
            legacy: None,
        }),
        traces: vec![TraceEntry {
            source: "routing".into(),
            severity: "information",
            message: "to the east".to_owned(),
            metadata: vec![("region".into(), "east".to_owned())],
            elapsed: Duration::from_millis(5),
        }],
        ..CallRecord::default()
    }
}

#[test]
fn a_call_is_a_span_with_spans_of_its_backends_below() {
    // The monotonic clock shows one second, 700 ms after the call was over.
    let spans = spans::of(&record(), (Duration::from_secs(1), ARRIVAL + 1_000_000_000));
    insta::assert_json_snapshot!("spans", spans);
    assert!(spans::of(&CallRecord { trace: None, ..record() }, Default::default()).is_empty());
}

#[test]
fn tokens_that_are_not_known_are_left_out_and_failures_are_told() {
    let failed = CallRecord {
        usage: Some(Usage { prompt: Some(0), ..Usage::unknown() }),
        status: 503,
        attempts: Vec::new(),
        ..record()
    };
    let spans = spans::of(&failed, Default::default());
    let keys: Vec<_> = spans[0].attributes.iter().map(|pair| pair.key.as_str()).collect();
    assert!(!keys.iter().any(|key| key.starts_with("gen_ai.usage")), "{keys:?}");
    assert!(keys.contains(&"error.type"));
    assert_eq!(spans[0].status.as_ref().map(|status| status.code), Some(2));
}

#[test]
fn a_call_is_a_log_entry_and_holds_content_only_when_asked() {
    let body = |content| {
        let entry = logs::of(&record(), content);
        assert_eq!((entry.trace_id, entry.span_id), (vec![1; 16], vec![2; 8]));
        assert!(entry.attributes.iter().any(|pair| pair.key == "CorrelationId"));
        entry.attributes.iter().any(|pair| pair.key == "sekisho.response.body")
    };
    assert!(body(true));
    assert!(!body(false));
}

fn settings() -> OtlpSettings {
    let mut key = HeaderValue::from_static("s3cret");
    key.set_sensitive(true);
    OtlpSettings {
        endpoint: "http://collector:4318/".to_owned(),
        headers: vec![(HeaderName::from_static("api-key"), key)],
        signals: Signals { traces: true, metrics: true, logs: false },
        content: false,
        interval: Duration::from_secs(60),
        timeout: Duration::from_secs(10),
        resource: vec![("service.name".to_owned(), "edge".to_owned())],
    }
}

/// Name, attribute `subscription` or `API ID`, and value of every sum; sums of histograms with `_sum` behind the name.
fn values(request: &ExportMetricsServiceRequest) -> Vec<(String, f64)> {
    let metrics = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
    let mut values = Vec::new();
    for metric in metrics.flat_map(|scope| &scope.metrics) {
        match metric.data.as_ref().unwrap() {
            Data::Sum(sum) => {
                assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
                let whole = |value: &Option<Value>| match value {
                    Some(Value::AsInt(whole)) => *whole as f64,
                    other => panic!("{other:?}"),
                };
                let sum = sum.data_points.iter().map(|point| whole(&point.value)).sum();
                values.push((metric.name.clone(), sum));
            }
            Data::Histogram(histogram) => {
                for point in &histogram.data_points {
                    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
                    assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
                }
                let sum = histogram.data_points.iter().filter_map(|point| point.sum).sum();
                values.push((format!("{}_sum", metric.name), sum));
            }
            _ => {}
        }
    }
    values
}

#[test]
fn metrics_are_those_of_the_page_and_of_policies() {
    let bench = Bench::answering([]);
    let metrics = Arc::new(Metrics::new(BuildInfo { version: "1" }));
    let operations = Arc::new(Operations::default());
    for _ in 0..3 {
        metrics.call(record(), Hold::default());
        operations.observe_call(&record());
    }
    Recorder::metric(
        &*metrics,
        &Metric {
            namespace: Some("My Company".into()),
            values: vec![("Total Tokens".into(), -2.5)],
            dimensions: vec![("API ID".into(), "openai".into())],
            insights_logger: None,
        },
    );
    let clock = Arc::clone(&bench.clock) as _;
    let state = pages::Pages::new(&settings(), Arc::clone(&metrics), operations, clock).state();
    let values = values(&state);
    let of = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    // Prompt, completion, both together, and what was read from a cache.
    assert_eq!(of("sekisho_tokens"), Some(3.0 * (11.0 + 7.0 + 18.0 + 3.0)));
    assert_eq!(of("sekisho_requests"), Some(3.0));
    assert_eq!(of("gen_ai.client.token.usage_sum"), Some(3.0 * 18.0));
    assert!((of("gen_ai.client.operation.duration_sum").unwrap() - 0.9).abs() < 1e-9);
    assert!((of("sekisho_request_duration_seconds_sum").unwrap() - 0.9).abs() < 1e-9);
    assert_eq!(of("Total Tokens_sum"), Some(-2.5));
    let scopes = state.resource_metrics[0].scope_metrics.iter();
    let names: Vec<_> = scopes.map(|scope| scope.scope.as_ref().unwrap().name.as_str()).collect();
    assert_eq!(names, ["sekisho", "My Company"]);
}

#[test]
fn calls_are_sent_while_the_receiver_fails_and_the_last_state_is_sent_at_the_end() {
    run(async {
        let bench = Bench::answering([Reply::Status(503, ""), Reply::Status(401, "")]);
        let metrics = Arc::new(Metrics::new(BuildInfo { version: "1" }));
        let (otlp, tasks) = Otlp::start(&settings(), &metrics, &bench.means());
        let sampled = Arc::new(record());
        let mut unsampled = record();
        unsampled.trace.as_mut().unwrap().is_sampled = false;
        otlp.keep_call(&sampled, &Hold::default());
        otlp.keep_call(&Arc::new(unsampled), &Hold::default());
        settle().await;
        for _ in 0..4 {
            bench.clock.advance(Duration::from_secs(1)).await;
        }
        otlp.keep_call(&sampled, &Hold::default());
        assert!(tasks.finish(Duration::from_secs(5)).await);
        let sent = bench.http.sent.lock().clone();
        assert_eq!(sent[0].0["api-key"], "s3cret");
        assert_eq!(sent[0].0["content-type"], "application/x-protobuf");
        assert_eq!(sent[0], sent[1], "the first batch goes twice, and is refused in the end");
        let bodies = sent.iter().map(|(headers, body)| match headers.get("content-encoding") {
            Some(_) => {
                let mut plain = Vec::new();
                std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&**body), &mut plain).unwrap();
                plain
            }
            None => body.clone(),
        });
        let bodies: Vec<Vec<u8>> = bodies.collect();
        let traces = ExportTraceServiceRequest::decode(&*bodies[2]).unwrap();
        assert_eq!(traces.resource_spans[0].scope_spans[0].spans.len(), 3);
        let last = ExportMetricsServiceRequest::decode(&**bodies.last().unwrap()).unwrap();
        let values = values(&last);
        let of = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        assert_eq!(of("sekisho_export_sent"), Some(1.0), "{values:?}");
        assert_eq!(of("sekisho_export_dropped"), Some(1.0));
        assert_eq!(of("sekisho_export_failures"), Some(2.0));
        let log = bench.log.0.lock().clone();
        assert_eq!(log.len(), 2, "{log:?}");
    });
}

#[test]
fn a_receiver_that_hangs_holds_nothing_up_and_what_overflows_is_counted() {
    run(async {
        let bench =
            Bench::answering(std::iter::repeat_n(Reply::Silence, 20).chain([Reply::RetryAfter(429, 7)]));
        let metrics = Arc::new(Metrics::new(BuildInfo { version: "1" }));
        let signals = Signals { traces: true, metrics: false, logs: false };
        let (otlp, tasks) = Otlp::start(&OtlpSettings { signals, ..settings() }, &metrics, &bench.means());
        let record = Arc::new(record());
        let dropped = |metrics: &Metrics| metrics.export_dropped("otlp", "queue-full").get();
        // Nothing is awaited between these: whoever hands over a call goes on at once.
        (0..10_000).for_each(|_| otlp.keep_call(&record, &Hold::default()));
        assert_eq!(dropped(&metrics), 10_000 - 8192);
        settle().await;
        (0..10_000).for_each(|_| otlp.keep_call(&record, &Hold::default()));
        let batch = ((1 << 20) / weight(&record)) as u64;
        assert_eq!(dropped(&metrics), 20_000 - 8192 - batch, "one batch is on its way");
        assert_eq!(bench.http.count(), 1, "one attempt at a time");
        bench.http.replies.lock().drain(..19);
        bench.clock.advance(Duration::from_secs(10)).await;
        bench.clock.advance(Duration::from_secs(1)).await;
        assert_eq!((bench.http.count(), metrics.export_failures("otlp").get()), (2, 2));
        bench.clock.advance(Duration::from_secs(6)).await;
        assert_eq!(bench.http.count(), 2, "it wants seven seconds");
        bench.clock.advance(Duration::from_secs(1)).await;
        assert!(tasks.finish(Duration::from_secs(5)).await);
        assert_eq!(metrics.export_sent("otlp", "traces").get(), 8192 + batch);
        assert_eq!(bench.log.0.lock().len(), 2);
    });
}
