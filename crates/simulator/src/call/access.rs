//! Who may call, and with which `api-version`.

use http::request::Parts;
use http::{Method, header};

use super::ApiError;
use super::route::{Operation, Route, Shape, query_value};
use crate::config::{ResourceConfig, Secret};
use crate::resource::Resource;
use crate::server::Shared;

/// Audiences of tokens Azure OpenAI accepts.
const AUDIENCES: [&str; 2] = ["https://cognitiveservices.azure.com", "https://ai.azure.com"];

/// Versions of the dated surface, published by Azure.
const VERSIONS: [&str; 26] = [
    "2022-12-01",
    "2023-03-15-preview",
    "2023-05-15",
    "2023-06-01-preview",
    "2023-07-01-preview",
    "2023-08-01-preview",
    "2023-09-01-preview",
    "2023-12-01-preview",
    "2024-02-01",
    "2024-02-15-preview",
    "2024-03-01-preview",
    "2024-04-01-preview",
    "2024-05-01-preview",
    "2024-06-01",
    "2024-07-01-preview",
    "2024-08-01-preview",
    "2024-09-01-preview",
    "2024-10-01-preview",
    "2025-08-28",
    "2024-10-21",
    "2024-12-01-preview",
    "2025-01-01-preview",
    "2025-02-01-preview",
    FIRST_WITH_RESPONSES,
    "2025-04-01-preview",
    "preview",
];

/// The Responses API exists from this version on.
const FIRST_WITH_RESPONSES: &str = "2025-03-01-preview";
/// Versions of Azure AI model inference.
const INFERENCE_VERSIONS: [&str; 3] = ["2024-05-01-preview", "2025-04-01", "2025-05-15-preview"];
/// Versions of Content Safety.
const SAFETY_VERSIONS: [&str; 3] = ["2023-10-01", "2024-02-15-preview", "2024-09-01"];
/// Versions of the v1 surface, where none is needed.
const V1_VERSIONS: [&str; 3] = ["v1", "preview", "latest"];

/// Headers a key may come in: of Azure OpenAI, of Content Safety, of Anthropic.
const KEY_HEADERS: [&str; 3] = ["api-key", "ocp-apim-subscription-key", "x-api-key"];

/// A good key or a good bearer token lets a call in. A key may also come as the bearer token, as OpenAI's own
/// client sends it to `/openai/v1`; an empty `Authorization: Bearer ` beside a key does no harm.
pub(super) fn check_caller(
    shared: &Shared,
    resource: &Resource,
    route: Option<&Route>,
    parts: &Parts,
) -> Result<(), ApiError> {
    if route.is_some_and(|route| is_open(&resource.config, route.operation)) {
        return Ok(());
    }
    let headers = &parts.headers;
    let keys = KEY_HEADERS.into_iter().filter_map(|name| headers.get(name));
    if keys.filter_map(|key| key.to_str().ok()).any(|key| is_one_of(key, &resource.keys)) {
        return Ok(());
    }
    if route.is_some_and(|route| route.operation == Operation::Realtime) && has_key_in_query(resource, parts)
    {
        return Ok(());
    }
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Err(ApiError::bad_key());
    };
    let is_good = resource.config.accept_any_token
        || is_one_of(token, &resource.config.bearer_tokens)
        || is_one_of(token, &resource.keys)
        || shared.identity.accepts(token, &AUDIENCES);
    if is_good { Ok(()) } else { Err(ApiError::bad_token()) }
}

/// Whether an operation needs no key: the protocols of agents have none unless it is configured.
fn is_open(config: &ResourceConfig, operation: Operation) -> bool {
    match operation.service() {
        Some("mcp") => !config.mcp.require_key,
        Some("a2a") => !config.a2a.require_key,
        _ => false,
    }
}

/// A WebSocket of a browser has no headers of its own: Azure takes its key from the query.
fn has_key_in_query(resource: &Resource, parts: &Parts) -> bool {
    let key = query_value(parts.uri.query().unwrap_or_default(), "api-key");
    key.is_some_and(|key| is_one_of(&key, &resource.keys))
}

fn is_one_of(text: &str, secrets: &[Secret]) -> bool {
    secrets.iter().any(|secret| secret.expose() == text)
}

fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
}

/// The version the call names, when the surface knows it; `v1` where none is needed.
pub(super) fn check_version(resource: &Resource, route: &Route, query: &str) -> Result<String, ApiError> {
    let version = match (query_value(query, "api-version"), route.shape) {
        (None, Shape::V1) | (_, Shape::OpenAi | Shape::Anthropic | Shape::Agents) => {
            return Ok("v1".to_owned());
        }
        (version, _) => version.ok_or_else(ApiError::not_found)?,
    };
    let is_configured = resource.config.api_versions.contains(&version);
    let known = match route.shape {
        Shape::Dated => &VERSIONS[..],
        Shape::V1 | Shape::OpenAi | Shape::Anthropic | Shape::Agents => &V1_VERSIONS[..],
        Shape::Inference => &INFERENCE_VERSIONS[..],
        Shape::ContentSafety => &SAFETY_VERSIONS[..],
    };
    let has_responses = route.operation != Operation::Responses
        || route.shape != Shape::Dated
        || version.as_str() >= FIRST_WITH_RESPONSES;
    let is_known = known.contains(&version.as_str()) && has_responses;
    if is_configured || is_known { Ok(version) } else { Err(ApiError::not_found()) }
}

/// Whether an operation knows this method. `HEAD` is known where `GET` is.
pub(super) fn takes(operation: Operation, method: &Method) -> bool {
    match operation {
        Operation::Models | Operation::AgentCard => matches!(*method, Method::GET | Method::HEAD),
        Operation::Realtime | Operation::McpSse => *method == Method::GET,
        Operation::Mcp => matches!(*method, Method::GET | Method::POST | Method::DELETE),
        _ => *method == Method::POST,
    }
}
