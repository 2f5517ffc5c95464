use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_policy::observation::{DiagnosticPlan, LanguageModelPlan, MaskMode, Observation};
use sekisho_policy::ports::record::TraceEntry;
use sekisho_policy::ports::{CallRecord, Hold};
use serde_json::{Value, json};

use super::*;
use crate::export::testing::{Bench, Reply, run, settle};
use crate::export::{Destination, ExportCounts};
use crate::fanout::Keeper;
use crate::insights::tests::{NamedTokens, gateway, message, message_plan, plan, record};
use crate::metrics::{BuildInfo, Metrics};

fn stream(name: &str) -> LogStream {
    let rule = CollectionRule {
        endpoint: "https://team.westeurope-1.ingest.monitor.azure.com".into(),
        rule_id: "dcr-1".into(),
        client_id: None,
        tokens: Arc::new(NamedTokens),
    };
    LogStream::new(rule, name)
}

fn monitored(plan: Option<DiagnosticPlan>) -> CallRecord {
    let observation = Observation { monitor: plan, ..Observation::default() };
    let question = br#"{"messages":[{"role":"user","content":"What is it?"}]}"#;
    let answer =
        br#"{"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"A gate."}}]}"#;
    CallRecord {
        url: "https://gw.example/openai/deployments/chat/chat/completions".to_owned(),
        model: Some("chat".into()),
        usage: Some(Usage::new(Provenance::Reported, Some(7), Some(3))),
        request: message(&[("x-team", "red"), ("x-user", "ada")], question),
        response: message(&[], answer),
        observation: Arc::new(observation),
        ..record(crate::insights::tests::plan())
    }
}

fn row(record: &CallRecord) -> Value {
    serde_json::from_slice(&gateway_row::row(record, record.observation.monitor.as_ref(), &gateway()))
        .unwrap()
}

#[test]
fn a_row_has_the_columns_of_the_table() {
    let mut request = message_plan(&["X-Team", "X-User"], 12);
    request.masked_headers = [("x-user".parse().unwrap(), MaskMode::Mask)].into();
    request.masked_query = [("team".into(), MaskMode::Hide)].into();
    let wanted = DiagnosticPlan { request, log_client_ip: true, ..plan() };
    let entry = |severity| TraceEntry {
        source: "billing".into(),
        severity,
        message: "counted".to_owned(),
        metadata: vec![("team".into(), "red".to_owned())],
        elapsed: Duration::ZERO,
    };
    let traces = vec![entry("verbose"), entry("information")];
    let written = row(&CallRecord { traces, ..monitored(Some(wanted)) });
    let expected = json!({
        "TimeGenerated": "1970-01-01T00:00:01.5000000Z",
        "CorrelationId": "abababab-abab-abab-abab-abababababab",
        "Category": "GatewayLogs", "Region": "West Europe", "Method": "POST",
        "Url": "https://gw.example/openai/deployments/chat/chat/completions?api-version=2024-10-21",
        "ClientProtocol": "HTTP/1.1", "CallerIpAddress": "192.0.2.7",
        "ApiId": "openai", "ApiRevision": "2", "OperationId": "chat", "ProductId": "gold",
        "ApimSubscriptionId": "team-a", "UserId": "ada",
        "IsRequestSuccess": true, "ResponseCode": 200, "RequestSize": 0, "ResponseSize": 0,
        "Cache": "none", "TotalTime": 2260,
        "BackendId": "west", "BackendMethod": "POST", "BackendResponseCode": 200, "BackendTime": 80,
        "BackendUrl": "https://west.example:443/openai/deployments/gpt/chat/completions",
        "RequestHeaders": {"X-Team": "red", "X-User": "***"}, "RequestBody": "{\"messages\":",
        "TraceRecords": [{"source": "billing", "severity": "information", "message": "counted",
            "metadata": {"team": "red"}}],
    });
    assert_eq!(written, expected);
}

#[test]
fn nothing_of_the_contents_is_there_without_a_diagnostic_or_in_private() {
    let open = row(&monitored(None));
    for column in ["CallerIpAddress", "RequestHeaders", "RequestBody", "TraceRecords"] {
        assert_eq!(open[column], Value::Null, "{column}");
    }
    let wanted = DiagnosticPlan { request: message_plan(&["X-Team"], 12), log_client_ip: true, ..plan() };
    let private = row(&CallRecord { is_private: true, ..monitored(Some(wanted)) });
    for column in ["CallerIpAddress", "RequestHeaders", "RequestBody", "ApimSubscriptionId", "UserId"] {
        assert_eq!(private[column], Value::Null, "{column}");
    }
    assert_eq!(private["Url"], "https://gw.example");
}

#[test]
fn a_stream_is_called_with_a_token() {
    run(async {
        let request = stream("Custom-Logs A").request().await.unwrap().body(()).unwrap();
        assert_eq!(
            request.uri(),
            "https://team.westeurope-1.ingest.monitor.azure.com/dataCollectionRules/dcr-1/streams/\
         Custom-Logs%20A?api-version=2023-01-01"
        );
        assert_eq!(request.headers()["authorization"], "Bearer https://monitor.azure.com system");
        let rows = [b"{\"a\":1}".to_vec(), b"{}".to_vec()];
        assert_eq!(stream("x").encode(&rows), b"[{\"a\":1},{}]");
    });
}

fn rows(sent: &(HeaderMap, Vec<u8>)) -> Vec<Value> {
    let mut plain = Vec::new();
    match sent.0.get("content-encoding") {
        Some(_) => drop(std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*sent.1), &mut plain)),
        None => plain.clone_from(&sent.1),
    }
    serde_json::from_slice(&plain).unwrap()
}

#[test]
fn calls_become_rows_of_both_tables() {
    run(async {
        let bench =
            Bench::answering([Reply::Status(503, ""), Reply::Status(204, ""), Reply::Status(204, "")]);
        let metrics = Metrics::new(BuildInfo { version: "1" });
        let counts = |signal| ExportCounts::new(&metrics, "azure-monitor", signal);
        let monitor = AzureMonitor::new(counts("gateway-logs"));
        let streams = Streams {
            gateway_logs: Some((stream("Custom-Gateway"), counts("gateway-logs"))),
            llm_logs: Some((stream("Custom-Llm"), counts("llm-logs"))),
        };
        let task = monitor.start(streams, gateway(), bench.means());
        let model = LanguageModelPlan { requests: Some(32_768), responses: Some(32_768) };
        let wanted = DiagnosticPlan { language_model: Some(model), ..plan() };
        let never = DiagnosticPlan { sampling_percentage: 0.0, ..wanted.clone() };
        for record in [monitored(Some(wanted)), monitored(None), monitored(Some(never))] {
            monitor.keep_call(&Arc::new(record), &Hold::default());
        }
        settle().await;
        for _ in 0..4 {
            bench.clock.advance(Duration::from_secs(1)).await;
        }
        let mut sent: Vec<_> = bench.http.sent.lock().iter().map(rows).map(|rows| rows.len()).collect();
        sent.sort_unstable();
        assert!(sent == [2, 2, 3] || sent == [2, 3, 3], "one of the two batches went twice: {sent:?}");
        assert!(task.finish(Duration::from_secs(1)).await);
        let page = metrics.render();
        assert!(
            page.contains(r#"sekisho_export_sent_total{exporter="azure-monitor",signal="gateway-logs"} 2"#)
        );
        assert!(page.contains(r#"sekisho_export_sent_total{exporter="azure-monitor",signal="llm-logs"} 3"#));
    });
}
