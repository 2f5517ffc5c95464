//! The example of a WebSocket API for a Realtime model beside the other calls at the same path.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use sekisho_simulator::{Config, DeploymentConfig, ResourceConfig, Running, Simulator};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::{eventually, service};

const MODEL: &str = "gpt-4o-realtime";
const TARGET: &str = "/realtime/openai/realtime?api-version=2024-10-01-preview&deployment=gpt-4o-realtime";

/// An account with a Realtime model and one for chats, and a gateway in front of it.
async fn start() -> (Running, Gateway) {
    let deployments = [MODEL, "gpt-4o"].map(DeploymentConfig::new).to_vec();
    let resources = vec![ResourceConfig::new("account", deployments)];
    let simulator = Simulator::start(Config { resources, ..Config::default() }).await.unwrap();
    let environment = service::environment(&simulator, &[("REALTIME_URL", "account")]);
    let gateway = Gateway::start(&service::example("realtime"), &environment).await;
    (simulator, gateway)
}

/// Sends a message of the user and waits until the model answered it.
async fn ask(session: &mut WebSocketStream<TcpStream>, text: &str) {
    let content = json!([{"type": "input_text", "text": text}]);
    let item = json!({"type": "message", "role": "user", "content": content});
    for event in
        [json!({"type": "conversation.item.create", "item": item}), json!({"type": "response.create"})]
    {
        session.send(event.to_string().into()).await.unwrap();
    }
    loop {
        let message = session.next().await.unwrap().unwrap();
        let event: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        assert_ne!(event["type"], "error", "{event}");
        if event["type"] == "response.done" {
            return;
        }
    }
}

async fn open(gateway: &Gateway, query: &str) -> Result<WebSocketStream<TcpStream>, Error> {
    let authority = gateway.url.strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(authority).await.unwrap();
    let request = format!("ws://{authority}{TARGET}{query}").into_client_request().unwrap();
    Ok(client_async(request, stream).await?.0)
}

fn status(refused: Result<WebSocketStream<TcpStream>, Error>) -> u16 {
    match refused {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn realtime_sessions_are_checked_limited_and_counted() {
    let (simulator, gateway) = start().await;

    assert_eq!(status(open(&gateway, "").await), 401);
    let mut session = open(&gateway, "&api-key=realtime-demo-key").await.unwrap();
    // The account lets nobody in without a token or its own key.
    let seen = simulator.stats().resources["account"].counts.last.clone().unwrap();
    assert_eq!(seen.path, "/openai/realtime?api-version=2024-10-01-preview&deployment=gpt-4o-realtime");
    assert!(seen.headers["authorization"].starts_with("Bearer "));
    let created = session.next().await.unwrap().unwrap();
    assert!(created.to_text().unwrap().contains("session.created"), "{created:?}");
    for text in ["Who passes?", "And then?"] {
        ask(&mut session, text).await;
    }
    let used = simulator.stats().resources["account"].deployments[MODEL].clone();
    let used = used.prompt_tokens + used.completion_tokens;
    assert!(used > 0);
    let client = Client::new();
    let metrics = format!("{}/metrics", gateway.management);
    assert!(client.get(&metrics).await.text().contains("\nsekisho_websockets_open 1\n"));
    session.close(None).await.unwrap();
    assert_eq!(session.next().await.unwrap().unwrap(), Message::Close(None));
    drop(session);
    eventually("the session is counted", Duration::from_secs(10), || async {
        let text = client.get(&metrics).await.text().to_owned();
        let total = text
            .lines()
            .find(|line| line.starts_with("sekisho_tokens_total") && line.contains("kind=\"total\""));
        total.is_some_and(|line| {
            line.contains("model=\"gpt-4o-realtime\"") && line.ends_with(&format!(" {used}"))
        }) && text.contains("\nsekisho_websockets_open 0\n")
            && text.contains("sekisho_websockets_closed_total{reason=\"closed\"} 1")
    })
    .await;

    for _ in 0..4 {
        open(&gateway, "&api-key=realtime-demo-key").await.unwrap();
    }
    assert_eq!(status(open(&gateway, "&api-key=realtime-demo-key").await), 429, "five sessions a minute");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn realtime_sessions_carry_10_mb_and_the_close_code() {
    let (_simulator, gateway) = start().await;
    let mut session = open(&gateway, "&api-key=realtime-demo-key&sim=echo").await.unwrap();
    let large = Message::binary(vec![7_u8; 10 * 1024 * 1024]);
    session.send(large.clone()).await.unwrap();
    assert!(session.next().await.unwrap().unwrap() == large, "changed on its way");
    let frame = CloseFrame { code: CloseCode::Library(4001), reason: "enough".into() };
    session.send(Message::Close(Some(frame.clone()))).await.unwrap();
    let Message::Close(Some(closed)) = session.next().await.unwrap().unwrap() else { panic!("no close") };
    assert_eq!(closed.code, frame.code);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_calls_at_the_path_of_realtime_go_their_own_way() {
    let (_simulator, gateway) = start().await;
    let answer = Client::new().chat(&format!("{}/realtime", gateway.url), "realtime-demo-key").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}
