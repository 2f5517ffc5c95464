//! From the arguments of a tool call to the request that the operation takes.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sekisho_policy::body::Body;
use serde_json::{Map, Value};

/// What stays as it is in paths and queries.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How the request of an operation is made.
#[derive(Debug)]
pub(super) struct RequestShape {
    pub(super) method: Method,
    /// The path behind the API's own.
    pub(super) path: Vec<PathPiece>,
    /// Parts of the query that never change, as on the wire.
    pub(super) fixed_query: Vec<String>,
    /// Every argument but the body.
    pub(super) arguments: Vec<Argument>,
    pub(super) body: Option<BodyArgument>,
}

/// A part of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PathPiece {
    /// As on the wire.
    Literal(String),
    /// The value of an argument.
    Variable {
        /// The argument.
        name: Arc<str>,
        /// True when its slashes are slashes of the path.
        is_rest: bool,
    },
}

/// An argument.
#[derive(Debug)]
pub(super) struct Argument {
    /// What clients call it.
    pub(super) name: Arc<str>,
    pub(super) place: ArgumentPlace,
    pub(super) required: bool,
    /// The character between the elements of a list; none when each is a parameter of its own.
    pub(super) separator: Option<char>,
}

/// Where an argument goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ArgumentPlace {
    Path,
    /// The name on the wire, escaped.
    Query(String),
    Header(HeaderName),
}

/// The argument that is the body.
#[derive(Debug)]
pub(super) struct BodyArgument {
    pub(super) name: Arc<str>,
    pub(super) content_type: HeaderValue,
    /// False for a body that is a text.
    pub(super) is_json: bool,
    pub(super) required: bool,
}

/// A request for an operation.
#[derive(Debug)]
pub(super) struct ToolRequest {
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    /// The parameters of path and query, as routing would have found them.
    pub(super) matched: Vec<(Arc<str>, Arc<str>)>,
}

impl RequestShape {
    /// Makes the request. An argument that is null is not there.
    ///
    /// # Errors
    /// A text for the client: an argument that is missing, not known, or cannot stand where it must.
    pub(super) fn request(&self, arguments: &Map<String, Value>) -> Result<ToolRequest, String> {
        self.refuse_unknown(arguments)?;
        let mut query = self.fixed_query.clone();
        let mut headers = HeaderMap::new();
        let mut matched = Vec::new();
        for argument in &self.arguments {
            let Some(value) = given(arguments, &argument.name) else {
                if argument.required {
                    return Err(missing(&argument.name));
                }
                continue;
            };
            match &argument.place {
                ArgumentPlace::Path => {
                    matched.push((Arc::clone(&argument.name), argument.joined(value).into()))
                }
                ArgumentPlace::Query(name) => {
                    matched.push((Arc::clone(&argument.name), argument.joined(value).into()));
                    argument.add_query(name, value, &mut query);
                }
                ArgumentPlace::Header(name) => {
                    let value = HeaderValue::try_from(argument.joined(value))
                        .map_err(|_| format!("argument `{}` cannot stand in a header", argument.name))?;
                    headers.insert(name.clone(), value);
                }
            }
        }
        let path = self.path(&matched)?;
        let body = self.body(arguments, &mut headers)?;
        Ok(ToolRequest { path, query: query.join("&"), headers, body, matched })
    }

    fn refuse_unknown(&self, arguments: &Map<String, Value>) -> Result<(), String> {
        let is_known = |name: &str| {
            self.arguments.iter().any(|known| &*known.name == name)
                || self.body.as_ref().is_some_and(|body| &*body.name == name)
        };
        match arguments.keys().find(|name| !is_known(name)) {
            Some(name) => Err(format!("there is no argument `{name}`")),
            None => Ok(()),
        }
    }

    /// The path, from which no argument can lead out.
    fn path(&self, matched: &[(Arc<str>, Arc<str>)]) -> Result<String, String> {
        let mut path = String::new();
        for piece in &self.path {
            let (name, is_rest) = match piece {
                PathPiece::Literal(text) => {
                    path.push_str(text);
                    continue;
                }
                PathPiece::Variable { name, is_rest } => (name, *is_rest),
            };
            let value = matched.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
            let mut segments = if is_rest { value.split('/').collect() } else { vec![value] };
            if segments.iter().any(|segment| matches!(*segment, "." | "..")) || (value.is_empty() && !is_rest)
            {
                return Err(format!("argument `{name}` cannot stand in a path"));
            }
            // A value that begins with a slash would otherwise make two.
            if is_rest && segments.first().is_some_and(|first| first.is_empty()) {
                segments.remove(0);
            }
            let escaped: Vec<String> =
                segments.iter().map(|segment| utf8_percent_encode(segment, ESCAPED).to_string()).collect();
            path.push_str(&escaped.join("/"));
        }
        Ok(path)
    }

