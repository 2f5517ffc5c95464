//! WebSocket APIs: a backend that echoes, and clients.

mod handshakes;
mod policies;
mod relays;

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use http::HeaderMap;
use sekisho_policy::ports::Event;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::handshake::server;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};

use crate::bench::{Bench, soon};

type Socket = WebSocketStream<TcpStream>;

/// A backend that sends every message back; `close N` makes it close with that code.
struct Echo {
    address: SocketAddr,
    handshakes: mpsc::Receiver<(String, HeaderMap)>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, handshakes) = mpsc::channel(10);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(echo(stream, sender.clone()));
            }
        });
        Self { address, handshakes }
    }

    /// Path with query and the headers of the next handshake that reached it.
    async fn handshake(&mut self) -> (String, HeaderMap) {
        soon(self.handshakes.recv()).await.unwrap()
    }
}

async fn echo<S>(stream: S, handshakes: mpsc::Sender<(String, HeaderMap)>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    #[expect(clippy::result_large_err, reason = "the library's own error")]
    let note = |request: &server::Request, mut response: server::Response| {
        handshakes.try_send((request.uri().to_string(), request.headers().clone())).unwrap();
        if let Some(offered) = request.headers().get("sec-websocket-protocol") {
            let last = offered.to_str().unwrap().rsplit(',').next().unwrap().trim().to_owned();
            response.headers_mut().insert("sec-websocket-protocol", last.parse().unwrap());
        }
        response.headers_mut().insert("x-backend", "echo".parse().unwrap());
        Ok(response)
    };
    let mut socket = accept_hdr_async(stream, note).await.unwrap();
    while let Some(Ok(message)) = socket.next().await {
        if let Some(code) = message.to_text().ok().and_then(|text| text.strip_prefix("close ")) {
            let frame = CloseFrame { code: code.parse::<u16>().unwrap().into(), reason: "as asked".into() };
            let _closing = socket.close(Some(frame)).await;
        } else if message.is_text() || message.is_binary() {
            let _gone = socket.send(message).await;
        }
    }
}

/// A WebSocket API at `/live` and another API at the same path, both in front of this backend.
fn live(backend: SocketAddr, policies: &str) -> String {
    format!(
        "apis:
  live:
    path: live
    type: websocket
    serviceUrl: ws://{backend}/base
    subscriptionKeyParameterNames: {{header: api-key, query: api-key}}
    policy: |
      <policies>{policies}</policies>
  calls:
    path: live
    serviceUrl: http://{backend}/calls
    subscriptionRequired: false
    operations:
      any: {{method: '*', urlTemplate: '/*'}}
subscriptions:
  team: {{scope: /apis/live, primaryKey: team-key}}
"
    )
}

fn request(bench: &Bench, target: &str) -> Request {
    format!("ws://{}{target}", bench.address).into_client_request().unwrap()
}

async fn try_open(bench: &Bench, request: Request) -> Result<(Socket, http::Response<()>), Error> {
    let stream = TcpStream::connect(bench.address).await.unwrap();
    let (socket, response) = soon(client_async(request, stream)).await?;
    Ok((socket, response.map(|_| ())))
}

/// A WebSocket with the key of the team.
async fn open(bench: &Bench) -> Socket {
    try_open(bench, request(bench, "/live?api-key=team-key")).await.unwrap().0
}

/// The status and body of a handshake that is refused.
async fn refused(bench: &Bench, request: Request) -> (u16, HeaderMap, String) {
    match try_open(bench, request).await {
        Err(Error::Http(response)) => {
            let (head, body) = response.into_parts();
            let body = body.map(|body| String::from_utf8(body).unwrap());
            (head.status.as_u16(), head.headers, body.unwrap_or_default())
        }
        other => panic!("{other:?}"),
    }
}

async fn next(socket: &mut Socket) -> Message {
    soon(socket.next()).await.unwrap().unwrap()
}

fn events(bench: &Bench) -> Vec<Event> {
    bench.events.lock().clone()
}
