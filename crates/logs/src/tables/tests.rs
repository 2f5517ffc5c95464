use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::cast::AsArray;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use http::HeaderMap;
use http::HeaderValue;
use sekisho_expression::context::LastErrorFacts;
use sekisho_kql::Catalog;
use sekisho_kql::types::TYPE_KEY;
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_policy::ports::backends::AttemptMessages;
use sekisho_policy::ports::record::{McpMessage, TraceEntry};
use sekisho_policy::ports::{Attempt, CallRecord, Hold, Message, TraceContext};
use sekisho_telemetry::Keeper;

use crate::record::tests::{kept, payload};
use crate::store::tests::options;
use crate::{Compatibility, LogStore, Reader};

type Row = BTreeMap<String, Option<String>>;

fn message(text: &str) -> Message {
    Message { body: Some(payload(&[text.as_bytes()])), ..Message::default() }
}

fn record() -> CallRecord {
    let attempt = |authority: &str, status: u16, response: &str| Attempt {
        backend_id: Some("east".into()),
        authority: authority.into(),
        path: "/openai/deployments/m/chat/completions".into(),
        duration: Duration::from_millis(20),
        status: Some(status),
        span_id: Some([7; 8]),
        messages: Some(Box::new(AttemptMessages {
            request: message("{\"a\":1}"),
            response: message(response),
        })),
        ..Attempt::default()
    };
    let mut headers = HeaderMap::new();
    headers.append("x-team", HeaderValue::from_static("a"));
    headers.append("x-team", HeaderValue::from_static("b"));
    CallRecord {
        request_id: [1; 16],
        timestamp_ticks: 639_000_000_000_000_000,
        duration: Duration::from_millis(50),
        method: "POST".into(),
        url: "https://g/openai/deployments/m/chat/completions".to_owned(),
        query: Some("api-version=1".to_owned()),
        api_id: Some("models".into()),
        status: 503,
        model: Some("m".into()),
        usage: Some(Usage::new(Provenance::Estimated, Some(4), None)),
        request: Message { headers: kept(&headers), ..message("{\"a\":1}") },
        response: message("sorry"),
        attempts: vec![attempt("https://one", 429, "busy"), attempt("https://two", 503, "sorry")],
        last_error: Some(LastErrorFacts {
            source: "forward-request".into(),
            message: "no".into(),
            ..LastErrorFacts::default()
        }),
        trace: Some(TraceContext {
            trace_id: [2; 16],
            span_id: [3; 8],
            parent_id: None,
            is_sampled: true,
            state: None,
            legacy: None,
        }),
        traces: vec![TraceEntry {
            source: "policy".into(),
            severity: "error",
            message: "look".to_owned(),
            metadata: Vec::new(),
            elapsed: Duration::ZERO,
        }],
        mcp: Some(Box::new(McpMessage {
            server_name: "Tools".into(),
            tool_name: Some("weather".into()),
            ..McpMessage::default()
        })),
        ..CallRecord::default()
    }
}

/// The rows of a table, before the record is compacted and afterwards, which are the same.
fn rows(table: &str, compatibility: Compatibility) -> Vec<Row> {
    let folder = tempfile::tempdir().unwrap();
    let options = options().0;
    let counters = options.counters.clone();
    let (store, threads) = LogStore::open(folder.path(), options).unwrap();
    store.keep_call(&Arc::new(record()), &Hold::default());
    let end = std::time::Instant::now() + Duration::from_secs(30);
    while counters.written.get() == 0 {
        assert!(std::time::Instant::now() < end);
        std::thread::yield_now();
    }
    let read = || {
        let reader = Reader::open(folder.path(), compatibility).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let context = reader.context().unwrap();
        let batches = runtime.block_on(async {
            context.read_table(reader.table(table).unwrap()).unwrap().collect().await.unwrap()
        });
        let mut rows = Vec::new();
        for batch in &batches {
            for place in 0..batch.num_rows() {
                let text = |name: &str| {
                    let column = cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
                    column.as_string::<i32>().iter().nth(place).flatten().map(str::to_owned)
                };
                rows.push(
                    batch
                        .schema()
                        .fields()
                        .iter()
                        .map(|field| (field.name().clone(), text(field.name())))
                        .collect(),
                );
            }
        }
        rows
    };
    let unread: Vec<Row> = read();
    assert!(threads.finish(Duration::from_secs(30)));
    assert_eq!(unread, read());
    unread
}

fn all(table: &str) -> Vec<Row> {
    rows(table, Compatibility::default())
}

fn shown<'a>(row: &'a Row, names: &[&str]) -> Vec<&'a str> {
    names.iter().map(|name| row[*name].as_deref().unwrap_or("null")).collect()
}

