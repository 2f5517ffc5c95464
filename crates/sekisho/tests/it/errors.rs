//! What a client is told: status, headers and body, to the byte.

use http::Method;

use crate::support::NOBODY;
use crate::support::backend::Backend;
use crate::support::client::{Answer, Client};
use crate::support::gateway::Gateway;
use crate::support::service;

const MISSING: &str = r#"{ "statusCode": 401, "message": "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API." }"#;
const INVALID: &str = r#"{ "statusCode": 401, "message": "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription." }"#;
const NOT_FOUND: &str = r#"{ "statusCode": 404, "message": "Resource not found" }"#;

async fn echo(gateway: &Gateway, headers: &[(&str, &str)]) -> Answer {
    Client::new().call(Method::GET, &format!("{}/test/echo", gateway.url), headers, "").await
}

fn assert_json(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text()), (status, body));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// 500 with an activity id, which is a UUID.
fn assert_internal(answer: &Answer) {
    assert_eq!(answer.status, 500, "{}", answer.text());
    let body = answer.json();
    let id = body["activityId"].as_str().unwrap_or_else(|| panic!("{body}"));
    assert_eq!(id.len(), 36);
    let expected =
        format!(r#"{{ "statusCode": 500, "message": "Internal server error", "activityId": "{id}" }}"#);
    assert_json(answer, 500, &expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys() {
    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), &service::inbound(""));
    let gateway = Gateway::start(folder.path(), &[]).await;
    let host = gateway.url.trim_start_matches("http://").trim_end_matches('/').to_owned();

    let missing = echo(&gateway, &[]).await;
    assert_json(&missing, 401, MISSING);
    let challenge = missing.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("AzureApiManagementKey realm=\""), "{challenge}");
    assert!(
        challenge.ends_with(&format!("://{host}/test\",name=\"api-key\",type=\"header\"")),
        "{challenge}"
    );

    for key in ["wrong", "other-key", "suspended-key", ""] {
        let answer = echo(&gateway, &[("api-key", key)]).await;
        assert_json(&answer, 401, if key.is_empty() { MISSING } else { INVALID });
        assert!(answer.header("www-authenticate").is_some(), "key {key:?}");
    }
    assert_eq!(echo(&gateway, &[("api-key", "test-key")]).await.status, 200);
    let by_query = Client::new().get(&format!("{}/test/echo?api-key=test-key", gateway.url)).await;
    assert_eq!(by_query.status, 200);
    assert_eq!(backend.seen.lock().requests, 2, "refused calls reached the backend");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_paths_and_versions() {
    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), &service::inbound(""));
    let gateway = Gateway::start(folder.path(), &[]).await;
    let client = Client::new();
    for path in ["/nowhere", "/test/nowhere", "/test"] {
        let answer =
            client.call(Method::GET, &format!("{}{path}", gateway.url), &[("api-key", "test-key")], "").await;
        assert_json(&answer, 404, NOT_FOUND);
    }
    let answer = client
        .call(Method::DELETE, &format!("{}/test/echo", gateway.url), &[("api-key", "test-key")], "")
        .await;
    assert_json(&answer, 404, NOT_FOUND);

    let gateway = Gateway::start(&service::example("multi-region"), &[]).await;
    for version in ["api-version=1999-01-01", "x=y"] {
        let url = format!("{}/multi-region/openai/deployments/d/chat/completions?{version}", gateway.url);
        let answer = client.call(Method::POST, &url, &[("api-key", "multi-region-demo-key")], "{}").await;
        assert_json(&answer, 404, NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_is_down_or_slow() {
    let report = "<policies><inbound><base /></inbound><backend><forward-request timeout-ms=\"300\" /></backend><outbound><base /></outbound>\
                  <on-error><set-header name=\"x-reason\" exists-action=\"override\"><value>@(context.LastError.Source + \" \" + context.LastError.Reason)</value></set-header></on-error></policies>";
    let folder = service::small(&format!("http://{NOBODY}"), report);
    let gateway = Gateway::start(folder.path(), &[]).await;
    let answer = echo(&gateway, &[("api-key", "test-key")]).await;
    assert_internal(&answer);
    assert_eq!(answer.header("x-reason"), Some("forward-request BackendConnectionFailure"));

    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), report);
    let gateway = Gateway::start(folder.path(), &[]).await;
    let url = format!("{}/test/slow?ms=5000", gateway.url);
    let answer = Client::new().call(Method::GET, &url, &[("api-key", "test-key")], "").await;
    assert_internal(&answer);
    assert_eq!(answer.header("x-reason"), Some("forward-request Timeout"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expression_that_throws() {
    let backend = Backend::start().await;
    let policy = "<set-variable name=\"x\" value=\"@(((string)null).Length)\" />";
    let folder = service::small(&backend.url(), &service::inbound(policy));
    let gateway = Gateway::start(folder.path(), &[]).await;
    assert_internal(&echo(&gateway, &[("api-key", "test-key")]).await);
    assert_eq!(backend.seen.lock().requests, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_metrics() {
    let backend = Backend::start().await;
    let folder = service::small(&backend.url(), &service::inbound(""));
    let gateway = Gateway::start(folder.path(), &[]).await;
    let client = Client::new();
    assert_eq!(client.get(&format!("{}/status-0123456789abcdef", gateway.url)).await.status, 200);
    assert_eq!(echo(&gateway, &[("api-key", "test-key")]).await.status, 200);
    let metrics = client.get(&format!("{}/metrics", gateway.management)).await;
    assert_eq!(metrics.status, 200);
    let requests = metrics
        .text()
        .lines()
        .find(|line| line.starts_with("sekisho_requests_total{") && line.contains("api=\"test\""));
    assert!(requests.is_some_and(|line| line.trim_end().ends_with(" 1")), "{}", metrics.text());
}
