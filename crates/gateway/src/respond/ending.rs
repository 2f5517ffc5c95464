//! The end of a large response: held back until the record of its call is written, within a bound. What a client has seen to
//! its end is then in the logs, whatever happens to this process. Small calls do not wait: their records take microseconds.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use sekisho_policy::ports::{Event, Hold, Recorder};
use tokio::sync::oneshot;
use tokio::time::Sleep;

/// The longest that an end is held back.
const PATIENCE: Duration = Duration::from_millis(250);

/// An end that is held back.
pub(super) struct Ending {
    /// The last piece, where it is known to be the last before it was sent.
    last: Option<Frame<Bytes>>,
    /// Nothing is ever sent: the sender is dropped when no one holds.
    held: Option<oneshot::Receiver<Infallible>>,
    patience: Option<Pin<Box<Sleep>>>,
    /// Is told when the record takes longer than that.
    recorder: Arc<dyn Recorder>,
}

impl Ending {
    /// Holds back this piece and the end behind it.
    pub(super) fn new(last: Option<Frame<Bytes>>, recorder: Arc<dyn Recorder>) -> (Self, Hold) {
        let (hold, held) = oneshot::channel::<Infallible>();
        (Self { last, held: Some(held), patience: None, recorder }, Hold::with(hold))
    }

    /// Waits until no one holds any more, and gives the last piece; then the end.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        if let Some(held) = &mut self.held
            && Pin::new(held).poll(context).is_pending()
        {
            let patience = self.patience.get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
            if patience.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.recorder.event(Event::RecordLate);
        }
        self.held = None;
        Poll::Ready(self.last.take())
    }

    /// What is left to give, in bytes.
    pub(super) fn left(&self) -> u64 {
        let piece = self.last.as_ref().and_then(Frame::data_ref);
        piece.map_or(0, |piece| piece.len() as u64)
    }

    /// True when nothing is left to give.
    pub(super) fn is_over(&self) -> bool {
        self.held.is_none() && self.last.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use sekisho_testkit::ports::FakeRecorder;
    use tokio::time::Instant;

    use super::*;

    /// An end that is held back, and who is told of it.
    fn ending(last: Option<Frame<Bytes>>) -> (Ending, Hold, Arc<FakeRecorder>) {
        let recorder = Arc::new(FakeRecorder::default());
        let (ending, hold) = Ending::new(last, Arc::clone(&recorder) as _);
        (ending, hold, recorder)
    }

    fn piece() -> Option<Frame<Bytes>> {
        Some(Frame::data(Bytes::from_static(b"last")))
    }

    async fn next(ending: &mut Ending) -> Option<Bytes> {
        let frame = poll_fn(|context| ending.poll(context)).await?;
        frame.into_data().ok()
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_that_no_one_holds_comes_at_once() {
        let (mut ending, hold, recorder) = ending(piece());
        drop(hold);
        let begun = Instant::now();
        assert_eq!(next(&mut ending).await.as_deref(), Some(&b"last"[..]));
        assert!(ending.is_over() && begun.elapsed().is_zero());
        assert_eq!(next(&mut ending).await, None);
        assert!(recorder.events.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_waits_for_the_last_who_holds() {
        let (mut ending, hold, recorder) = ending(piece());
        let other = hold.clone();
        drop(hold);
        tokio::spawn(async move {
            tokio::time::sleep(PATIENCE / 2).await;
            drop(other);
        });
        let begun = Instant::now();
        assert_eq!((ending.is_over(), ending.left()), (false, 4));
        assert_eq!(next(&mut ending).await.as_deref(), Some(&b"last"[..]));
        assert_eq!(begun.elapsed(), PATIENCE / 2);
        assert!(recorder.events.lock().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn an_end_is_not_held_for_ever() {
        let (mut ending, hold, recorder) = ending(None);
        let begun = Instant::now();
        assert_eq!(next(&mut ending).await, None);
        assert_eq!((begun.elapsed(), ending.is_over()), (PATIENCE, true));
        assert_eq!(*recorder.events.lock(), [Event::RecordLate]);
        drop(hold);
    }
}
