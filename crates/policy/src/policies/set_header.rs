//! `set-header`: sets, adds or removes a header of the request or the response.

use http::header::{
    CONNECTION, CONTENT_LENGTH, COOKIE, DATE, EXPIRES, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, LAST_MODIFIED,
    PROXY_AUTHENTICATE, RETRY_AFTER, SERVER, SET_COOKIE, TRANSFER_ENCODING, USER_AGENT, WARNING,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::compile::{Compiler, Text};
use crate::declaration::{
    ALL_SCOPES, ANYWHERE, Attribute, Child, Children, Declaration, ErrorFact, Kind, Reference,
};
use crate::exchange::Exchange;
use crate::pipeline::{Outcome, PolicyError, PolicyResult, Run, RunNow};
use crate::xml::Element;

/// The words of `exists-action`.
pub(crate) const EXISTS_ACTIONS: &[&str] = &["override", "skip", "append", "delete"];

/// The attributes, which `set-query-parameter` and the headers in `return-response` share.
pub(crate) const ATTRIBUTES: &[Attribute] = &[
    Attribute::required("name", Kind::Text, "Its name."),
    Attribute::optional("exists-action", Kind::OneOf(EXISTS_ACTIONS), "What to do when it is already there.")
        .or("override"),
];

/// The children, shared alike.
pub(crate) const CHILDREN: Children =
    Children::Elements(&[Child::any("value", Children::Text, "A value; several make several.")]);

/// The declaration.
pub const DECLARATION: Declaration = Declaration {
    names: &["set-header"],
    summary: "Sets, adds or removes a header: of the request in inbound and backend, of the response in outbound and on-error.",
    sections: ANYWHERE,
    scopes: ALL_SCOPES,
    attributes: ATTRIBUTES,
    children: CHILDREN,
    once: false,
    reference: Reference {
        behaviour: "Edits a header: of the request in inbound and backend, of the response in outbound and on-error. `exists-action` says what happens when it is there: `override` replaces it, `skip` leaves it, `append` adds to it, `delete` removes it and takes no value.\n\
\n\
Several values become one header joined by `, `, except `User-Agent`, `WWW-Authenticate`, `Proxy-Authenticate`, `Cookie`, `Set-Cookie`, `Warning`, `Date`, `Expires`, `If-Modified-Since`, `If-Unmodified-Since`, `Last-Modified` and `Retry-After`, which are sent one by one. `Connection`, `Content-Length`, `Keep-Alive` and `Transfer-Encoding` are not changed, and `Server` is not removed.",
        errors: &[
            ErrorFact {
                reason: "InvalidHeaderName",
                status: "500",
                when: "The name comes from an expression and cannot be the name of a header.",
            },
            ErrorFact {
                reason: "InvalidHeaderValue",
                status: "500",
                when: "A value holds control characters.",
            },
            ErrorFact {
                reason: "InvalidExistsAction",
                status: "500",
                when: "The action comes from an expression and is none.",
            },
            ErrorFact::EXPRESSION,
        ],
        example: "exists-actions",
        differences: &["Line ends inside a value are dropped.", "A null value counts as no value."],
    },
    compile: Some(compile),
};

/// What to do when the thing exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExistsAction {
    Override,
    Skip,
    Append,
    Delete,
}

impl ExistsAction {
    /// From an attribute's text; anything else is an error of the expression.
    pub(crate) fn parse(text: &str) -> Result<Self, PolicyError> {
        match text.trim() {
            "" | "override" => Ok(ExistsAction::Override),
            "skip" => Ok(ExistsAction::Skip),
            "append" => Ok(ExistsAction::Append),
            "delete" => Ok(ExistsAction::Delete),
            other => Err(PolicyError::internal(
                "InvalidExistsAction",
                format!("`{other}` is not an exists-action"),
            )),
        }
    }
}

/// Name, action and values as `set-header` and `set-query-parameter` have them.
pub(crate) struct Edit {
    name: Text,
    action: Action,
    values: Vec<Text>,
}

/// `exists-action`: read at load where it is a literal.
enum Action {
    Constant(ExistsAction),
    Evaluated(Text),
}

