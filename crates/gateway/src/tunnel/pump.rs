//! One direction of a relay. What was read is written at once; only what the other side does not take yet is kept, and
//! nothing more is read until it is gone. So a pause costs no memory, and a slow reader slows its sender down.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most that is read at once, in bytes; so the most that waits.
const PIECE: usize = 16 * 1024;

/// Pieces that pass before the other direction has its turn.
const TURN: usize = 16;

/// How a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The source hung up, and the target was told.
    Closed,
    /// The connection of the source broke.
    SourceLost,
    /// The target took no more; what the source still sent was thrown away.
    TargetLost,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Pump {
    /// What the target did not take yet.
    waiting: Vec<u8>,
    /// How much of that it took since.
    taken: usize,
    needs_flush: bool,
    target_is_lost: bool,
    /// The source has ended like this, and the target is to be told.
    ending: Option<Ended>,
    ended: Option<Ended>,
}

impl Pump {
    /// False once one of its sides does not take part any more.
    pub(super) fn is_open(&self) -> bool {
        !self.target_is_lost && self.ending.is_none()
    }

    /// How it ended.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Passes on what is there. `watch` sees each piece after it was passed on.
    pub(super) fn poll<S, T>(
        &mut self,
        context: &mut Context<'_>,
        source: &mut S,
        target: &mut T,
        mut watch: impl FnMut(&[u8]),
    ) -> Poll<Ended>
    where
        S: AsyncRead + Unpin,
        T: AsyncWrite + Unpin,
    {
        for _ in 0..TURN {
            if let Some(ended) = self.ended {
                return Poll::Ready(ended);
            }
            if let Some(ending) = self.ending {
                // A target that cannot be told has ended as well.
                let _ = ready!(Pin::new(&mut *target).poll_shutdown(context));
                self.ended = Some(ending);
                continue;
            }
            ready!(self.write_waiting(context, target));
            let mut space = [const { MaybeUninit::<u8>::uninit() }; PIECE];
            let mut piece = ReadBuf::uninit(&mut space);
            match Pin::new(&mut *source).poll_read(context, &mut piece) {
                Poll::Pending => {
                    self.flush(context, target);
                    return Poll::Pending;
                }
                Poll::Ready(Err(_)) => self.ending = Some(Ended::SourceLost),
                Poll::Ready(Ok(())) if piece.filled().is_empty() => {
                    let is_lost = self.target_is_lost;
                    self.ending = Some(if is_lost { Ended::TargetLost } else { Ended::Closed });
                }
                Poll::Ready(Ok(())) => {
                    self.pass(context, target, piece.filled());
                    watch(piece.filled());
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what the target takes of a piece, and keeps the rest.
    fn pass<T: AsyncWrite + Unpin>(&mut self, context: &mut Context<'_>, target: &mut T, piece: &[u8]) {
        let mut rest = piece;
        while !rest.is_empty() && !self.target_is_lost {
            match Pin::new(&mut *target).poll_write(context, rest) {
                Poll::Ready(written) => {
                    let count = self.written(written);
                    rest = rest.get(count..).unwrap_or_default();
                }
                Poll::Pending => {
                    self.waiting.extend_from_slice(rest);
                    return;
                }
            }
        }
    }

    /// Ready when nothing waits any more.
    fn write_waiting<T: AsyncWrite + Unpin>(
        &mut self,
        context: &mut Context<'_>,
        target: &mut T,
    ) -> Poll<()> {
        while !self.target_is_lost
            && let Some(rest) = self.waiting.get(self.taken..).filter(|rest| !rest.is_empty())
        {
            let written = ready!(Pin::new(&mut *target).poll_write(context, rest));
            self.taken += self.written(written);
        }
        if self.taken > 0 || self.target_is_lost {
            self.waiting = Vec::new();
            self.taken = 0;
        }
        Poll::Ready(())
    }

    fn written(&mut self, outcome: io::Result<usize>) -> usize {
        match outcome {
            Ok(count) if count > 0 => {
                self.needs_flush = true;
                count
            }
            _ => {
                self.target_is_lost = true;
                0
            }
        }
    }

    fn flush<T: AsyncWrite + Unpin>(&mut self, context: &mut Context<'_>, target: &mut T) {
        if self.needs_flush
            && let Poll::Ready(outcome) = Pin::new(target).poll_flush(context)
        {
            self.needs_flush = false;
            self.target_is_lost |= outcome.is_err();
        }
    }
}
