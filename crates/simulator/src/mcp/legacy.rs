//! The transport of 2024: a stream at `/sse` that tells where messages go, and answers on the stream.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;
use tokio::sync::mpsc;

use super::protocol::{self, Answer, VERSIONS};
use super::streamable::{accepted, event};
use crate::body::Body;
use crate::call::{Asked, with_type};
use crate::control::json_reply;
use crate::json_rpc::Message;
use crate::text;

/// How long an answer waits for a reader that does not read.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// `GET /sse`.
pub(super) fn connect(asked: &Asked<'_>) -> Response<Body> {
    let session = format!("{:016x}", text::mix(asked.shared.next_serial()));
    let sessions = &asked.resource.mcp;
    sessions.begin(&session, VERSIONS[VERSIONS.len() - 1]);
    let Some(Ok(receiver)) = sessions.open_stream(&session) else {
        return json_reply(StatusCode::SERVICE_UNAVAILABLE, &json!({"error": "the session has ended"}));
    };
    // The path as the caller wrote it, which may have the resource's name in front.
    let path = asked.parts.uri.path().trim_end_matches('/');
    let base = path.get(..path.len().saturating_sub("sse".len())).unwrap_or("/");
    let endpoint = Bytes::from(format!("event: endpoint\ndata: {base}messages?sessionId={session}\n\n"));
    if let Some(stream) = sessions.stream(&session) {
        // The stream is new and empty: there is room for one event.
        let _ = stream.try_send(endpoint);
    }
    with_type("text/event-stream", Body::Channel(receiver))
}

/// `POST /messages?sessionId=`.
pub(super) fn post(asked: &Asked<'_>) -> Response<Body> {
    let session = asked.query("sessionId").unwrap_or_default();
    let Some(stream) = asked.resource.mcp.stream(&session) else {
        return json_reply(StatusCode::NOT_FOUND, &json!({"error": "the session is not known"}));
    };
    let message = serde_json::from_slice(&asked.body).ok().and_then(|value| Message::read(value).ok());
    match message {
        Some(Message::Request { id, method, params }) => {
            if method == "initialize" {
                asked.resource.mcp.agree(&session, protocol::agreed_version(&params));
            }
            tokio::spawn(send(stream, protocol::answer(&id, &method, &params)));
            accepted()
        }
        Some(Message::Notification { .. } | Message::Response) => accepted(),
        None => json_reply(StatusCode::BAD_REQUEST, &json!({"error": "the body is not a message"})),
    }
}

/// Sends an answer at its pace, unless the reader goes or stops reading.
async fn send(stream: mpsc::Sender<Bytes>, answer: Answer) {
    for message in &answer.messages {
        tokio::time::sleep(answer.pause).await;
        if !matches!(tokio::time::timeout(LONGEST_WAIT, stream.send(event(message))).await, Ok(Ok(()))) {
            return;
        }
    }
}
