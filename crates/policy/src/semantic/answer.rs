//! What is kept of a response: its status, its body, and how that is to be read.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::cached::Unkept;
use crate::cached::response::{Head, Stored};
use crate::exchange::Response;

/// What is kept of the headers. Others tell of the one call: its id, what remained of a limit.
const KEPT: [HeaderName; 2] = [CONTENT_TYPE, CONTENT_ENCODING];

static CACHE_HEADER: HeaderName = HeaderName::from_static("x-cache");

/// The head of an answer that is about to be kept.
///
/// # Errors
/// When it alone is larger than `limit`.
pub(crate) fn head(response: &Response, limit: usize) -> Result<Head, Unkept> {
    let mut kept = Response { reason: response.reason.clone(), ..Response::new(response.status) };
    for name in KEPT {
        for value in response.headers.get_all(&name) {
            kept.headers.append(&name, value.clone());
        }
    }
    Head::of(&kept, limit)
}

/// The response in these bytes, for a request with these headers; none when it cannot be read, by the gateway or by the client.
pub(crate) fn response(bytes: &Bytes, request: &HeaderMap, marks: bool) -> Option<Response> {
    let mut response = Stored::from_bytes(bytes)?.response;
    if !response.headers.get_all(CONTENT_ENCODING).iter().all(|coding| accepts(request, coding)) {
        return None;
    }
    if marks {
        response.headers.insert(&CACHE_HEADER, HeaderValue::from_static("semantic-hit"));
    }
    Some(response)
}

/// Whether a client reads a coding; without `q=0`, which nobody sends for one that is named.
fn accepts(request: &HeaderMap, coding: &HeaderValue) -> bool {
    let Ok(coding) = coding.to_str() else { return false };
    let mut accepted = request.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    coding.eq_ignore_ascii_case("identity")
        || accepted.any(|list| {
            list.split(',').any(|item| {
                let name = item.split(';').next().unwrap_or(item).trim();
                name.eq_ignore_ascii_case(coding) || name == "*"
            })
        })
}

/// True for an event stream that came to its proper end: `[DONE]`, `response.completed` or `message_stop`. One that broke off
/// inside ends with another event.
pub(crate) fn is_complete_stream(body: &[u8]) -> bool {
    let mut is_complete = false;
    let lines = body.rsplit(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    // The lines of the last event.
    for line in lines.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty()) {
        let field = |name: &[u8]| line.strip_prefix(name).map(<[u8]>::trim_ascii);
        is_complete |= field(b"data:") == Some(b"[DONE]");
        is_complete |= matches!(field(b"event:"), Some(b"response.completed" | b"message_stop"));
    }
    is_complete
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_ends_with_its_last_event() {
        for complete in [
            "data: {}\n\ndata: [DONE]\n\n",
            "data: {}\r\n\r\ndata: [DONE]\r\n\r\n",
            "data:[DONE]",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{}}\n\n",
        ] {
            assert!(is_complete_stream(complete.as_bytes()), "{complete:?}");
        }
        for broken in [
            "",
            "\n\n",
            "data: {\"choices\":[]}\n\n",
            "data: [DONE]\n\ndata: {}\n\n",
            "event: response.failed\ndata: {}\n\n",
            "data: \"[DONE]\"\n\n",
        ] {
            assert!(!is_complete_stream(broken.as_bytes()), "{broken:?}");
        }
    }

    #[test]
    fn a_coding_must_be_accepted() {
        let gzip = HeaderValue::from_static("gzip");
        let accepting =
            |list: &'static str| HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(list))]);
        assert!(accepts(&accepting("br, GZIP;q=0.5"), &gzip));
        assert!(accepts(&accepting("*"), &gzip));
        assert!(!accepts(&accepting("br"), &gzip));
        assert!(!accepts(&HeaderMap::new(), &gzip));
        assert!(accepts(&HeaderMap::new(), &HeaderValue::from_static("identity")));
    }
}
