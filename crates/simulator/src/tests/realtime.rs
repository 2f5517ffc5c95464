use futures_util::{SinkExt, StreamExt};
use http::header;
use sekisho_llm::read_realtime;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::*;
use crate::UsageDetails;

type Client = WebSocketStream<TcpStream>;

const CURRENT: &str = "/openai/v1/realtime?model=gpt-realtime";
const BETA: &str = "/openai/realtime?api-version=2024-10-01-preview&deployment=gpt-realtime";
const KEY: (&str, &str) = ("api-key", "east-key");

async fn bench() -> Bench {
    Bench::with(DeploymentConfig::new("gpt-realtime")).await
}

async fn dial(bench: &Bench, path: &str, headers: &[(&'static str, &str)]) -> Result<Client, Error> {
    let address = bench.running.addresses().resources["east"];
    let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    let config = WebSocketConfig::default().max_frame_size(None).max_message_size(None);
    client_async_with_config(request, stream, Some(config)).await.map(|(client, _)| client)
}

async fn tell(client: &mut Client, event: Value) {
    client.send(Message::text(event.to_string())).await.unwrap();
}

async fn next(client: &mut Client) -> Value {
    loop {
        match client.next().await.unwrap().unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("not an event: {other:?}"),
        }
    }
}

/// Events up to the one of this type.
async fn until(client: &mut Client, kind: &str) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        events.push(next(client).await);
        if events.last().unwrap()["type"] == kind {
            return events;
        }
    }
}

async fn say(client: &mut Client, text: &str) {
    let content = json!([{"type": "input_text", "text": text}]);
    let item = json!({"type": "message", "role": "user", "content": content});
    tell(client, json!({"type": "conversation.item.create", "item": item})).await;
    tell(client, json!({"type": "response.create"})).await;
}

fn kinds(events: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn conversation_has_todays_events_and_exact_usage() {
    let usage_details = UsageDetails { cached_tokens: 2, ..UsageDetails::default() };
    let bench =
        Bench::with(DeploymentConfig { usage_details, ..DeploymentConfig::new("gpt-realtime") }).await;
    let mut client = dial(&bench, CURRENT, &[KEY]).await.unwrap();
    let created = next(&mut client).await;
    assert_eq!(
        (&created["type"], &created["session"]["model"]),
        (&json!("session.created"), &json!("gpt-realtime"))
    );
    tell(&mut client, json!({"type": "session.update", "session": {"instructions": "be brief"}})).await;
    let updated = next(&mut client).await;
    assert_eq!(updated["session"]["instructions"], "be brief");
    say(&mut client, "hello there").await;
    let events = until(&mut client, "response.done").await;
    assert_eq!(
        kinds(&events),
        [
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done"
        ]
    );
    let said: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
    let done = &events.last().unwrap()["response"];
    assert_eq!(done["output"][0]["content"][0], json!({"type": "output_text", "text": said}));
    let usage = &done["usage"];
    let output = crate::tokens::count(&said);
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(3 + 3 + 2), &json!(output)));
    assert_eq!(usage["input_token_details"]["cached_tokens"], 2);
    let read = read_realtime(events.last().unwrap().to_string().as_bytes()).unwrap();
    assert_eq!((read.prompt, read.completion, read.cached), (Some(8), Some(output), Some(2)));
    assert_eq!(usage["output_token_details"], json!({"text_tokens": output, "audio_tokens": 0}));
    let counts = &bench.running.stats().resources["east"].deployments["gpt-realtime"];
    assert_eq!((counts.requests, counts.by_status[&101], counts.completion_tokens), (1, 1, output));
    assert_eq!(counts.reported_completion_tokens, output);
}

#[tokio::test]
async fn beta_path_has_the_betas_names() {
    let bench = bench().await;
    let mut client = dial(&bench, BETA, &[("authorization", "Bearer east-key")]).await.unwrap();
    assert_eq!(next(&mut client).await["session"]["modalities"], json!(["text"]));
    say(&mut client, "hi").await;
    let events = until(&mut client, "response.done").await;
    let kinds = kinds(&events);
    assert_eq!(kinds[0], "conversation.item.created");
    assert!(kinds.contains(&"response.text.delta") && kinds.contains(&"response.text.done"));
    assert!(!kinds.iter().any(|kind| kind.contains("output_text")));
}

