//! A body of which nothing arrives for too long ends with an error.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use sekisho_policy::body::BodyError;
use tokio::time::{Instant, Sleep};

/// Watches for pauses. The timer is made with the first pause and only moved when it fires, so that a piece of a body
/// costs no more than a look at the clock.
pub(crate) struct IdleTimer {
    limit: Duration,
    last: Instant,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl IdleTimer {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, last: Instant::now(), sleep: None }
    }

    /// Something arrived.
    pub(crate) fn touch(&mut self) {
        if self.sleep.is_some() {
            self.last = Instant::now();
        }
    }

    /// Ready when nothing arrived for the whole time; else the task is woken when that may be so.
    pub(crate) fn poll_expired(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        if self.sleep.is_none() {
            self.last = Instant::now();
        }
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        loop {
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let deadline = self.last + limit;
            if deadline <= Instant::now() {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

/// A body from the wire that may not pause for too long.
pub(crate) struct TimedBody {
    incoming: Incoming,
    timer: IdleTimer,
}

impl TimedBody {
    pub(crate) fn new(incoming: Incoming, limit: Duration) -> Self {
        Self { incoming, timer: IdleTimer::new(limit) }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.incoming).poll_frame(context) {
            Poll::Ready(frame) => {
                this.timer.touch();
                Poll::Ready(frame.map(|frame| frame.map_err(|error| BodyError::Aborted(error.to_string()))))
            }
            Poll::Pending => this.timer.poll_expired(context).map(|()| Some(Err(BodyError::Idle))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
