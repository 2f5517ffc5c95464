//! Errors in the shape of OpenAI's API: `{"error": {"message", "type", "param", "code"}}`.

use serde::{Deserialize, Serialize};

use crate::lenient::{Object, Text};

/// The kind of an error that lies in the request.
const INVALID_REQUEST: &str = "invalid_request_error";
/// The kind of an error that lies behind the gateway.
const SERVER_ERROR: &str = "server_error";

/// An error as a client of Chat Completions reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatError {
    /// The status of the reply.
    pub status: u16,
    /// `error.message`.
    pub message: String,
    /// `error.type`.
    pub kind: &'static str,
    /// `error.param`: the member of the request that is wrong, such as `messages[1].content`.
    pub param: Option<String>,
    /// `error.code`.
    pub code: Option<&'static str>,
}

impl ChatError {
    /// A 400 about a member of the request. An empty `param` is the body as a whole.
    pub fn invalid(param: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            message: message.into(),
            kind: INVALID_REQUEST,
            param: (!param.is_empty()).then(|| param.to_owned()),
            code: Some(code),
        }
    }

    /// A 404 for a model that is not there.
    pub fn model_not_found(model: &str) -> Self {
        Self {
            status: 404,
            ..Self::invalid("model", "model_not_found", format!("The model `{model}` does not exist."))
        }
    }

    /// An error that lies behind the gateway, such as a reply that is not what its format says.
    pub fn behind(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), kind: SERVER_ERROR, param: None, code: Some(code) }
    }

    /// The same error of a member of `outer`.
    pub(super) fn within(mut self, outer: &str) -> Self {
        self.param = Some(match self.param {
            Some(inner) if inner.starts_with('[') => format!("{outer}{inner}"),
            Some(inner) => format!("{outer}.{inner}"),
            None => outer.to_owned(),
        });
        self
    }

    /// The body of the reply.
    pub fn body(&self) -> Vec<u8> {
        let error =
            Inner { message: &self.message, kind: self.kind, param: self.param.as_deref(), code: self.code };
        // Texts and nothing else: this cannot fail.
        serde_json::to_vec(&Outer { error }).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Outer<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    param: Option<&'a str>,
    code: Option<&'static str>,
}

/// `{"type": "error", "error": {"type", "message"}}` of Anthropic.
#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow, default)]
    error: Object<Fault<'a>>,
}

/// `error` in a reply or in an event.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Fault<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

impl Fault<'_> {
    /// The error of a status.
    pub(super) fn translate(self, status: u16) -> ChatError {
        let kind = self.kind.0.unwrap_or_default();
        let (of_kind, code) = names(&kind, status);
        let message = match self.message.0 {
            Some(message) => message.into_owned(),
            None => format!("the model's service answered with status {status}"),
        };
        // 529 is known to Anthropic's clients only.
        let status = if status == 529 { 503 } else { status };
        ChatError { status, message, kind: of_kind, param: None, code }
    }

    /// The error of an event, which has no status of its own.
    pub(super) fn translate_event(self) -> ChatError {
        self.translate(500)
    }
}

/// A reply of Anthropic's with a status of 400 and more as OpenAI's clients know it. The status stays, but 529
/// (overloaded) becomes 503. A body of another shape gives a message that names the status only.
pub fn from_anthropic_error(status: u16, body: &[u8]) -> ChatError {
    let reply: Option<Object<Reply<'_>>> = serde_json::from_slice(body).ok();
    reply.and_then(|reply| reply.0?.error.0).unwrap_or_default().translate(status)
}

/// `type` and `code` for a `type` of Anthropic's, else for the status.
fn names(kind: &str, status: u16) -> (&'static str, Option<&'static str>) {
    match (kind, status) {
        ("authentication_error", _) | ("", 401) => ("authentication_error", Some("invalid_api_key")),
        ("permission_error", _) | ("", 403) => ("permission_error", Some("permission_denied")),
        ("billing_error", _) | ("", 402) => ("insufficient_quota", Some("insufficient_quota")),
        ("not_found_error", _) | ("", 404) => (INVALID_REQUEST, Some("not_found")),
        ("request_too_large", _) | ("", 413) => (INVALID_REQUEST, Some("request_too_large")),
        ("rate_limit_error", _) | ("", 429) => ("rate_limit_error", Some("rate_limit_exceeded")),
        ("overloaded_error", _) | ("", 503 | 529) => (SERVER_ERROR, Some("overloaded")),
        ("timeout_error", _) | ("", 504) => (SERVER_ERROR, Some("timeout")),
        ("invalid_request_error", _) | (_, 400..500) => (INVALID_REQUEST, None),
        _ => (SERVER_ERROR, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_keep_their_status_and_get_the_names_of_openai() {
        let body = br#"{"type":"error","error":{"type":"rate_limit_error","message":"slow \"down\""}}"#;
        let error = from_anthropic_error(429, body);
        assert_eq!(
            (error.status, error.kind, error.code),
            (429, "rate_limit_error", Some("rate_limit_exceeded"))
        );
        assert_eq!(
            String::from_utf8(error.body()).unwrap(),
            r#"{"error":{"message":"slow \"down\"","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#
        );
    }

    #[test]
    fn overloaded_is_unavailable() {
        let body = br#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        let error = from_anthropic_error(529, body);
        assert_eq!((error.status, error.kind, error.code), (503, "server_error", Some("overloaded")));
    }

    #[test]
    fn other_bodies_give_the_status() {
        for body in [&b""[..], b"<html>", b"[]", br#"{"error":"x"}"#, br#"{"error":{"type":1,"message":[]}}"#]
        {
            let error = from_anthropic_error(404, body);
            assert_eq!(
                (error.status, error.kind, error.code),
                (404, "invalid_request_error", Some("not_found"))
            );
            assert_eq!(error.message, "the model's service answered with status 404");
        }
    }

    #[test]
    fn places_are_put_together() {
        let error = ChatError::invalid("[2].image_url", "unsupported_value", "x");
        let error = error.within("content").within("messages[0]");
        assert_eq!(error.param.as_deref(), Some("messages[0].content[2].image_url"));
    }
}