#[test]
fn the_gateway_log_has_the_columns_of_the_cloud() {
    let rows = all("ApiManagementGatewayLogs");
    let names = [
        "ApiId",
        "ResponseCode",
        "TotalTime",
        "ClientTime",
        "BackendTime",
        "BackendUrl",
        "IsRequestSuccess",
        "Cache",
    ];
    let url = "https://two/openai/deployments/m/chat/completions";
    assert_eq!(shown(&rows[0], &names), ["models", "503", "50", "10", "40", url, "false", "none"]);
    let bodies =
        ["RequestBody", "ResponseBody", "BackendRequestBody", "BackendResponseBody", "RequestHeaders"];
    assert_eq!(
        shown(&rows[0], &bodies),
        ["{\"a\":1}", "sorry", "{\"a\":1}", "sorry", r#"{"x-team":"a, b"}"#]
    );
    assert_eq!(
        rows[0]["Url"].as_deref(),
        Some("https://g/openai/deployments/m/chat/completions?api-version=1")
    );
    assert_eq!(rows[0].len(), 59);
    let cut = rows_cut();
    assert_eq!(shown(&cut[0], &bodies[..4]), ["{\"a", "sor", "{\"a", "sor"]);
}

fn rows_cut() -> Vec<Row> {
    rows("ApiManagementGatewayLogs", Compatibility { body_bytes: Some(3), message_bytes: None })
}

#[test]
fn fields_say_which_are_dynamic() {
    let reader = Reader::open(std::path::Path::new("nowhere"), Compatibility::default()).unwrap();
    for (table, column) in [
        ("ApiManagementGatewayLogs", "RequestHeaders"),
        ("requests", "customDimensions"),
        ("calls", "limits"),
    ] {
        let schema = reader.table(table).unwrap().schema();
        let kind = schema.field_with_name(column).unwrap().metadata().get(TYPE_KEY).cloned();
        assert_eq!(kind.as_deref(), Some("dynamic"), "{table}.{column}");
    }
    assert!(reader.names().iter().all(|name| reader.table(name).is_some()));
}

#[test]
fn attempts_are_dependencies_of_their_request() {
    let requests = all("requests");
    let id = ["id", "operation_Id", "resultCode", "success", "duration"];
    assert_eq!(
        shown(&requests[0], &id),
        ["0303030303030303", "02020202020202020202020202020202", "503", "False", "50.0"]
    );
    let dependencies = all("dependencies");
    let names = ["target", "resultCode", "duration", "operation_ParentId", "operation_Id"];
    let of =
        |target, status| vec![target, status, "20.0", "0303030303030303", "02020202020202020202020202020202"];
    assert_eq!(
        dependencies.iter().map(|row| shown(row, &names)).collect::<Vec<_>>(),
        [of("https://one", "429"), of("https://two", "503")]
    );
}

#[test]
fn failures_traces_and_messages_to_tools_have_rows() {
    assert_eq!(shown(&all("exceptions")[0], &["type", "message"]), ["forward-request", "no"]);
    assert_eq!(shown(&all("traces")[0], &["message", "severityLevel"]), ["look", "3"]);
    assert_eq!(
        shown(&all("ApiManagementGatewayMCPLog")[0], &["ServerName", "ToolName"]),
        ["Tools", "weather"]
    );
    let models = all("ApiManagementGatewayLlmLog");
    let names = ["SequenceNumber", "PromptTokens", "CompletionTokens", "DeploymentName", "ApiVersion"];
    assert_eq!(shown(&models[0], &names), ["0", "4", "null", "m", "1"]);
    assert_eq!(all("ApiManagementWebSocketConnectionLogs"), []);
    assert_eq!(all("customMetrics"), []);
}

#[test]
fn the_first_attempts_bodies_are_among_the_attempts() {
    let calls = all("calls");
    let attempts: serde_json::Value = serde_json::from_str(calls[0]["attempts"].as_deref().unwrap()).unwrap();
    assert_eq!(
        (&attempts[0]["response_body"], &attempts[1]["response_body"]),
        (&"busy".into(), &serde_json::Value::Null)
    );
    let last = serde_json::json!({
        "backend_id": "east", "authority": "https://two", "method": "GET", "path": "/openai/deployments/m/chat/completions",
        "started_us": 0, "duration_us": 20_000, "span_id": "0707070707070707", "status": 503,
    });
    assert_eq!(attempts[1], last, "what it has not is left out");
    assert_eq!(shown(&calls[0], &["backend_response_body_kept", "backend_response_body"]), ["same", "null"]);
}

#[test]
fn queries_of_the_cloud_run() {
    let folder = tempfile::tempdir().unwrap();
    let (store, threads) = LogStore::open(folder.path(), options().0).unwrap();
    store.keep_call(&Arc::new(CallRecord { status: 200, ..record() }), &Hold::default());
    assert!(threads.finish(Duration::from_secs(30)));
    let reader = Reader::open(folder.path(), Compatibility::default()).unwrap();
    let options = sekisho_kql::Options {
        now: super::column::microseconds(639_000_000_000_000_000),
        timespan: None,
        rows: 10,
        bytes: 1 << 20,
        timeout: Duration::from_secs(30),
    };
    let query = "ApiManagementGatewayLlmLog
        | where TimeGenerated > ago(1h) and SequenceNumber == 0
        | join kind=inner ApiManagementGatewayLogs on CorrelationId
        | summarize Tokens = sum(PromptTokens) by ApimSubscriptionId, DeploymentName
        | project DeploymentName, Tokens";
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let context = reader.context().unwrap();
    let answer = runtime.block_on(sekisho_kql::run(query, reader.catalog(), &context, &options)).unwrap();
    assert_eq!(answer.rows(), [[serde_json::json!("m"), serde_json::json!(4)]]);
}
