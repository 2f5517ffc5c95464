//! Token endpoints: managed identity (IMDS and App Service) and Entra.
//!
//! | request | protocol |
//! |---|---|
//! | `GET /metadata/identity/oauth2/token?api-version=&resource=` with `Metadata: true` | IMDS |
//! | `GET /msi/token?api-version=&resource=` with `X-IDENTITY-HEADER` | App Service (`IDENTITY_ENDPOINT`) |
//! | `GET /{tenant}/v2.0/.well-known/openid-configuration` | Entra metadata |
//! | `POST /{tenant}/oauth2/v2.0/token` | Entra, client credentials with secret or assertion |
//!
//! Tokens look like JWTs, are not signed, and are remembered: the Azure OpenAI surface accepts exactly those that
//! were issued for it and have not expired. Faults of `/__sim/identity-faults` hit every endpoint here.

mod entra;
mod managed;
mod store;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use parking_lot::Mutex;
use serde_json::json;

use crate::body::Body;
use crate::call::{ApiError, Dialect, after_fault, read_body};
use crate::clock::Clock;
use crate::config::IdentityConfig;
use crate::connection::Connection;
use crate::control::json_reply;
use crate::server::{Abort, Shared};

pub(crate) use store::Issued;
use store::TokenStore;

/// Kinds of token requests counted apart.
const MOST_CALL_KINDS: usize = 1000;

/// Identities, the tokens they got, and how often they asked.
pub(crate) struct Identity {
    config: IdentityConfig,
    tokens: TokenStore,
    calls: Mutex<BTreeMap<String, u64>>,
}

impl Identity {
    pub(crate) fn new(config: IdentityConfig, clock: Arc<dyn Clock>) -> Self {
        let tokens = TokenStore::new(clock, config.token_lifetime_seconds);
        Self { config, tokens, calls: Mutex::default() }
    }

    /// Whether this token was issued here for this audience and is still good.
    pub(crate) fn accepts(&self, token: &str, audiences: &[&str]) -> bool {
        self.tokens.is_good(token, audiences)
    }

    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.calls.lock().clone()
    }

    pub(crate) fn reset_calls(&self) {
        self.calls.lock().clear();
    }

    fn count(&self, protocol: &str, client: &str, audience: &str) {
        let mut calls = self.calls.lock();
        let kind = format!("{protocol}/{client}/{audience}");
        if calls.len() < MOST_CALL_KINDS || calls.contains_key(&kind) {
            *calls.entry(kind).or_default() += 1;
        }
    }
}

pub(crate) async fn answer(
    shared: &Arc<Shared>,
    connection: Arc<Connection>,
    path: &str,
    request: Request<Incoming>,
) -> Result<Response<Body>, Abort> {
    let is_get = request.method() == Method::GET;
    let is_post = request.method() == Method::POST;
    let tenant_path = path.trim_start_matches('/').split_once('/');
    if let Some(fault) = shared.identity_faults.take(None) {
        let delay = Duration::from_millis(fault.header_delay_ms.unwrap_or_default());
        tokio::time::sleep(delay).await;
        if let Some(reply) = after_fault(&fault, &connection, shared.clock.now(), Dialect::Azure)? {
            return Ok(reply);
        }
    }
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    Ok(match (path, tenant_path) {
        ("/metadata/identity/oauth2/token", _) if is_get => {
            managed::imds(&shared.identity, &parts.headers, query)
        }
        ("/msi/token", _) if is_get => managed::app_service(&shared.identity, &parts.headers, query),
        (_, Some((tenant, "v2.0/.well-known/openid-configuration"))) if is_get => {
            entra::metadata(&parts, tenant)
        }
        (_, Some((_, "discovery/v2.0/keys"))) if is_get => json_reply(StatusCode::OK, &json!({"keys": []})),
        (_, Some((tenant, "oauth2/v2.0/token"))) if is_post => match read_body(body).await? {
            Some(form) => entra::token(&shared.identity, tenant, &form),
            None => ApiError::too_large().reply(Dialect::Azure),
        },
        _ => ApiError::not_found().reply(Dialect::Azure),
    })
}