/// An [`Edit`] after evaluation.
pub(crate) struct Evaluated {
    pub(crate) name: std::sync::Arc<str>,
    pub(crate) action: ExistsAction,
    pub(crate) values: Vec<std::sync::Arc<str>>,
}

impl Edit {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let name = compiler.text(element, "name")?;
        let action = match compiler.text(element, "exists-action") {
            None => Action::Constant(ExistsAction::Override),
            // The checker let only known words through.
            Some(Text::Constant(word)) => Action::Constant(ExistsAction::parse(&word).ok()?),
            Some(expression) => Action::Evaluated(expression),
        };
        let mut values = Vec::new();
        for child in element.elements() {
            values.push(compiler.element_text(child)?);
        }
        Some(Self { name, action, values })
    }

    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Evaluated, PolicyError> {
        let name = self.name.get(exchange)?;
        let action = match &self.action {
            Action::Constant(action) => *action,
            Action::Evaluated(text) => ExistsAction::parse(&text.get(exchange)?)?,
        };
        let mut values = Vec::with_capacity(self.values.len());
        for value in &self.values {
            values.extend(value.get_optional(exchange)?);
        }
        Ok(Evaluated { name, action, values })
    }
}

/// Compiled `set-header`.
pub(crate) struct SetHeader {
    edit: Edit,
    /// The name when it is a literal: parsed at load.
    name: Option<HeaderName>,
    on_response: bool,
}

fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Run> {
    Some(Run::now(SetHeader::new(compiler, element)?))
}

impl SetHeader {
    pub(crate) fn new(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let edit = Edit::new(compiler, element)?;
        let mut name = None;
        if let Some(text) = edit.name.constant() {
            match HeaderName::from_bytes(text.trim().as_bytes()) {
                Ok(parsed) => name = Some(parsed),
                Err(_) => {
                    let place =
                        element.attribute("name").map_or(element.name_span, |attribute| attribute.value.span);
                    let message = format!("`{}` is not a header name", compiler.written(place));
                    let finding = sekisho_diagnostics::Diagnostic::error("wrong-value", place, message);
                    compiler.report(finding.with_help("a header name has letters, digits and `-`"));
                    return None;
                }
            }
        }
        Some(Self { edit, name, on_response: compiler.section().edits_response() })
    }

    /// Changes `headers`.
    pub(crate) fn apply(&self, headers: &mut HeaderMap, evaluated: Evaluated) -> Result<(), PolicyError> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => HeaderName::from_bytes(evaluated.name.trim().as_bytes()).map_err(|_| {
                PolicyError::internal(
                    "InvalidHeaderName",
                    format!("`{}` is not a header name", evaluated.name),
                )
            })?,
        };
        edit_headers(headers, name, evaluated.action, &evaluated.values)
    }

    pub(crate) fn evaluate(&self, exchange: &mut Exchange) -> Result<Evaluated, PolicyError> {
        self.edit.evaluate(exchange)
    }
}

impl RunNow for SetHeader {
    fn run(&self, exchange: &mut Exchange) -> PolicyResult {
        let evaluated = self.evaluate(exchange)?;
        let headers = if self.on_response {
            &mut exchange.response_mut().headers
        } else {
            &mut exchange.request.headers
        };
        self.apply(headers, evaluated)?;
        Ok(Outcome::Continue)
    }
}

