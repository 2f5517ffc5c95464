//! How a query that does not run is told, as the query API of Azure Monitor does.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use sekisho_kql::Span;
use serde_json::{Value, json};

/// Why there is no answer.
pub(super) struct QueryError {
    status: StatusCode,
    body: Value,
}

impl QueryError {
    /// Of a query that is wrong, or that took too much.
    pub(super) fn of(error: sekisho_kql::Error, text: &str) -> Self {
        let (status, code) = match error.code {
            "timeout" => (StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout"),
            "out-of-memory" | "too-many-rows" => (StatusCode::BAD_REQUEST, "QueryResourcesExceeded"),
            "internal" | "execution" => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
            _ => (StatusCode::BAD_REQUEST, "BadArgumentError"),
        };
        let mut inner = json!({ "code": error.code, "message": sentence(&error) });
        if error.span != Span::default() {
            let (line, position) = place(text, error.span.start);
            inner["line"] = json!(line);
            inner["pos"] = json!(position);
            inner["token"] = json!(text.get(error.span.start..error.span.end).unwrap_or_default());
        }
        let message = "The query cannot be run.";
        Self { status, body: json!({ "error": { "code": code, "message": message, "innererror": inner } }) }
    }

    /// Of a timespan that is none.
    pub(super) fn timespan(text: &str) -> Self {
        let message =
            format!("`{text}` is not a timespan: write an ISO 8601 duration or interval, such as `PT1H`");
        let inner = json!({ "code": "invalid-timespan", "message": message });
        let error =
            json!({ "code": "BadArgumentError", "message": "The query cannot be run.", "innererror": inner });
        Self { status: StatusCode::BAD_REQUEST, body: json!({ "error": error }) }
    }

    /// Status and body.
    pub(super) fn into_parts(self) -> (StatusCode, Value) {
        (self.status, self.body)
    }
}

impl IntoResponse for QueryError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// What is said of an answer that was cut.
pub(super) fn partial() -> Value {
    let inner =
        json!({ "code": "ResultTooLarge", "message": "the answer was cut: it has too many rows or bytes" });
    json!({ "code": "PartialError", "message": "There is more than is shown.", "details": [inner] })
}

fn sentence(error: &sekisho_kql::Error) -> String {
    match &error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message.clone(),
    }
}

/// Line and position in it, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let position = before.get(line_start..).map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, position + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_told() {
        let error = sekisho_kql::Error::new(
            "unknown-column",
            Span { start: 12, end: 15 },
            "there is no column `Foo`",
        );
        let (status, body) =
            QueryError::of(error.with_help("did you mean `For`?"), "calls\n| take Foo").into_parts();
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let inner = &body["error"]["innererror"];
        assert_eq!((&inner["line"], &inner["pos"]), (&json!(2), &json!(7)));
        assert_eq!(inner["message"], "there is no column `Foo`; did you mean `For`?");
    }
}
