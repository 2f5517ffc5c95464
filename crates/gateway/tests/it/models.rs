//! Token usage of model calls in the record.

use sekisho_llm::{Provenance, Usage};

use crate::bench::{Backend, Bench, open_api};

async fn usage(request: &str, response: &str) -> (Option<Usage>, Option<String>) {
    let backend = Backend::start().await;
    let mut bench = Bench::start(&open_api(backend.address, "")).await;
    let serve = async {
        let mut wire = backend.accept().await;
        wire.message().await;
        wire.send(response).await;
        wire
    };
    let (_wire, _) = tokio::join!(serve, bench.call(request));
    let record = bench.record().await;
    (record.usage, record.model.as_deref().map(str::to_owned))
}

fn post(path: &str, body: &str) -> String {
    format!("POST /api{path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn json(body: &str) -> String {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length";
    format!("{head}: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_json_answer_reports_usage() {
    let answer = json(r#"{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}"#);
    let (usage, model) = usage(&post("/openai/deployments/d/chat/completions", "{}"), &answer).await;
    assert_eq!(usage.unwrap(), Usage::new(Provenance::Reported, Some(3), Some(4)));
    assert_eq!(model.as_deref(), Some("d"));
}

#[tokio::test]
async fn a_stream_reports_usage_and_the_body_names_the_model() {
    let event = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}\n\n";
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{event}\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n",
        event.len()
    );
    let (usage, model) = usage(&post("/openai/v1/chat/completions", "{\"model\":\"gpt\"}"), &answer).await;
    assert_eq!(usage.unwrap(), Usage::new(Provenance::Reported, Some(3), Some(4)));
    assert_eq!(model.as_deref(), Some("gpt"));
}

#[tokio::test]
async fn what_is_not_told_is_unknown_and_other_calls_have_no_usage() {
    let (unknown, _) = usage(&post("/openai/deployments/d/chat/completions", "{"), &json("{")).await;
    assert_eq!(unknown, Some(Usage::unknown()));
    let (none, model) =
        usage(&post("/orders", "{\"model\":\"x\"}"), &json(r#"{"usage":{"total_tokens":7}}"#)).await;
    assert_eq!((none, model), (None, None));
}
