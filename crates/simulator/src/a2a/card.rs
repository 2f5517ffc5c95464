//! The agent's card.

use http::{Response, StatusCode, header};
use serde_json::json;

use crate::body::Body;
use crate::call::Asked;
use crate::control::json_reply;

/// Where the card stands, relative to the agent.
const PATH: &str = "/.well-known/agent-card.json";

/// The card, with addresses as the caller reached it.
pub(crate) fn card(asked: &Asked<'_>) -> Response<Body> {
    let host = asked.parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| asked.parts.uri.authority().map(|authority| authority.as_str()));
    let before = asked.parts.uri.path().trim_end_matches('/').strip_suffix(PATH).unwrap_or_default();
    let base = format!("http://{}{before}", host.unwrap_or("127.0.0.1"));
    let skill = json!({"id": "echo", "name": "Echo", "description": "Answers and repeats what was asked.",
        "tags": ["simulated"], "examples": ["hello"]});
    let card = json!({
        "protocolVersion": "0.3.0",
        "name": "Simulated agent",
        "description": "Answers every message.",
        "url": format!("{base}/a2a/grpc"),
        "preferredTransport": "GRPC",
        "additionalInterfaces": [
            {"url": format!("{base}/a2a"), "transport": "JSONRPC"},
            {"url": format!("{base}/a2a/v1"), "transport": "HTTP+JSON"}],
        "provider": {"organization": "Simulator", "url": base},
        "version": "1.0.0",
        "capabilities": {"streaming": true, "pushNotifications": false, "stateTransitionHistory": false},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [skill],
        "securitySchemes": {"agentKey": {"type": "apiKey", "in": "header", "name": "api-key"}},
        "security": [{"agentKey": []}],
        "supportsAuthenticatedExtendedCard": false,
    });
    json_reply(StatusCode::OK, &card)
}
