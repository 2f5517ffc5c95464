//! Every message comes back as it is. A close frame is answered with its own code, a ping with a pong.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use super::Socket;

/// Serves a connection until its end.
pub(super) async fn run(mut socket: Socket) {
    while let Some(Ok(message)) = socket.next().await {
        // Pings and closes are answered by the protocol itself.
        if !matches!(message, Message::Text(_) | Message::Binary(_)) {
            continue;
        }
        if socket.send(message).await.is_err() {
            return;
        }
    }
}
