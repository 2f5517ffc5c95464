//! The model name of a request: read, and replaced where it stands.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::ChatError;
use crate::peek::peek;

/// The `model` of a Chat Completions request.
///
/// # Errors
/// A body that is not JSON or has no such text: a 400.
pub fn requested_model(body: &[u8]) -> Result<Cow<'_, str>, ChatError> {
    match peek("POST", "/chat/completions", body).model {
        Some(model) => Ok(model),
        None if serde_json::from_slice::<IgnoredAny>(body).is_err() => {
            Err(ChatError::invalid("", "invalid_json", "The body of the request is not JSON."))
        }
        None => {
            let message = "The request must have a `model`, which is a text.";
            Err(ChatError::invalid("model", "missing_required_parameter", message))
        }
    }
}

/// The request with another `model`; every other byte stays as it is. Each occurrence of the member is replaced, so
/// that it does not matter which one the backend reads. `None` when the body is not a JSON object with a `model`.
pub fn replace_model(body: &[u8], model: &str) -> Option<Vec<u8>> {
    let Models(places) = serde_json::from_slice(body).ok()?;
    let name = serde_json::to_string(model).ok()?;
    let mut out = Vec::with_capacity(body.len() + places.len() * name.len());
    let mut copied = 0;
    for place in &places {
        // A value that is borrowed from the body has its place there.
        let start = (place.as_ptr() as usize).checked_sub(body.as_ptr() as usize)?;
        out.extend_from_slice(body.get(copied..start)?);
        out.extend_from_slice(name.as_bytes());
        copied = start + place.len();
    }
    out.extend_from_slice(body.get(copied..)?);
    (!places.is_empty()).then_some(out)
}

/// The texts of the values of `model`.
struct Models<'a>(Vec<&'a str>);

struct ModelsVisitor;

impl<'de> Visitor<'de> for ModelsVisitor {
    type Value = Models<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a request object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut places = Vec::new();
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            if name == "model" {
                places.push(members.next_value::<&RawValue>()?.get());
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Models(places))
    }
}

impl<'de> Deserialize<'de> for Models<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ModelsVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(body: &str, model: &str) -> Option<String> {
        replace_model(body.as_bytes(), model).map(|body| String::from_utf8(body).unwrap())
    }

    #[test]
    fn only_the_name_changes() {
        let body = "{ \"a\": 1.0, \"mod\\u0065l\" : \"alias\" ,\n \"messages\": [{\"model\": \"inner\"}], \"n\":1e0 }";
        let expected = "{ \"a\": 1.0, \"mod\\u0065l\" : \"gpt-\\\"4\" ,\n \"messages\": [{\"model\": \"inner\"}], \"n\":1e0 }";
        assert_eq!(replaced(body, "gpt-\"4").unwrap(), expected);
    }

    #[test]
    fn every_occurrence_is_replaced() {
        assert_eq!(
            replaced(r#"{"model":null,"x":{},"model":"b"}"#, "c").unwrap(),
            r#"{"model":"c","x":{},"model":"c"}"#
        );
    }

    #[test]
    fn a_model_is_asked_for_by_name() {
        assert_eq!(requested_model(br#"{"model":"a"}"#).unwrap(), "a");
        assert_eq!(requested_model(b"{\"model\":").unwrap_err().code, Some("invalid_json"));
        for body in ["{}", "[]", r#"{"model":null}"#, r#"{"model":1}"#] {
            let error = requested_model(body.as_bytes()).unwrap_err();
            assert_eq!((error.status, error.param.as_deref()), (400, Some("model")), "{body}");
        }
    }

    #[test]
    fn other_bodies_have_no_model() {
        for body in ["", "[]", "{}", "{\"model\":\"a\"", "{\"x\":{\"model\":1}}"] {
            assert_eq!(replaced(body, "c"), None, "{body}");
        }
    }
}
