//! Pieces of a body that are held until it is known whether they have to be looked at.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};

/// The most of one body, in bytes.
const MAX_KEPT: usize = 8 * 1024 * 1024;
/// The most of all bodies of the process, in bytes.
const MAX_KEPT_BY_ALL: usize = 256 * 1024 * 1024;

static KEPT_BY_ALL: AtomicUsize = AtomicUsize::new(0);

/// Pieces of a body, as long as there are not too many of them.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pieces: Vec<Bytes>,
    /// What the pieces hold, in bytes.
    held: usize,
    is_too_large: bool,
}

impl Kept {
    /// Holds a piece. Past the bounds nothing is held, not even what was.
    pub(super) fn push(&mut self, piece: &Bytes) {
        if self.is_too_large || piece.is_empty() {
            return;
        }
        let by_all = KEPT_BY_ALL.fetch_add(piece.len(), Ordering::Relaxed) + piece.len();
        self.held += piece.len();
        self.pieces.push(piece.clone());
        if self.held > MAX_KEPT || by_all > MAX_KEPT_BY_ALL {
            self.is_too_large = true;
            self.release();
        }
    }

    /// What is held, in bytes.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// What is held, as one; none when the body was too large. A single piece is not copied.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        if self.is_too_large {
            return None;
        }
        let whole = match &*self.pieces {
            [piece] => piece.clone(),
            pieces => {
                let mut whole = BytesMut::with_capacity(self.held);
                pieces.iter().for_each(|piece| whole.extend_from_slice(piece));
                whole.freeze()
            }
        };
        self.release();
        Some(whole)
    }

    fn release(&mut self) {
        KEPT_BY_ALL.fetch_sub(self.held, Ordering::Relaxed);
        self.held = 0;
        self.pieces = Vec::new();
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_and_too_large_bodies_let_go() {
        let mut kept = Kept::default();
        kept.push(&Bytes::from_static(b"ab"));
        kept.push(&Bytes::from_static(b"c"));
        assert_eq!(kept.take().as_deref(), Some(&b"abc"[..]));

        let mut kept = Kept::default();
        let megabyte = Bytes::from(vec![b'x'; 1024 * 1024]);
        for _ in 0..9 {
            kept.push(&megabyte);
        }
        assert_eq!((kept.take(), kept.held()), (None, 0));
    }
}
