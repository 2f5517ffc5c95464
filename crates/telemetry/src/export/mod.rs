//! What all exporters share that push records somewhere: calls never wait for them, what they lose is counted.
//!
//! - [`queue`]: between calls and the task that sends; bounded by count and bytes
//! - [`sender`]: one batch, sent until it is taken or its time is over
//! - [`verdict`]: what an answer means for a batch
//! - [`counts`]: what was sent and what was lost
//! - [`health`]: one line when a destination begins to fail, one when it recovers
//! - [`exporter`]: a queue, a sender and the task between them
//!
//! An exporter implements [`Destination`] and starts with [`Exporter::start`].

pub mod counts;
pub mod exporter;
pub mod health;
pub mod queue;
pub mod sender;
pub mod verdict;

#[cfg(test)]
pub(crate) mod testing;

use std::sync::Arc;
use std::time::Duration;

use http::request::Builder;
use sekisho_policy::ports::{Clock, Entropy, Http, PortFuture};

pub use counts::{ExportCounts, Loss};
pub use exporter::{ExportTask, Exporter};
pub use health::ExportLog;
pub use queue::{BatchLimits, QueueLimits};
pub use verdict::{Answer, Verdict};

/// Where batches go.
pub trait Destination: Send + Sync + 'static {
    /// What is queued.
    type Item: Send + Sync + 'static;

    /// The body of a batch, before compression. Runs on a thread where it may take its time, once for each batch and
    /// once more for what is left of one.
    fn encode(&self, batch: &[Self::Item]) -> Vec<u8>;

    /// Method, URL and headers of an attempt, credentials included; `Content-Encoding` is the sender's business. Asked
    /// again for each attempt, so that a token that expired is replaced.
    ///
    /// # Errors
    /// One lower-case sentence without secrets; the attempt counts as failed and is made again.
    fn request(&self) -> PortFuture<'_, Result<Builder, String>>;

    /// What an answer means for a batch.
    fn judge(&self, answer: &Answer) -> Verdict {
        Verdict::by_status(answer)
    }
}

/// How batches are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendSettings {
    /// One attempt, with the body of its answer.
    pub timeout: Duration,
    /// The pause after the first failure; doubled after each further one, and shortened at random by up to a half.
    pub first_pause: Duration,
    /// The longest pause that is not the destination's own wish.
    pub longest_pause: Duration,
    /// How long one batch is tried; it is dropped then.
    pub retry_for: Duration,
}

impl Default for SendSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
            retry_for: Duration::from_secs(300),
        }
    }
}

/// What an exporter works with.
#[derive(Clone)]
pub struct ExportMeans {
    /// The gateway's own connections; not those of policies, for which other rules hold.
    pub http: Arc<dyn Http>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// For the length of pauses.
    pub entropy: Arc<dyn Entropy>,
    /// Where failures are told.
    pub log: Arc<dyn ExportLog>,
}
