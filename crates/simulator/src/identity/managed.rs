//! Managed identity: the machine's endpoint (IMDS) and App Service's.

use http::{HeaderMap, Response, StatusCode};
use serde_json::json;

use super::{Identity, Issued};
use crate::body::Body;
use crate::call::route::query_value;
use crate::control::json_reply;

/// Client id of the system-assigned identity.
const SYSTEM_CLIENT: &str = "00000000-0000-0000-0000-00000000515e";
/// Tenant of every managed identity.
const TENANT: &str = "00000000-0000-0000-0000-000000007e4a";

pub(super) fn imds(identity: &Identity, headers: &HeaderMap, query: &str) -> Response<Body> {
    let has_metadata =
        headers.get("metadata").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    if !has_metadata {
        return refusal(StatusCode::BAD_REQUEST, "invalid_request", "Required metadata header not specified");
    }
    let selectors = ["client_id", "object_id", "msi_res_id", "mi_res_id"];
    match token(identity, "imds", query, &selectors) {
        Err(mistake) => refusal(StatusCode::BAD_REQUEST, "invalid_request", mistake),
        Ok((issued, client, resource)) => json_reply(
            StatusCode::OK,
            &json!({"access_token": issued.token, "client_id": client, "expires_in": issued.expires_in.to_string(),
                "expires_on": issued.expires_on.to_string(), "ext_expires_in": issued.expires_in.to_string(),
                "not_before": issued.not_before.to_string(), "resource": resource, "token_type": "Bearer"}),
        ),
    }
}

pub(super) fn app_service(identity: &Identity, headers: &HeaderMap, query: &str) -> Response<Body> {
    let expected = identity.config.identity_header.expose().as_bytes();
    if headers.get("x-identity-header").is_none_or(|value| value.as_bytes() != expected) {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_request", "X-IDENTITY-HEADER is missing or wrong");
    }
    let selectors = ["client_id", "principal_id", "object_id", "mi_res_id", "msi_res_id"];
    match token(identity, "app-service", query, &selectors) {
        Err(mistake) => refusal(StatusCode::BAD_REQUEST, "invalid_request", mistake),
        Ok((issued, client, resource)) => json_reply(
            StatusCode::OK,
            &json!({"access_token": issued.token, "expires_on": issued.expires_on.to_string(), "resource": resource,
                "token_type": "Bearer", "client_id": client}),
        ),
    }
}

/// The token, the client it is for, and the resource asked for; or what is wrong with the request.
fn token(
    identity: &Identity,
    protocol: &str,
    query: &str,
    selectors: &[&str],
) -> Result<(Issued, String, String), &'static str> {
    if query_value(query, "api-version").is_none() {
        return Err("Required query variable 'api-version' is missing");
    }
    let resource = query_value(query, "resource").filter(|resource| !resource.is_empty());
    let Some(resource) = resource else {
        return Err("Required query variable 'resource' is missing");
    };
    let user_assigned = selectors.iter().find_map(|selector| query_value(query, selector));
    let known = &identity.config.user_assigned;
    let exists = match &user_assigned {
        None => identity.config.system_assigned,
        Some(wanted) => known.is_empty() || known.iter().any(|id| id.eq_ignore_ascii_case(wanted)),
    };
    identity.count(protocol, user_assigned.as_deref().unwrap_or("system"), &resource);
    if !exists {
        return Err("Identity not found");
    }
    let client = user_assigned.unwrap_or_else(|| SYSTEM_CLIENT.to_owned());
    let issued = identity.tokens.issue(TENANT, &client, &resource);
    Ok((issued, client, resource))
}

fn refusal(status: StatusCode, error: &str, description: &str) -> Response<Body> {
    json_reply(status, &json!({"error": error, "error_description": description}))
}
