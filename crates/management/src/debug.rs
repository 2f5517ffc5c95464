//! Debug credentials and traces: `listDebugCredentials`, `invalidateDebugCredentials` and `listTrace` of a gateway, and the
//! place that `Ocp-Apim-Trace-Location` names.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use sekisho_gateway::DebugTraces;
use sekisho_gateway::tracing::credentials::LONGEST_LIFE;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::AskApi;
use crate::arm::{self, ArmError};

/// What the calls need.
struct Debug {
    gateway_id: String,
    traces: Arc<DebugTraces>,
    has_api: AskApi,
}

/// The parts of a path; subscription, resource group and service may have any name, because there is one service.
#[derive(Deserialize)]
struct Gateway {
    gateway: String,
}

/// Body of `listDebugCredentials`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialsWanted {
    credentials_expire_after: Option<String>,
    api_id: String,
    #[serde(default)]
    purposes: Vec<String>,
}

/// Body of `listTrace`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TraceWanted {
    trace_id: String,
}

pub(crate) fn routes(gateway_id: &str, traces: Arc<DebugTraces>, has_api: AskApi) -> Router {
    let state = Arc::new(Debug { gateway_id: gateway_id.to_owned(), traces, has_api });
    let action = |name: &str| format!("{}/{name}", arm::GATEWAY);
    Router::new()
        .route(&action("listDebugCredentials"), post(list_debug_credentials))
        .route(&action("invalidateDebugCredentials"), post(invalidate_debug_credentials))
        .route(&action("listTrace"), post(list_trace))
        .route_layer(from_fn(arm::require_version))
        .route("/traces/{id}", get(trace_at_location))
        .with_state(state)
}

async fn list_debug_credentials(
    State(debug): State<Arc<Debug>>,
    Path(gateway): Path<Gateway>,
    body: Bytes,
) -> Result<Response, ArmError> {
    debug.check(&gateway)?;
    let wanted: CredentialsWanted = read(&body)?;
    if let Some(other) = wanted.purposes.iter().find(|purpose| !purpose.eq_ignore_ascii_case("tracing")) {
        return Err(ArmError::invalid(format!("`purposes` may hold `tracing`, not `{}`", shortened(other))));
    }
    let api = wanted.api_id.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let root = api.split_once(";rev=").map_or(api, |(root, _)| root);
    if !(debug.has_api)(root) {
        return Err(ArmError::not_found(format!("API `{}` does not exist", shortened(api))));
    }
    let token = debug.traces.issue(root, life(wanted.credentials_expire_after.as_deref())?);
    let token = token.map_err(|error| ArmError::internal(error.to_string()))?;
    Ok(Json(json!({"token": token})).into_response())
}

async fn invalidate_debug_credentials(
    State(debug): State<Arc<Debug>>,
    Path(gateway): Path<Gateway>,
) -> Result<StatusCode, ArmError> {
    debug.check(&gateway)?;
    debug.traces.invalidate().map_err(|error| ArmError::internal(error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list_trace(
    State(debug): State<Arc<Debug>>,
    Path(gateway): Path<Gateway>,
    body: Bytes,
) -> Result<Response, ArmError> {
    debug.check(&gateway)?;
    let wanted: TraceWanted = read(&body)?;
    debug.trace(&wanted.trace_id)
}

async fn trace_at_location(
    State(debug): State<Arc<Debug>>,
    Path(id): Path<String>,
) -> Result<Response, ArmError> {
    debug.trace(&id)
}

impl Debug {
    /// The gateway is this one, by its own id or as the managed one.
    fn check(&self, wanted: &Gateway) -> Result<(), ArmError> {
        let name = &wanted.gateway;
        if name.eq_ignore_ascii_case("managed") || name.eq_ignore_ascii_case(&self.gateway_id) {
            return Ok(());
        }
        let message =
            format!("gateway `{}` is not this one, which is `{}`", shortened(name), self.gateway_id);
        Err(ArmError::not_found(message))
    }

    fn trace(&self, id: &str) -> Result<Response, ArmError> {
        let trace = self.traces.trace(id).ok_or_else(|| {
            ArmError::not_found("there is no such trace; the last 200 are kept, for an hour")
        })?;
        Ok(([(CONTENT_TYPE, "application/json")], trace.to_string()).into_response())
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ArmError> {
    // What is wrong is told, what was sent is not.
    serde_json::from_slice(body).map_err(|error| {
        ArmError::invalid(format!(
            "the body is not what was expected, at line {} column {}: send JSON with the \
             documented members",
            error.line(),
            error.column()
        ))
    })
}

/// An ISO 8601 duration of at most an hour; an hour when there is none.
fn life(text: Option<&str>) -> Result<Duration, ArmError> {
    let Some(text) = text else { return Ok(LONGEST_LIFE) };
    let wrong =
        || ArmError::invalid("`credentialsExpireAfter` must be a duration up to `PT1H`, such as `PT10M`");
    let parsed: jiff::SignedDuration =
        text.starts_with('P').then(|| text.parse().ok()).flatten().ok_or_else(wrong)?;
    let life = Duration::try_from(parsed).map_err(|_| wrong())?;
    if life.is_zero() || life > LONGEST_LIFE { Err(wrong()) } else { Ok(life) }
}

/// A text of the caller, fit for a message.
fn shortened(text: &str) -> String {
    text.chars().take(80).filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_live_for_an_hour_at_most() {
        assert_eq!(life(None).unwrap(), Duration::from_secs(3_600));
        assert_eq!(life(Some("PT10M")).unwrap(), Duration::from_secs(600));
        assert_eq!(life(Some("PT1S")).unwrap(), Duration::from_secs(1));
        for wrong in ["PT1H1S", "PT0S", "-PT1M", "1h", "P1D", "", "PT"] {
            assert!(life(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
