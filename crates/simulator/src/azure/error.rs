//! Errors in Azure's shapes.

use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::body::Body;
use crate::control::json_reply;
use crate::faults::Fault;
use crate::limits::{Limit, Refusal};
use crate::route::Operation;

use super::reply;

const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// An error reply.
#[derive(Debug)]
pub(crate) struct AzureError {
    status: StatusCode,
    /// The value of `error`.
    error: Value,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl AzureError {
    fn new(status: StatusCode, error: Value) -> Self {
        Self { status, error, headers: Vec::new() }
    }

    /// No such URL, no or an unknown `api-version`, or the wrong method.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, json!({"code": "404", "message": "Resource not found"}))
    }

    pub(crate) fn too_large() -> Self {
        let error = json!({"code": "413", "message": "The request body is too large."});
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error)
    }

    pub(super) fn deployment_not_found() -> Self {
        let message = "The API deployment for this resource does not exist. If you created the deployment within the \
                       last 5 minutes, please wait a moment and try again.";
        Self::new(StatusCode::NOT_FOUND, json!({"code": "DeploymentNotFound", "message": message}))
    }

    pub(super) fn bad_key() -> Self {
        let message = "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a \
                       valid key for an active subscription and use a correct regional API endpoint for your resource.";
        Self::new(StatusCode::UNAUTHORIZED, json!({"code": "401", "message": message}))
    }

    pub(super) fn bad_token() -> Self {
        let message = "Unauthorized. Access token is missing, invalid, audience is incorrect \
                       (https://cognitiveservices.azure.com), or have expired.";
        Self::new(StatusCode::UNAUTHORIZED, json!({"code": "401", "message": message}))
    }

    /// A body that makes no sense, with the member that is wrong.
    pub(super) fn invalid_request(message: impl Into<String>, param: Option<&str>) -> Self {
        let message: String = message.into();
        let error =
            json!({"message": message, "type": "invalid_request_error", "param": param, "code": null});
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// A body Content Safety does not take.
    pub(super) fn invalid_body(message: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            json!({"code": "InvalidRequestBody", "message": message, "details": []}),
        )
    }

    /// A prompt the content filter stopped.
    pub(super) fn filtered_prompt() -> Self {
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

    pub(crate) fn reply(self) -> Response<Body> {
        let mut response = json_reply(self.status, &json!({"error": self.error}));
        response.headers_mut().extend(self.headers);
        response
    }
}

/// The 429 of a limit.
pub(super) fn over_limit(refusal: &Refusal, operation: Operation, version: &str) -> AzureError {
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
    let error = AzureError::new(StatusCode::TOO_MANY_REQUESTS, json!({"code": "429", "message": message}))
        .header("retry-after", seconds)
        .header("retry-after-ms", refusal.retry_after_ms);
    reply::limit_headers(&refusal.state)
        .into_iter()
        .fold(error, |error, (name, value)| error.header(name, value))
}

/// The error a fault asks for.
pub(super) fn on_command(status: StatusCode, fault: &Fault, now: OffsetDateTime) -> Response<Body> {
    let reason = status.canonical_reason().unwrap_or("Simulated");
    let code = match status {
        StatusCode::INTERNAL_SERVER_ERROR => "InternalServerError".to_owned(),
        StatusCode::SERVICE_UNAVAILABLE => "ServiceUnavailable".to_owned(),
        other => other.as_u16().to_string(),
    };
    let message = format!("{reason}: simulated on command.");
    let mut error = AzureError::new(status, json!({"code": code, "message": message}));
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
    error.reply()
}
