//! A message body: absent, whole in memory, or still arriving.

mod stream;

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, LengthLimitError, Limited};

pub use stream::Stream;

use crate::payload::SharedPayload;

/// Why a body could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A policy needs the whole body, and it is larger than the gateway buffers.
    #[error("the body is larger than the {limit} bytes that the gateway buffers")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The other side went away or broke the protocol.
    #[error("the body ended early: {0}")]
    Aborted(String),
    /// Nothing arrived for too long.
    #[error("nothing of the body arrived within the idle timeout")]
    Idle,
}

/// A message body. Unmodified bodies stay [`Body::Stream`] and pass through byte by byte.
#[derive(Default)]
pub enum Body {
    /// There is none.
    #[default]
    Empty,
    /// All of it.
    Full(Bytes),
    /// It is still arriving; nothing of it was read.
    Stream(Stream),
    /// An expression took it without keeping it.
    Consumed,
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Body::Empty => f.write_str("Empty"),
            Body::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Body::Stream(_) => f.write_str("Stream"),
            Body::Consumed => f.write_str("Consumed"),
        }
    }
}

/// Whether a body has at most so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// It has; all of it is in memory now.
    Whole,
    /// It is larger.
    Larger,
}

impl Body {
    /// A body of these bytes; empty bytes are still a body.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        Body::Full(bytes.into())
    }

    /// Wraps a body of the wire; one that is known to be empty becomes [`Body::Empty`].
    pub fn stream<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: std::fmt::Display,
    {
        if body.is_end_stream() {
            return Body::Empty;
        }
        Body::Stream(Stream::new(body.map_err(|error| BodyError::Aborted(error.to_string()))))
    }

    /// True when there is something to read or forward.
    pub fn is_present(&self) -> bool {
        matches!(self, Body::Full(_) | Body::Stream(_))
    }

    /// True when reading it needs no waiting.
    pub fn is_buffered(&self) -> bool {
        !matches!(self, Body::Stream(_))
    }

    /// Waits for the rest and keeps it, at most `limit` bytes.
    pub async fn buffer(&mut self, limit: usize) -> Result<(), BodyError> {
        let Body::Stream(stream) = self else { return Ok(()) };
        let stream = std::mem::take(stream);
        *self = Body::Consumed;
        let collected = Limited::new(stream, limit).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return BodyError::TooLarge { limit };
            }
            match error.downcast::<BodyError>() {
                Ok(error) => *error,
                Err(other) => BodyError::Aborted(other.to_string()),
            }
        })?;
        *self = Body::Full(collected.to_bytes());
        Ok(())
    }

    /// Waits for the rest as long as it has at most `limit` bytes. A larger body goes on as if nothing had been read of it.
    pub async fn buffer_within(&mut self, limit: usize) -> Result<Within, BodyError> {
        match self.look_ahead(limit).await {
            Ahead::Whole => Ok(Within::Whole),
            Ahead::Larger => Ok(Within::Larger),
            Ahead::Broken(error) => {
                *self = Body::Consumed;
                Err(error)
            }
        }
    }

    /// The same for whoever can do without the body: one that is larger or breaks off passes on as it would have, and the
    /// answer is false.
    pub async fn buffer_if_small(&mut self, limit: usize) -> bool {
        matches!(self.look_ahead(limit).await, Ahead::Whole)
    }

    /// Reads a body that is not larger than `limit`. Of any other nothing is lost: what was read comes again.
    async fn look_ahead(&mut self, limit: usize) -> Ahead {
        let stream = match self {
            Body::Stream(stream) if stream.size_hint().lower() > limit as u64 => return Ahead::Larger,
            Body::Stream(stream) => stream,
            Body::Full(bytes) if bytes.len() > limit => return Ahead::Larger,
            _ => return Ahead::Whole,
        };
        let mut rest = std::mem::take(stream);
        let mut seen = VecDeque::new();
        let mut length = 0;
        let failure = loop {
            match rest.frame().await {
                None => {
                    *self = Body::Full(joined(seen, length));
                    return Ahead::Whole;
                }
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    length += data.len();
                    seen.push_back(data);
                    if length > limit {
                        break None;
                    }
                }
                Some(Err(error)) => break Some(error),
            }
        };
        *self = Body::Stream(Stream::new(Replayed { seen, failure: failure.clone(), rest }));
        failure.map_or(Ahead::Larger, Ahead::Broken)
    }

    /// The bytes of a buffered body. Without `preserve` they are gone afterwards.
    pub fn read(&mut self, preserve: bool) -> Option<Bytes> {
        let Body::Full(bytes) = self else { return None };
        let bytes = bytes.clone();
        if !preserve {
            *self = Body::Consumed;
        }
        Some(bytes)
    }

    /// Where all of it is kept as it passes by, if that is known.
    pub fn kept(&self) -> Option<&SharedPayload> {
        match self {
            Body::Stream(stream) => stream.kept(),
            Body::Empty | Body::Full(_) | Body::Consumed => None,
        }
    }

    /// Takes the body to send it on; leaves [`Body::Consumed`], or a copy when `keep` and it is buffered.
    pub fn take_for_sending(&mut self, keep: bool) -> Body {
        match self {
            Body::Full(bytes) if keep => Body::Full(bytes.clone()),
            Body::Empty => Body::Empty,
            _ => std::mem::replace(self, Body::Consumed),
        }
    }
}

/// The pieces as one; a single one is not copied.
fn joined(mut pieces: VecDeque<Bytes>, length: usize) -> Bytes {
    if pieces.len() == 1 {
        return pieces.pop_front().unwrap_or_default();
    }
    let mut whole = BytesMut::with_capacity(length);
    pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
    whole.freeze()
}

/// What was found in front of a stream.
enum Ahead {
    /// All of it, in memory now.
    Whole,
    /// More than was looked for.
    Larger,
    /// A failure.
    Broken(BodyError),
}

/// A stream of which some was read already.
struct Replayed {
    seen: VecDeque<Bytes>,
    failure: Option<BodyError>,
    rest: Stream,
}

impl HttpBody for Replayed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        if let Some(data) = this.seen.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if let Some(failure) = this.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        Pin::new(&mut this.rest).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.seen.is_empty() && self.failure.is_none() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let seen = self.seen.iter().map(|data| data.len() as u64).sum::<u64>();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(seen));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(seen));
        }
        hint
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match this {
            Body::Empty | Body::Consumed => Poll::Ready(None),
            Body::Full(_) => {
                let Body::Full(bytes) = std::mem::take(this) else { return Poll::Ready(None) };
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Body::Stream(stream) => Pin::new(stream).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Empty | Body::Consumed => true,
            Body::Full(bytes) => bytes.is_empty(),
            Body::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Empty | Body::Consumed => SizeHint::with_exact(0),
            Body::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Body::Stream(stream) => stream.size_hint(),
        }
    }
}
