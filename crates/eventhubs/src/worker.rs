//! Takes events from a queue and sends them until the hub has them.

use std::sync::Arc;
use std::time::Duration;

use sekisho_policy::ports::clock::within;
use sekisho_policy::ports::events::HubEvent;
use sekisho_policy::ports::{Clock, Entropy, Event, Recorder};

use crate::backoff::Backoff;
use crate::queue::{Queue, size};
use crate::transport::{Lost, Transport, Verdict};

/// How long a batch is waited for to fill up.
pub(crate) const LINGER: Duration = Duration::from_millis(100);
/// How long one attempt to send may take, with everything that a connection needs.
const SEND_LIMIT: Duration = Duration::from_secs(30);
/// How long a goodbye may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// The sender of one logger.
pub(crate) struct Worker {
    pub(crate) logger: Arc<str>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) linger: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) recorder: Arc<dyn Recorder>,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) backoff: Backoff,
    /// Since when the hub is away.
    pub(crate) lost_since: Option<Duration>,
}

impl Worker {
    /// Sends until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        while let Some(mut events) = self.queue.take(&*self.clock, self.linger).await {
            loop {
                events = self.send(events).await;
                if events.is_empty() {
                    break;
                }
                let pause = self.backoff.next(&*self.entropy);
                self.clock.sleep(pause).await;
            }
        }
        within(&*self.clock, CLOSE_LIMIT, self.transport.close()).await;
    }

    /// Sends events once; gives back those that are to be sent again.
    async fn send(&mut self, events: Vec<HubEvent>) -> Vec<HubEvent> {
        let answer = within(&*self.clock, SEND_LIMIT, self.transport.send(&events)).await;
        let answer = answer.unwrap_or_else(|| {
            Err(Lost::new("the hub did not answer", format_args!("{} s passed", SEND_LIMIT.as_secs())))
        });
        match answer {
            Ok(verdicts) => self.settle(events, verdicts),
            Err(lost) => {
                self.transport.reset();
                self.lost(lost.to_string());
                events
            }
        }
    }

    fn settle(&mut self, events: Vec<HubEvent>, verdicts: Vec<Verdict>) -> Vec<HubEvent> {
        let (mut sent, mut refused, mut later) = (0, 0, None);
        let mut again = Vec::new();
        // What nothing was said of is sent again.
        let verdicts = verdicts.into_iter().map(Some).chain(std::iter::repeat(None));
        for (event, verdict) in events.into_iter().zip(verdicts) {
            match verdict {
                Some(Verdict::Accepted) => {
                    sent += 1;
                    self.queue.release(1, size(&event));
                }
                Some(Verdict::Refused(reason)) => {
                    if refused == 0 {
                        self.record(|logger| Event::HubEventRefused { logger, message: reason });
                    }
                    refused += 1;
                    self.queue.release(1, size(&event));
                }
                Some(Verdict::Later(reason)) => {
                    later = later.or(Some(reason));
                    again.push(event);
                }
                None => again.push(event),
            }
        }
        if sent > 0 {
            self.backoff.reset();
            self.record(|logger| Event::HubEventsSent { logger, count: sent });
        }
        if refused > 0 {
            self.record(|logger| Event::HubEventsDropped { logger, reason: "Refused", count: refused });
        }
        match later {
            Some(reason) if sent == 0 => self.lost(reason),
            _ => self.recovered(),
        }
        again
    }

    fn lost(&mut self, reason: String) {
        if self.lost_since.is_none() {
            self.lost_since = Some(self.clock.monotonic());
            self.record(|logger| Event::EventHubLost { logger, reason });
        }
    }

    fn recovered(&mut self) {
        if let Some(since) = self.lost_since.take() {
            let duration = self.clock.monotonic().saturating_sub(since);
            self.record(|logger| Event::EventHubRecovered { logger, duration });
        }
    }

    fn record(&self, event: impl FnOnce(Arc<str>) -> Event) {
        self.recorder.event(event(Arc::clone(&self.logger)));
    }
}
