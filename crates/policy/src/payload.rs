//! Bodies that are kept as they pass by, for whoever looks at them later. Large pieces are shared; small ones are copied, because
//! a piece keeps all of the buffer that it was received in.

mod budget;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use parking_lot::Mutex;

use crate::body::{Body, BodyError, Stream};

pub use budget::{DEFAULT_BUDGET, set_budget};

/// What is left of a body that is larger than its bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Excess {
    /// Nothing: a part of it is of no use.
    #[default]
    LetGo,
    /// Its beginning.
    Cut,
}

/// Smaller pieces are copied, in bytes. Buffers that bodies are received in have twice as much and more.
const SHARED_BYTES: usize = 4096;

/// The most that is compared to find that two bodies are the same, in bytes.
const COMPARED_BYTES: usize = 64 * 1024;

/// Copies take a new place once they have this much, in bytes, so that they are not moved often while they grow.
const COPIES_BYTES: usize = 64 * 1024;

/// The pieces of a body, within bounds of its own and of the process.
#[derive(Debug)]
pub struct Payload {
    pieces: Vec<Bytes>,
    /// Copies of small pieces, which come behind the others.
    copies: Vec<u8>,
    /// What all of them hold, in bytes.
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
        Self { pieces: Vec::new(), copies: Vec::new(), held: 0, passed: 0, limit, excess, is_exceeded: false }
    }

    /// Holds a piece, as far as the bounds let it.
    pub fn push(&mut self, piece: &Bytes) {
        self.passed += piece.len() as u64;
        if self.is_exceeded || piece.is_empty() {
            return;
        }
        let room = budget::take(piece.len().min(self.limit - self.held));
        self.held += room;
        if piece.len() <= room {
            return self.hold(piece);
        }
        self.is_exceeded = true;
        match self.excess {
            Excess::LetGo => self.release(),
            Excess::Cut => self.hold(&piece.slice(..room)),
        }
    }

    fn hold(&mut self, piece: &Bytes) {
        if piece.len() >= SHARED_BYTES {
            self.flush();
            self.pieces.push(piece.clone());
            return;
        }
        if self.copies.len() + piece.len() > COPIES_BYTES {
            self.flush();
        }
        if !self.copies.is_empty() {
            // More come behind a second one: it grows by more than them.
            self.copies.reserve(SHARED_BYTES);
        }
        self.copies.extend_from_slice(piece);
    }

    /// Makes a piece of the copies.
    fn flush(&mut self) {
        if !self.copies.is_empty() {
            self.pieces.push(std::mem::take(&mut self.copies).into());
        }
    }

    /// The most that is held of a body, and what is left of one that is larger.
    pub fn bounds(&self) -> (usize, Excess) {
        (self.limit, self.excess)
    }

    /// True when these are all bytes that passed by. Only short ones are compared.
    pub fn is_all_of(&self, bytes: &Bytes) -> bool {
        if self.is_exceeded || self.held != bytes.len() {
            return false;
        }
        let mut rest = &bytes[..];
        self.pieces().all(|piece| {
            let Some((start, more)) = rest.split_at_checked(piece.len()) else { return false };
            rest = more;
            piece.as_ptr() == start.as_ptr() || (bytes.len() <= COMPARED_BYTES && piece == start)
        })
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
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let copies = Some(&self.copies[..]).filter(|copies| !copies.is_empty());
        self.pieces.iter().map(|piece| &piece[..]).chain(copies)
    }

    /// What is held, as one. A single piece is not copied.
    pub fn joined(&self) -> Bytes {
        match &*self.pieces {
            [piece] if self.copies.is_empty() => piece.clone(),
            _ => {
                let mut whole = BytesMut::with_capacity(self.held);
                self.pieces().for_each(|piece| whole.extend_from_slice(piece));
                whole.freeze()
            }
        }
    }

    /// The whole body, which is not held here any more; none when it was too large.
    pub fn take(&mut self) -> Option<Bytes> {
        if self.is_exceeded {
            return None;
        }
        self.flush();
        let whole = self.joined();
        self.release();
        Some(whole)
    }

    fn release(&mut self) {
        budget::give_back(self.held);
        self.held = 0;
        self.pieces = Vec::new();
        self.copies = Vec::new();
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
            Body::Stream(body) => {
                let watched = Watched { body, payload: self.clone() };
                Body::Stream(Stream::kept_in(self.clone(), watched))
            }
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
    fn small_pieces_are_copied_and_large_ones_shared() {
        let small = Bytes::from(vec![1; SHARED_BYTES - 1]);
        let large = Bytes::from(vec![2; SHARED_BYTES]);
        let mut payload = Payload::new(1 << 20, Excess::Cut);
        let order = [&small, &small, &large, &small];
        order.into_iter().for_each(|piece| payload.push(piece));
        assert!(small.is_unique() && !large.is_unique());
        let whole: Vec<u8> = order.into_iter().flat_map(|piece| piece.to_vec()).collect();
        assert_eq!(
            (payload.joined(), payload.pieces().count(), payload.held()),
            (whole.clone().into(), 3, whole.len())
        );
        (0..40).for_each(|_| payload.push(&small));
        assert_eq!(payload.pieces().map(<[u8]>::len).sum::<usize>(), payload.held());
        assert!(payload.pieces().all(|piece| piece.len() <= COPIES_BYTES));
        assert_eq!(payload.take().map(|whole| whole.len()), Some(whole.len() + 40 * small.len()));
    }

    #[test]
    fn all_of_a_body_is_found_again() {
        let small = Bytes::from_static(b"abcdef");
        let mut payload = Payload::new(1 << 20, Excess::Cut);
        payload.push(&small.slice(..2));
        payload.push(&small.slice(2..));
        assert!(payload.is_all_of(&small) && payload.is_all_of(&Bytes::from_static(b"abcdef")));
        for other in ["abcde", "abcdefg", "abcdeg", ""] {
            assert!(!payload.is_all_of(&Bytes::from_static(other.as_bytes())), "{other}");
        }
        // Long ones are not compared: only the same place in memory is the same.
        let long = Bytes::from(vec![1; COMPARED_BYTES + 1]);
        let mut payload = Payload::new(1 << 20, Excess::Cut);
        payload.push(&long);
        assert!(payload.is_all_of(&long) && !payload.is_all_of(&Bytes::from(long.to_vec())));
        let mut cut = Payload::new(2, Excess::Cut);
        cut.push(&small);
        assert!(!cut.is_all_of(&small.slice(..2)), "more passed by");
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
