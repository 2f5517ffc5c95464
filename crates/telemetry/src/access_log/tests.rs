use std::net::{IpAddr, Ipv4Addr};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_expression::context::LastErrorFacts;
use sekisho_llm::usage::{Provenance, Usage};
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::record::TraceEntry;
use sekisho_policy::ports::{Attempt, ReplyFacts};
use serde_json::{Value, json};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().clone()).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Says that a write begins, then waits until it may go on.
struct Gated {
    began: SyncSender<()>,
    go_on: Receiver<()>,
    kept: Kept,
}

impl Write for Gated {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.began.send(()).unwrap();
        self.go_on.recv().unwrap();
        self.kept.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Broken;

impl Write for Broken {
    fn write(&mut self, _bytes: &[u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("disk full"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn full_record() -> CallRecord {
    let usage = Usage::new(Provenance::Reported, Some(11), None);
    let attempt = |id: &str, milliseconds, status: Option<u16>, failure| Attempt {
        backend_id: Some(id.into()),
        pool_id: Some("pool".into()),
        authority: format!("https://{id}.example:443").into(),
        duration: Duration::from_millis(milliseconds),
        status,
        failure,
        reply: status.map(|_| Arc::new(OnceLock::from(ReplyFacts { usage, model: None }))),
        ..Attempt::default()
    };
    CallRecord {
        request_id: [0xAB; 16],
        timestamp_ticks: UNIX_EPOCH_TICKS + 15_000_000,
        duration: Duration::from_micros(123_456),
        time_to_first_byte: Some(Duration::from_millis(60)),
        ip_address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))),
        method: "POST".into(),
        url: "https://gw.example/openai/\"x\"\n".to_owned(),
        protocol: "HTTP/1.1",
        api_id: Some("openai".into()),
        operation_id: Some("chat".into()),
        product_id: Some("gold".into()),
        subscription_id: Some("team-a".into()),
        status: 200,
        request_bytes: 10,
        response_bytes: 20,
        attempts: vec![
            attempt("east", 10, None, Some("BackendConnectionFailure")),
            attempt("west", 40, Some(200), None),
        ],
        last_error: Some(LastErrorFacts {
            source: "forward-request".into(),
            reason: Some("BackendConnectionFailure".into()),
            message: "not reachable".into(),
            section: Some("backend".into()),
            ..LastErrorFacts::default()
        }),
        model: Some("gpt-4o".into()),
        is_stream: true,
        usage: Some(usage),
        traces: vec![TraceEntry {
            source: "mine".into(),
            severity: "information",
            message: "hello".to_owned(),
            metadata: vec![("team".into(), "a".to_owned())],
            elapsed: Duration::from_millis(1),
        }],
        ..CallRecord::default()
    }
}

fn written(record: &CallRecord) -> Value {
    let mut lines = Vec::new();
    line::append(&mut lines, record);
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 1);
    serde_json::from_slice(&lines).unwrap()
}

#[test]
fn a_line_has_the_words_of_the_gateway_log() {
    let expected = json!({
        "TimeGenerated": "1970-01-01T00:00:01.5000000Z",
        "CorrelationId": "abababab-abab-abab-abab-abababababab",
        "Method": "POST",
        "Url": "https://gw.example/openai/\"x\"\n",
        "ClientProtocol": "HTTP/1.1",
        "CallerIpAddress": "192.0.2.7",
        "ApiId": "openai",
        "OperationId": "chat",
        "ProductId": "gold",
        "ApimSubscriptionId": "team-a",
        "ResponseCode": 200,
        "IsRequestSuccess": true,
        "RequestSize": 10,
        "ResponseSize": 20,
        "TotalTime": 123.456,
        "TimeToFirstByte": 60.0,
        "BackendId": "west",
        "BackendUrl": "https://west.example:443",
        "BackendResponseCode": 200,
        "BackendTime": 50.0,
        "BackendAttempts": [
            {"BackendId": "east", "BackendPoolId": "pool", "BackendUrl": "https://east.example:443",
             "BackendTime": 10.0, "Reason": "BackendConnectionFailure"},
            {"BackendId": "west", "BackendPoolId": "pool", "BackendUrl": "https://west.example:443",
             "BackendResponseCode": 200, "BackendTime": 40.0, "PromptTokens": 11, "TokenProvenance": "reported",
             "PromptTokensProvenance": "reported", "CompletionTokensProvenance": "unknown"},
        ],
        "LastErrorSource": "forward-request",
        "LastErrorReason": "BackendConnectionFailure",
        "LastErrorMessage": "not reachable",
        "LastErrorSection": "backend",
        "ModelName": "gpt-4o",
        "IsStreamCompletion": true,
        "PromptTokens": 11,
        "TokenProvenance": "reported",
        "PromptTokensProvenance": "reported",
        "CompletionTokensProvenance": "unknown",
        "TraceRecords": [
            {"Source": "mine", "Severity": "information", "Message": "hello", "Elapsed": 1.0,
             "Metadata": {"team": "a"}},
        ],
    });
    assert_eq!(written(&full_record()), expected);
}

#[test]
fn what_is_not_known_is_absent() {
    let line = written(&CallRecord { method: "GET".into(), status: 404, ..CallRecord::default() });
    let mut names: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "CorrelationId",
            "IsRequestSuccess",
            "Method",
            "RequestSize",
            "ResponseCode",
            "ResponseSize",
            "TimeGenerated",
            "TotalTime",
            "Url"
        ]
    );
    assert_eq!(line["IsRequestSuccess"], false);

    let usage = Usage { prompt: Some(0), total: Some(0), ..Usage::unknown() };
    let line = written(&CallRecord { usage: Some(usage), ..CallRecord::default() });
    assert_eq!(line["TokenProvenance"], "unknown");
    assert!(["PromptTokens", "CompletionTokens", "TotalTokens"].iter().all(|name| line.get(name).is_none()));
    let embeddings = Usage::new(Provenance::Reported, Some(5), Some(0));
    let line = written(&CallRecord { usage: Some(embeddings), ..CallRecord::default() });
    assert_eq!((&line["CompletionTokens"], &line["TotalTokens"]), (&json!(0), &json!(5)));
}