#[tokio::test]
async fn functions_are_called_and_audio_is_counted() {
    let bench = bench().await;
    let mut client = dial(&bench, "/v1/realtime?model=gpt-realtime", &[KEY]).await.unwrap();
    next(&mut client).await;
    let tool = json!({"type": "function", "name": "get_weather", "parameters": {"type": "object",
        "properties": {"city": {"type": "string"}}}});
    tell(&mut client, json!({"type": "session.update", "session": {"tools": [tool]}})).await;
    let audio = "A".repeat(12_800);
    tell(&mut client, json!({"type": "input_audio_buffer.append", "audio": audio})).await;
    tell(&mut client, json!({"type": "input_audio_buffer.commit"})).await;
    say(&mut client, "[sim:tool=get_weather]").await;
    let events = until(&mut client, "response.done").await;
    assert!(kinds(&events).contains(&"input_audio_buffer.committed"));
    let done = &events.last().unwrap()["response"];
    assert_eq!(done["output"][0]["arguments"], r#"{"city":"simulated city"}"#);
    assert_eq!(done["usage"]["input_token_details"]["audio_tokens"], 2);
}

#[tokio::test]
async fn mistakes_are_told_in_events() {
    let bench = bench().await;
    let mut client = dial(&bench, CURRENT, &[KEY]).await.unwrap();
    next(&mut client).await;
    for (event, code) in [
        ("{", "invalid_json"),
        (r#"{"type":"nonsense","event_id":"mine"}"#, "invalid_value"),
        (r#"{"type":"response.cancel"}"#, "response_cancel_not_active"),
        (r#"{"type":"input_audio_buffer.commit"}"#, "input_audio_buffer_commit_empty"),
        (r#"{"type":"conversation.item.delete","item_id":"no"}"#, "item_not_found"),
    ] {
        client.send(Message::text(event)).await.unwrap();
        let told = next(&mut client).await;
        assert_eq!((&told["type"], &told["error"]["code"]), (&json!("error"), &json!(code)));
    }
}

#[tokio::test]
async fn cancelled_response_counts_what_was_sent() {
    let deployment = DeploymentConfig { chunk_ms: 1000, ..DeploymentConfig::new("gpt-realtime") };
    let bench = Bench::with(deployment).await;
    let fast = [KEY, ("x-sim-fault", "chunk-delay-ms=20")];
    let mut client = dial(&bench, CURRENT, &fast).await.unwrap();
    say(&mut client, "hi").await;
    until(&mut client, "response.output_text.delta").await;
    tell(&mut client, json!({"type": "response.cancel"})).await;
    let events = until(&mut client, "response.done").await;
    assert_eq!(events.last().unwrap()["response"]["status"], "cancelled");
    let deltas = 1 + events.iter().filter(|event| event["delta"].is_string()).count() as u64;
    let counts = &bench.running.stats().resources["east"].counts;
    assert_eq!((counts.completion_tokens, counts.cut_streams, counts.open_streams), (deltas, 1, 0));
}

#[tokio::test]
async fn handshake_is_refused_without_key_deployment_or_upgrade() {
    let bench = bench().await;
    let status = async |path: &str, headers: &[(&'static str, &str)]| match dial(&bench, path, headers).await
    {
        Err(Error::Http(response)) => response.status().as_u16(),
        Ok(_) => 101,
        Err(other) => panic!("{other}"),
    };
    assert_eq!(status(CURRENT, &[]).await, 401);
    assert_eq!(status(CURRENT, &[("api-key", "wrong")]).await, 401);
    assert_eq!(status(&format!("{CURRENT}&api-key=east-key"), &[]).await, 101);
    assert_eq!(status("/openai/v1/realtime?model=other", &[KEY]).await, 404);
    assert_eq!(status("/openai/realtime?deployment=gpt-realtime", &[KEY]).await, 404);
    assert_eq!(status(CURRENT, &[KEY, ("x-sim-fault", "status=503")]).await, 503);
    let plain = bench.get(&bench.url(CURRENT), &[KEY]).await;
    assert_eq!((plain.status.as_u16(), plain.header(header::UPGRADE.as_str())), (426, "websocket"));
}

#[tokio::test]
async fn echo_returns_large_frames_pings_and_close_codes() {
    let bench = bench().await;
    let mut client = dial(&bench, "/openai/v1/realtime?sim=echo", &[KEY]).await.unwrap();
    let large = Bytes::from(vec![7_u8; 10 * 1024 * 1024]);
    client.send(Message::Binary(large.clone())).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Binary(large));
    client.send(Message::Ping(Bytes::from_static(b"p"))).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::Pong(Bytes::from_static(b"p")));
    client.send(Message::text("関所")).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("関所"));
    let frame = CloseFrame { code: CloseCode::Library(4001), reason: "enough".into() };
    client.send(Message::Close(Some(frame.clone()))).await.unwrap();
    let Message::Close(Some(closed)) = client.next().await.unwrap().unwrap() else { panic!("no close") };
    assert_eq!(closed.code, frame.code);
}

#[tokio::test]
async fn session_ends_when_the_simulator_does() {
    let bench = bench().await;
    let mut client = dial(&bench, CURRENT, &[KEY]).await.unwrap();
    next(&mut client).await;
    bench.running.shutdown().await;
    let Message::Close(Some(closed)) = client.next().await.unwrap().unwrap() else { panic!("no close") };
    assert_eq!(closed.code, CloseCode::Away);
}

#[tokio::test]
async fn fault_cuts_the_connection_between_events() {
    let bench = bench().await;
    let mut client = dial(&bench, CURRENT, &[KEY, ("x-sim-fault", "cut-after=6")]).await.unwrap();
    say(&mut client, "hi").await;
    let mut events = 0;
    while let Some(Ok(Message::Text(_))) = client.next().await {
        events += 1;
    }
    assert_eq!(events, 6);
}

#[tokio::test]
async fn response_over_the_limit_fails_in_its_event() {
    let deployment = DeploymentConfig { tokens_per_minute: Some(4), ..DeploymentConfig::new("gpt-realtime") };
    let bench = Bench::with(deployment).await;
    let mut client = dial(&bench, CURRENT, &[KEY]).await.unwrap();
    say(&mut client, "hi").await;
    let done = until(&mut client, "response.done").await.pop().unwrap();
    assert_eq!(done["response"]["status"], "failed");
    assert_eq!(done["response"]["status_details"]["error"]["code"], "rate_limit_exceeded");
}
