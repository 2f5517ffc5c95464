//! Entra: metadata and client credentials.

use http::request::Parts;
use http::{Response, StatusCode, header};
use serde_json::json;

use super::Identity;
use crate::body::Body;
use crate::call::route::query_value;
use crate::control::json_reply;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The metadata document; its URLs use the host the caller used.
pub(super) fn metadata(parts: &Parts, tenant: &str) -> Response<Body> {
    let host_header = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host =
        parts.uri.authority().map(|authority| authority.as_str()).or(host_header).unwrap_or("localhost");
    let base = format!("http://{host}/{tenant}");
    json_reply(
        StatusCode::OK,
        &json!({"issuer": format!("{base}/v2.0"), "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["token"], "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"]}),
    )
}

/// A token for a client that shows a secret or an assertion. Assertions are not verified, only required.
pub(super) fn token(identity: &Identity, tenant: &str, form: &[u8]) -> Response<Body> {
    let form = String::from_utf8_lossy(form);
    let field = |name: &str| query_value(&form, name).filter(|value| !value.is_empty());
    if field("grant_type").as_deref() != Some("client_credentials") {
        return refusal("unsupported_grant_type", 70003, "The grant type is not supported.");
    }
    let Some(client) = field("client_id") else {
        return refusal(
            "invalid_request",
            900144,
            "The request body must contain the parameter 'client_id'.",
        );
    };
    let Some(scope) = field("scope") else {
        return refusal("invalid_request", 900144, "The request body must contain the parameter 'scope'.");
    };
    let has_assertion = field("client_assertion_type").as_deref() == Some(ASSERTION_TYPE)
        && field("client_assertion").is_some();
    let audience = scope.strip_suffix("/.default").unwrap_or(&scope);
    identity.count("entra", &client, audience);
    if !is_proven(identity, &client, field("client_secret").as_deref(), has_assertion) {
        return refusal("invalid_client", 7_000_215, "Invalid client secret or assertion provided.");
    }
    let issued = identity.tokens.issue(tenant, &client, audience);
    json_reply(
        StatusCode::OK,
        &json!({"token_type": "Bearer", "expires_in": issued.expires_in, "ext_expires_in": issued.expires_in,
            "access_token": issued.token}),
    )
}

fn is_proven(identity: &Identity, client: &str, secret: Option<&str>, has_assertion: bool) -> bool {
    let applications = &identity.config.applications;
    if applications.is_empty() {
        return secret.is_some() || has_assertion;
    }
    let Some(application) = applications.iter().find(|known| known.client_id.eq_ignore_ascii_case(client))
    else {
        return false;
    };
    match (&application.client_secret, secret) {
        (Some(expected), Some(secret)) => expected.expose() == secret,
        _ => has_assertion,
    }
}

fn refusal(error: &str, number: u32, message: &str) -> Response<Body> {
    let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    let description = format!("AADSTS{number}: {message}");
    json_reply(status, &json!({"error": error, "error_description": description, "error_codes": [number]}))
}
