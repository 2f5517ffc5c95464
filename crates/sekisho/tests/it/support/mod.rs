//! Starts the binary, calls it, and plays the backend.

pub(crate) mod backend;
pub(crate) mod client;
pub(crate) mod collector;
pub(crate) mod gateway;
pub(crate) mod service;
pub(crate) mod world;

use std::time::{Duration, Instant};

/// Where nothing listens. The port is below those that systems give out, so that no test beside this one listens there.
pub(crate) const NOBODY: &str = "127.0.0.1:9";

/// Asks again until the answer is yes; fails after `limit`.
pub(crate) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> F,
) {
    let start = Instant::now();
    while !ask().await {
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
