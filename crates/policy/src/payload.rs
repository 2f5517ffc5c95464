//! Bodies that are kept as they pass by, for whoever looks at them later. Pieces are shared, not copied.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use parking_lot::Mutex;

use crate::body::{Body, BodyError, Stream};

/// What all payloads of the process may hold together unless it is set otherwise, in bytes.
pub const DEFAULT_BUDGET: usize = 512 * 1024 * 1024;

static BUDGET: AtomicUsize = AtomicUsize::new(DEFAULT_BUDGET);
static HELD: AtomicUsize = AtomicUsize::new(0);

/// Sets what all payloads of the process may hold together, in bytes.
pub fn set_budget(bytes: usize) {
    BUDGET.store(bytes, Ordering::Relaxed);
}

/// What is left of a body that is larger than its bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Excess {
    /// Nothing: a part of it is of no use.
    #[default]
    LetGo,
    /// Its beginning.
    Cut,
}

/// The pieces of a body, within bounds of its own and of the process.
#[derive(Debug)]
pub struct Payload {
    pieces: Vec<Bytes>,
    /// What the pieces hold, in bytes.
    held: usize,
    /// What passed by, in bytes.
    passed: u64,
    /// The most that is held, in bytes.
    limit: usize,
    excess: Excess,
    is_exceeded: bool,
}

impl Payload {
    /// An empty one that holds at most `limit` bytes.
    pub fn new(limit: usize, excess: Excess) -> Self {
        Self { pieces: Vec::new(), held: 0, passed: 0, limit, excess, is_exceeded: false }
    }

    /// Holds a piece, as far as the bounds let it.
    pub fn push(&mut self, piece: &Bytes) {
        self.passed += piece.len() as u64;
        if self.is_exceeded || piece.is_empty() {
            return;
        }
        let room = self.limit - self.held;
        let by_all = HELD.load(Ordering::Relaxed);
        let room = room.min(BUDGET.load(Ordering::Relaxed).saturating_sub(by_all));
        if piece.len() <= room {
            return self.hold(piece.clone());
        }
        self.is_exceeded = true;
        match self.excess {
            Excess::LetGo => self.release(),
            Excess::Cut => self.hold(piece.slice(..room)),
        }
    }

    fn hold(&mut self, piece: Bytes) {
        HELD.fetch_add(piece.len(), Ordering::Relaxed);
        self.held += piece.len();
        self.pieces.push(piece);
    }

    /// What is held, in bytes.
    pub fn held(&self) -> usize {
        self.held
    }

    /// What passed by, in bytes: more than is held of a body beyond the bounds.
    pub fn passed(&self) -> u64 {
        self.passed
    }

    /// True when not all that passed by is held.
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }

    /// The pieces that are held, in order.
    pub fn pieces(&self) -> &[Bytes] {
        &self.pieces
    }

    /// What is held, as one. A single piece is not copied.
    pub fn joined(&self) -> Bytes {
        match &*self.pieces {
            [piece] => piece.clone(),
            pieces => {
                let mut whole = BytesMut::with_capacity(self.held);
                pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
                whole.freeze()
            }
        }
    }

    /// The whole body, which is not held here any more; none when it was too large.
    pub fn take(&mut self) -> Option<Bytes> {
        if self.is_exceeded {
            return None;
        }
        let whole = self.joined();
        self.release();
        Some(whole)
    }

    fn release(&mut self) {
        HELD.fetch_sub(self.held, Ordering::Relaxed);
        self.held = 0;
        self.pieces = Vec::new();
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        self.release();
    }
}

/// A payload that grows while its body passes by elsewhere.
#[derive(Clone, Debug)]
pub struct SharedPayload(Arc<Mutex<Payload>>);

impl SharedPayload {
    /// An empty one.
    pub fn new(payload: Payload) -> Self {
        Self(Arc::new(Mutex::new(payload)))
    }

    /// Looks at it, or adds to it.
    pub fn with<T>(&self, look: impl FnOnce(&mut Payload) -> T) -> T {
        look(&mut self.0.lock())
    }

    /// Keeps what passes by in a body, which is passed on as it is.
    pub fn watch(&self, body: Body) -> Body {
        match body {
            Body::Stream(body) => Body::Stream(Watched { body, payload: self.clone() }.boxed_unsync()),
            Body::Full(bytes) => {
                self.with(|payload| payload.push(&bytes));
                Body::Full(bytes)
            }
            other => other,
        }
    }
}

/// Two are equal when they are the same.
impl PartialEq for SharedPayload {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SharedPayload {}

/// A body whose pieces are kept as they pass by. Not a byte is changed, and none is held back.
struct Watched {
    body: Stream,
    payload: SharedPayload,
}

impl HttpBody for Watched {
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
            self.payload.with(|payload| payload.push(piece));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined() {
        let mut payload = Payload::new(16, Excess::LetGo);
        payload.push(&Bytes::from_static(b"ab"));
        payload.push(&Bytes::from_static(b"c"));
        assert_eq!(payload.take().as_deref(), Some(&b"abc"[..]));
        assert_eq!((payload.held(), payload.passed()), (0, 3));
    }

    #[test]
    fn what_is_too_large_is_let_go_or_cut() {
        let piece = Bytes::from_static(b"0123456789");
        let mut all = Payload::new(16, Excess::LetGo);
        all.push(&piece);
        all.push(&piece);
        assert_eq!((all.take(), all.held(), all.passed()), (None, 0, 20));

        let mut beginning = Payload::new(16, Excess::Cut);
        (0..3).for_each(|_| beginning.push(&piece));
        assert_eq!(beginning.joined(), &b"0123456789012345"[..]);
        assert_eq!((beginning.is_exceeded(), beginning.passed()), (true, 30));
    }
}
