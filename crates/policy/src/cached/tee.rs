//! A body that is kept while it passes: nobody waits for it, and what does not fit is passed on and not kept.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BodyError, Stream};

/// What is done with the bytes of a body that came to its end.
pub(crate) type Keep = Box<dyn FnOnce(Bytes) + Send>;

struct Tee {
    inner: Stream,
    /// What passed so far; none once it is too large or was kept.
    seen: Option<(BytesMut, Keep)>,
    limit: usize,
    /// The length, where it is known beforehand: whoever reads the body may stop there without asking for its end.
    expected: Option<u64>,
}

/// The body with a tee on it. A body that is in memory is kept at once.
pub(crate) fn tee(body: Body, limit: usize, keep: Keep) -> Body {
    match body {
        Body::Stream(inner) => {
            let expected = inner.size_hint().exact();
            if expected.is_some_and(|length| length > limit as u64) {
                return Body::Stream(inner);
            }
            let seen = Some((BytesMut::new(), keep));
            Body::Stream(Stream::new(Tee { inner, seen, limit, expected }))
        }
        Body::Full(bytes) => {
            if bytes.len() <= limit {
                keep(bytes.clone());
            }
            Body::Full(bytes)
        }
        other => other,
    }
}

impl Tee {
    fn note(&mut self, data: &Bytes) {
        let Some((seen, _)) = &mut self.seen else { return };
        if data.len() > self.limit.saturating_sub(seen.len()) {
            self.seen = None;
            return;
        }
        seen.extend_from_slice(data);
        let is_whole = self.expected == Some(seen.len() as u64) || self.inner.is_end_stream();
        if is_whole {
            self.finish();
        }
    }

    fn finish(&mut self) {
        if let Some((seen, keep)) = self.seen.take() {
            keep(seen.freeze());
        }
    }
}

impl HttpBody for Tee {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    this.note(data);
                }
            }
            Poll::Ready(Some(Err(_))) => this.seen = None,
            Poll::Ready(None) => this.finish(),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
