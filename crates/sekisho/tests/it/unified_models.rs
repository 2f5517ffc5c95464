//! `examples/unified-models`: one Chat Completions endpoint in front of Anthropic and Azure OpenAI, and Anthropic's own
//! API beside it.

use http::Method;
use sekisho_simulator::{Config, DeploymentConfig, ResourceConfig, Running, SeenRequest, Simulator};
use serde_json::{Value, json};

use crate::support::client::{Answer, Client};
use crate::support::gateway::Gateway;
use crate::support::service;

const KEY: &str = "unified-models-demo-key";
const BEARER: (&str, &str) = ("authorization", "Bearer unified-models-demo-key");

async fn start() -> (Running, Gateway, Client) {
    let resource = |name: &str| ResourceConfig::new(name, vec![DeploymentConfig::new("*")]);
    let config = Config { resources: vec![resource("anthropic"), resource("openai")], ..Config::default() };
    let simulator = Simulator::start(config).await.unwrap();
    let address = |name: &str| simulator.addresses().resources[name];
    let environment = [
        ("UNIFIED_MODELS_URL_ANTHROPIC", format!("http://{}/anthropic", address("anthropic"))),
        ("UNIFIED_MODELS_URL_OPENAI", format!("http://{}/openai/v1", address("openai"))),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let gateway = Gateway::start(&service::example("unified-models"), &environment).await;
    (simulator, gateway, Client::new())
}

async fn post(
    gateway: &Gateway,
    client: &Client,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let url = format!("{}/unified-models/{path}", gateway.url);
    let headers = [headers, &[("content-type", "application/json")]].concat();
    client.call(Method::POST, &url, &headers, body.to_string()).await
}

async fn chat(gateway: &Gateway, client: &Client, body: &Value) -> Answer {
    post(gateway, client, "llm/v1/chat/completions", &[BEARER], body).await
}

fn question(model: &str) -> Value {
    json!({"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": "Who passes?"}]})
}

fn last(simulator: &Running, account: &str) -> SeenRequest {
    simulator.stats().resources[account].counts.last.clone().unwrap()
}

fn calls(simulator: &Running) -> (u64, u64) {
    let stats = simulator.stats();
    (stats.resources["anthropic"].counts.requests, stats.resources["openai"].counts.requests)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unified_model() {
    let (simulator, gateway, client) = start().await;
    let answer = chat(&gateway, &client, &question("claude-sonnet")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let completion = answer.json();
    let content = completion["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.contains("Who passes?"), "{completion}");
    assert_eq!(completion["object"], "chat.completion");
    assert!(completion["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert_eq!(answer.header("x-backend-id"), Some("unified-models-anthropic"));
    assert_eq!(answer.header("x-model-alias"), Some("claude-sonnet"));
    let seen = last(&simulator, "anthropic");
    assert_eq!((&*seen.path, &*seen.headers["x-api-key"]), ("/anthropic/v1/messages", "anthropic-key"));
    assert!(seen.headers.values().all(|value| !value.contains(KEY)), "the key reached the backend");

    let answer = chat(&gateway, &client, &question("gpt")).await;
    assert_eq!((answer.status, answer.header("x-backend-id")), (200, Some("unified-models-openai")));
    assert_eq!(last(&simulator, "openai").path, "/openai/v1/chat/completions");

    let url = format!("{}/unified-models/llm/v1/models", gateway.url);
    let models = client.call(Method::GET, &url, &[BEARER], "").await.json();
    let ids: Vec<&str> =
        models["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["claude-sonnet", "gpt"]);
    let unknown = chat(&gateway, &client, &question("gemini")).await;
    assert_eq!((unknown.status, &unknown.json()["error"]["code"]), (404, &json!("model_not_found")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_provider_answers_when_one_fails() {
    let (simulator, gateway, client) = start().await;
    simulator.set_faults("anthropic", vec!["status=503".parse().unwrap()]);
    let answer = chat(&gateway, &client, &question("claude-sonnet")).await;
    assert_eq!((answer.status, answer.header("x-backend-id")), (200, Some("unified-models-openai")));
    assert_eq!(calls(&simulator), (1, 1));

    simulator.set_faults("openai", vec!["status=429; retry-after=3".parse().unwrap()]);
    let answer = chat(&gateway, &client, &question("claude-sonnet")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("3")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn done_ends_chat_streams_and_no_others() {
    let (_simulator, gateway, client) = start().await;
    let mut asked = question("claude-sonnet");
    asked["stream"] = true.into();
    for model in ["claude-sonnet", "gpt"] {
        asked["model"] = model.into();
        let answer = chat(&gateway, &client, &asked).await;
        assert_eq!(
            answer.header("content-type").map(|kind| kind.starts_with("text/event-stream")),
            Some(true)
        );
        assert!(answer.text().ends_with("data: [DONE]\n\n"), "{}", answer.text());
        assert_eq!(answer.text().matches("[DONE]").count(), 1);
    }
    let version = ("anthropic-version", "2023-06-01");
    let answer = post(&gateway, &client, "anthropic/v1/messages", &[BEARER, version], &asked).await;
    assert!(answer.text().contains("message_stop") && !answer.text().contains("[DONE]"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anthropic_passthrough() {
    let (simulator, gateway, client) = start().await;
    let headers = [("x-api-key", KEY), ("anthropic-version", "2023-06-01"), ("anthropic-beta", "x-1")];
    let mut asked = question("claude-sonnet-4-6");
    asked["top_k"] = 5.into();
    let answer = post(&gateway, &client, "anthropic/v1/messages", &headers, &asked).await;
    assert_eq!((answer.status, &answer.json()["type"]), (200, &json!("message")));
    let seen = last(&simulator, "anthropic");
    assert_eq!(seen.body, asked.to_string());
    assert_eq!(
        (&*seen.headers["anthropic-version"], &*seen.headers["anthropic-beta"]),
        ("2023-06-01", "x-1")
    );
    assert_eq!(seen.headers["x-api-key"], "anthropic-key");
    assert!(!seen.headers.contains_key("authorization"));
}
