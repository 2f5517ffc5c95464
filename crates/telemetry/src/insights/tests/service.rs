//! The service at its worst: it throttles, takes a part, points elsewhere, recovers.

use sekisho_policy::ports::Hold;

use super::*;
use crate::export::testing::{Bench, Reply, run, settle};
use crate::export::{Answer, Destination, ExportCounts, Verdict};
use crate::fanout::Keeper;
use crate::insights::connection::Identity;
use crate::insights::ingestion::IngestionService;
use crate::insights::{Connection, InsightsLoggers, LoggerMeans, LoggerSettings};
use crate::metrics::{BuildInfo, Metrics};

fn settings(name: &str, key: &str) -> LoggerSettings {
    let connection = Connection {
        instrumentation_key: key.into(),
        endpoint: "https://west.in.applicationinsights.azure.com".into(),
        identity: None,
    };
    LoggerSettings { name: name.into(), connection, is_buffered: true }
}

fn service(identity: Option<Identity>) -> IngestionService {
    let connection = Connection { identity, ..settings("insights", "the-key").connection };
    IngestionService::new(connection, gateway(), Arc::new(NamedTokens))
}

fn answer(status: u16, location: Option<&str>, body: &'static str) -> Answer {
    let mut answer = Answer { status: http::StatusCode::from_u16(status).unwrap(), ..Answer::default() };
    if let Some(location) = location {
        answer.headers.insert("location", location.parse().unwrap());
    }
    answer.body = Bytes::from_static(body.as_bytes());
    answer
}

struct Desk {
    bench: Bench,
    metrics: Arc<Metrics>,
    loggers: InsightsLoggers,
}

impl Desk {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let bench = Bench::answering(replies);
        let metrics = Arc::new(Metrics::new(BuildInfo { version: "1" }));
        let loggers = InsightsLoggers::new(Arc::clone(&bench.clock) as _);
        let desk = Self { bench, metrics, loggers };
        assert!(desk.replace(vec![settings("insights", "the-key")]).is_empty());
        desk
    }

    fn replace(&self, wanted: Vec<LoggerSettings>) -> Vec<crate::export::ExportTask> {
        let means = LoggerMeans {
            export: self.bench.means(),
            tokens: Arc::new(NamedTokens),
            gateway: gateway(),
            counts: ExportCounts::new(&self.metrics, "application-insights", "items"),
        };
        self.loggers.replace(wanted, &means)
    }

    async fn keep(&self, record: CallRecord) {
        self.loggers.keep_call(&Arc::new(record), &Hold::default());
        settle().await;
        self.bench.clock.advance(Duration::from_secs(1)).await;
    }

    /// Items of all batches so far, by their types.
    fn sent(&self) -> Vec<Vec<String>> {
        let batches = self.bench.http.sent.lock();
        batches.iter().map(|(headers, body)| read(headers, body)).collect()
    }
}

fn read(headers: &HeaderMap, body: &[u8]) -> Vec<String> {
    let mut plain = String::new();
    if headers.get("content-encoding").is_some_and(|coding| coding == "gzip") {
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(body), &mut plain).unwrap();
    } else {
        plain = String::from_utf8(body.to_vec()).unwrap();
    }
    let lines = plain.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|item| item["data"]["baseType"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn only_what_may_be_taken_later_goes_again() {
    run(async {
        let errors = r#"{"itemsReceived":3,"itemsAccepted":1,"errors":[
        {"index":2,"statusCode":503,"message":"busy"},{"index":0,"statusCode":400,"message":"bad"}]}"#;
        let desk = Desk::new([Reply::Status(206, errors)]);
        desk.keep(record(plan())).await;
        assert_eq!(desk.sent(), [["RequestData", "RemoteDependencyData", "RemoteDependencyData"]]);
        desk.bench.clock.advance(Duration::from_secs(1)).await;
        assert_eq!(desk.sent()[1], ["RemoteDependencyData"]);
        let page = desk.metrics.render();
        assert!(
            page.contains(r#"sekisho_export_sent_total{exporter="application-insights",signal="items"} 2"#)
        );
        assert!(
            page.contains(
                r#"sekisho_export_dropped_total{exporter="application-insights",reason="refused"} 1"#
            )
        );
    });
}

