//! Reply bodies: whole, or events one by one with delays and a planned end.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use crate::connection::Connection;
use crate::stamp;
use crate::stats::OpenStream;

/// Events are paced for at most this long each: 1 hour.
const LONGEST_PACE: Duration = Duration::from_secs(3600);

/// A reply's body.
#[derive(Debug)]
pub(crate) enum Body {
    /// Sent at once.
    Whole(Option<Bytes>),
    /// Sent event by event.
    Script(Box<Script>),
    /// Sent as others hand it over, until they all have gone.
    Channel(mpsc::Receiver<Bytes>),
}

impl Body {
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Some(bytes.into()))
    }
}

/// The body ended on command.
#[derive(Debug, thiserror::Error)]
#[error("the simulated backend ended the body on command")]
pub(crate) struct EndedOnCommand;

/// How a script ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum End {
    /// After its last event.
    #[default]
    Whole,
    /// Closed after so many events.
    Cut(usize),
    /// Reset after so many events.
    Reset(usize),
}

/// Events sent one by one, each flushed by itself.
#[derive(Debug)]
pub(crate) struct Script {
    events: Arc<[Bytes]>,
    next: usize,
    pace: Duration,
    end: End,
    connection: Arc<Connection>,
    open: Option<OpenStream>,
    first_at: Option<Instant>,
    /// The timer of a paced stream, set anew for each event.
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
    /// How many of the events, the first ones, get the time when they go out.
    stamped: usize,
    /// Whether the writer had its turn to flush the event before.
    yielded: bool,
}

impl Script {
    pub(crate) fn new(events: Arc<[Bytes]>, connection: Arc<Connection>) -> Self {
        Self {
            events,
            next: 0,
            pace: Duration::ZERO,
            end: End::Whole,
            connection,
            open: None,
            first_at: None,
            timer: None,
            is_waiting: false,
            stamped: 0,
            yielded: false,
        }
    }

    pub(crate) fn pace(mut self, pace: Duration) -> Self {
        self.pace = pace.min(LONGEST_PACE);
        self
    }

    pub(crate) fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// The first so many events are beginnings as [`stamp::begin`] makes them.
    pub(crate) fn stamped(mut self, events: usize) -> Self {
        self.stamped = events;
        self
    }

    pub(crate) fn counted(mut self, open: OpenStream) -> Self {
        self.open = Some(open);
        self
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, EndedOnCommand>>> {
        let is_over = self.next >= self.events.len() && self.end == End::Whole;
        if is_over {
            return Poll::Ready(None);
        }
        if self.next > 0 {
            ready!(self.poll_turn(cx));
        }
        self.yielded = false;
        match self.end {
            End::Cut(after) if self.next >= after.min(self.events.len()) => {
                return Poll::Ready(Some(Err(EndedOnCommand)));
            }
            End::Reset(after) if self.next >= after.min(self.events.len()) => {
                self.connection.reset_at_end();
                return Poll::Ready(Some(Err(EndedOnCommand)));
            }
            _ => {}
        }
        let event = self.events.get(self.next).cloned().unwrap_or_default();
        let event = if self.next < self.stamped { stamp::finish(&event) } else { event };
        self.next += 1;
        self.first_at.get_or_insert_with(Instant::now);
        self.open.iter_mut().for_each(OpenStream::send);
        Poll::Ready(Some(Ok(Frame::data(event))))
    }

    /// Waits for the event's time; without a pace, gives the writer one turn, which flushes the event before.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.pace.is_zero() {
            if self.yielded {
                return Poll::Ready(());
            }
            self.yielded = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let since_first = self.pace.saturating_mul(u32::try_from(self.next).unwrap_or(u32::MAX));
        let first_at = self.first_at.unwrap_or_else(Instant::now);
        let due = first_at.checked_add(since_first).unwrap_or(first_at);
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if !self.is_waiting {
            timer.as_mut().reset(due);
            self.is_waiting = true;
        }
        ready!(timer.as_mut().poll(cx));
        self.is_waiting = false;
        Poll::Ready(())
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = EndedOnCommand;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EndedOnCommand>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Script(script) => script.poll_event(cx),
            Self::Channel(receiver) => {
                receiver.poll_recv(cx).map(|event| event.map(|event| Ok(Frame::data(event))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Script(script) => script.next >= script.events.len() && script.end == End::Whole,
            Self::Channel(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Script(_) | Self::Channel(_) => SizeHint::default(),
        }
    }
}
