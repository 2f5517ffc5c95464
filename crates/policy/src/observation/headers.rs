//! What is kept of headers. A value that was received holds all of the buffer that it was received in: it would keep a connection from
//! using it again, and take more memory than anyone counts. So values are copied.

use std::fmt;

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

/// Headers that are kept: their names and values lie one behind the other, so that a call keeps them, and gives them back, at once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeptHeaders {
    text: String,
    /// Where each name and its value end.
    ends: Vec<[usize; 2]>,
}

impl KeptHeaders {
    /// The headers that are kept of a message, those that hold secrets as [`MASK`]. What of a value is not UTF-8 becomes `U+FFFD`.
    pub fn of(headers: &HeaderMap, choice: &HeaderChoice, names: &SecretNames) -> Option<KeptHeaders> {
        if *choice == HeaderChoice::None {
            return None;
        }
        let chosen = || headers.iter().filter(|(name, _)| choice.contains(name));
        let room = |room, (name, value): (&HeaderName, &HeaderValue)| {
            room + name.as_str().len() + value.len().max(MASK.len())
        };
        let mut kept = KeptHeaders {
            text: String::with_capacity(chosen().fold(0, room)),
            ends: Vec::with_capacity(headers.len()),
        };
        for (name, value) in chosen() {
            match is_secret(name, value, names) {
                true => kept.add(name.as_str(), MASK),
                false => kept.add(name.as_str(), &String::from_utf8_lossy(value.as_bytes())),
            }
        }
        Some(kept)
    }

    fn add(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let end = self.text.len();
        self.text.push_str(value);
        self.ends.push([end, self.text.len()]);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// What names and values take together, in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Names, in lower case, and values in the order of the message; those of one name follow each other.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ends.iter().scan(0, |start, &[name, value]| {
            let pair = (self.text.get(*start..name)?, self.text.get(name..value)?);
            *start = value;
            Some(pair)
        })
    }

    /// The values of one name.
    pub fn get_all<'k>(&'k self, name: &HeaderName) -> impl Iterator<Item = &'k str> {
        self.iter().filter(move |(known, _)| *known == name.as_str()).map(|(_, value)| value)
    }
}

impl fmt::Debug for KeptHeaders {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_map().entries(self.iter()).finish()
    }
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
        let values: Vec<_> = headers.values().map(kept_value).collect();
        assert_eq!(values, [value(0..16), value(17..25)]);
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
        let keep = |choice: &HeaderChoice| KeptHeaders::of(&headers, choice, &own);
        let all = keep(&HeaderChoice::All).unwrap();
        assert_eq!((all.len(), all.bytes()), (4, 46));
        let shown: Vec<_> = all.iter().collect();
        let (masked, plain) = ((|name| (name, MASK)), ("x-team", "a"));
        assert_eq!(shown, [plain, masked("team-key"), masked("authorization"), masked("x-backend")]);
        let named = HeaderChoice::Named([HeaderName::from_static("x-team")].into());
        assert_eq!(format!("{:?}", keep(&named).unwrap()), r#"{"x-team": "a"}"#);
        assert_eq!(keep(&HeaderChoice::None), None);
    }

    #[test]
    fn values_of_a_name_follow_each_other() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("a", &b"1"[..]), ("b", b"caf\xe9"), ("a", b""), ("a", "größer".as_bytes())] {
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        let kept = KeptHeaders::of(&headers, &HeaderChoice::All, &SecretNames::default()).unwrap();
        let shown: Vec<_> = kept.iter().collect();
        assert_eq!(shown, [("a", "1"), ("a", ""), ("a", "größer"), ("b", "caf\u{fffd}")]);
        let of = |name| kept.get_all(&HeaderName::from_static(name)).collect::<Vec<_>>();
        assert_eq!((of("a"), of("c")), (vec!["1", "", "größer"], vec![]));
    }
}
