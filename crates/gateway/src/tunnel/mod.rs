//! Calls that become WebSockets: behind the handshake, bytes pass between client and backend as they are.
//!
//! - `handshake`: the request to become one, and the backend's consent
//! - `relay`: both directions with their deadlines; `pump`: one direction
//! - `frames`: the messages in what a server sends; `realtime`: the tokens that a model reports in them
//! - this file: a WebSocket from its first byte to its end

mod frames;
mod handshake;
mod pump;
mod realtime;
mod relay;

use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use sekisho_policy::ports::{Event, Recorder};
use sekisho_resources::process::WebSocketLimits;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use handshake::{Agreement, Consent, Opening, decline_extensions};
pub(crate) use realtime::RealtimeUsage;
use relay::{Direction, End, relay};

use crate::respond::Call;

/// How long both connections may take to be free of HTTP once both sides agreed.
const SWITCH_TIMEOUT: Duration = Duration::from_secs(10);

/// The WebSockets of a gateway.
pub(crate) struct Tunnels {
    limits: WebSocketLimits,
    slots: Arc<Semaphore>,
    recorder: Arc<dyn Recorder>,
}

impl Tunnels {
    pub(crate) fn new(limits: WebSocketLimits, recorder: Arc<dyn Recorder>) -> Self {
        let slots = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        Self { limits, slots, recorder }
    }

    /// The right to open one; none when there are as many as may be.
    pub(crate) fn slot(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.slots).try_acquire_owned().ok()
    }

    /// The WebSocket of a call.
    pub(crate) fn tunnel(&self, agreement: Agreement, mut call: Call) -> Tunnel {
        call.switching();
        Tunnel { agreement, call, limits: self.limits, recorder: Arc::clone(&self.recorder) }
    }
}

/// A WebSocket that both sides agreed on.
pub(crate) struct Tunnel {
    agreement: Agreement,
    call: Call,
    limits: WebSocketLimits,
    recorder: Arc<dyn Recorder>,
}

impl Tunnel {
    /// Passes bytes until one side hangs up or a deadline is over, and records the call.
    pub(crate) async fn run(mut self) {
        let Agreement { client, backend, slot } = self.agreement;
        let mut open = Open::new(self.recorder, slot);
        let switched = async { tokio::try_join!(client, backend) };
        let Ok(Ok((client, backend))) = tokio::time::timeout(SWITCH_TIMEOUT, switched).await else {
            open.reason = "not-switched";
            return;
        };
        let call = &mut self.call;
        let watch = |direction, piece: &[u8]| match direction {
            Direction::ToBackend => call.received(piece.len()),
            Direction::ToClient => call.sent(piece),
        };
        let end = relay(TokioIo::new(client), TokioIo::new(backend), self.limits, watch).await;
        open.reason = end.name();
        match end.failure() {
            None => self.call.complete(),
            Some((reason, message)) => self.call.broke_off(reason, message),
        }
    }
}

/// Tells that a WebSocket is open, and when it is not any more.
struct Open {
    recorder: Arc<dyn Recorder>,
    reason: &'static str,
    /// Its place among those that may be open.
    _slot: OwnedSemaphorePermit,
}

impl Open {
    fn new(recorder: Arc<dyn Recorder>, slot: OwnedSemaphorePermit) -> Self {
        recorder.event(Event::WebSocketOpened);
        // What ends without saying why was cut by the end of the process.
        Self { recorder, reason: "shutdown", _slot: slot }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.recorder.event(Event::WebSocketClosed { reason: self.reason });
    }
}

impl End {
    /// As metrics name it.
    fn name(self) -> &'static str {
        match self {
            End::Closed => "closed",
            End::ClientLost => "client-lost",
            End::BackendLost => "backend-lost",
            End::Idle => "idle",
            End::TooLong => "too-long",
        }
    }

    /// `context.LastError.Reason` and its message; none for a WebSocket that was closed by one of its sides.
    fn failure(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            End::Closed => return None,
            End::ClientLost => ("ClientConnectionFailure", "the connection of the client broke off"),
            End::BackendLost => ("BackendConnectionFailure", "the connection to the backend broke off"),
            End::Idle => ("Timeout", "nothing came from either side for too long"),
            End::TooLong => ("Timeout", "the connection was open for as long as it may be"),
        })
    }
}
