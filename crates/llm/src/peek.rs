//! What a model request is, from its method, path and body.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::lenient::{Flag, Text};

/// The wire format of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// `…/chat/completions`, of Azure OpenAI, Azure AI model inference and every compatible service.
    ChatCompletions,
    /// `…/completions`, the older text completion.
    Completions,
    /// `…/embeddings`.
    Embeddings,
    /// `…/responses`, creation only: reading a stored response uses no tokens.
    Responses,
    /// `…/v1/messages` of Anthropic.
    AnthropicMessages,
    /// `…/models` and `…/models/{id}`: the list of models.
    Models,
    /// Everything else: passes through, is not counted, cached or checked.
    #[default]
    Other,
}

impl Kind {
    /// The name used in logs and metrics, in lower snake case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
            Self::Responses => "responses",
            Self::AnthropicMessages => "anthropic_messages",
            Self::Models => "models",
            Self::Other => "other",
        }
    }

    /// Whether a call of this kind runs a model and so uses tokens.
    pub fn uses_tokens(self) -> bool {
        !matches!(self, Self::Models | Self::Other)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What could be seen of a model request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelRequest<'a> {
    /// The wire format.
    pub kind: Kind,
    /// `{id}` of `/openai/deployments/{id}/…`, as it stands in the path (percent escapes untouched).
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
/// is recognised. A body that is not a JSON object gives no model and no stream.
pub fn peek<'a>(method: &str, path: &'a str, body: &'a [u8]) -> ModelRequest<'a> {
    let by_path = classify(path);
    let is_post = method.eq_ignore_ascii_case("POST");
    let kind = match by_path {
        Kind::Models if is_post => Kind::Other,
        runs_model if runs_model.uses_tokens() && !is_post => Kind::Other,
        kind => kind,
    };
    let fields = read_fields(body).unwrap_or_default();
    ModelRequest { kind, deployment: deployment(path), model: fields.model, stream: fields.stream }
}

/// The wire format a path stands for, whatever its prefix. Letter case and trailing slashes do not matter.
/// Allocates nothing.
pub fn classify(path: &str) -> Kind {
    let mut from_end = without_query(path).rsplit('/').filter(|segment| !segment.is_empty());
    let last = from_end.next().unwrap_or_default();
    let before = from_end.next().unwrap_or_default();
    let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);

    if is(last, "completions") {
        return if is(before, "chat") { Kind::ChatCompletions } else { Kind::Completions };
    }
    if is(last, "embeddings") {
        return Kind::Embeddings;
    }
    if is(last, "responses") {
        return Kind::Responses;
    }
    if is(last, "messages") && is(before, "v1") {
        return Kind::AnthropicMessages;
    }
    if is(last, "models") {
        return Kind::Models;
    }
    let collection = from_end.next().unwrap_or_default();
    let one_model = is(before, "models") && (is(collection, "v1") || is(collection, "openai"));
    if one_model { Kind::Models } else { Kind::Other }
}

/// The deployment of `/openai/deployments/{id}/…`, also under a prefix, percent escapes untouched.
/// Allocates nothing.
pub fn deployment(path: &str) -> Option<&str> {
    let mut previous = "";
    let mut segments = without_query(path).split('/').filter(|segment| !segment.is_empty());
    while let Some(segment) = segments.next() {
        if segment.eq_ignore_ascii_case("deployments") && previous.eq_ignore_ascii_case("openai") {
            return segments.next();
        }
        previous = segment;
    }
    None
}

fn without_query(path: &str) -> &str {
    path.split_once('?').map_or(path, |(path, _)| path)
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
    fn paths_of_every_import_shape_are_told_apart() {
        let cases = [
            ("/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21", Kind::ChatCompletions),
            ("/team/a/openai/deployments/d/completions", Kind::Completions),
            ("/OpenAI/Deployments/d/Embeddings/", Kind::Embeddings),
            ("/openai/v1/responses", Kind::Responses),
            ("/openai/responses?api-version=preview", Kind::Responses),
            ("/openai/v1/responses/resp_1", Kind::Other),
            ("/models/chat/completions", Kind::ChatCompletions),
            ("/chat/completions", Kind::ChatCompletions),
            ("/anthropic/v1/messages", Kind::AnthropicMessages),
            ("/v1/messages/count_tokens", Kind::Other),
            ("/openai/v1/threads/t/messages", Kind::Other),
            ("/openai/models?api-version=2024-10-21", Kind::Models),
            ("/openai/v1/models/gpt-4o", Kind::Models),
            ("/orders/models/17", Kind::Other),
            ("/", Kind::Other),
            ("", Kind::Other),
        ];
        for (path, kind) in cases {
            assert_eq!(classify(path), kind, "{path}");
        }
    }

    #[test]
    fn deployment_is_found_under_any_prefix() {
        assert_eq!(deployment("/openai/deployments/gpt-4o/chat/completions?x=/a"), Some("gpt-4o"));
        assert_eq!(deployment("/p/q/openai/deployments/a%20b/embeddings"), Some("a%20b"));
        assert_eq!(deployment("/OPENAI//deployments/d"), Some("d"));
        assert_eq!(deployment("/openai/deployments"), None);
        assert_eq!(deployment("/deployments/d/chat/completions"), None);
        assert_eq!(deployment("/x?to=/openai/deployments/d"), None);
    }

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
    }
}
