//! Time and randomness.

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
