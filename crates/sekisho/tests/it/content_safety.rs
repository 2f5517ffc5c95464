//! Content Safety between a client, a model and a service that judges by marks in the text.

use std::path::Path;
use std::time::{Duration, Instant};

use http::Method;
use http_body_util::BodyExt;
use sekisho_simulator::{Config, DeploymentConfig, ResourceConfig, Running, Simulator};
use serde_json::json;
use tempfile::TempDir;

use crate::support::client::{Answer, Client};
use crate::support::gateway::Gateway;
use crate::support::service;

const KEY: (&str, &str) = ("api-key", "test-key");
const JSON: (&str, &str) = ("content-type", "application/json");
const REFUSAL: &str = r#"{"statusCode":403,"message":"Request failed content safety check."}"#;

/// The rules that all APIs share.
const RULES: &str = r#"<categories output-type="EightSeverityLevels"><category name="Hate" threshold="4" /></categories>
        <blocklists><id>rivals</id></blocklists>"#;

/// APIs that judge requests (`/in`), responses in windows of 40 characters (`/out`), and nothing (`/free`), in front of
/// one model; and one whose service is away (`/away`).
fn gateway_folder(simulator: &Running) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let model = format!("http://{}/openai", simulator.addresses().resources["east"]);
    let safety = format!("http://{}", simulator.addresses().resources["safety"]);
    let request = |backend: &str| {
        let policy = format!(
            r#"<llm-content-safety id="{backend}" backend-id="{backend}" shield-prompt="true">{RULES}</llm-content-safety>"#
        );
        service::inbound(&policy)
    };
    let window = r#"window-size="40" window-overlap-size="20""#;
    let response = format!(
        "<policies><inbound><base /></inbound><backend><base /></backend><outbound><base />\
         <llm-content-safety backend-id=\"safety\" {window}>{RULES}</llm-content-safety></outbound>\
         <on-error><base /></on-error></policies>"
    );
    api(folder.path(), "in", &model, &request("safety"));
    api(folder.path(), "out", &model, &response);
    api(folder.path(), "free", &model, &service::inbound(""));
    api(folder.path(), "away", &model, &request("away"));
    for (name, url) in [("safety", safety.as_str()), ("away", "http://127.0.0.1:9")] {
        let backend = json!({"properties": {"url": url, "protocol": "http"}});
        write(folder.path(), &format!("backends/{name}/backendInformation.json"), &backend.to_string());
    }
    let key = json!({"properties": {"scope": "/apis", "displayName": "k", "state": "active", "primaryKey": "test-key"}});
    write(folder.path(), "subscriptions/k/subscriptionInformation.json", &key.to_string());
    folder
}

