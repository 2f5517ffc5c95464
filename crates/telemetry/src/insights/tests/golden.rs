//! Whole items, as files. `UPDATE_GOLDEN=1` writes them anew.

use sekisho_policy::ports::McpMessage;
use sekisho_policy::ports::record::CacheUse;

use super::*;

fn check(name: &str, record: CallRecord) {
    let file = format!("{}/src/insights/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let written = serde_json::to_string_pretty(&items(record)).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &written).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap();
    assert_eq!(golden, written, "{file}");
}

/// Wants contents of all four messages.
fn open_plan() -> DiagnosticPlan {
    DiagnosticPlan {
        log_client_ip: true,
        verbosity: Verbosity::Verbose,
        request: message_plan(&["User-Agent"], 100),
        response: message_plan(&["x-ms-region"], 100),
        backend_request: message_plan(&["Host"], 100),
        backend_response: message_plan(&["apim-request-id"], 100),
        ..plan()
    }
}

fn open_record() -> CallRecord {
    let mut open = CallRecord {
        request: message(&[("user-agent", "a client")], br#"{"messages":[]}"#),
        response: message(&[("x-ms-region", "west")], br#"{"choices":[]}"#),
        cache: Some(CacheUse { policy: "cache-lookup", is_hit: false }),
        traces: vec![entry("information", "counted")],
        ..record(open_plan())
    };
    open.attempts[1].messages = Some(Box::new(AttemptMessages {
        request: message(&[("host", "west.example")], b"sent"),
        response: message(&[("apim-request-id", "7")], b"received"),
    }));
    open
}

#[test]
fn a_call_with_its_contents() {
    check("full", open_record());
}

#[test]
fn a_failed_call() {
    check("failed", failed(plan()));
}

#[test]
fn a_stream_keeps_its_beginning() {
    let events = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n";
    let plan = DiagnosticPlan { response: message_plan(&[], 20), ..plan() };
    let streamed = CallRecord { is_stream: true, response: message(&[], events), ..record(plan) };
    check("streamed", CallRecord { attempts: Vec::new(), ..streamed });
}

#[test]
fn a_private_call_says_that_it_was_made() {
    // Its contents would not have been kept in the first place.
    check("private", CallRecord { is_private: true, traces: Vec::new(), ..open_record() });
}

#[test]
fn a_message_to_an_mcp_server() {
    let mcp = McpMessage {
        server_name: "Weather".into(),
        method: Some("tools/call".into()),
        tool_name: Some("forecast".into()),
        ..McpMessage::default()
    };
    let called = CallRecord { mcp: Some(Box::new(mcp)), attempts: Vec::new(), ..record(plan()) };
    check("mcp", called);
}

#[test]
fn a_call_for_no_api() {
    let lost = CallRecord {
        api_id: None,
        api_revision: None,
        operation_id: None,
        product_id: None,
        subscription_id: None,
        user_id: None,
        status: 404,
        attempts: Vec::new(),
        ..record(plan())
    };
    check("lost", lost);
}
