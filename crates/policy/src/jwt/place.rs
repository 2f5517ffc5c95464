//! Where a token is in a request: a header, a query parameter, or a value of an expression.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use sekisho_diagnostics::Diagnostic;

use crate::compile::{Compiler, Text};
use crate::declaration::{Attribute, Kind};
use crate::exchange::Exchange;
use crate::pipeline::PolicyError;
use crate::policies::set_query_parameter::{is_named, pairs};
use crate::xml::Element;

/// `header-name`.
pub(crate) const HEADER_NAME: Attribute =
    Attribute::optional("header-name", Kind::Text, "Header that holds the token.");
/// `query-parameter-name`.
pub(crate) const QUERY_PARAMETER_NAME: Attribute =
    Attribute::optional("query-parameter-name", Kind::Text, "Query parameter that holds the token.");
/// `token-value`.
pub(crate) const TOKEN_VALUE: Attribute =
    Attribute::optional("token-value", Kind::Text, "The token itself, without `Bearer`.");

/// The attributes of which a document has one.
const NAMES: [&str; 3] = ["header-name", "query-parameter-name", "token-value"];

/// Where the token is.
pub(crate) enum Place {
    /// In a header.
    Header(Text),
    /// In a query parameter.
    Query(Text),
    /// In a text.
    Value(Text),
}

/// A token as it was found, behind its scheme.
pub(crate) enum Found {
    /// In a header, from this byte on.
    Header(HeaderValue, usize),
    /// Elsewhere.
    Text(Arc<str>),
}

impl Place {
    /// The place that a policy names. Without any it is the header `default`; without that, and when there is more than
    /// one, a finding is reported.
    pub(crate) fn compile(
        compiler: &mut Compiler<'_>,
        element: &Element,
        default: Option<&str>,
    ) -> Option<Place> {
        let mut named =
            element.attributes.iter().filter(|attribute| NAMES.contains(&attribute.name.as_str()));
        let Some(attribute) = named.next() else {
            if let Some(default) = default {
                return Some(Place::Header(Text::Constant(default.into())));
            }
            let message = format!("`{}` does not say where the token is", element.name);
            let finding = Diagnostic::error("missing-attribute", element.name_span, message);
            compiler.report(finding.with_help("add `header-name`, `query-parameter-name` or `token-value`"));
            return None;
        };
        if let Some(other) = named.next() {
            let message = format!("`{}` and `{}` exclude each other", attribute.name, other.name);
            let finding = Diagnostic::error("conflicting-attributes", other.name_span, message);
            compiler.report(finding.with_help("keep the one place where clients put the token"));
            return None;
        }
        let text = compiler.content_text(&attribute.value)?;
        Some(match attribute.name.as_str() {
            "header-name" => Place::Header(text),
            "query-parameter-name" => Place::Query(text),
            _ => Place::Value(text),
        })
    }

    /// The token; none when there is none, or not with the required scheme. The scheme is looked at in the
    /// `Authorization` header only.
    pub(crate) fn find(
        &self,
        exchange: &mut Exchange,
        scheme: Option<&Text>,
    ) -> Result<Option<Found>, PolicyError> {
        match self {
            Place::Value(text) => {
                let text = text.get_optional(exchange)?.filter(|text| !text.trim().is_empty());
                Ok(text.map(Found::Text))
            }
            Place::Query(name) => {
                let name = name.get(exchange)?;
                Ok(query_parameter(exchange.request.query(), &name).map(Found::Text))
            }
            Place::Header(name) => {
                let name = name.get(exchange)?;
                let header = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| {
                    PolicyError::internal("InvalidHeaderName", format!("`{name}` is not a header name"))
                })?;
                let is_authorization = header == AUTHORIZATION;
                let scheme = match scheme.filter(|_| is_authorization) {
                    Some(scheme) => scheme.get_optional(exchange)?.filter(|scheme| !scheme.trim().is_empty()),
                    None => None,
                };
                let mut values = exchange.request.headers.get_all(&header).iter();
                let value = values.next();
                if values.next().is_some() {
                    // Which one others would read is not known: no token rather than the wrong one.
                    return Ok(Some(Found::Text("".into())));
                }
                let start = value.and_then(|value| token_start(value, is_authorization, scheme.as_deref()));
                Ok(value.zip(start).map(|(value, start)| Found::Header(value.clone(), start)))
            }
        }
    }
}

