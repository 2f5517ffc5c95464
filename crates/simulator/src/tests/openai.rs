use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sekisho_llm::{Kind, StreamMeter, read_usage};
use serde_json::{Value, json};

use super::*;
use crate::tokens;

async fn bench() -> Bench {
    Bench::with(DeploymentConfig {
        model: Some("gpt-4o-2024-11-20".into()),
        ..DeploymentConfig::new("gpt-4o")
    })
    .await
}

#[tokio::test]
async fn chat_completion_has_exact_usage_and_azure_headers() {
    let bench = bench().await;
    let headers = [("api-key", "east-key"), ("x-ms-client-request-id", "mine")];
    let reply = bench.send("POST", &bench.url(CHAT), &headers, HELLO).await;
    assert_eq!(reply.status, 200);
    let body = reply.json();
    let content = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(content.contains("hello there"), "{content}");
    assert_eq!(body["model"], "gpt-4o-2024-11-20");
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["choices"][0]["content_filter_results"]["hate"]["severity"], "safe");
    let usage = read_usage(Kind::ChatCompletions, &reply.body).unwrap();
    assert_eq!(usage.completion, Some(tokens::count(content)));
    assert_eq!(usage.prompt, Some(3 + 3 + tokens::count("hello there")));
    assert_eq!(usage.total, Some(usage.prompt.unwrap() + usage.completion.unwrap()));
    assert_eq!(reply.header("x-ms-region"), "Sweden Central");
    assert_eq!(reply.header("x-ms-deployment-name"), "gpt-4o");
    assert_eq!(reply.header("x-ms-client-request-id"), "mine");
    assert_eq!(reply.header("apim-request-id").len(), 36);
}

#[tokio::test]
async fn stream_has_azures_order_and_the_text_of_the_plain_reply() {
    let bench = bench().await;
    let plain = bench.post(CHAT, HELLO).await;
    let body = r#"{"messages":[{"role":"user","content":"hello there"}],"stream":true,
        "stream_options":{"include_usage":true}}"#;
    let reply = bench.post(CHAT, body).await;
    assert!(reply.header("content-type").starts_with("text/event-stream"));
    let events = events(&reply.body);
    let chunks: Vec<Value> =
        events[..events.len() - 1].iter().map(|(_, data)| serde_json::from_str(data).unwrap()).collect();
    assert_eq!(events.last().unwrap().1, "[DONE]");
    assert_eq!(chunks[0]["choices"], json!([]));
    assert!(chunks[0]["prompt_filter_results"].is_array());
    assert_eq!(chunks[1]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(chunks[1]["usage"], Value::Null);
    let content: String =
        chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(content, plain.json()["choices"][0]["message"]["content"].as_str().unwrap());
    assert_eq!(chunks[chunks.len() - 2]["choices"][0]["finish_reason"], "stop");
    assert_eq!(chunks[chunks.len() - 1]["choices"], json!([]));

    let mut meter = StreamMeter::new(Kind::ChatCompletions);
    meter.push(&reply.body);
    assert_eq!(meter.finish().usage(), read_usage(Kind::ChatCompletions, &plain.body));
}

