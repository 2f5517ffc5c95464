//! Time and randomness.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::PortFuture;

/// Ticks of 100 ns between 0001-01-01T00:00:00Z and the Unix epoch.
pub const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;

/// Wall time, monotonic time, and waiting.
pub trait Clock: Send + Sync {
    /// Wall time in 100 ns ticks since 0001-01-01T00:00:00Z, as .NET counts.
    fn utc_ticks(&self) -> i64;
    /// Time since some fixed start; never goes back.
    fn monotonic(&self) -> Duration;
    /// Waits.
    fn sleep(&self, duration: Duration) -> PortFuture<'static, ()>;
}

/// Does some work, or gives up after a while: none then. Work that is done at once starts no timer.
pub async fn within<W: Future>(clock: &dyn Clock, limit: Duration, work: W) -> Option<W::Output> {
    let mut work = pin!(work);
    let mut timer = None;
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        let timer = timer.get_or_insert_with(|| clock.sleep(limit));
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}

/// Randomness.
pub trait Entropy: Send + Sync {
    /// 64 fresh random bits. Good enough for spreading load and for request ids, not for keys.
    fn next(&self) -> u64;

    /// A version 4 UUID.
    fn uuid(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&self.next().to_be_bytes());
        low.copy_from_slice(&self.next().to_be_bytes());
        bytes[6] = (bytes[6] & 0x0F) | 0x40;
        bytes[8] = (bytes[8] & 0x3F) | 0x80;
        bytes
    }
}
