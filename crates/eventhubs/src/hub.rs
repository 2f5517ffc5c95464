//! One logger: its queue and its sender.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sekisho_policy::ports::Event;
use sekisho_policy::ports::events::HubEvent;
use tokio::task::JoinHandle;

use crate::amqp::Amqp;
use crate::backoff::Backoff;
use crate::hubs::HubPorts;
use crate::kafka::Kafka;
use crate::queue::Queue;
use crate::settings::{Connection, HubSettings, Protocol};
use crate::transport::Transport;
use crate::worker::{LINGER, Worker};

/// The largest batch in bytes: hubs of the usual tiers take 1 MB.
pub(crate) const BATCH_BYTES: usize = 1_000_000;

/// A logger that takes events.
pub(crate) struct Hub {
    logger: Arc<str>,
    settings: HubSettings,
    queue: Arc<Queue>,
    /// The sender; none when it is not known where the hub is.
    sender: Mutex<Option<JoinHandle<()>>>,
    ports: HubPorts,
}

impl Hub {
    /// Starts the sender of a logger. Needs the runtime.
    pub(crate) fn start(logger: &str, settings: HubSettings, ports: &HubPorts) -> Arc<Hub> {
        let transport =
            settings.connection.as_ref().map(|connection| transport(connection, &settings, ports));
        Hub::with_transport(logger, settings, ports, transport)
    }

    /// The same over a way to the hub that is given.
    pub(crate) fn with_transport(
        logger: &str,
        settings: HubSettings,
        ports: &HubPorts,
        transport: Option<Box<dyn Transport>>,
    ) -> Arc<Hub> {
        let logger: Arc<str> = Arc::from(logger);
        let queue = Arc::new(Queue::new(settings.queue, BATCH_BYTES));
        let sender = transport.map(|transport| {
            let worker = Worker {
                logger: Arc::clone(&logger),
                queue: Arc::clone(&queue),
                linger: if settings.is_buffered { LINGER } else { Duration::ZERO },
                clock: Arc::clone(&ports.clock),
                entropy: Arc::clone(&ports.entropy),
                recorder: Arc::clone(&ports.recorder),
                transport,
                backoff: Backoff::default(),
                lost_since: None,
            };
            tokio::spawn(worker.run())
        });
        Arc::new(Hub { logger, settings, queue, sender: Mutex::new(sender), ports: ports.clone() })
    }

    /// True when these are the settings that it was started with.
    pub(crate) fn has(&self, settings: &HubSettings) -> bool {
        self.settings == *settings
    }

    /// Takes an event, or drops and counts it.
    pub(crate) fn push(&self, mut event: HubEvent) {
        if self.settings.connection.is_none() {
            return self.dropped("NotConfigured", 1);
        }
        event.truncate(self.settings.maximum_event_bytes);
        let was_cut = event.truncated > 0;
        if !self.queue.push(event) {
            return self.dropped("QueueFull", 1);
        }
        if was_cut {
            self.ports.recorder.event(Event::HubEventTruncated { logger: Arc::clone(&self.logger) });
        }
    }

    /// Takes nothing more, and sends what waits for so long at most. The rest is dropped and counted.
    pub(crate) async fn finish(&self, patience: Duration) {
        self.queue.close();
        let sender = self.sender.lock().take();
        if let Some(mut sender) = sender
            && tokio::time::timeout(patience, &mut sender).await.is_err()
        {
            sender.abort();
            // An aborted task has nothing to tell.
            let _ = sender.await;
        }
        let rest = self.queue.abandon();
        if rest > 0 {
            self.dropped("Shutdown", rest as u64);
        }
    }

    fn dropped(&self, reason: &'static str, count: u64) {
        let logger = Arc::clone(&self.logger);
        self.ports.recorder.event(Event::HubEventsDropped { logger, reason, count });
    }
}

fn transport(connection: &Connection, settings: &HubSettings, ports: &HubPorts) -> Box<dyn Transport> {
    match &connection.protocol {
        Protocol::Amqp => Box::new(Amqp::new(connection.clone(), settings.is_buffered, ports.clone())),
        Protocol::Kafka { bootstrap_servers, security } => {
            Box::new(Kafka::new(connection, bootstrap_servers, *security, ports.clone()))
        }
    }
}
