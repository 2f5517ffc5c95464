//! A stream that is judged on its way: events are held back until their text was, and a refusal ends the stream.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};

use super::held::{Held, Window};
use super::service::Failure;
use crate::body::{BodyError, Stream};
use crate::ports::{Clock, PortFuture};

/// Who judges the windows of a stream.
pub(super) trait Warden: Send + Sync {
    /// Whether a text may pass.
    fn passes(self: Arc<Self>, text: String) -> PortFuture<'static, bool>;

    /// Whether a stream may pass of which it cannot be told what text is in it.
    fn passes_unread(&self, failure: Failure) -> bool;
}

/// The stream.
///
/// One window is judged at a time. Meanwhile events are read until there is a second one. Text that does not fill a window
/// is judged at the end of the stream, or when nothing more came for a while.
pub(super) struct Guarded {
    warden: Arc<dyn Warden>,
    clock: Arc<dyn Clock>,
    /// How long text waits at most for its window to fill up.
    longest_hold: Duration,
    /// None once it ended, or was given up.
    upstream: Option<Stream>,
    held: Held,
    /// Goes to the client next.
    ready: VecDeque<Frame<Bytes>>,
    judging: Option<(Window, PortFuture<'static, bool>)>,
    hold: Option<PortFuture<'static, ()>>,
    /// What comes behind everything that is held back: trailers, or how the stream broke off.
    ending: Option<Result<Frame<Bytes>, BodyError>>,
    /// Nothing is judged any more.
    passes_all: bool,
}

/// What a step of the work came to.
enum Step {
    /// Something changed: look again.
    Again,
    /// The other side has to do something.
    Wait,
    /// The stream is over.
    End,
}

impl Guarded {
    pub(super) fn new(
        upstream: Stream,
        held: Held,
        warden: Arc<dyn Warden>,
        clock: Arc<dyn Clock>,
        longest_hold: Duration,
    ) -> Self {
        Self {
            warden,
            clock,
            longest_hold,
            upstream: Some(upstream),
            held,
            ready: VecDeque::new(),
            judging: None,
            hold: None,
            ending: None,
            passes_all: false,
        }
    }

    fn step(&mut self, context: &mut Context<'_>) -> Step {
        if let Some((window, judging)) = &mut self.judging {
            if let Poll::Ready(passes) = judging.as_mut().poll(context) {
                if passes {
                    let released = self.held.passed(window);
                    self.judging = None;
                    self.release(released);
                } else {
                    self.cut_off();
                }
                return Step::Again;
            }
        } else if let Some(window) = self.held.window() {
            let judging = Arc::clone(&self.warden).passes(window.text.clone());
            self.judging = Some((window, judging));
            self.hold = None;
            return Step::Again;
        }
        if self.upstream.is_none() {
            return if self.judging.is_none() { Step::End } else { Step::Wait };
        }
        if self.held.has_room() && self.read(context) {
            return Step::Again;
        }
        self.wait_for_text(context)
    }

    /// Reads a frame. False when there is none yet.
    fn read(&mut self, context: &mut Context<'_>) -> bool {
        let Some(upstream) = &mut self.upstream else { return false };
        let Poll::Ready(frame) = Pin::new(upstream).poll_frame(context) else { return false };
        let read = match frame.map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(data))) if self.passes_all => {
                self.ready.push_back(Frame::data(data));
                Ok(())
            }
            Some(Ok(Ok(data))) => self.held.push(data),
            Some(Ok(Err(trailers))) => {
                self.ending = Some(Ok(trailers));
                Ok(())
            }
            Some(Err(error)) => {
                self.upstream = None;
                self.ending = Some(Err(error));
                // The event that was on its way is not for the client: it has no end.
                self.held.call_in();
                Ok(())
            }
            None => {
                self.upstream = None;
                if self.passes_all { Ok(()) } else { self.held.finish() }
            }
        };
        match read {
            Ok(()) => {
                let released = self.held.released();
                self.release(released);
            }
            Err(failure) => {
                if self.warden.passes_unread(failure) {
                    self.passes_all = true;
                    self.judging = None;
                    let all = self.held.give_up();
                    self.release(all);
                } else {
                    self.cut_off();
                }
            }
        }
        true
    }

    /// Nothing can be done now. Text whose window does not fill up is called in after a while.
    fn wait_for_text(&mut self, context: &mut Context<'_>) -> Step {
        if self.judging.is_some() || !self.held.has_unjudged() {
            return Step::Wait;
        }
        let hold = self.hold.get_or_insert_with(|| self.clock.sleep(self.longest_hold));
        if hold.as_mut().poll(context).is_pending() {
            return Step::Wait;
        }
        self.hold = None;
        self.held.call_in();
        Step::Again
    }

    fn release(&mut self, pieces: Vec<Bytes>) {
        self.ready.extend(pieces.into_iter().map(Frame::data));
    }

    /// Nothing more is read, and of what is held back nothing goes to the client.
    fn cut_off(&mut self) {
        self.upstream = None;
        self.judging = None;
        self.ending = None;
        self.held.give_up();
    }
}

impl HttpBody for Guarded {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        loop {
            if let Some(frame) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(frame)));
            }
            match this.step(context) {
                Step::Again => {}
                Step::Wait => return Poll::Pending,
                Step::End => return Poll::Ready(this.ending.take()),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.upstream.is_none()
            && self.judging.is_none()
            && self.ready.is_empty()
            && self.ending.is_none()
            && !self.held.has_unjudged()
    }
}
