//! Bodies as they are written: as text, by their hash, or as the same as another.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use sekisho_policy::payload::{Payload, SharedPayload};
use sekisho_policy::ports::Message;
use sha2::{Digest, Sha256};

use super::{Body, Kept};
use crate::mask::{Masked, Masking};

/// How bodies are written.
#[derive(Clone, Copy)]
pub(crate) struct BodyRules<'a> {
    pub(crate) masking: &'a Masking,
    /// The most that a compressed body may become, in bytes.
    pub(crate) maximum: usize,
}

/// True when both hold the same bytes of the same whole.
pub(crate) fn are_same(one: &SharedPayload, other: &SharedPayload) -> bool {
    one == other || one.with(|one| other.with(|other| is_same(one, other)))
}

fn is_same(one: &Payload, other: &Payload) -> bool {
    let alike = |payload: &Payload| (payload.held(), payload.passed(), payload.is_exceeded());
    if alike(one) != alike(other) {
        return false;
    }
    let place = |piece: &[u8]| (piece.as_ptr(), piece.len());
    if one.pieces().map(place).eq(other.pieces().map(place)) {
        return true;
    }
    let (mut left, mut right) = (one.pieces(), other.pieces());
    let (mut a, mut b): (&[u8], &[u8]) = (&[], &[]);
    loop {
        if a.is_empty() {
            a = left.next().unwrap_or_default();
        }
        if b.is_empty() {
            b = right.next().unwrap_or_default();
        }
        let common = a.len().min(b.len());
        let (Some((x, more)), Some((y, rest))) = (a.split_at_checked(common), b.split_at_checked(common))
        else {
            return false;
        };
        if common == 0 {
            return a.is_empty() && b.is_empty();
        }
        if x != y {
            return false;
        }
        (a, b) = (more, rest);
    }
}

/// Appends the body of a message to a frame, and says how it is kept; none when there is none.
pub(crate) fn append(buffer: &mut Vec<u8>, message: &Message, rules: BodyRules<'_>) -> Option<Body> {
    let shared = message.body.as_ref()?;
    shared.with(|payload| {
        let passed = payload.passed();
        if passed == 0 {
            return None;
        }
        let coding = message.content_encoding.as_ref().map_or(&b""[..], |coding| coding.as_bytes());
        let is_plain = coding.is_empty() || coding.eq_ignore_ascii_case(b"identity");
        let kept = match is_plain && !rules.masking.has_paths() {
            true => append_pieces(buffer, message, payload),
            false => append_changed(buffer, message, payload, coding, rules),
        };
        Some(Body { passed, kept })
    })
}

/// As it came: copied once, from where it was received.
fn append_pieces(buffer: &mut Vec<u8>, message: &Message, payload: &Payload) -> Kept {
    if is_binary(message) {
        return hashed(payload);
    }
    let start = buffer.len();
    buffer.reserve(payload.held());
    payload.pieces().for_each(|piece| buffer.extend_from_slice(piece));
    match text_bytes(buffer.get(start..).unwrap_or_default(), payload.is_exceeded()) {
        Some(bytes) => {
            buffer.truncate(start + bytes);
            kept(bytes, payload.is_exceeded())
        }
        None => {
            buffer.truncate(start);
            hashed(payload)
        }
    }
}

/// Decoded and masked.
fn append_changed(
    buffer: &mut Vec<u8>,
    message: &Message,
    payload: &Payload,
    coding: &[u8],
    rules: BodyRules<'_>,
) -> Kept {
    let whole = payload.joined();
    let Some((plain, is_cut)) = decoded(&whole, coding, rules.maximum) else { return hashed(payload) };
    let is_cut = is_cut || payload.is_exceeded();
    if is_binary(message) {
        return hashed(payload);
    }
    let Some(bytes) = text_bytes(&plain, is_cut) else { return hashed(payload) };
    let text = plain.get(..bytes).unwrap_or_default();
    let text = match rules.masking.body(text, is_cut) {
        Masked::Text(text) => text,
        Masked::Refused => return hashed(payload),
    };
    buffer.extend_from_slice(&text);
    kept(text.len(), is_cut)
}

fn kept(bytes: usize, is_cut: bool) -> Kept {
    if is_cut { Kept::Cut(bytes as u64) } else { Kept::Whole(bytes as u64) }
}

/// How many bytes are text; none when it is none. What is cut may end inside a character.
fn text_bytes(bytes: &[u8], is_cut: bool) -> Option<usize> {
    match simdutf8::compat::from_utf8(bytes) {
        Ok(text) => Some(text.len()),
        Err(error) if is_cut && error.error_len().is_none() => Some(error.valid_up_to()),
        Err(_) => None,
    }
}

fn is_binary(message: &Message) -> bool {
    let Some(kind) = message.content_type.as_ref().and_then(|kind| kind.to_str().ok()) else { return false };
    // What nearly all bodies are.
    if kind.starts_with("application/json") || kind.starts_with("text/") {
        return false;
    }
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let starts = |start: &str| kind.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    ["image/", "audio/", "video/", "font/", "application/octet-stream", "application/zip", "application/pdf"]
        .into_iter()
        .any(starts)
}

/// By the bytes that are held, as they came.
fn hashed(payload: &Payload) -> Kept {
    let mut hash = Sha256::new();
    payload.pieces().for_each(|piece| hash.update(piece));
    Kept::Hashed(hash.finalize().into())
}

/// The plain bytes, and whether more would follow; none for a coding that is not known or data that is not of it.
fn decoded<'a>(bytes: &'a [u8], coding: &[u8], maximum: usize) -> Option<(Cow<'a, [u8]>, bool)> {
    let mut reader: Box<dyn Read + 'a> = match coding.to_ascii_lowercase().as_slice() {
        b"" | b"identity" => return Some((Cow::Borrowed(bytes), false)),
        b"gzip" | b"x-gzip" => Box::new(MultiGzDecoder::new(bytes)),
        // Both are sent under this name.
        b"deflate" if bytes.first().is_some_and(|first| first & 0x0f == 8) => {
            Box::new(ZlibDecoder::new(bytes))
        }
        b"deflate" => Box::new(DeflateDecoder::new(bytes)),
        _ => return None,
    };
    let mut plain = Vec::with_capacity(bytes.len().saturating_mul(4).min(maximum));
    let is_broken = reader.by_ref().take(maximum as u64 + 1).read_to_end(&mut plain).is_err();
    if is_broken && plain.is_empty() {
        return None;
    }
    let is_more = plain.len() > maximum;
    plain.truncate(maximum);
    Some((Cow::Owned(plain), is_broken || is_more))
}
