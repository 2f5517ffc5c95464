//! One batch, sent until it is taken or its time is over.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderValue, header};
use parking_lot::Mutex;
use sekisho_policy::body::Body;
use sekisho_policy::ports::HttpOptions;
use sekisho_policy::ports::clock::within;
use tokio::sync::watch;

use super::health::Health;
use super::{Answer, Destination, ExportCounts, ExportMeans, Loss, SendSettings, Verdict};

/// What is read of an answer.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// Smaller bodies are sent as they are.
const MIN_COMPRESSED_BYTES: usize = 512;

/// Sends batches to one destination, one after the other.
pub struct Sender<D: Destination> {
    destination: Arc<D>,
    settings: SendSettings,
    means: ExportMeans,
    counts: ExportCounts,
    health: Health,
    /// The destination wants to be left alone until then.
    not_before: Mutex<Duration>,
    /// True once the process ends: pauses that are the sender's own are cut short.
    ending: watch::Receiver<bool>,
}

/// A batch that is ready to be sent.
struct Encoded<T> {
    items: Vec<T>,
    body: Bytes,
    is_compressed: bool,
}

impl<D: Destination> Sender<D> {
    /// A sender; `ending` turns true when the process ends.
    pub fn new(
        destination: Arc<D>,
        settings: SendSettings,
        means: ExportMeans,
        counts: ExportCounts,
        ending: watch::Receiver<bool>,
    ) -> Self {
        let (health, not_before) = (Health::default(), Mutex::default());
        Self { destination, settings, means, counts, health, not_before, ending }
    }

    /// Sends a batch. Whatever becomes of it is counted; `retry_for` bounds how long that takes, plus one attempt.
    pub async fn send(&self, batch: Vec<D::Item>) {
        let end = self.means.clock.monotonic() + self.settings.retry_for;
        let Some(mut encoded) = self.encode(batch).await else { return };
        let mut pause = self.settings.first_pause;
        loop {
            if !self.wait_for_permission(end).await {
                return self.counts.dropped(encoded.items.len(), Loss::Expired);
            }
            let (verdict, retry_after) = self.attempt(&encoded).await;
            let rest = match verdict {
                Verdict::Taken => return self.taken(encoded.items.len()),
                Verdict::Refused(reason) => {
                    self.failed(&reason);
                    return self.counts.dropped(encoded.items.len(), Loss::Refused);
                }
                Verdict::Partly { again, refused } => {
                    self.taken(encoded.items.len().saturating_sub(again.len() + refused));
                    self.counts.dropped(refused, Loss::Refused);
                    Some(again)
                }
                Verdict::Again(reason) => {
                    self.failed(&reason);
                    None
                }
            };
            if let Some(again) = rest {
                let items = pick(encoded.items, &again);
                if items.is_empty() {
                    return;
                }
                let Some(rest) = self.encode(items).await else { return };
                encoded = rest;
            }
            if !self.pause(pause, retry_after, end).await {
                return self.counts.dropped(encoded.items.len(), Loss::Expired);
            }
            pause = (pause * 2).min(self.settings.longest_pause);
        }
    }

    /// Encodes and compresses where that holds up no call.
    async fn encode(&self, items: Vec<D::Item>) -> Option<Encoded<D::Item>> {
        let (destination, count) = (Arc::clone(&self.destination), items.len());
        let work = tokio::task::spawn_blocking(move || {
            let plain = destination.encode(&items);
            match compressed(&plain) {
                Some(body) => Encoded { items, body: body.into(), is_compressed: true },
                None => Encoded { items, body: plain.into(), is_compressed: false },
            }
        });
        let encoded = work.await.ok();
        if encoded.is_none() {
            self.counts.dropped(count, Loss::Failed);
        }
        encoded
    }

    async fn attempt(&self, batch: &Encoded<D::Item>) -> (Verdict, Option<Duration>) {
        let seconds = self.settings.timeout.as_secs_f64();
        match within(&*self.means.clock, self.settings.timeout, self.exchange(batch)).await {
            Some(Ok(answer)) => (self.destination.judge(&answer), answer.retry_after()),
            Some(Err(reason)) => (Verdict::Again(reason), None),
            None => (Verdict::Again(format!("it did not answer within {seconds} s")), None),
        }
    }

    async fn exchange(&self, batch: &Encoded<D::Item>) -> Result<Answer, String> {
        let mut builder = self.destination.request().await?;
        if batch.is_compressed {
            builder = builder.header(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        let request = builder.body(Body::Full(batch.body.clone())).map_err(|error| error.to_string())?;
        let options = HttpOptions::timeout(self.settings.timeout);
        let response = self.means.http.send(request, options).await.map_err(|error| error.message)?;
        let (parts, mut body) = response.into_parts();
        // A body that cannot be read says nothing, and the status has said what matters.
        let body = match body.buffer(MAX_ANSWER_BYTES).await {
            Ok(()) => body.read(false).unwrap_or_default(),
            Err(_) => Bytes::new(),
        };
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    /// Waits until the destination wants to be asked again; false when the time of the batch is over first.
    async fn wait_for_permission(&self, end: Duration) -> bool {
        let (now, not_before) = (self.means.clock.monotonic(), *self.not_before.lock());
        if not_before > end {
            return false;
        }
        if not_before > now {
            self.means.clock.sleep(not_before - now).await;
        }
        true
    }

    /// Waits before the next attempt; false when the time of the batch is over first.
    async fn pause(&self, usual: Duration, wanted: Option<Duration>, end: Duration) -> bool {
        let now = self.means.clock.monotonic();
        if let Some(wanted) = wanted {
            *self.not_before.lock() = now + wanted.min(self.settings.retry_for);
        }
        let share = (self.means.entropy.next() >> 11) as f64 / (1_u64 << 53) as f64;
        let pause = usual.mul_f64(1.0 - share / 2.0);
        if now + pause.max(wanted.unwrap_or_default()) > end {
            return false;
        }
        let mut ending = self.ending.clone();
        if *ending.borrow() {
            self.means.clock.sleep(pause.min(self.settings.first_pause)).await;
            return true;
        }
        tokio::select! {
            () = self.means.clock.sleep(pause) => {}
            Ok(_) = ending.changed() => {}
        }
        true
    }

    fn taken(&self, items: usize) {
        self.counts.sent(items);
        if let Some(after) = self.health.worked(self.means.clock.monotonic()) {
            self.means.log.recovered(self.counts.exporter, self.counts.signal, after);
        }
    }

    fn failed(&self, reason: &str) {
        self.counts.failed();
        if self.health.failed(self.means.clock.monotonic()) {
            self.means.log.failing(self.counts.exporter, self.counts.signal, reason);
        }
    }
}

fn compressed(plain: &[u8]) -> Option<Vec<u8>> {
    if plain.len() < MIN_COMPRESSED_BYTES {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

/// The items at these places.
fn pick<T>(items: Vec<T>, places: &[usize]) -> Vec<T> {
    let picked = items.into_iter().enumerate().filter(|(place, _)| places.binary_search(place).is_ok());
    picked.map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests;
