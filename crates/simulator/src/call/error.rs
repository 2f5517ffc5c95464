//! Errors in the shapes of Azure and Anthropic.

use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use super::reply;
use super::route::Operation;
use crate::body::Body;
use crate::control::json_reply;
use crate::faults::Fault;
use crate::limits::{Limit, Refusal};

const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// In whose manner an error is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `{"error": {"code", "message", …}}`.
    Azure,
    /// `{"type": "error", "error": {"type", "message"}}`.
    Anthropic,
}

/// An error reply.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    /// The value of `error`.
    error: Value,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    fn new(status: StatusCode, error: Value) -> Self {
        Self { status, error, headers: Vec::new() }
    }

    /// No such URL, no or an unknown `api-version`, or the wrong method.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, json!({"code": "404", "message": "Resource not found"}))
    }

    /// A WebSocket's path without its handshake.
    pub(crate) fn upgrade_required() -> Self {
        let message = "The path takes WebSocket handshakes of version 13 over HTTP/1.1 only.";
        Self::new(StatusCode::UPGRADE_REQUIRED, json!({"code": "426", "message": message}))
            .header("upgrade", "websocket")
    }

    pub(crate) fn too_large() -> Self {
        let error = json!({"code": "413", "message": "The request body is too large."});
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error)
    }

    pub(crate) fn deployment_not_found() -> Self {
        let message = "The API deployment for this resource does not exist. If you created the deployment within the \
                       last 5 minutes, please wait a moment and try again.";
        Self::new(StatusCode::NOT_FOUND, json!({"code": "DeploymentNotFound", "message": message}))
    }

    /// No model of this name, in Anthropic's words.
    pub(crate) fn unknown_model(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, json!({"code": "404", "message": format!("model: {name}")}))
    }

    pub(crate) fn bad_key() -> Self {
        let message = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a \
                       valid key for an active subscription and use a correct regional API endpoint for your resource.";
        Self::new(StatusCode::UNAUTHORIZED, json!({"code": "401", "message": message}))
    }

    pub(crate) fn bad_token() -> Self {
        let message = "Unauthorized. Access token is missing, invalid, audience is incorrect \
                       (https://cognitiveservices.azure.com), or have expired.";
        Self::new(StatusCode::UNAUTHORIZED, json!({"code": "401", "message": message}))
    }

    /// A body that makes no sense, with the member that is wrong.
    pub(crate) fn invalid_request(message: impl Into<String>, param: Option<&str>) -> Self {
        let message: String = message.into();
        let error =
            json!({"message": message, "type": "invalid_request_error", "param": param, "code": null});
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// A body Content Safety does not take.
    pub(crate) fn invalid_body(message: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            json!({"code": "InvalidRequestBody", "message": message, "details": []}),
        )
    }

    /// A prompt the content filter stopped.
    pub(crate) fn filtered_prompt() -> Self {
        let message = "The response was filtered due to the prompt triggering Azure OpenAI's content management \
                       policy. Please modify your prompt and retry.";
        let filtered = json!({"hate": {"filtered": false, "severity": "safe"},
            "self_harm": {"filtered": false, "severity": "safe"}, "sexual": {"filtered": false, "severity": "safe"},
            "violence": {"filtered": true, "severity": "high"}});
        let error = json!({"message": message, "type": null, "param": "prompt", "code": "content_filter",
            "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": filtered}});
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        if let Ok(value) = HeaderValue::try_from(value.to_string()) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    pub(crate) fn reply(self, dialect: Dialect) -> Response<Body> {
        let body = match dialect {
            Dialect::Azure => json!({"error": self.error}),
            Dialect::Anthropic => {
                let message = self.error.get("message").and_then(Value::as_str).unwrap_or_default();
                let error = json!({"type": anthropic_type(self.status), "message": message});
                json!({"type": "error", "error": error})
            }
        };
        let mut response = json_reply(self.status, &body);
        response.headers_mut().extend(self.headers);
        response
    }
}

/// Anthropic's name for a kind of error.
fn anthropic_type(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

/// The 429 of a limit.
pub(crate) fn over_limit(refusal: &Refusal, operation: Operation, version: &str) -> ApiError {
    let seconds = refusal.retry_after_ms.div_ceil(1000);
    let what = match refusal.limit {
        Limit::Tokens => "token rate limit of your current OpenAI S0 pricing tier",
        Limit::Requests => "call rate limit of your current OpenAI S0 pricing tier",
        Limit::Capacity => "the provisioned throughput of your deployment",
    };
    let unit = if seconds == 1 { "second" } else { "seconds" };
    let message = format!(
        "Requests to the {} Operation under Azure OpenAI API version {version} have exceeded {what}. \
         Please retry after {seconds} {unit}.",
        operation.azure_name()
    );
    let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, json!({"code": "429", "message": message}))
        .header("retry-after", seconds)
        .header("retry-after-ms", refusal.retry_after_ms);
    reply::limit_headers(&refusal.state)
        .into_iter()
        .fold(error, |error, (name, value)| error.header(name, value))
}

/// The error a fault asks for.
pub(super) fn on_command(status: StatusCode, fault: &Fault, now: OffsetDateTime) -> ApiError {
    let reason = status.canonical_reason().unwrap_or("Simulated");
    let code = match status {
        StatusCode::INTERNAL_SERVER_ERROR => "InternalServerError".to_owned(),
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable".to_owned(),
        other => other.as_u16().to_string(),
    };
    let message = format!("{reason}: simulated on command.");
    let mut error = ApiError::new(status, json!({"code": code, "message": message}));
    if let Some(seconds) = fault.retry_after_seconds {
        error = error.header("retry-after", seconds);
    }
    if let Some(seconds) = fault.retry_after_date_seconds {
        let date = now.saturating_add(Duration::seconds(i64::from(seconds)));
        error = error.header("retry-after", date.format(HTTP_DATE).unwrap_or_default());
    }
    if let Some(millis) = fault.retry_after_ms {
        error = error.header("retry-after-ms", millis);
    }
    error
}
