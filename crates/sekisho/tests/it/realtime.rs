//! The example of a WebSocket API for a Realtime model beside the other calls at the same path.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http::HeaderMap;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use crate::support::client::Client;
use crate::support::gateway::Gateway;
use crate::support::{eventually, service};

const TARGET: &str = "/realtime/openai/realtime?api-version=2024-10-01-preview&deployment=gpt-4o-realtime";

/// What a model says when a response is done.
const DONE: &str = r#"{"type":"response.done","response":{"status":"completed","usage":{"total_tokens":30,"input_tokens":20,"output_tokens":10}}}"#;

/// A model that answers every message with one response; path, query and headers of its handshakes.
async fn model() -> (SocketAddr, mpsc::Receiver<(String, HeaderMap)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, handshakes) = mpsc::channel(10);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(session(stream, sender.clone()));
        }
    });
    (address, handshakes)
}

async fn session(stream: TcpStream, handshakes: mpsc::Sender<(String, HeaderMap)>) {
    #[expect(clippy::result_large_err, reason = "the library's own error")]
    let note = |request: &Request, response: Response| {
        handshakes.try_send((request.uri().to_string(), request.headers().clone())).unwrap();
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, note).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        if message.is_text() {
            socket.send(DONE.into()).await.unwrap();
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
    let simulator = service::simulator(&["account"]).await;
    let (address, mut handshakes) = model().await;
    let mut environment = service::environment(&simulator, &[]);
    environment.push(("REALTIME_URL".to_owned(), format!("http://{address}/openai")));
    let gateway = Gateway::start(&service::example("realtime"), &environment).await;

    assert_eq!(status(open(&gateway, "").await), 401);
    let mut session = open(&gateway, "&api-key=realtime-demo-key").await.unwrap();
    let (target, headers) = handshakes.recv().await.unwrap();
    assert_eq!(target, "/openai/realtime?api-version=2024-10-01-preview&deployment=gpt-4o-realtime");
    assert!(headers["authorization"].to_str().unwrap().starts_with("Bearer "));
    for _ in 0..2 {
        session.send(r#"{"type":"response.create"}"#.into()).await.unwrap();
        assert_eq!(session.next().await.unwrap().unwrap(), DONE.into());
    }
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
        total.is_some_and(|line| line.contains("model=\"gpt-4o-realtime\"") && line.ends_with(" 60"))
            && text.contains("\nsekisho_websockets_open 0\n")
            && text.contains("sekisho_websockets_closed_total{reason=\"closed\"} 1")
    })
    .await;

    for _ in 0..4 {
        open(&gateway, "&api-key=realtime-demo-key").await.unwrap();
    }
    assert_eq!(status(open(&gateway, "&api-key=realtime-demo-key").await), 429, "five sessions a minute");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_calls_at_the_path_of_realtime_go_their_own_way() {
    let simulator = service::simulator(&["account"]).await;
    let environment = service::environment(&simulator, &[("REALTIME_URL", "account")]);
    let gateway = Gateway::start(&service::example("realtime"), &environment).await;
    let answer = Client::new().chat(&format!("{}/realtime", gateway.url), "realtime-demo-key").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}
