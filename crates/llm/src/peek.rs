//! What a model request is, from its method, path and body.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::kind::{Kind, classify, deployment, realtime_deployment};
use crate::lenient::{Flag, Text};

/// What could be seen of a model request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelRequest<'a> {
    /// The wire format.
    pub kind: Kind,
    /// `{id}` of `/openai/deployments/{id}/…`, or what the query of a Realtime handshake names; as it stands there
    /// (percent escapes untouched).
    pub deployment: Option<&'a str>,
    /// `model` of the body; absent, `null` or not a string is `None`.
    pub model: Option<Cow<'a, str>>,
    /// Whether the body asks for a stream (`"stream": true`).
    pub stream: bool,
}

impl ModelRequest<'_> {
    /// The model or deployment the call is for: the path's deployment, else the body's model.
    pub fn identity(&self) -> Option<&str> {
        self.deployment.or(self.model.as_deref())
    }
}

/// Reads kind, deployment, model and `stream` of a request.
///
/// `path` may hold a query and any prefix. Runs of a model are `POST`; with another method only the list of models
/// and the handshake of Realtime are recognised. A body that is not a JSON object gives no model and no stream.
pub fn peek<'a>(method: &str, path: &'a str, body: &'a [u8]) -> ModelRequest<'a> {
    let by_path = classify(path);
    let is_post = method.eq_ignore_ascii_case("POST");
    let kind = if is_post == (by_path.method() == "POST") { by_path } else { Kind::Other };
    let deployment = match kind {
        Kind::Realtime => deployment(path).or_else(|| realtime_deployment(path)),
        _ => deployment(path),
    };
    let fields = read_fields(body).unwrap_or_default();
    ModelRequest { kind, deployment, model: fields.model, stream: fields.stream }
}

/// The members of a request body that decide how the call is handled.
#[derive(Debug, Default)]
struct Fields<'a> {
    model: Option<Cow<'a, str>>,
    stream: bool,
}

fn read_fields(body: &[u8]) -> Option<Fields<'_>> {
    if body.is_empty() {
        return None;
    }
    serde_json::from_slice(body).ok()
}

/// A member's name, told apart without keeping it.
enum Name {
    Model,
    Stream,
    Other,
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a member name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(match name {
            "model" => Name::Model,
            "stream" => Name::Stream,
            _ => Name::Other,
        })
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(NameVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a request object")
    }

    /// A repeated member counts as its last occurrence, as the services behind do it: what is limited and logged
    /// must be what runs.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut fields = Fields::default();
        while let Some(name) = members.next_key::<Name>()? {
            match name {
                Name::Model => fields.model = members.next_value::<Text<'de>>()?.0,
                Name::Stream => fields.stream = members.next_value::<Flag>()?.0,
                Name::Other => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(fields)
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_gives_model_and_stream_without_copying() {
        let body = br#"{"messages":[{"model":"inner","stream":true}],"model":"gpt-4o","stream":true,"n":1}"#;
        let request = peek("POST", "/openai/v1/chat/completions", body);
        assert_eq!(request.model, Some(Cow::Borrowed("gpt-4o")));
        assert!(matches!(request.model, Some(Cow::Borrowed(_))));
        assert!(request.stream);
        assert_eq!(request.identity(), Some("gpt-4o"));
    }

    #[test]
    fn odd_bodies_are_tolerated() {
        let path = "/openai/deployments/d/chat/completions";
        let null_model = peek("POST", path, br#"{"model":null,"stream":null}"#);
        assert_eq!((null_model.model.as_deref(), null_model.stream), (None, false));
        assert_eq!(null_model.identity(), Some("d"));

        let wrong_types = peek("POST", path, br#"{"model":{"a":[1]},"stream":"true"}"#);
        assert_eq!((wrong_types.model.as_deref(), wrong_types.stream), (None, false));

        let escaped = peek("POST", path, br#"{"mod\u0065l":"gpt\u002d4"}"#);
        assert_eq!(escaped.model.as_deref(), Some("gpt-4"));

        let repeated = peek("POST", path, br#"{"model":"a","stream":true,"model":"b","stream":false}"#);
        assert_eq!((repeated.model.as_deref(), repeated.stream), (Some("b"), false));

        for body in [&b""[..], b"[]", b"{", b"\xff", b"{\"model\":\"a\""] {
            assert_eq!(peek("POST", path, body).model, None);
        }
    }

    #[test]
    fn reading_methods_run_no_model() {
        assert_eq!(peek("GET", "/openai/v1/chat/completions", b"").kind, Kind::Other);
        assert_eq!(peek("GET", "/openai/v1/models", b"").kind, Kind::Models);
        assert_eq!(peek("post", "/openai/v1/responses", b"{}").kind, Kind::Responses);
        assert_eq!(peek("POST", "/openai/v1/models", b"{}").kind, Kind::Other);
        assert_eq!(peek("GET", "/openai/v1/images/edits", b"").kind, Kind::Other);
    }

    #[test]
    fn realtime_is_a_handshake() {
        let handshake = peek("GET", "/openai/realtime?api-version=2025-04-01-preview&deployment=rt", b"");
        assert_eq!((handshake.kind, handshake.identity()), (Kind::Realtime, Some("rt")));
        assert_eq!(peek("POST", "/openai/v1/realtime", b"{}").kind, Kind::Other);
    }
}
