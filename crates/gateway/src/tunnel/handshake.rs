//! The request to become a WebSocket, and what both sides say to it.

use std::sync::Arc;

use http::header::{CONNECTION, SEC_WEBSOCKET_EXTENSIONS, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Version};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use parking_lot::Mutex;
use sekisho_policy::exchange::Response;
use tokio::sync::OwnedSemaphorePermit;

use super::Tunnels;
use crate::upstream::headers::lists;

/// A client's request to become a WebSocket.
pub(crate) struct Opening {
    client: OnUpgrade,
    consent: Arc<Consent>,
    slot: Option<OwnedSemaphorePermit>,
}

/// The consent of the backend, once it gave it.
#[derive(Default)]
pub(crate) struct Consent(Mutex<Option<OnUpgrade>>);

impl Opening {
    /// None for every other request.
    pub(crate) fn of(parts: &mut Parts, body: &Incoming) -> Option<Self> {
        if !parts.headers.contains_key(UPGRADE) {
            return None;
        }
        let is_handshake = parts.method == Method::GET
            && parts.version == Version::HTTP_11
            && lists(&parts.headers, &UPGRADE, "websocket")
            && lists(&parts.headers, &CONNECTION, "upgrade")
            && hyper::body::Body::is_end_stream(body);
        let client = is_handshake.then(|| parts.extensions.remove::<OnUpgrade>())??;
        Some(Self { client, consent: Arc::default(), slot: None })
    }

    /// Takes the place of one WebSocket. False when there is none left.
    pub(crate) fn take_slot(&mut self, tunnels: &Tunnels) -> bool {
        self.slot = tunnels.slot();
        self.slot.is_some()
    }

    /// Where the backend's consent goes.
    pub(crate) fn consent(&self) -> &Arc<Consent> {
        &self.consent
    }

    /// Both sides, when the backend consented and policies left its answer.
    pub(crate) fn agreed(self, response: &Response) -> Option<Agreement> {
        let is_switching = response.status == StatusCode::SWITCHING_PROTOCOLS.as_u16();
        let backend = self.consent.0.lock().take().filter(|_| is_switching)?;
        Some(Agreement { client: self.client, backend, slot: self.slot? })
    }
}

/// A handshake that both sides agreed on.
pub(crate) struct Agreement {
    pub(super) client: OnUpgrade,
    pub(super) backend: OnUpgrade,
    pub(super) slot: OwnedSemaphorePermit,
}

impl Consent {
    /// Takes over the connection of an answer that agrees to switch; any other takes back an earlier consent.
    pub(crate) fn judge<B>(&self, answer: Option<&mut http::Response<B>>) {
        let answer = answer.filter(|answer| answer.status() == StatusCode::SWITCHING_PROTOCOLS);
        *self.0.lock() = answer.map(hyper::upgrade::on);
    }
}

/// Takes back what the client offered to do with messages beside sending them as they are (compression), so that the
/// gateway can read those of the backend.
pub(crate) fn decline_extensions(headers: &mut HeaderMap) {
    headers.remove(SEC_WEBSOCKET_EXTENSIONS);
}
