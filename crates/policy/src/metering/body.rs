//! Replies that are looked at on their way. Not a byte is changed, and none is held back.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::reply::Reading;
use crate::body::{BodyError, Stream};

/// The body of a reply on its way back. Its account is closed with its last byte, or when it is given up.
///
/// Pieces are looked at when whoever sends them on had a chance to do so: with the next piece that had to be waited for.
pub(super) struct Received {
    pub(super) body: Stream,
    /// None once the account is closed.
    pub(super) reading: Option<Box<Reading>>,
    pub(super) was_waiting: bool,
}

impl Received {
    fn end(&mut self, is_complete: bool) {
        if let Some(reading) = self.reading.take() {
            reading.end(is_complete);
        }
    }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        if this.was_waiting
            && let Some(reading) = &mut this.reading
        {
            reading.look();
        }
        let polled = Pin::new(&mut this.body).poll_frame(context);
        this.was_waiting = polled.is_pending();
        match &polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(piece), Some(reading)) = (frame.data_ref(), &mut this.reading) {
                    reading.push(piece);
                }
                if this.body.is_end_stream() {
                    this.end(true);
                }
            }
            Poll::Ready(Some(Err(_))) => this.end(false),
            Poll::Ready(None) => this.end(true),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        self.end(false);
    }
}
