//! What is kept of headers. A value that was received holds all of the buffer that it was received in: it would keep a connection from
//! using it again, and take more memory than anyone counts. So values are copied.

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::HeaderChoice;
use super::secrets::{MASK, SecretNames};

/// Values that most messages have; they need no copy.
static USUAL: [HeaderValue; 5] = [
    HeaderValue::from_static("application/json"),
    HeaderValue::from_static("application/json; charset=utf-8"),
    HeaderValue::from_static("text/event-stream"),
    HeaderValue::from_static("text/event-stream; charset=utf-8"),
    HeaderValue::from_static("gzip"),
];

/// A value that holds nothing but itself.
pub fn kept_value(value: &HeaderValue) -> HeaderValue {
    match USUAL.iter().find(|usual| *usual == value) {
        Some(usual) => usual.clone(),
        None => HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone()),
    }
}

/// The headers that are kept, those that hold secrets as [`MASK`].
pub fn kept_headers(
    headers: &HeaderMap,
    choice: &HeaderChoice,
    names: &SecretNames,
) -> Option<Box<HeaderMap>> {
    if *choice == HeaderChoice::None {
        return None;
    }
    let kept = || headers.iter().filter(|(name, _)| choice.contains(name));
    // One buffer for all values.
    let mut values = BytesMut::with_capacity(kept().map(|(_, value)| value.len()).sum());
    let mut shown = HeaderMap::with_capacity(kept().count());
    for (name, value) in kept() {
        let value = match is_secret(name, value, names) {
            true => HeaderValue::from_static(MASK),
            false => {
                values.extend_from_slice(value.as_bytes());
                let copy = HeaderValue::from_maybe_shared(values.split().freeze());
                copy.unwrap_or_else(|_| value.clone())
            }
        };
        shown.append(name.clone(), value);
    }
    Some(Box::new(shown))
}

/// Values that a backend's credentials or a policy marked are secret under any name.
fn is_secret(name: &HeaderName, value: &HeaderValue, names: &SecretNames) -> bool {
    value.is_sensitive() || names.is_header(name.as_str())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn values_leave_the_buffer_that_they_were_received_in() {
        let buffer = Bytes::from(b"application/json text/odd".to_vec());
        let value = |range| HeaderValue::from_maybe_shared(buffer.slice(range)).unwrap();
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("content-type"), value(0..16)),
            (HeaderName::from_static("accept"), value(17..25)),
        ]);
        let kept = kept_headers(&headers, &HeaderChoice::All, &SecretNames::default()).unwrap();
        let values: Vec<_> = headers.values().map(kept_value).collect();
        assert_eq!((&*kept, &values[..]), (&headers, &[value(0..16), value(17..25)][..]));
        drop(headers);
        assert!(buffer.is_unique());
    }

    #[test]
    fn headers_are_chosen_and_masked() {
        let mut headers = HeaderMap::new();
        headers.append("x-team", HeaderValue::from_static("a"));
        headers.append("team-key", HeaderValue::from_static("secret"));
        headers.append("authorization", HeaderValue::from_static("Bearer secret"));
        let mut credential = HeaderValue::from_static("secret");
        credential.set_sensitive(true);
        headers.append("x-backend", credential);
        let own = SecretNames { header: "team-key".to_owned(), ..SecretNames::default() };
        let all = kept_headers(&headers, &HeaderChoice::All, &own).unwrap();
        assert_eq!(all.get("x-backend").unwrap(), MASK);
        assert_eq!(all.get("team-key").unwrap(), MASK);
        assert_eq!(all.get("authorization").unwrap(), MASK);
        assert_eq!(all.get("x-team").unwrap(), "a");
        let names = [HeaderName::from_static("x-team")];
        let named = kept_headers(&headers, &HeaderChoice::Named(names.into()), &own).unwrap();
        assert_eq!(named.len(), 1);
        assert!(kept_headers(&headers, &HeaderChoice::None, &own).is_none());
    }
}
