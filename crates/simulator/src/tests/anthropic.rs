use sekisho_llm::{Kind, StreamMeter, read_usage};
use serde_json::{Value, json};

use super::*;

const MESSAGES: &str = "/anthropic/v1/messages";
const KEY: [(&str, &str); 2] = [("x-api-key", "east-key"), ("anthropic-version", "2023-06-01")];

async fn bench() -> Bench {
    Bench::with(DeploymentConfig::new("claude")).await
}

async fn ask(bench: &Bench, body: &Value) -> Reply {
    bench.send("POST", &bench.url(MESSAGES), &KEY, &body.to_string()).await
}

fn hello(more: Value) -> Value {
    let mut body = json!({"model": "claude", "max_tokens": 200, "messages": [{"role": "user", "content": "hello there"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn message_plain_and_streamed_say_and_count_the_same() {
    let bench = bench().await;
    let plain = ask(&bench, &hello(json!({}))).await;
    assert_eq!(plain.status, 200, "{:?}", plain.body);
    let message = plain.json();
    assert_eq!((&message["type"], &message["role"]), (&json!("message"), &json!("assistant")));
    assert_eq!(message["stop_reason"], "end_turn");
    let text = message["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("hello there"));

    let stream = ask(&bench, &hello(json!({"stream": true}))).await;
    let events = events(&stream.body);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["message_start", "content_block_start", "ping"]);
    assert_eq!(names[names.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    assert!(!String::from_utf8_lossy(&stream.body).contains("[DONE]"));
    let streamed: String = events
        .iter()
        .map(|(_, data)| serde_json::from_str::<Value>(data).unwrap())
        .filter_map(|event| event["delta"]["text"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(streamed, text);
    let mut meter = StreamMeter::new(Kind::AnthropicMessages);
    meter.push(&stream.body);
    let usage = read_usage(Kind::AnthropicMessages, &plain.body).unwrap();
    assert_eq!(usage.prompt, Some(3 + 3 + 3));
    assert_eq!(meter.finish().usage(), Some(usage));
}

#[tokio::test]
async fn cache_tokens_are_beside_the_input() {
    let bench = bench().await;
    let body = hello(json!({"system": "[sim:cached=3] [sim:cache-creation=2]"}));
    let usage = &ask(&bench, &body).await.json()["usage"];
    assert_eq!(usage["cache_read_input_tokens"], 3);
    assert_eq!(usage["cache_creation_input_tokens"], 2);
    let counted = bench.send("POST", &bench.url("/v1/messages/count_tokens"), &KEY, &body.to_string()).await;
    let all = counted.json()["input_tokens"].as_u64().unwrap();
    assert_eq!(usage["input_tokens"].as_u64(), Some(all - 5));
}

#[tokio::test]
async fn tools_are_used_plain_and_streamed() {
    let bench = bench().await;
    let tools = json!([{"name": "get_weather", "input_schema": {"type": "object",
        "properties": {"city": {"type": "string"}}}}]);
    let asks = json!([{"role": "user", "content": [{"type": "text", "text": "[sim:tool=get_weather]"}]}]);
    let plain = ask(&bench, &hello(json!({"tools": tools, "messages": asks}))).await.json();
    assert_eq!(plain["stop_reason"], "tool_use");
    let block = &plain["content"][0];
    assert_eq!((&block["type"], &block["input"]), (&json!("tool_use"), &json!({"city": "simulated city"})));

    let stream = ask(&bench, &hello(json!({"tools": tools, "messages": asks, "stream": true}))).await;
    let input: String = events(&stream.body)
        .iter()
        .map(|(_, data)| serde_json::from_str::<Value>(data).unwrap())
        .filter_map(|event| event["delta"]["partial_json"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(input, r#"{"city":"simulated city"}"#);

    let mut answered = asks.as_array().unwrap().clone();
    answered.push(json!({"role": "assistant", "content": [block]}));
    answered.push(json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": block["id"],
        "content": "sunny"}]}));
    let reply = ask(&bench, &hello(json!({"tools": tools, "messages": answered}))).await.json();
    assert_eq!(reply["stop_reason"], "end_turn");
    answered[2]["content"][0]["tool_use_id"] = json!("toolu_other");
    let refused = ask(&bench, &hello(json!({"tools": tools, "messages": answered}))).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn length_and_stop_sequences_end_a_message() {
    let bench = bench().await;
    let short = ask(&bench, &hello(json!({"max_tokens": 2}))).await.json();
    assert_eq!((&short["stop_reason"], &short["usage"]["output_tokens"]), (&json!("max_tokens"), &json!(2)));
    let stopped = ask(&bench, &hello(json!({"stop_sequences": ["there"]}))).await.json();
    assert_eq!(
        (&stopped["stop_reason"], &stopped["stop_sequence"]),
        (&json!("stop_sequence"), &json!("there"))
    );
    assert_eq!(stopped["content"][0]["text"], "Simulated answer to \"hello ");
}

#[tokio::test]
async fn bodies_are_checked_as_the_service_checks_them() {
    let bench = bench().await;
    let said = async |body: Value| {
        let reply = ask(&bench, &body).await;
        let error = reply.json();
        assert_eq!(error["type"], "error");
        (reply.status.as_u16(), error["error"]["type"].clone(), error["error"]["message"].clone())
    };
    let invalid = |message: &str| (400, json!("invalid_request_error"), json!(message));
    let without = |name: &str| {
        let mut body = hello(json!({}));
        body.as_object_mut().unwrap().remove(name);
        body
    };
    assert_eq!(said(without("max_tokens")).await, invalid("max_tokens: Field required"));
    assert_eq!(said(without("messages")).await, invalid("messages: Field required"));
    assert_eq!(said(without("model")).await, invalid("model: Field required"));
    let zero = hello(json!({"max_tokens": 0}));
    assert_eq!(said(zero).await, invalid("max_tokens: Input should be greater than or equal to 1"));
    let first = hello(json!({"messages": [{"role": "assistant", "content": "x"}]}));
    assert_eq!(said(first).await, invalid("messages: first message must use the \"user\" role"));
    let system = hello(json!({"messages": [{"role": "system", "content": "x"}]}));
    assert!(said(system).await.2.as_str().unwrap().contains("top-level `system`"));
    assert_eq!(
        said(hello(json!({"messages": []}))).await,
        invalid("messages: at least one message is required")
    );
    let unknown = said(hello(json!({"model": "other"}))).await;
    assert_eq!(unknown, (404, json!("not_found_error"), json!("model: other")));
    let versionless =
        bench.send("POST", &bench.url(MESSAGES), &KEY[..1], &hello(json!({})).to_string()).await;
    assert_eq!(versionless.json()["error"]["message"], "anthropic-version: header is required");
}

#[tokio::test]
async fn every_place_of_a_key_and_both_paths() {
    let bench = bench().await;
    let body = hello(json!({})).to_string();
    let keys = [("x-api-key", "east-key"), ("api-key", "east-key"), ("authorization", "Bearer east-key")];
    for (path, key) in [MESSAGES, "/v1/messages"].into_iter().zip(keys).chain([(MESSAGES, keys[2])]) {
        let reply = bench.send("POST", &bench.url(path), &[key, KEY[1]], &body).await;
        assert_eq!(reply.status, 200, "{path} {key:?}");
    }
    let both = [("x-api-key", "east-key"), ("authorization", "Bearer dummy"), KEY[1]];
    assert_eq!(bench.send("POST", &bench.url(MESSAGES), &both, &body).await.status, 200);
    let refused = bench.send("POST", &bench.url(MESSAGES), &KEY[1..], &body).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["error"]["type"]),
        (401, &json!("authentication_error"))
    );
}

#[tokio::test]
async fn models_and_probes_are_answered() {
    let bench = bench().await;
    let models = bench.get(&bench.url("/v1/models"), &KEY).await.json();
    assert_eq!((&models["data"][0]["id"], &models["has_more"]), (&json!("claude"), &json!(false)));
    let openai = bench.get(&bench.url("/v1/models"), &KEY[..1]).await.json();
    assert_eq!(openai["object"], "list");
    assert_eq!(bench.send("HEAD", &bench.url("/v1/models"), &KEY, "").await.status, 200);
    for path in ["/", "/anthropic", "/v1/messages"] {
        assert!(bench.send("HEAD", &bench.url(path), &KEY, "").await.status.is_client_error(), "{path}");
    }
    let fault = [KEY[0], KEY[1], ("x-sim-fault", "status=529")];
    let overloaded = bench.send("POST", &bench.url(MESSAGES), &fault, &hello(json!({})).to_string()).await;
    assert_eq!(overloaded.json()["error"]["type"], "overloaded_error");
}
