//! Streamable HTTP: one path for messages, the stream and the end of a session.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::protocol::{self, Answer, VERSION_WITH_BATCHES, VERSIONS};
use super::sessions::HasStream;
use crate::body::Body;
use crate::call::{Asked, events, stream, with_type};
use crate::config::McpAnswers;
use crate::control::json_reply;
use crate::faults::Fault;
use crate::json_rpc::{self, INVALID_REQUEST, Message, PARSE_ERROR, RpcError};
use crate::text;

const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
const VERSION: &str = "mcp-protocol-version";
/// Codes of the server's own refusals.
const REFUSED: i64 = -32000;
const NO_SESSION: i64 = -32001;

/// A refusal before any method is looked at.
struct Refused(StatusCode, RpcError);

impl Refused {
    fn new(status: StatusCode, code: i64, message: &str) -> Self {
        Self(status, RpcError::new(code, message))
    }

    fn reply(self) -> Response<Body> {
        json_reply(self.0, &json_rpc::failure(&Value::Null, &self.1))
    }
}

/// `POST`: a message, or with the version that has them, several.
pub(super) fn post(asked: &Asked<'_>, fault: &Fault) -> Response<Body> {
    try_post(asked, fault).unwrap_or_else(Refused::reply)
}

fn try_post(asked: &Asked<'_>, fault: &Fault) -> Result<Response<Body>, Refused> {
    let headers = &asked.parts.headers;
    if !(accepts(headers, "application/json") && accepts(headers, "text/event-stream")) {
        let message = "the client must accept both application/json and text/event-stream";
        return Err(Refused::new(StatusCode::NOT_ACCEPTABLE, REFUSED, message));
    }
    let value: Value = serde_json::from_slice(&asked.body)
        .map_err(|_| Refused::new(StatusCode::BAD_REQUEST, PARSE_ERROR, "the body is not JSON"))?;
    let is_batch = value.is_array();
    let values = match value {
        Value::Array(values) => values,
        single => vec![single],
    };
    let read: Result<Vec<Message>, RpcError> = values.into_iter().map(Message::read).collect();
    let messages = read.map_err(|error| Refused(StatusCode::BAD_REQUEST, error))?;
    if let [Message::Request { id, method, params }] = messages.as_slice()
        && method == "initialize"
    {
        return Ok(begin(asked, id, params, fault));
    }
    let version = session_version(asked)?;
    if is_batch && version != VERSION_WITH_BATCHES {
        let message = "this version of the protocol has one message in a body";
        return Err(Refused::new(StatusCode::BAD_REQUEST, INVALID_REQUEST, message));
    }
    let answers: Vec<Answer> = messages
        .iter()
        .filter_map(|message| match message {
            Message::Request { id, method, params } => Some(protocol::answer(id, method, params)),
            Message::Notification { .. } | Message::Response => None,
        })
        .collect();
    Ok(if answers.is_empty() { accepted() } else { reply(asked, answers, is_batch, fault) })
}

/// Begins a session; its id is in the reply's header.
fn begin(asked: &Asked<'_>, id: &Value, params: &Value, fault: &Fault) -> Response<Body> {
    let session = format!("{:016x}", text::mix(asked.shared.next_serial()));
    asked.resource.mcp.begin(&session, protocol::agreed_version(params));
    let mut response = reply(asked, vec![protocol::answer(id, "initialize", params)], false, fault);
    if let Ok(session) = HeaderValue::try_from(session) {
        response.headers_mut().insert(SESSION, session);
    }
    response
}

/// The version of the session the request belongs to.
fn session_version(asked: &Asked<'_>) -> Result<String, Refused> {
    let headers = &asked.parts.headers;
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    if let Some(version) = headers.get(VERSION).map(text)
        && !VERSIONS.contains(&version.as_str())
    {
        return Err(Refused::new(StatusCode::BAD_REQUEST, REFUSED, "the protocol version is not supported"));
    }
    let session = headers.get(SESSION).map(text).ok_or_else(|| {
        Refused::new(StatusCode::BAD_REQUEST, REFUSED, "the header Mcp-Session-Id is required")
    })?;
    let version = asked.resource.mcp.version(&session);
    version.ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, NO_SESSION, "the session is not known"))
}

/// JSON, or a stream of events when there is something to tell on the way, or when streams are asked for.
fn reply(asked: &Asked<'_>, answers: Vec<Answer>, is_batch: bool, fault: &Fault) -> Response<Body> {
    let pause = answers.iter().map(|answer| answer.pause).max().unwrap_or_default();
    let answers_once = answers.iter().all(|answer| answer.messages.len() == 1);
    let wants_stream =
        asked.resource.config.mcp.answers == McpAnswers::Sse || asked.query("sim").as_deref() == Some("sse");
    let mut messages: Vec<Value> = answers.into_iter().flat_map(|answer| answer.messages).collect();
    if answers_once && !wants_stream && pause.is_zero() {
        let body = if is_batch { Value::Array(messages) } else { messages.pop().unwrap_or_default() };
        return json_reply(StatusCode::OK, &body);
    }
    // The first event goes out at once; where the first message has to wait, that is a comment.
    let waiting = (!pause.is_zero()).then(|| Bytes::from_static(b": waiting\n\n"));
    let events = waiting.into_iter().chain(messages.iter().map(event)).collect();
    stream(asked, events, pause, fault)
}

/// A message as an event of a stream.
pub(super) fn event(message: &Value) -> Bytes {
    events::named("message", message).bytes
}

/// `GET`: the stream of messages that answer no request.
pub(super) fn get(asked: &Asked<'_>) -> Response<Body> {
    try_get(asked).unwrap_or_else(Refused::reply)
}

fn try_get(asked: &Asked<'_>) -> Result<Response<Body>, Refused> {
    if !accepts(&asked.parts.headers, "text/event-stream") {
        let message = "the client must accept text/event-stream";
        return Err(Refused::new(StatusCode::NOT_ACCEPTABLE, REFUSED, message));
    }
    session_version(asked)?;
    match asked.resource.mcp.open_stream(&session_id(asked)) {
        Some(Ok(receiver)) => Ok(with_type("text/event-stream", Body::Channel(receiver))),
        Some(Err(HasStream)) => {
            Err(Refused::new(StatusCode::CONFLICT, REFUSED, "the session already has an open stream"))
        }
        None => Err(Refused::new(StatusCode::NOT_FOUND, NO_SESSION, "the session is not known")),
    }
}

/// `DELETE`: the end of the session.
pub(super) fn delete(asked: &Asked<'_>) -> Response<Body> {
    match session_version(asked) {
        Ok(_) => {
            asked.resource.mcp.end(&session_id(asked));
            json_reply(StatusCode::OK, &json!({}))
        }
        Err(refused) => refused.reply(),
    }
}

fn session_id(asked: &Asked<'_>) -> String {
    let header = asked.parts.headers.get(SESSION).and_then(|value| value.to_str().ok());
    header.unwrap_or_default().to_owned()
}

/// Nothing is answered.
pub(super) fn accepted() -> Response<Body> {
    let mut response = Response::new(Body::whole(""));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let range = range.split(';').next().unwrap_or_default().trim();
        range == "*/*" || range.eq_ignore_ascii_case(wanted)
    })
}
