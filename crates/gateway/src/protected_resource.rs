//! What clients are told of the tokens that an API wants: the metadata of a protected resource (RFC 9728), and the
//! challenge that leads to them.

use std::collections::HashMap;
use std::sync::Arc;

use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};
use sekisho_expression::context::ApiFacts;
use sekisho_policy::body::Body;
use sekisho_policy::exchange::Response;
use serde_json::json;

use crate::service::Client;

/// Where metadata are, with the path of the resource behind it.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// An API that tells of its issuers.
#[derive(Debug)]
pub(crate) struct ProtectedResource {
    /// The API.
    pub(crate) api: Arc<ApiFacts>,
    /// The path of the resource with a leading slash: of an MCP server its endpoint, else that of the API.
    pub(crate) path: String,
    /// Identifiers of the issuers.
    pub(crate) authorization_servers: Vec<String>,
    /// Scopes that tokens may have.
    pub(crate) scopes: Vec<String>,
}

impl ProtectedResource {
    /// The metadata for a client, which anyone may have.
    pub(crate) fn metadata(&self, client: &Client) -> Response {
        let mut document = json!({
            "resource": client.url(&self.path),
            "resource_name": &*self.api.name,
            "authorization_servers": self.authorization_servers,
            "bearer_methods_supported": ["header"],
        });
        if !self.scopes.is_empty() {
            document["scopes_supported"] = self.scopes.clone().into();
        }
        let headers = HeaderMap::from_iter([
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
            // Clients in browsers look the metadata up before they have any token.
            (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        ]);
        Response { headers, body: Body::full(document.to_string()), ..Response::default() }
    }

    /// Adds where the metadata are to a response that asks for a token.
    pub(crate) fn challenge(&self, response: &mut Response, client: &Client) {
        if response.status != 401 {
            return;
        }
        let place = format!("resource_metadata=\"{}\"", client.url(&format!("{WELL_KNOWN}{}", self.path)));
        let mut challenges: Vec<HeaderValue> =
            response.headers.get_all(WWW_AUTHENTICATE).iter().cloned().collect();
        let bearer = challenges.iter_mut().find_map(|value| {
            let text = value.to_str().ok()?.to_owned();
            is_bearer(&text).then_some((value, text))
        });
        let challenge = match bearer {
            Some((_, text)) if text.contains("resource_metadata=") => return,
            Some((value, text)) => {
                let separator = if text.trim().contains(' ') { ", " } else { " " };
                let Ok(longer) = HeaderValue::try_from(format!("{}{separator}{place}", text.trim())) else {
                    return;
                };
                *value = longer;
                None
            }
            None => HeaderValue::try_from(format!("Bearer {place}")).ok(),
        };
        challenges.extend(challenge);
        response.headers.remove(WWW_AUTHENTICATE);
        for challenge in challenges {
            response.headers.append(WWW_AUTHENTICATE, challenge);
        }
    }
}

fn is_bearer(challenge: &str) -> bool {
    let scheme = challenge.split_whitespace().next().unwrap_or("");
    scheme.eq_ignore_ascii_case("bearer")
}

/// The metadata of a configuration by their paths.
#[derive(Debug, Default)]
pub(crate) struct ProtectedResources(HashMap<String, Arc<ProtectedResource>>);

impl ProtectedResources {
    /// Adds an API under a path without slashes at its ends. The first one under a path stays.
    pub(crate) fn insert(&mut self, api_path: &str, resource: &Arc<ProtectedResource>) {
        let api_path = if api_path.is_empty() { String::new() } else { format!("/{api_path}") };
        for path in [
            format!("{WELL_KNOWN}{}", resource.path),
            format!("{WELL_KNOWN}{api_path}"),
            format!("{}{WELL_KNOWN}", resource.path),
            format!("{api_path}{WELL_KNOWN}"),
        ] {
            self.0.entry(path.to_ascii_lowercase()).or_insert_with(|| Arc::clone(resource));
        }
    }

    /// The API whose metadata are at a path.
    pub(crate) fn find(&self, path: &str) -> Option<&Arc<ProtectedResource>> {
        if self.0.is_empty() || !path.contains(WELL_KNOWN) {
            return None;
        }
        self.0.get(&path.trim_end_matches('/').to_ascii_lowercase())
    }
}