    fn body(&self, arguments: &Map<String, Value>, headers: &mut HeaderMap) -> Result<Body, String> {
        let Some(argument) = &self.body else { return Ok(Body::Empty) };
        let Some(value) = given(arguments, &argument.name) else {
            return if argument.required { Err(missing(&argument.name)) } else { Ok(Body::Empty) };
        };
        headers.insert(CONTENT_TYPE, argument.content_type.clone());
        Ok(Body::full(match value {
            Value::String(text) if !argument.is_json => text.clone(),
            value => value.to_string(),
        }))
    }
}

impl Argument {
    /// The value as one text; elements of a list between separators.
    fn joined(&self, value: &Value) -> String {
        match value {
            Value::Array(elements) => {
                let separator = self.separator.unwrap_or(',').to_string();
                elements.iter().map(text).collect::<Vec<_>>().join(&separator)
            }
            value => text(value),
        }
    }

    fn add_query(&self, name: &str, value: &Value, query: &mut Vec<String>) {
        let texts = match value {
            Value::Array(elements) if self.separator.is_none() => elements.iter().map(text).collect(),
            value => vec![self.joined(value)],
        };
        for text in texts {
            query.push(format!("{name}={}", escaped(&text)));
        }
    }
}

/// A text as it stands in a query.
pub(super) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

fn given<'a>(arguments: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    arguments.get(name).filter(|value| !value.is_null())
}

fn missing(name: &str) -> String {
    format!("argument `{name}` is missing")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn argument(name: &str, place: ArgumentPlace, required: bool, separator: Option<char>) -> Argument {
        Argument { name: name.into(), place, required, separator }
    }

    fn shape() -> RequestShape {
        let query = |name: &str| ArgumentPlace::Query(name.to_owned());
        RequestShape {
            method: Method::POST,
            path: vec![
                PathPiece::Literal("/orders/".to_owned()),
                PathPiece::Variable { name: "id".into(), is_rest: false },
                PathPiece::Literal("/".to_owned()),
                PathPiece::Variable { name: "rest".into(), is_rest: true },
            ],
            fixed_query: vec!["v=1".to_owned()],
            arguments: vec![
                argument("id", ArgumentPlace::Path, true, Some(',')),
                argument("rest", ArgumentPlace::Path, false, Some(',')),
                argument("tags", query("tags"), false, None),
                argument("fields", query("%24fields"), false, Some('|')),
                argument(
                    "trace",
                    ArgumentPlace::Header(HeaderName::from_static("x-trace")),
                    false,
                    Some(','),
                ),
            ],
            body: Some(BodyArgument {
                name: "body".into(),
                content_type: HeaderValue::from_static("application/json"),
                is_json: true,
                required: true,
            }),
        }
    }

    fn request(arguments: Value) -> Result<ToolRequest, String> {
        shape().request(arguments.as_object().unwrap())
    }

    #[test]
    fn arguments_go_where_the_operation_wants_them() {
        let made = request(json!({"id": "a/b c", "rest": "/x/y z", "tags": ["p", 1], "fields": ["q", "r"],
                                  "trace": true, "body": {"item": "tea"}}))
        .unwrap();
        assert_eq!(made.path, "/orders/a%2Fb%20c/x/y%20z");
        assert_eq!(made.query, "v=1&tags=p&tags=1&%24fields=q%7Cr");
        assert_eq!(made.headers["x-trace"], "true");
        assert_eq!(made.headers[CONTENT_TYPE], "application/json");
        assert!(matches!(made.body, Body::Full(bytes) if bytes == r#"{"item":"tea"}"#));
        assert_eq!((&*made.matched[0].0, &*made.matched[0].1), ("id", "a/b c"));
    }

    #[test]
    fn what_is_not_given_is_not_sent() {
        let made = request(json!({"id": 7, "tags": null, "body": []})).unwrap();
        assert_eq!((&*made.path, &*made.query), ("/orders/7/", "v=1"));
        assert!(!made.headers.contains_key("x-trace"));
    }

    #[test]
    fn arguments_that_do_not_fit_are_named() {
        let refused = |arguments| request(arguments).unwrap_err();
        assert_eq!(refused(json!({"body": 1})), "argument `id` is missing");
        assert_eq!(refused(json!({"id": null, "body": 1})), "argument `id` is missing");
        assert_eq!(refused(json!({"id": 1})), "argument `body` is missing");
        assert_eq!(refused(json!({"id": 1, "body": 1, "more": 1})), "there is no argument `more`");
        assert_eq!(
            refused(json!({"id": 1, "body": 1, "trace": "a\r\nb"})),
            "argument `trace` cannot stand in a header"
        );
    }

    #[test]
    fn no_argument_leads_out_of_its_place_in_the_path() {
        for arguments in [
            json!({"id": "..", "body": 1}),
            json!({"id": ".", "body": 1}),
            json!({"id": "", "body": 1}),
            json!({"id": 1, "rest": "a/../../b", "body": 1}),
        ] {
            assert!(request(arguments.clone()).is_err(), "{arguments}");
        }
    }
}
