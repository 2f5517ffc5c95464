//! Both directions of a WebSocket with their deadlines.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use sekisho_resources::process::WebSocketLimits;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;

use super::pump::{Ended, Pump};
use crate::upstream::idle::IdleTimer;

/// How long one side may take to hang up after the other did. It may still send its last messages meanwhile.
const CLOSING_TIME: Duration = Duration::from_secs(30);

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the client.
    ToBackend,
    /// From the backend.
    ToClient,
}

/// Why a relay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// One side hung up, and the other after it.
    Closed,
    /// The connection of the client broke.
    ClientLost,
    /// The connection to the backend broke.
    BackendLost,
    /// Nothing came from either side for too long.
    Idle,
    /// It was open for as long as it may be.
    TooLong,
}

/// Passes bytes both ways until the end. `watch` sees each piece after it was passed on.
pub(super) async fn relay<C, B>(
    client: C,
    backend: B,
    limits: WebSocketLimits,
    watch: impl FnMut(Direction, &[u8]),
) -> End
where
    C: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
{
    let mut relay = Relay {
        client,
        backend,
        up: Pump::default(),
        down: Pump::default(),
        watch,
        idle: limits.idle_timeout.map(IdleTimer::new),
        closing: None,
    };
    let mut relaying = pin!(poll_fn(|context| relay.poll(context)));
    match limits.maximum_duration {
        None => relaying.await,
        Some(limit) => tokio::time::timeout(limit, relaying.as_mut()).await.unwrap_or(End::TooLong),
    }
}

struct Relay<C, B, W> {
    client: C,
    backend: B,
    /// From the client to the backend.
    up: Pump,
    /// From the backend to the client.
    down: Pump,
    watch: W,
    idle: Option<IdleTimer>,
    /// Runs from when one side does not take part any more.
    closing: Option<Pin<Box<Sleep>>>,
}

impl<C, B, W> Relay<C, B, W>
where
    C: AsyncRead + AsyncWrite + Unpin,
    B: AsyncRead + AsyncWrite + Unpin,
    W: FnMut(Direction, &[u8]),
{
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<End> {
        let mut has_moved = false;
        let mut pass = |direction, piece: &[u8]| {
            has_moved = true;
            (self.watch)(direction, piece);
        };
        // How each of them ended is asked for below.
        let _ = self.up.poll(context, &mut self.client, &mut self.backend, |piece| {
            pass(Direction::ToBackend, piece);
        });
        let _ = self.down.poll(context, &mut self.backend, &mut self.client, |piece| {
            pass(Direction::ToClient, piece);
        });
        if let Some(end) = self.end() {
            return Poll::Ready(end);
        }
        if has_moved && let Some(idle) = &mut self.idle {
            idle.touch();
        }
        if self.closing.is_none() && !(self.up.is_open() && self.down.is_open()) {
            self.closing = Some(Box::pin(tokio::time::sleep(CLOSING_TIME)));
        }
        if let Some(closing) = &mut self.closing {
            return closing.as_mut().poll(context).map(|()| End::Closed);
        }
        match &mut self.idle {
            Some(idle) => idle.poll_expired(context).map(|()| End::Idle),
            None => Poll::Pending,
        }
    }

    /// The end of both directions. A connection that broke ends both at once; a backend that reads no more has its say
    /// until it hangs up, because it may be closing.
    fn end(&self) -> Option<End> {
        match (self.up.ended(), self.down.ended()) {
            (Some(Ended::SourceLost), _) => Some(End::ClientLost),
            (_, Some(Ended::SourceLost)) => Some(End::BackendLost),
            (Some(_), Some(Ended::TargetLost)) => Some(End::ClientLost),
            (Some(_), Some(_)) => Some(End::Closed),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "relay_tests.rs"]
mod tests;