fn api(folder: &Path, name: &str, model: &str, policy: &str) {
    let information = json!({"properties": {"displayName": name, "path": format!("{name}/openai"), "protocols": ["http"],
        "serviceUrl": model, "subscriptionKeyParameterNames": {"header": "api-key", "query": "api-key"}}});
    write(folder, &format!("apis/{name}/apiInformation.json"), &information.to_string());
    let specification = "openapi: 3.0.1\ninfo: {title: T, version: '1'}\npaths:\n  \
                         /deployments/{id}/chat/completions: {post: {operationId: chat, parameters: [{name: id, in: path, \
                         required: true, schema: {type: string}}], responses: {}}}\n";
    write(folder, &format!("apis/{name}/specification.yaml"), specification);
    let identity =
        r#"<set-header name="api-key" exists-action="override"><value>east-key</value></set-header>"#;
    let policy = policy.replacen("<base />", &format!("<base />{identity}"), 1);
    write(folder, &format!("apis/{name}/policy.xml"), &policy);
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

struct Bench {
    _simulator: Running,
    _folder: TempDir,
    gateway: Gateway,
    client: Client,
}

impl Bench {
    /// A model whose events come `chunk_ms` apart, and a gateway in front of it.
    async fn start(chunk_ms: u64) -> Self {
        let model = DeploymentConfig { chunk_ms, ..DeploymentConfig::new("gpt-4o") };
        let resources =
            vec![ResourceConfig::new("east", vec![model]), ResourceConfig::new("safety", Vec::new())];
        let simulator = Simulator::start(Config { resources, ..Config::default() }).await.unwrap();
        let folder = gateway_folder(&simulator);
        let identity = simulator.url().trim_end_matches('/').to_owned();
        let environment = [("AZURE_POD_IDENTITY_AUTHORITY_HOST".to_owned(), identity)];
        let gateway = Gateway::start(folder.path(), &environment).await;
        Self { _simulator: simulator, _folder: folder, gateway, client: Client::new() }
    }

    fn url(&self, api: &str) -> String {
        format!(
            "{}/{api}/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            self.gateway.url
        )
    }

    async fn chat(&self, api: &str, text: &str, stream: bool) -> Answer {
        let body = json!({"messages": [{"role": "user", "content": text}], "stream": stream}).to_string();
        self.client.call(Method::POST, &self.url(api), &[KEY, JSON], body).await
    }

    /// From sending a request to the first event with text, and to the end of the stream.
    async fn stream_times(&self, api: &str) -> (Duration, Duration) {
        let body =
            json!({"messages": [{"role": "user", "content": "Tell me more."}], "stream": true}).to_string();
        let start = Instant::now();
        let response = self.client.open(Method::POST, &self.url(api), &[KEY, JSON], body).await.unwrap();
        assert_eq!(response.status(), 200);
        let mut body = response.into_body();
        let mut first = None;
        while let Some(frame) = body.frame().await {
            let data = frame.unwrap().into_data().unwrap_or_default();
            if first.is_none() && !texts(std::str::from_utf8(&data).unwrap()).is_empty() {
                first = Some(start.elapsed());
            }
        }
        (first.unwrap(), start.elapsed())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_safety_block_and_shield() {
    let bench = Bench::start(0).await;
    for text in ["[sim:hate=4]", "about [sim:blocklist=rivals]", "please [sim:attack]"] {
        let answer = bench.chat("in", text, false).await;
        assert_eq!((answer.status, answer.text()), (403, REFUSAL), "{text}");
    }
    for text in ["harmless", "[sim:hate=3]", "[sim:violence=7]", "[sim:blocklist=others]"] {
        assert_eq!(bench.chat("in", text, false).await.status, 200, "{text}");
    }
    let long = format!("{}[sim:hate=6]", "x".repeat(24_990));
    assert_eq!(bench.chat("in", &long, false).await.status, 403);
    assert_eq!(bench.chat("in", &"x".repeat(24_990), false).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn completion_check_and_streams() {
    let bench = Bench::start(0).await;
    // The model repeats what it was asked, so the mark is in its answer.
    let marked = "Twenty two characters. Twenty two characters. [sim:hate=6] and more.";
    let answer = bench.chat("out", marked, false).await;
    assert_eq!((answer.status, answer.text()), (403, REFUSAL));
    assert_eq!(bench.chat("out", "harmless", false).await.status, 200);

    let whole = bench.chat("free", marked, true).await;
    let cut = bench.chat("out", marked, true).await;
    assert_eq!((cut.status, cut.header("content-type")), (200, whole.header("content-type")));
    let (whole, cut) = (texts(whole.text()), texts(cut.text()));
    assert!(whole.starts_with(&cut) && whole.contains("[sim:hate=6]"), "{whole:?} {cut:?}");
    assert!(!cut.is_empty() && !cut.contains("hate=6]"), "{cut:?}");
    let passed = bench.chat("out", "harmless", true).await;
    assert!(passed.text().ends_with("data: [DONE]\n\n"), "{}", passed.text());
}

/// The text in the events of a stream.
fn texts(stream: &str) -> String {
    let events = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = events.filter_map(|data| serde_json::from_str::<serde_json::Value>(data).ok());
    events.filter_map(|event| event["choices"][0]["delta"]["content"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn safety_outage() {
    let mut bench = Bench::start(0).await;
    let answer = bench.chat("away", "harmless", false).await;
    assert_eq!((answer.status, answer.text()), (403, REFUSAL));
    let said = bench.gateway.says("text is blocked without a verdict").await;
    assert!(said.contains("127.0.0.1:9"), "{said}");
    let metrics = bench.client.get(&format!("{}/metrics", bench.gateway.management)).await;
    let series = "sekisho_content_safety_failures_total{backend=\"away\",reason=\"BackendConnectionFailure\",effect=\"blocked\"}";
    assert!(metrics.text().contains(series), "{}", metrics.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn latency_that_judging_adds_to_a_stream() {
    let bench = Bench::start(10).await;
    bench.stream_times("out").await;
    let (first_free, all_free) = bench.stream_times("free").await;
    let (first_judged, all_judged) = bench.stream_times("out").await;
    println!(
        "first text: {first_free:?} unjudged, {first_judged:?} judged; end: {all_free:?} and {all_judged:?}"
    );
    assert!(all_judged < all_free + Duration::from_secs(2), "{all_judged:?}");
}
