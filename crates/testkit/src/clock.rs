//! The machine's clock, for tests with real servers.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::{Clock, PortFuture};

/// The machine's clock.
pub struct RealClock(Instant);

impl Default for RealClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for RealClock {
    fn utc_ticks(&self) -> i64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UNIX_EPOCH_TICKS + i64::try_from(since_epoch.as_nanos() / 100).unwrap_or(0)
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> PortFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
