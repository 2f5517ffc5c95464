//! Replies that are compressed on their way.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::{GzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// The most that one piece may become, in bytes.
const MAX_DECODED: usize = 8 * 1024 * 1024;

/// Makes the pieces of a body readable.
pub(super) enum Decoder {
    /// They are.
    Plain,
    /// `gzip`.
    Gzip(Box<GzDecoder<Bounded>>),
    /// `deflate`.
    Zlib(Box<ZlibDecoder<Bounded>>),
    /// Nobody here can: another coding, several, or bytes that are not what they say.
    Unreadable,
}

/// A buffer that does not grow without bound.
#[derive(Default)]
pub(super) struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_DECODED {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Decoder {
    /// By `Content-Encoding`.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut codings = headers.get_all(CONTENT_ENCODING).iter();
        let Some(coding) = codings.next() else { return Decoder::Plain };
        match coding.as_bytes().trim_ascii() {
            _ if codings.next().is_some() => Decoder::Unreadable,
            coding if coding.eq_ignore_ascii_case(b"identity") => Decoder::Plain,
            coding if coding.eq_ignore_ascii_case(b"gzip") || coding.eq_ignore_ascii_case(b"x-gzip") => {
                Decoder::Gzip(Box::new(GzDecoder::new(Bounded::default())))
            }
            coding if coding.eq_ignore_ascii_case(b"deflate") => {
                Decoder::Zlib(Box::new(ZlibDecoder::new(Bounded::default())))
            }
            _ => Decoder::Unreadable,
        }
    }

    /// What a piece says; what is not there yet comes with the next one. None when it cannot be read, from then on.
    pub(super) fn decode(&mut self, piece: Bytes) -> Option<Bytes> {
        let decoded = match self {
            Decoder::Plain => return Some(piece),
            Decoder::Unreadable => return None,
            Decoder::Gzip(decoder) => decoded(&mut **decoder, &piece, GzDecoder::get_mut),
            Decoder::Zlib(decoder) => decoded(&mut **decoder, &piece, ZlibDecoder::get_mut),
        };
        if decoded.is_none() {
            *self = Decoder::Unreadable;
        }
        decoded
    }
}

fn decoded<D: Write>(decoder: &mut D, piece: &[u8], buffer: fn(&mut D) -> &mut Bounded) -> Option<Bytes> {
    decoder.write_all(piece).and_then(|()| decoder.flush()).ok()?;
    Some(std::mem::take(&mut buffer(decoder).0).into())
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use http::HeaderValue;

    use super::*;

    fn decoder(coding: &'static str) -> Decoder {
        Decoder::of(&HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(coding))]))
    }

    fn read(mut decoder: Decoder, bytes: &[u8], size: usize) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        for piece in bytes.chunks(size) {
            all.extend_from_slice(&decoder.decode(Bytes::copy_from_slice(piece))?);
        }
        Some(all)
    }

    #[test]
    fn pieces_become_what_was_said() {
        let text = b"data: {\"choices\":[]}\n\n".repeat(50);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&text).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(&text).unwrap();
        let (gzip, zlib) = (gzip.finish().unwrap(), zlib.finish().unwrap());
        for size in [1, 7, 4096] {
            assert_eq!(read(decoder("gzip"), &gzip, size).as_deref(), Some(&text[..]));
            assert_eq!(read(decoder("Deflate"), &zlib, size).as_deref(), Some(&text[..]));
            assert_eq!(read(decoder("identity"), &text, size).as_deref(), Some(&text[..]));
            assert_eq!(read(decoder("br"), &text, size), None);
            assert_eq!(read(decoder("gzip"), &text, size), None);
        }
    }

    #[test]
    fn a_small_piece_does_not_fill_the_memory() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![0; 3 * MAX_DECODED]).unwrap();
        let bomb = gzip.finish().unwrap();
        assert!(bomb.len() < 64 * 1024);
        assert_eq!(read(decoder("gzip"), &bomb, bomb.len()), None);
    }
}
