//! The client's body on its way in: bounded, counted, and looked at where a model call's body names the model.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use parking_lot::Mutex;
use sekisho_policy::body::{Body, BodyError};

use crate::config::ClientLimits;
use crate::upstream::idle::TimedBody;

/// The most of a request body that is kept to find the model in it.
const MAX_KEPT: usize = 1024 * 1024;

/// What passed by of a request body.
#[derive(Debug, Default)]
pub(crate) struct RequestMeter {
    bytes: AtomicU64,
    /// Pieces of a body that is to be looked at; none when it is not, or was too large.
    kept: Mutex<Option<Vec<Bytes>>>,
}

impl RequestMeter {
    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The body, when it was kept and nobody took it yet.
    pub(crate) fn joined(&self) -> Option<Bytes> {
        self.kept.lock().take().map(joined)
    }

    fn note(&self, piece: &Bytes) {
        let before = self.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
        let mut kept = self.kept.lock();
        if let Some(pieces) = &mut *kept {
            if before.saturating_add(piece.len() as u64) > MAX_KEPT as u64 {
                *kept = None;
            } else {
                pieces.push(piece.clone());
            }
        }
    }
}

/// A body that is counted; `keep` also keeps its pieces.
pub(crate) fn metered(
    incoming: Incoming,
    keep: bool,
    limits: &ClientLimits,
) -> (Body, Option<Arc<RequestMeter>>) {
    if incoming.is_end_stream() {
        return (Body::Empty, None);
    }
    let meter = Arc::new(RequestMeter { bytes: AtomicU64::new(0), kept: Mutex::new(keep.then(Vec::new)) });
    let body = MeteredRequest {
        body: TimedBody::new(incoming, limits.body_idle_timeout),
        meter: Arc::clone(&meter),
        left: limits.body_bytes,
    };
    (Body::Stream(body.boxed_unsync()), Some(meter))
}

/// The pieces of a body as one; a single one is not copied.
pub(super) fn joined(mut pieces: Vec<Bytes>) -> Bytes {
    if pieces.len() == 1 {
        return pieces.pop().unwrap_or_default();
    }
    let mut all = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in pieces {
        all.extend_from_slice(&piece);
    }
    all.freeze()
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
