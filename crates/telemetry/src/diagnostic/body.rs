//! What is written of a body: its beginning, readable.

use std::io::Read;

use flate2::read::{MultiGzDecoder, ZlibDecoder};
use sekisho_policy::payload::Payload;
use sekisho_policy::ports::Message;

/// The first bytes of a body, up to `limit`; none when none is kept or its coding cannot be read.
pub fn bytes(message: &Message, limit: usize) -> Option<Vec<u8>> {
    message.body.as_ref()?.with(|payload| decoded(message, payload, limit))
}

/// The first bytes of a body as text, up to `limit` and never within a character; none when none is kept, when it is
/// empty, or when its coding cannot be read. Bytes that are no UTF-8 become U+FFFD.
pub fn text(message: &Message, limit: usize) -> Option<String> {
    if limit == 0 {
        return None;
    }
    let plain = bytes(message, limit)?;
    let end = match std::str::from_utf8(&plain) {
        // The last character is cut in two.
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => plain.len(),
    };
    let text = String::from_utf8_lossy(plain.get(..end).unwrap_or_default()).into_owned();
    (!text.is_empty()).then_some(text)
}

/// At most `limit` bytes of what the body says.
fn decoded(message: &Message, payload: &Payload, limit: usize) -> Option<Vec<u8>> {
    let coding = message.content_encoding.as_ref().map(|value| value.as_bytes().trim_ascii());
    let mut plain = Vec::new();
    let most = limit as u64;
    // What was kept may end before the compressed body does; what could be read until there stays.
    let _ = match coding.map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"" | b"identity") => pieces(payload).take(most).read_to_end(&mut plain),
        Some(b"gzip" | b"x-gzip") => MultiGzDecoder::new(pieces(payload)).take(most).read_to_end(&mut plain),
        Some(b"deflate") => ZlibDecoder::new(pieces(payload)).take(most).read_to_end(&mut plain),
        Some(_) => return None,
    };
    Some(plain)
}

/// What is held, one piece after the other.
fn pieces(payload: &Payload) -> impl Read + '_ {
    Pieces { rest: payload.pieces(), piece: &[] }
}

struct Pieces<'p, I> {
    rest: I,
    piece: &'p [u8],
}

impl<'p, I: Iterator<Item = &'p [u8]>> Read for Pieces<'p, I> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.piece.is_empty() {
            let Some(next) = self.rest.next() else { return Ok(0) };
            self.piece = next;
        }
        self.piece.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use bytes::Bytes;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderValue;
    use sekisho_policy::payload::{Excess, SharedPayload};

    use super::*;

    fn message(body: &[u8], encoding: Option<&'static str>) -> Message {
        let payload = SharedPayload::new(Payload::new(1 << 20, Excess::Cut));
        payload.with(|payload| payload.push(&Bytes::copy_from_slice(body)));
        Message {
            body: Some(payload),
            content_encoding: encoding.map(HeaderValue::from_static),
            ..Message::default()
        }
    }

    #[test]
    fn bodies_are_cut_between_characters() {
        let body = message("aé€b".as_bytes(), None);
        assert_eq!(text(&body, 8192).unwrap(), "aé€b");
        assert_eq!(text(&body, 5).unwrap(), "aé");
        assert_eq!(text(&body, 0), None);
        assert_eq!(text(&message(b"", None), 10), None);
        assert_eq!(text(&message(b"a\xffb", None), 10).unwrap(), "a\u{fffd}b");
        assert_eq!(text(&Message::default(), 10), None);
    }

    #[test]
    fn compressed_bodies_are_readable() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all("question ".repeat(5000).as_bytes()).unwrap();
        let whole = encoder.finish().unwrap();
        assert_eq!(text(&message(&whole, Some("gzip")), 12).unwrap(), "question que");
        let begun = text(&message(&whole[..whole.len() / 2], Some("GZIP")), 9).unwrap();
        assert_eq!(begun, "question ");
        assert_eq!(text(&message(b"x", Some("br")), 9), None);
    }
}
