//! The upgrade of a request to a WebSocket.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::names::Names;
use super::session::Session;
use super::{Socket, echo as echo_loop};
use crate::body::Body;
use crate::call::route::Shape;
use crate::call::{ApiError, Asked};
use crate::faults::Fault;

/// Largest message and frame: 64 MiB.
const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;
/// Longest life of a connection: 1 hour.
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(3600);
/// The subprotocol of browsers.
const SUBPROTOCOL: &str = "realtime";

/// Accepts a connection that gets every frame back.
pub(crate) fn echo(asked: &Asked<'_>) -> Result<Response<Body>, ApiError> {
    let mut stopped = asked.shared.stopped.clone();
    accept(asked, |socket| async move {
        tokio::select! {
            () = echo_loop::run(socket) => {}
            _ = stopped.changed() => {}
            () = tokio::time::sleep(LONGEST_LIFE) => {}
        }
    })
}

/// Accepts a session with a deployment.
pub(crate) fn open(
    asked: &Asked<'_>,
    name: &str,
    shape: Shape,
    fault: &Fault,
) -> Result<Response<Body>, ApiError> {
    let asks_for_beta = asked.parts.headers.get("openai-beta").is_some_and(|beta| beta == "realtime=v1");
    let names = if shape == Shape::Dated || asks_for_beta { Names::Beta } else { Names::Current };
    let session = Session::new(asked, name, names, fault);
    accept(asked, |socket| session.run(socket))
}

/// Answers the handshake and serves the connection in a task of its own.
fn accept<S, F>(asked: &Asked<'_>, serve: S) -> Result<Response<Body>, ApiError>
where
    S: FnOnce(Socket) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let headers = &asked.parts.headers;
    let key = headers.get(header::SEC_WEBSOCKET_KEY).ok_or_else(ApiError::upgrade_required)?;
    let is_version_13 = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let upgrade = asked.take_upgrade().filter(|_| is_version_13).ok_or_else(ApiError::upgrade_required)?;
    let mut response = Response::new(Body::whole(""));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let mut set = |name: HeaderName, value| response.headers_mut().insert(name, value);
    set(header::CONNECTION, HeaderValue::from_static("upgrade"));
    set(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
        set(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if offers_subprotocol(headers) {
        set(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    tokio::spawn(async move {
        // Without an upgraded connection the caller has gone.
        let Ok(upgraded) = upgrade.await else { return };
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_MESSAGE_BYTES))
            .max_frame_size(Some(MAX_MESSAGE_BYTES));
        let io = TokioIo::new(upgraded);
        serve(WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await).await;
    });
    Ok(response)
}

fn offers_subprotocol(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
    offers
        .filter_map(|offer| offer.to_str().ok())
        .any(|offer| offer.split(',').any(|name| name.trim() == SUBPROTOCOL))
}
