//! What a failing policy says: to the client, and to `context.LastError`.

use std::borrow::Cow;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::body::Body;
use crate::exchange::Response;
use crate::ports::{ForwardError, ForwardFailure};

/// A policy, or a built-in step, refused or failed. What the client sees and what the operator sees are two texts.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyError {
    /// `context.LastError.Source` where it is not the element's name.
    pub source: Option<&'static str>,
    /// `context.LastError.Reason`.
    pub reason: Option<&'static str>,
    /// `context.LastError.Message`.
    pub message: String,
    /// Status for the client.
    pub status: u16,
    /// Message for the client; none means the internal error with its activity id.
    pub public: Option<Cow<'static, str>>,
    /// Headers of the refusal.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// True when the response that is there goes to on-error instead of one made of this error.
    pub keep_response: bool,
    /// True once `context.LastError` tells of it.
    pub noted: bool,
    /// True when its body has no spaces, as those of token checks.
    pub is_compact: bool,
}

impl PolicyError {
    /// A refusal that says to the client what it says to the operator.
    pub fn refusal(status: u16, reason: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            source: None,
            reason: Some(reason),
            public: Some(Cow::Owned(message.clone())),
            message,
            status,
            headers: Vec::new(),
            keep_response: false,
            noted: false,
            is_compact: false,
        }
    }

    /// A failure of the gateway's side: the client sees 500 and an activity id.
    pub fn internal(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            source: None,
            reason: Some(reason),
            message: message.into(),
            status: 500,
            public: None,
            headers: Vec::new(),
            keep_response: false,
            noted: false,
            is_compact: false,
        }
    }

    /// Another text for the client.
    #[must_use]
    pub fn with_public(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.public = Some(message.into());
        self
    }

    /// Another source.
    #[must_use]
    pub fn with_source(mut self, source: &'static str) -> Self {
        self.source = Some(source);
        self
    }

    /// A header of the refusal.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The response that the client gets unless on-error changes it.
    pub fn response(&self, request_id: &[u8; 16]) -> Response {
        let body = match &self.public {
            Some(message) if self.is_compact => compact_error_body(self.status, message),
            Some(message) => error_body(self.status, message),
            None => internal_body(self.status, request_id),
        };
        let mut headers = HeaderMap::with_capacity(self.headers.len() + 1);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        Response { status: self.status, reason: None, headers, body: Body::full(body) }
    }
}

impl From<ForwardError> for PolicyError {
    fn from(error: ForwardError) -> Self {
        let (reason, status, retry_after) = match error.failure {
            ForwardFailure::Connection => ("BackendConnectionFailure", 500, None),
            ForwardFailure::Credentials => ("ManagedIdentityTokenFailure", 500, None),
            ForwardFailure::Timeout => ("Timeout", 500, None),
            ForwardFailure::UnknownBackend => ("BackendNotFound", 500, None),
            ForwardFailure::ClientBody => ("ClientConnectionFailure", 400, None),
            ForwardFailure::Unavailable { status, retry_after } => {
                ("BackendUnavailable", status, retry_after)
            }
        };
        let mut out = PolicyError::internal(reason, error.message);
        out.status = status;
        if status == 503 {
            out.public = Some(Cow::Borrowed("Service Unavailable"));
        } else if status != 500 {
            let phrase = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
            out.public = Some(Cow::Borrowed(phrase.unwrap_or("Service Unavailable")));
        }
        if let Some(seconds) = retry_after {
            out.headers.push((RETRY_AFTER, HeaderValue::from(seconds)));
        }
        out
    }
}

/// `{ "statusCode": N, "message": "…" }`, spaced as API Management spaces it.
pub fn error_body(status: u16, message: &str) -> String {
    if status == 503 {
        return compact_error_body(status, message);
    }
    let message = serde_json::Value::String(message.to_owned());
    format!("{{ \"statusCode\": {status}, \"message\": {message} }}")
}

/// The same without spaces.
fn compact_error_body(status: u16, message: &str) -> String {
    let message = serde_json::Value::String(message.to_owned());
    format!("{{\"statusCode\":{status},\"message\":{message}}}")
}

/// The body of an unexpected error; the activity id is the request id.
fn internal_body(status: u16, request_id: &[u8; 16]) -> String {
    let id = uuid_text(request_id);
    format!(
        "{{ \"statusCode\": {status}, \"message\": \"Internal server error\", \"activityId\": \"{id}\" }}"
    )
}

/// A UUID in its usual text form.
pub fn uuid_text(bytes: &[u8; 16]) -> String {
    let digits = const_hex::const_encode::<16, false>(bytes);
    let digits = digits.as_str();
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_those_of_api_management() {
        assert_eq!(
            error_body(404, "Resource not found"),
            r#"{ "statusCode": 404, "message": "Resource not found" }"#
        );
        assert_eq!(
            error_body(503, "Service Unavailable"),
            r#"{"statusCode":503,"message":"Service Unavailable"}"#
        );
        assert_eq!(
            internal_body(500, &[0x1f; 16]),
            r#"{ "statusCode": 500, "message": "Internal server error", "activityId": "1f1f1f1f-1f1f-1f1f-1f1f-1f1f1f1f1f1f" }"#
        );
    }
}