impl Found {
    /// The token.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Found::Header(value, start) => {
                value.to_str().ok().and_then(|text| text.get(*start..)).unwrap_or("").trim()
            }
            Found::Text(text) => text.trim(),
        }
    }
}

/// The byte at which the token of a header begins; none when it holds none.
fn token_start(value: &HeaderValue, is_authorization: bool, required: Option<&str>) -> Option<usize> {
    // A value that is no text is there, and no token: it is refused as one.
    let text = value.to_str().unwrap_or("?");
    let leading = text.len() - text.trim_start().len();
    let start = match (is_authorization, required) {
        (false, _) => leading,
        (true, Some(scheme)) => leading + behind_scheme(text.trim_start(), scheme.trim())?,
        (true, None) => leading + behind_scheme(text.trim_start(), "Bearer").unwrap_or(0),
    };
    (!text.get(start..)?.trim().is_empty()).then_some(start)
}

/// The length of `scheme` and the space behind it.
fn behind_scheme(text: &str, scheme: &str) -> Option<usize> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    let ends = rest.is_empty() || rest.starts_with([' ', '\t']);
    (start.eq_ignore_ascii_case(scheme) && ends).then_some(scheme.len())
}

/// The first value of a query parameter, decoded; none when it is absent or empty.
fn query_parameter(query: &str, name: &str) -> Option<Arc<str>> {
    let (key, whole) = pairs(query).find(|(key, _)| is_named(key, name))?;
    let value = whole.get(key.len() + 1..)?;
    let value = percent_decode_str(value).decode_utf8_lossy();
    (!value.trim().is_empty()).then(|| Arc::from(&*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, is_authorization: bool, required: Option<&str>) -> Option<String> {
        let value = HeaderValue::from_bytes(header.as_bytes()).unwrap();
        let start = token_start(&value, is_authorization, required)?;
        Some(Found::Header(value, start).as_str().to_owned())
    }

    #[test]
    fn the_scheme_is_taken_from_authorization_alone() {
        for header in ["Bearer a.b.c", "bearer  a.b.c ", "a.b.c"] {
            assert_eq!(token(header, true, None).as_deref(), Some("a.b.c"), "{header}");
        }
        assert_eq!(token("Bearer a.b.c", false, None).as_deref(), Some("Bearer a.b.c"));
        assert_eq!(token("Bearera.b.c", true, None).as_deref(), Some("Bearera.b.c"));
        for empty in ["", "Bearer", "Bearer ", "  "] {
            assert_eq!(token(empty, true, None), None, "{empty:?}");
        }
    }

    #[test]
    fn a_required_scheme_must_be_there() {
        assert_eq!(
            token("SharedAccessSignature a.b.c", true, Some("SharedAccessSignature")).as_deref(),
            Some("a.b.c")
        );
        for wrong in ["a.b.c", "Basic a.b.c", "Bearer", "Bea"] {
            assert_eq!(token(wrong, true, Some("Bearer")), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_value_that_is_no_text_is_no_token() {
        assert_eq!(token("Bearer \u{e9}", true, None).as_deref(), Some(""));
    }

    #[test]
    fn parameters_are_decoded() {
        assert_eq!(query_parameter("x=1&auth=a%2Eb.c", "auth").as_deref(), Some("a.b.c"));
        assert_eq!(query_parameter("auth=", "auth"), None);
        assert_eq!(query_parameter("auth", "auth"), None);
    }
}
