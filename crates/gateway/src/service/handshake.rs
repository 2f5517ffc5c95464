//! What is particular to a call that is to become a WebSocket.

use std::sync::Arc;

use http::request::Parts;
use sekisho_policy::pipeline::PolicyError;

use super::destination::Destination;
use crate::respond::{Call, ModelCall};
use crate::tunnel::{Consent, Opening, Tunnels, decline_extensions};

/// A handshake whose API is found.
pub(super) struct Handshake {
    /// Where the backend's consent goes.
    pub(super) consent: Arc<Consent>,
    /// Set when there are as many WebSockets as may be.
    pub(super) refusal: Option<PolicyError>,
}

/// Begins a handshake; none when the call is for an API of another kind, where it is a call like others. `rest` is the
/// path behind that of the API.
pub(super) fn begin(
    opening: Option<&mut Opening>,
    destination: Option<&Destination<'_>>,
    parts: &mut Parts,
    rest: &str,
    tunnels: &Tunnels,
    call: &mut Call,
) -> Option<Handshake> {
    let (opening, api) = (opening?, destination?.api);
    if !api.is_web_socket {
        return None;
    }
    let query = parts.uri.query().unwrap_or("");
    // Either side may name the path of a session as it likes.
    let base_path = api.route.base.as_ref().map_or("", |base| &base.path);
    call.model = ModelCall::of_handshake(parts.uri.path(), query)
        .or_else(|| ModelCall::of_handshake(&format!("{base_path}{rest}"), query));
    if call.model.is_some() {
        decline_extensions(&mut parts.headers);
    }
    let refusal = (!opening.take_slot(tunnels)).then(too_many);
    Some(Handshake { consent: Arc::clone(opening.consent()), refusal })
}

fn too_many() -> PolicyError {
    PolicyError::refusal(503, "TooManyWebSockets", "as many WebSockets are open as may be")
        .with_public("Service Unavailable")
        .with_source("configuration")
}