#[test]
fn a_service_that_throttles_hangs_and_recovers_loses_nothing() {
    run(async {
        let replies = [
            Reply::RetryAfter(439, 5),
            Reply::Silence,
            Reply::Unreachable,
            Reply::Status(500, ""),
            Reply::Status(402, ""),
        ];
        let desk = Desk::new(replies);
        desk.keep(record(plan())).await;
        for _ in 0..90 {
            desk.bench.clock.advance(Duration::from_secs(1)).await;
        }
        assert_eq!(desk.bench.http.count(), 6);
        assert!(desk.metrics.render().contains(r#"signal="items"} 3"#));
    });
}

#[test]
fn what_is_refused_is_counted() {
    run(async {
        let desk = Desk::new([Reply::Status(400, "")]);
        desk.keep(record(plan())).await;
        assert!(desk.metrics.render().contains(r#"reason="refused"} 3"#));
        assert_eq!(desk.bench.http.count(), 1);
    });
}

#[test]
fn loggers_that_did_not_change_go_on() {
    run(async {
        let desk = Desk::new([]);
        assert!(desk.replace(vec![settings("insights", "the-key"), settings("other", "b")]).is_empty());
        assert_eq!(desk.replace(vec![settings("insights", "another-key")]).len(), 2);
        desk.keep(record(plan())).await;
        assert_eq!(desk.bench.http.count(), 1);
        let metric = Metric {
            namespace: None,
            values: vec![("m".into(), 1.0)],
            dimensions: Vec::new(),
            insights_logger: Some("gone".into()),
        };
        desk.loggers.keep_metric(&metric);
        for task in desk.loggers.close() {
            assert!(task.finish(Duration::from_secs(1)).await);
        }
        desk.keep(record(plan())).await;
        assert_eq!(desk.bench.http.count(), 1, "no logger is in service");
    });
}

#[test]
fn an_identity_sends_a_token() {
    run(async {
        let identity =
            Identity { client_id: Some("mine".into()), audience: "https://monitor.azure.com".into() };
        let request = service(Some(identity)).request().await.unwrap().body(()).unwrap();
        assert_eq!(request.uri(), "https://west.in.applicationinsights.azure.com/v2.1/track");
        assert_eq!(request.headers()["authorization"], "Bearer https://monitor.azure.com mine");
        let plain = service(None).request().await.unwrap().body(()).unwrap();
        assert!(!plain.headers().contains_key("authorization"));
    });
}

#[test]
fn the_service_may_point_to_its_own_hosts() {
    run(async {
        let service = service(None);
        for elsewhere in [
            None,
            Some("https://collector.example/v2.1/track"),
            Some("http://east.in.applicationinsights.azure.com/v2.1/track"),
            Some("https://evil.example/.applicationinsights.azure.com"),
        ] {
            assert!(
                matches!(service.judge(&answer(308, elsewhere, "")), Verdict::Refused(_)),
                "{elsewhere:?}"
            );
        }
        let east = Some("https://east.in.applicationinsights.azure.com/v2.1/track");
        assert!(matches!(service.judge(&answer(307, east, "")), Verdict::Again(_)));
        let request = service.request().await.unwrap().body(()).unwrap();
        assert_eq!(request.uri().host(), Some("east.in.applicationinsights.azure.com"));
        (0..9).for_each(|_| drop(service.judge(&answer(307, east, ""))));
        assert!(matches!(service.judge(&answer(307, east, "")), Verdict::Refused(_)));
        assert_eq!(service.judge(&answer(200, None, "{}")), Verdict::Taken);
        assert!(matches!(service.judge(&answer(307, east, "")), Verdict::Again(_)));
    });
}
