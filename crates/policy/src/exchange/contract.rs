//! What the specification of an API says of an operation's messages, for policies that check or imitate them.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::schema::{Kinds, Schema};

/// The contract of an operation. Built when a configuration is loaded, for operations with a policy that reads it.
#[derive(Debug, Default)]
pub struct Contract {
    /// Parameters of path, query and headers.
    pub parameters: Vec<Parameter>,
    /// Request bodies by content type.
    pub requests: Vec<Representation>,
    /// Responses.
    pub responses: Vec<ResponseContract>,
}

/// A parameter of a request, or a header of a response.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Arc<str>,
    /// Where it stands.
    pub place: Place,
    /// True when it must be there.
    pub required: bool,
    /// What its value must be; none when nothing is said.
    pub schema: Option<Schema>,
    /// How a list is written.
    pub list: ListStyle,
    /// What the text of a value may be read as.
    pub kinds: Kinds,
    /// What the text of an element of a list may be read as.
    pub element_kinds: Kinds,
}

impl Parameter {
    /// A parameter.
    pub fn new(name: &str, place: Place, required: bool, schema: Option<Schema>, list: ListStyle) -> Self {
        let kinds = schema.as_ref().map(Schema::kinds).unwrap_or_default();
        let element_kinds = kinds.items.as_ref().map(Schema::kinds).unwrap_or_default();
        Self { name: name.into(), place, required, schema, list, kinds, element_kinds }
    }

    /// True when this is its name; headers are compared without regard to case.
    pub fn is_named(&self, name: &str) -> bool {
        match self.place {
            Place::Header => self.name.eq_ignore_ascii_case(name),
            Place::Path | Place::Query => &*self.name == name,
        }
    }
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Place {
    Path,
    Query,
    Header,
}

/// How the elements of a list are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListStyle {
    /// Each as a parameter of its own.
    Repeated,
    /// In one value, with this character between them.
    Separated(char),
}

/// A body in one content type.
#[derive(Debug)]
pub struct Representation {
    /// The content type; may be a range such as `application/*`.
    pub content_type: Arc<str>,
    /// What the body must be; none when nothing is said.
    pub schema: Option<Schema>,
    /// Examples in the order of the specification.
    pub examples: Vec<Bytes>,
    /// A body after the schema, made when it is first asked for.
    sample: OnceLock<Option<Bytes>>,
}

/// The responses of a status.
#[derive(Debug)]
pub struct ResponseContract {
    /// Which status.
    pub status: StatusPattern,
    /// Headers.
    pub headers: Vec<Parameter>,
    /// Bodies by content type.
    pub representations: Vec<Representation>,
}

/// The status codes that a response is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusPattern {
    /// One status.
    Code(u16),
    /// All of a hundred: `4XX` is 4.
    Class(u16),
    /// Those that nothing else is for.
    Default,
}

impl StatusPattern {
    /// Reads `200`, `2XX` or `default`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("default") {
            return Some(StatusPattern::Default);
        }
        let mut digits = text.chars();
        match (digits.next()?.to_digit(10)?, digits.as_str()) {
            (first @ 1..=5, rest) if rest.eq_ignore_ascii_case("xx") => {
                u16::try_from(first).ok().map(Self::Class)
            }
            _ => text.parse().ok().filter(|code| (100..=999).contains(code)).map(Self::Code),
        }
    }
}

impl Contract {
    /// What is said of a status: of the status itself, of its hundred, or of all others.
    pub fn response(&self, status: u16) -> Option<&ResponseContract> {
        let with = |wanted: StatusPattern| self.responses.iter().find(|response| response.status == wanted);
        with(StatusPattern::Code(status))
            .or_else(|| with(StatusPattern::Class(status / 100)))
            .or_else(|| with(StatusPattern::Default))
    }
}

impl Representation {
    /// A representation.
    pub fn new(content_type: &str, schema: Option<Schema>, examples: Vec<Bytes>) -> Self {
        Self { content_type: content_type.into(), schema, examples, sample: OnceLock::new() }
    }

    /// True when a content type without parameters is this one, or in this range; case does not matter.
    pub fn is_for(&self, content_type: &str) -> bool {
        let own = media_type(&self.content_type);
        match own.strip_suffix('*') {
            Some("" | "*/") => true,
            Some(range) if range.ends_with('/') => {
                content_type.get(..range.len()).is_some_and(|start| start.eq_ignore_ascii_case(range))
            }
            _ => own.eq_ignore_ascii_case(content_type),
        }
    }

    /// A body made after the schema; none where there is no schema.
    pub fn sample(&self) -> Option<Bytes> {
        let make = || {
            let schema = self.schema.as_ref().filter(|schema| schema.missing().is_none())?;
            Some(match schema.sample() {
                serde_json::Value::String(text) if !is_json(&self.content_type) => Bytes::from(text),
                value => Bytes::from(value.to_string()),
            })
        };
        self.sample.get_or_init(make).clone()
    }
}

/// A content type without its parameters.
pub fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or("").trim()
}

/// True for `application/json`, `text/json` and `…+json`.
pub fn is_json(content_type: &str) -> bool {
    let media_type = media_type(content_type).to_ascii_lowercase();
    media_type.ends_with("/json") || media_type.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_narrowest_response_holds() {
        let response = |status: &str| ResponseContract {
            status: StatusPattern::parse(status).unwrap(),
            headers: Vec::new(),
            representations: Vec::new(),
        };
        let contract = Contract {
            responses: vec![response("default"), response("2XX"), response("201")],
            ..Contract::default()
        };
        let found = |status| contract.response(status).map(|response| response.status);
        assert_eq!(found(201), Some(StatusPattern::Code(201)));
        assert_eq!(found(204), Some(StatusPattern::Class(2)));
        assert_eq!(found(500), Some(StatusPattern::Default));
        assert_eq!(["6XX", "20", "x", ""].map(StatusPattern::parse), [None; 4]);
    }

    #[test]
    fn ranges_of_content_types_match() {
        let representation = |content_type| Representation::new(content_type, None, Vec::new());
        assert!(representation("application/json; charset=utf-8").is_for("Application/JSON"));
        assert!(representation("application/*").is_for("application/xml"));
        assert!(representation("*/*").is_for("text/plain"));
        assert!(!representation("application/*").is_for("text/plain"));
        assert!(is_json("application/problem+json; charset=utf-8") && !is_json("text/plain"));
    }
}