#[tokio::test]
async fn stream_tells_no_usage_unless_asked() {
    let bench = bench().await;
    let reply = bench.post(CHAT, r#"{"messages":[{"role":"user","content":"x"}],"stream":true}"#).await;
    assert!(!String::from_utf8_lossy(&reply.body).contains("usage"));
}

#[tokio::test]
async fn maximum_choices_and_json_are_honoured() {
    let bench = bench().await;
    let body = r#"{"messages":[{"role":"user","content":"x"}],"max_tokens":5,"n":3}"#;
    let reply = bench.post(CHAT, body).await.json();
    assert_eq!(reply["choices"].as_array().unwrap().len(), 3);
    assert_eq!(reply["usage"]["completion_tokens"], 15);
    assert_eq!(reply["choices"][2]["finish_reason"], "length");

    let body = r#"{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}"#;
    let reply = bench.post(CHAT, body).await.json();
    let content = reply["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(content).unwrap().is_object());
}

#[tokio::test]
async fn tools_are_called_plain_and_streamed() {
    let bench = bench().await;
    let tools = json!([{"type":"function","function":{"name":"get_weather","parameters":{"type":"object",
        "properties":{"city":{"type":"string"}}}}}]);
    let ask = |content: &str, more: Value| {
        let mut body = json!({"messages":[{"role":"user","content":content}],"tools":tools});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body.to_string()
    };
    let named = bench.post(CHAT, &ask("please get weather for Kyoto", json!({}))).await.json();
    assert_eq!(named["choices"][0]["finish_reason"], "tool_calls");
    let function = &named["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(function["arguments"], r#"{"city":"simulated city"}"#);

    let unrelated = bench.post(CHAT, &ask("sing", json!({}))).await.json();
    assert_eq!(unrelated["choices"][0]["finish_reason"], "stop");
    let refused = bench.post(CHAT, &ask("get_weather", json!({"tool_choice":"none"}))).await.json();
    assert_eq!(refused["choices"][0]["finish_reason"], "stop");

    let forced = json!({"stream":true,"tool_choice":{"type":"function","function":{"name":"get_weather"}}});
    let stream = bench.post(CHAT, &ask("sing", forced)).await;
    let chunks: Vec<Value> =
        events(&stream.body).iter().filter_map(|(_, data)| serde_json::from_str(data).ok()).collect();
    let arguments: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"].as_str())
        .collect();
    assert_eq!(arguments, r#"{"city":"simulated city"}"#);
}

#[tokio::test]
async fn embeddings_take_every_input_and_both_encodings() {
    let bench = bench().await;
    let path = "/openai/deployments/gpt-4o/embeddings?api-version=2024-10-21";
    let plain = bench.post(path, r#"{"input":"one text","dimensions":8}"#).await;
    let floats: Vec<f32> = serde_json::from_value(plain.json()["data"][0]["embedding"].clone()).unwrap();
    assert_eq!(floats.len(), 8);
    assert_eq!(read_usage(Kind::Embeddings, &plain.body).unwrap().total, Some(2));

    let body = r#"{"input":["one text","b"],"dimensions":8,"encoding_format":"base64"}"#;
    let encoded = bench.post(path, body).await.json();
    let bytes = STANDARD.decode(encoded["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let decoded: Vec<f32> =
        bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    assert_eq!(decoded, floats);
    assert_eq!(encoded["data"][1]["index"], 1);

    let tokens = bench.post(path, r#"{"input":[[87,24748],[1]]}"#).await.json();
    assert_eq!(tokens["usage"]["prompt_tokens"], 3);
    assert_eq!(tokens["data"][0]["embedding"].as_array().unwrap().len(), 1536);
    assert_eq!(bench.post(path, r#"{"input":""}"#).await.status, 400);
}

#[tokio::test]
async fn responses_plain_and_streamed() {
    let bench = bench().await;
    let path = "/openai/responses?api-version=2025-03-01-preview";
    let plain = bench.post(path, r#"{"model":"gpt-4o","input":"hi","instructions":"be brief"}"#).await;
    assert_eq!(plain.json()["output"][0]["content"][0]["type"], "output_text");
    let body = r#"{"model":"gpt-4o","instructions":"be brief","stream":true,
        "input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]}]}"#;
    let stream = bench.post("/openai/v1/responses", body).await;
    let events = events(&stream.body);
    assert_eq!(events.first().unwrap().0, "response.created");
    assert_eq!(events.last().unwrap().0, "response.completed");
    let text: String = events
        .iter()
        .filter(|(name, _)| name == "response.output_text.delta")
        .map(|(_, data)| serde_json::from_str::<Value>(data).unwrap()["delta"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(text, plain.json()["output"][0]["content"][0]["text"].as_str().unwrap());
    let mut meter = StreamMeter::new(Kind::Responses);
    meter.push(&stream.body);
    assert_eq!(meter.finish().usage(), read_usage(Kind::Responses, &plain.body));
    let too_old = bench.post("/openai/responses?api-version=2024-10-21", HELLO).await;
    assert_eq!(too_old.status, 404);
}

#[tokio::test]
async fn text_completions_and_models() {
    let bench = bench().await;
    let path = "/openai/deployments/gpt-4o/completions?api-version=2024-10-21";
    let plain = bench.post(path, r#"{"prompt":["a","b"],"max_tokens":4}"#).await.json();
    assert_eq!(plain["usage"], chat_usage(2, 8));
    let stream =
        bench.post(path, r#"{"prompt":"a","stream":true,"stream_options":{"include_usage":true}}"#).await;
    assert_eq!(events(&stream.body).last().unwrap().1, "[DONE]");
    let models = bench.get(&bench.url("/openai/v1/models"), &[("api-key", "east-key")]).await.json();
    assert_eq!(models["data"][0]["id"], "gpt-4o");
}

fn chat_usage(prompt: u64, completion: u64) -> Value {
    json!({"completion_tokens": completion,
        "completion_tokens_details": {"accepted_prediction_tokens": 0, "audio_tokens": 0, "reasoning_tokens": 0,
            "rejected_prediction_tokens": 0},
        "prompt_tokens": prompt, "prompt_tokens_details": {"audio_tokens": 0, "cached_tokens": 0},
        "total_tokens": prompt + completion})
}

#[tokio::test]
async fn errors_have_azures_shape() {
    let bench = bench().await;
    let not_found = json!({"error":{"code":"404","message":"Resource not found"}});
    for path in [
        "/openai/deployments/gpt-4o/chat/completions",
        "/openai/deployments/gpt-4o/chat/completions?api-version=1999-01-01",
        "/openai/nothing?api-version=2024-10-21",
    ] {
        let reply = bench.post(path, HELLO).await;
        assert_eq!((reply.status.as_u16(), reply.json()), (404, not_found.clone()), "{path}");
    }
    let unknown = bench.post("/openai/deployments/no/chat/completions?api-version=2024-10-21", HELLO).await;
    assert_eq!(
        (unknown.status.as_u16(), &unknown.json()["error"]["code"]),
        (404, &json!("DeploymentNotFound"))
    );
    assert_eq!(bench.post(CHAT, "{").await.status, 400);
    assert_eq!(bench.post(CHAT, r#"{"messages":[]}"#).await.json()["error"]["param"], "messages");
    let filtered = r#"{"messages":[{"role":"user","content":"[sim:content-filter]"}]}"#;
    assert_eq!(bench.post(CHAT, filtered).await.json()["error"]["code"], "content_filter");
}

#[tokio::test]
async fn keys_and_tokens_are_checked() {
    let bench = bench().await;
    let status = async |headers: &[(&str, &str)]| {
        bench.send("POST", &bench.url(CHAT), headers, HELLO).await.status.as_u16()
    };
    assert_eq!(status(&[]).await, 401);
    assert_eq!(status(&[("api-key", "wrong")]).await, 401);
    assert_eq!(status(&[("authorization", "Bearer wrong")]).await, 401);
    assert_eq!(status(&[("authorization", "Bearer ")]).await, 401);
    assert_eq!(status(&[("authorization", "Bearer "), ("api-key", "east-key")]).await, 200);
    assert_eq!(status(&[("authorization", "Bearer east-key")]).await, 200);
    let body = bench.send("POST", &bench.url(CHAT), &[], HELLO).await.json();
    assert_eq!(body["error"]["code"], "401");
}

#[tokio::test]
async fn inference_and_v1_take_the_model_from_the_body() {
    let bench = bench().await;
    let body = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"hello there"}]}"#;
    assert_eq!(bench.post("/models/chat/completions?api-version=2024-05-01-preview", body).await.status, 200);
    assert_eq!(bench.post("/openai/v1/chat/completions", body).await.status, 200);
    assert_eq!(
        bench.post("/openai/v1/chat/completions", HELLO).await.json()["error"]["code"],
        "DeploymentNotFound"
    );
}
