//! A message body: absent, whole in memory, or still arriving.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// A body that is still arriving.
pub type Stream = UnsyncBoxBody<Bytes, BodyError>;

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

/// A stream of which the start was read already.
struct Resumed {
    start: VecDeque<Bytes>,
    rest: Stream,
}

impl HttpBody for Resumed {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        match this.start.pop_front() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None => Pin::new(&mut this.rest).poll_frame(context),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let read: u64 = self.start.iter().map(|data| data.len() as u64).sum();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower() + read);
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper + read);
        }
        hint
    }
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
        Body::Stream(body.map_err(|error| BodyError::Aborted(error.to_string())).boxed_unsync())
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
        let mut stream = match self {
            Body::Stream(stream) => std::mem::take(stream),
            Body::Full(bytes) if bytes.len() > limit => return Ok(Within::Larger),
            _ => return Ok(Within::Whole),
        };
        *self = Body::Consumed;
        let mut read = Vec::new();
        let mut size = 0;
        while let Some(frame) = stream.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            size += data.len();
            read.push(data);
            if size > limit {
                let start = read.into();
                *self = Body::Stream(Resumed { start, rest: stream }.boxed_unsync());
                return Ok(Within::Larger);
            }
        }
        *self = Body::Full(read.concat().into());
        Ok(Within::Whole)
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

    /// Takes the body to send it on; leaves [`Body::Consumed`], or a copy when `keep` and it is buffered.
    pub fn take_for_sending(&mut self, keep: bool) -> Body {
        match self {
            Body::Full(bytes) if keep => Body::Full(bytes.clone()),
            Body::Empty => Body::Empty,
            _ => std::mem::replace(self, Body::Consumed),
        }
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