#[test]
fn long_texts_are_cut() {
    let line = written(&CallRecord { url: "é".repeat(10_000), ..CallRecord::default() });
    assert_eq!(line["Url"].as_str().unwrap().len(), 4096 + "…".len());
}

#[test]
fn every_call_becomes_a_line_and_finish_writes_the_rest() {
    let kept = Kept::default();
    let (log, thread) = AccessLog::start(kept.clone(), AccessLogOptions::default()).unwrap();
    for status in 200..300 {
        log.keep_call(&Arc::new(CallRecord { status, ..full_record() }), &Hold::default());
    }
    assert!(thread.finish(PATIENCE));
    let statuses: Vec<_> = kept.lines().iter().map(|line| line["ResponseCode"].as_u64().unwrap()).collect();
    assert_eq!(statuses, (200..300).collect::<Vec<u64>>());
}

#[test]
fn a_full_queue_drops_and_counts_and_never_waits() {
    let (began, has_begun) = sync_channel(100);
    let (may_go_on, go_on) = sync_channel(100);
    let kept = Kept::default();
    let options = AccessLogOptions { capacity: 3, ..AccessLogOptions::default() };
    let dropped = options.dropped.clone();
    let writer = Gated { began, go_on, kept: kept.clone() };
    let (log, thread) = AccessLog::start(writer, options).unwrap();
    log.keep_call(&Arc::new(full_record()), &Hold::default());
    has_begun.recv_timeout(PATIENCE).unwrap();
    // The writer holds the first record and is stuck; three more fit.
    for _ in 0..10 {
        log.keep_call(&Arc::new(full_record()), &Hold::default());
    }
    assert_eq!(dropped.get(), 7);
    for _ in 0..100 {
        may_go_on.send(()).unwrap();
    }
    assert!(thread.finish(PATIENCE));
    assert_eq!(kept.lines().len(), 4);
    log.keep_call(&Arc::new(full_record()), &Hold::default());
    assert_eq!(dropped.get(), 8);
}

#[test]
fn finish_does_not_wait_for_a_stuck_writer() {
    let (began, has_begun) = sync_channel(100);
    let (may_go_on, go_on) = sync_channel(100);
    let writer = Gated { began, go_on, kept: Kept::default() };
    let (log, thread) = AccessLog::start(writer, AccessLogOptions::default()).unwrap();
    log.keep_call(&Arc::new(full_record()), &Hold::default());
    has_begun.recv_timeout(PATIENCE).unwrap();
    assert!(!thread.finish(Duration::from_millis(1)));
    may_go_on.send(()).unwrap();
}

#[test]
fn lines_that_cannot_be_written_are_counted() {
    let options = AccessLogOptions::default();
    let failed = options.failed.clone();
    let (log, thread) = AccessLog::start(Broken, options).unwrap();
    for _ in 0..5 {
        log.keep_call(&Arc::new(full_record()), &Hold::default());
    }
    assert!(thread.finish(PATIENCE));
    assert_eq!(failed.get(), 5);
}
