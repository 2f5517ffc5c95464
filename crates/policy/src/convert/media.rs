//! What content types and `Accept` headers say.

use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE};

/// What a body is, by its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `application/json`, `text/json`, and every type that ends with `+json`.
    Json,
    /// `application/xml`, `text/xml`, and every type that ends with `+xml`.
    Xml,
    /// Another type, or none.
    Other,
}

impl Kind {
    fn of(media_type: &str) -> Self {
        let essence = media_type.split(';').next().unwrap_or("").trim();
        let ends_with = |end: &str| {
            let start = essence.len().checked_sub(end.len());
            start.and_then(|start| essence.get(start..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        if ends_with("/json") || ends_with("+json") {
            Kind::Json
        } else if ends_with("/xml") || ends_with("+xml") {
            Kind::Xml
        } else {
            Kind::Other
        }
    }
}

/// What the body of a message is.
pub(crate) fn kind(headers: &HeaderMap) -> Kind {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map_or(Kind::Other, Kind::of)
}

/// True when an `Accept` header names a type of this kind, with a quality that is not 0.
pub(crate) fn accepts(headers: &HeaderMap, wanted: Kind) -> bool {
    let ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    ranges.flat_map(|value| value.split(',')).any(|range| Kind::of(range) == wanted && !is_refused(range))
}

/// True for `;q=0`.
fn is_refused(range: &str) -> bool {
    range.split(';').skip(1).any(|parameter| {
        let quality = parameter.trim().strip_prefix("q=").or_else(|| parameter.trim().strip_prefix("Q="));
        quality.and_then(|quality| quality.trim().parse::<f32>().ok()).is_some_and(|quality| quality <= 0.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn kinds_by_content_type() {
        for (media_type, kind) in [
            ("application/json", Kind::Json),
            ("text/json; charset=utf-8", Kind::Json),
            ("application/problem+JSON", Kind::Json),
            ("application/soap+xml;charset=utf-8", Kind::Xml),
            ("text/xml", Kind::Xml),
            ("text/plain", Kind::Other),
            ("json", Kind::Other),
        ] {
            assert_eq!(Kind::of(media_type), kind, "{media_type}");
        }
    }

    #[test]
    fn accept_headers_name_types() {
        let accepts = |value: &'static str, wanted| {
            accepts(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(value))]), wanted)
        };
        assert!(accepts("text/html, application/xml;q=0.9", Kind::Xml));
        assert!(!accepts("application/xml;q=0, application/json", Kind::Xml));
        assert!(!accepts("*/*", Kind::Xml));
        assert!(!super::accepts(&HeaderMap::new(), Kind::Json));
    }
}
