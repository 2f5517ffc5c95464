//! Responses as bytes.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, SET_COOKIE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;
use sekisho_expression::value::StoredMessage;

use super::bytes::{Reader, Writer};
use super::{Unkept, VERSION};
use crate::body::Body;
use crate::exchange::Response;

/// What marks a response among the entries of a cache.
const KIND: u8 = b'R';

/// Headers that belong to one connection or one client and not to a response that others get too.
const NOT_KEPT: [HeaderName; 7] = [
    CONNECTION,
    CONTENT_LENGTH,
    SET_COOKIE,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// The head of a response that is about to be kept, in bytes.
#[derive(Debug)]
pub(crate) struct Head(Bytes);

/// A response of the cache.
#[derive(Debug)]
pub(crate) struct Stored {
    /// When it ends, in 100 ns ticks since 0001-01-01T00:00:00Z.
    pub(crate) expires_ticks: i64,
    /// The response.
    pub(crate) response: Response,
}

impl Head {
    /// Status, reason and headers.
    ///
    /// # Errors
    /// When they alone are larger than `limit`.
    pub(crate) fn of(response: &Response, limit: usize) -> Result<Head, Unkept> {
        let mut out = Writer::new(limit);
        write_head(response.status, response.reason.as_deref(), &response.headers, &NOT_KEPT, &mut out)?;
        Ok(Head(out.finish()))
    }

    /// The whole entry. `body` is none for a response without one.
    ///
    /// # Errors
    /// When it is larger than `limit`.
    pub(crate) fn with_body(
        &self,
        body: Option<&[u8]>,
        expires_ticks: i64,
        limit: usize,
    ) -> Result<Bytes, Unkept> {
        let mut out = Writer::new(limit.saturating_add(self.0.len()).saturating_add(16));
        out.raw(&[VERSION, KIND])?;
        out.ticks(expires_ticks)?;
        out.raw(&self.0)?;
        write_body(body, &mut out)?;
        Ok(out.finish())
    }
}

impl Stored {
    /// The response in these bytes; none when they hold something else.
    pub(crate) fn from_bytes(bytes: &Bytes) -> Option<Stored> {
        let mut from = Reader::new(bytes);
        if from.array()? != [VERSION, KIND] {
            return None;
        }
        let expires_ticks = from.ticks()?;
        let (status, reason, headers) = read_head(&mut from)?;
        let body = match read_body(&mut from)? {
            // A view of the entry: the body is not copied.
            Some(body) => Body::Full(bytes.slice_ref(body)),
            None => Body::Empty,
        };
        from.end(Stored { expires_ticks, response: Response { status, reason, headers, body } })
    }
}

fn write_head(
    status: u16,
    reason: Option<&str>,
    headers: &HeaderMap,
    left_out: &[HeaderName],
    out: &mut Writer,
) -> Result<(), Unkept> {
    out.raw(&status.to_le_bytes())?;
    out.byte(u8::from(reason.is_some()))?;
    out.bytes(reason.unwrap_or("").as_bytes())?;
    let kept = || headers.iter().filter(|(name, _)| !left_out.contains(name));
    out.count(kept().count())?;
    kept().try_for_each(|(name, value)| {
        out.bytes(name.as_str().as_bytes())?;
        out.bytes(value.as_bytes())
    })
}

type ReadHead = (u16, Option<Arc<str>>, HeaderMap);

fn read_head(from: &mut Reader<'_>) -> Option<ReadHead> {
    let status = u16::from_le_bytes(from.array()?);
    if !(100..=999).contains(&status) {
        return None;
    }
    let has_reason = from.byte()? != 0;
    let reason = from.text()?;
    // It goes on the wire as it is.
    HeaderValue::from_str(reason).ok()?;
    let reason = has_reason.then(|| Arc::from(reason));
    let mut headers = HeaderMap::new();
    for _ in 0..from.count()? {
        let name = HeaderName::from_bytes(from.bytes()?).ok()?;
        headers.try_append(name, HeaderValue::from_bytes(from.bytes()?).ok()?).ok()?;
    }
    Some((status, reason, headers))
}

fn write_body(body: Option<&[u8]>, out: &mut Writer) -> Result<(), Unkept> {
    out.byte(u8::from(body.is_some()))?;
    out.bytes(body.unwrap_or(&[]))
}

fn read_body<'b>(from: &mut Reader<'b>) -> Option<Option<&'b [u8]>> {
    let has_body = from.byte()? != 0;
    let body = from.bytes()?;
    Some(has_body.then_some(body))
}

/// An `IResponse` of a variable.
pub(super) fn write_message(message: &StoredMessage, out: &mut Writer) -> Result<(), Unkept> {
    write_head(message.status, Some(&message.reason), &message.headers, &[], out)?;
    out.byte(u8::from(message.has_body))?;
    write_body(message.body.lock().as_deref(), out)
}

pub(super) fn read_message(from: &mut Reader<'_>) -> Option<StoredMessage> {
    let (status, reason, headers) = read_head(from)?;
    let has_body = from.byte()? != 0;
    let body = read_body(from)?.map(Bytes::copy_from_slice);
    let reason = reason.unwrap_or_else(|| Arc::from(""));
    Some(StoredMessage { status, reason, headers, body: Mutex::new(body), has_body })
}
