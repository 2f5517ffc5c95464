//! The hubs of a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ClientConfig;
use sekisho_policy::ports::events::{EventHubs, HubEvent};
use sekisho_policy::ports::{Clock, Entropy, Event, Recorder, Tokens};

use crate::hub::Hub;
use crate::settings::HubSettings;

/// How long events of a logger that is gone may take to reach their hub.
const LAST_EVENTS: Duration = Duration::from_secs(30);

/// What senders need from outside.
#[derive(Clone)]
pub struct HubPorts {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Tokens of managed identities.
    pub tokens: Arc<dyn Tokens>,
    /// Where is told what became of events.
    pub recorder: Arc<dyn Recorder>,
    /// Whom connections trust.
    pub tls: Arc<ClientConfig>,
}

/// All loggers that are event hubs, each with its queue and its sender.
pub struct Hubs {
    loggers: ArcSwap<BTreeMap<String, Arc<Hub>>>,
    ports: HubPorts,
}

impl Hubs {
    /// No hubs yet.
    pub fn new(ports: HubPorts) -> Hubs {
        Hubs { loggers: ArcSwap::default(), ports }
    }

    /// Takes these loggers in place of the present ones. Those whose settings are the same go on; those that are gone
    /// or changed send what they have in the background. Needs the runtime.
    pub fn replace(&self, loggers: BTreeMap<String, HubSettings>) {
        let present = self.loggers.load_full();
        let next: BTreeMap<String, Arc<Hub>> = loggers
            .into_iter()
            .map(|(name, settings)| {
                let hub = match present.get(&name) {
                    Some(hub) if hub.has(&settings) => Arc::clone(hub),
                    _ => Hub::start(&name, settings, &self.ports),
                };
                (name, hub)
            })
            .collect();
        let stays = |name: &String, hub: &Arc<Hub>| next.get(name).is_some_and(|next| Arc::ptr_eq(next, hub));
        let gone: Vec<_> =
            present.iter().filter(|(name, hub)| !stays(name, hub)).map(|(_, hub)| hub).cloned().collect();
        self.loggers.store(Arc::new(next));
        for hub in gone {
            tokio::spawn(async move { hub.finish(LAST_EVENTS).await });
        }
    }

    /// Takes nothing more, and sends what waits for so long at most. What is left then is dropped and counted.
    pub async fn finish(&self, patience: Duration) {
        let loggers = self.loggers.load_full();
        let ends: Vec<_> = loggers
            .values()
            .cloned()
            .map(|hub| tokio::spawn(async move { hub.finish(patience).await }))
            .collect();
        for end in ends {
            // A sender that panicked has ended too.
            let _ = end.await;
        }
    }
}

impl EventHubs for Hubs {
    fn send(&self, logger: &str, event: HubEvent) {
        match self.loggers.load().get(logger) {
            Some(hub) => hub.push(event),
            None => self.ports.recorder.event(Event::HubEventsDropped {
                logger: Arc::from(logger),
                reason: "UnknownLogger",
                count: 1,
            }),
        }
    }
}
