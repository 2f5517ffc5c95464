//! The client's body on its way in: bounded, counted, and looked at where a model call's body names the model.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use sekisho_policy::body::{Body, BodyError, Stream};
use sekisho_policy::payload::{Excess, Payload, SharedPayload};

use crate::config::ClientLimits;
use crate::upstream::idle::TimedBody;

/// The most of a request body that is kept to find the model in it.
const MAX_KEPT: usize = 1024 * 1024;

/// What passed by of a request body.
#[derive(Debug, Default)]
pub(crate) struct RequestMeter {
    bytes: AtomicU64,
    /// The body, when it is to be looked at.
    kept: Option<SharedPayload>,
}

impl RequestMeter {
    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The body, when it was kept as a whole.
    pub(crate) fn joined(&self) -> Option<Bytes> {
        self.kept.as_ref()?.with(|kept| (!kept.is_exceeded()).then(|| kept.joined()))
    }

    /// What is kept of the body.
    pub(crate) fn payload(&self) -> Option<SharedPayload> {
        self.kept.clone()
    }

    fn note(&self, piece: &Bytes) {
        self.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
        if let Some(kept) = &self.kept {
            kept.with(|kept| kept.push(piece));
        }
    }
}

/// Why a request body is kept.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Keep {
    /// It says what the call is about.
    pub(crate) is_read: bool,
    /// What is written down of it, in bytes.
    pub(crate) written: usize,
}

impl Keep {
    fn payload(self) -> Option<SharedPayload> {
        let bytes = self.written.max(if self.is_read { MAX_KEPT } else { 0 });
        (bytes > 0).then(|| SharedPayload::new(Payload::new(bytes, Excess::Cut)))
    }
}

/// A body that is counted, and kept where somebody looks at it.
pub(crate) fn metered(
    incoming: Incoming,
    keep: Keep,
    limits: &ClientLimits,
) -> (Body, Option<Arc<RequestMeter>>) {
    if incoming.is_end_stream() {
        return (Body::Empty, None);
    }
    let kept = keep.payload();
    let meter = Arc::new(RequestMeter { bytes: AtomicU64::new(0), kept: kept.clone() });
    let body = MeteredRequest {
        body: TimedBody::new(incoming, limits.body_idle_timeout),
        meter: Arc::clone(&meter),
        left: limits.body_bytes,
    };
    let stream = match kept {
        Some(payload) => Stream::kept_in(payload, body),
        None => Stream::new(body),
    };
    (Body::Stream(stream), Some(meter))
}

struct MeteredRequest {
    body: TimedBody,
    meter: Arc<RequestMeter>,
    /// Bytes that may still come.
    left: u64,
}

impl HttpBody for MeteredRequest {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(piece) = frame.data_ref()
        {
            self.meter.note(piece);
            match self.left.checked_sub(piece.len() as u64) {
                Some(left) => self.left = left,
                None => {
                    let limit = usize::try_from(self.meter.bytes()).unwrap_or(usize::MAX);
                    return Poll::Ready(Some(Err(BodyError::TooLarge { limit })));
                }
            }
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