/// The edit itself. Several values become one comma-joined header, except where a comma is not a separator.
fn edit_headers(
    headers: &mut HeaderMap,
    name: HeaderName,
    action: ExistsAction,
    values: &[std::sync::Arc<str>],
) -> Result<(), PolicyError> {
    if is_protected(&name) || (name == SERVER && action == ExistsAction::Delete) {
        return Ok(());
    }
    match action {
        ExistsAction::Delete => {
            headers.remove(&name);
            return Ok(());
        }
        ExistsAction::Skip if headers.contains_key(&name) => return Ok(()),
        ExistsAction::Skip | ExistsAction::Append => {}
        ExistsAction::Override => {
            headers.remove(&name);
        }
    }
    if values.is_empty() {
        return Ok(());
    }
    if stays_separate(&name) {
        for value in values {
            headers.append(name.clone(), header_value(value)?);
        }
        return Ok(());
    }
    let mut joined: Vec<u8> = Vec::new();
    for existing in headers.get_all(&name) {
        push_joined(&mut joined, existing.as_bytes());
    }
    for value in values {
        push_joined(&mut joined, value.as_bytes());
    }
    let joined = HeaderValue::from_maybe_shared(bytes::Bytes::from(strip_line_ends(joined)))
        .map_err(|_| invalid_value(&name))?;
    headers.insert(name, joined);
    Ok(())
}

fn push_joined(joined: &mut Vec<u8>, value: &[u8]) {
    if !joined.is_empty() {
        joined.extend_from_slice(b", ");
    }
    joined.extend_from_slice(value);
}

/// Values written over several lines in a document are one line on the wire.
fn strip_line_ends(mut value: Vec<u8>) -> Vec<u8> {
    if value.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        value.retain(|byte| !matches!(byte, b'\r' | b'\n'));
    }
    value
}

pub(crate) fn header_value(text: &str) -> Result<HeaderValue, PolicyError> {
    HeaderValue::from_maybe_shared(bytes::Bytes::from(strip_line_ends(text.as_bytes().to_vec())))
        .map_err(|_| PolicyError::internal("InvalidHeaderValue", "a header value holds control characters"))
}

fn invalid_value(name: &HeaderName) -> PolicyError {
    PolicyError::internal(
        "InvalidHeaderValue",
        format!("the value of header `{name}` holds control characters"),
    )
}

/// Headers of the connection: policies cannot change them.
fn is_protected(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == CONTENT_LENGTH
        || *name == TRANSFER_ENCODING
        || name.as_str() == "keep-alive"
}

/// Headers whose values are sent as headers of their own.
fn stays_separate(name: &HeaderName) -> bool {
    const SEPARATE: [HeaderName; 12] = [
        USER_AGENT,
        WWW_AUTHENTICATE,
        PROXY_AUTHENTICATE,
        COOKIE,
        SET_COOKIE,
        WARNING,
        DATE,
        EXPIRES,
        IF_MODIFIED_SINCE,
        IF_UNMODIFIED_SINCE,
        LAST_MODIFIED,
        RETRY_AFTER,
    ];
    SEPARATE.contains(name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn edit(
        start: &[(&'static str, &'static str)],
        name: &'static str,
        action: ExistsAction,
        values: &[&str],
    ) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in start {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let values: Vec<Arc<str>> = values.iter().map(|value| Arc::from(*value)).collect();
        edit_headers(&mut headers, HeaderName::from_static(name), action, &values).unwrap();
        headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn actions_do_what_their_names_say() {
        let start = [("x-a", "1")];
        assert_eq!(edit(&start, "x-a", ExistsAction::Override, &["2", "3"]), ["2, 3"]);
        assert_eq!(edit(&start, "x-a", ExistsAction::Append, &["2"]), ["1, 2"]);
        assert_eq!(edit(&start, "x-a", ExistsAction::Skip, &["2"]), ["1"]);
        assert_eq!(edit(&[], "x-a", ExistsAction::Skip, &["2"]), ["2"]);
        assert!(edit(&start, "x-a", ExistsAction::Delete, &[]).is_empty());
    }

    #[test]
    fn cookies_stay_separate_headers() {
        assert_eq!(
            edit(&[("set-cookie", "a=1")], "set-cookie", ExistsAction::Append, &["b=2", "c=3"]),
            ["a=1", "b=2", "c=3"]
        );
    }

    #[test]
    fn headers_of_the_connection_cannot_be_changed() {
        assert_eq!(edit(&[("content-length", "5")], "content-length", ExistsAction::Override, &["9"]), ["5"]);
    }

    #[test]
    fn line_ends_are_dropped() {
        assert_eq!(edit(&[], "x-a", ExistsAction::Override, &["one\r\n two"]), ["one two"]);
    }
}
