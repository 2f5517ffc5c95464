//! Loggers that are event hubs, each with its sender.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use parking_lot::Mutex;
use sekisho_eventhubs::settings::{
    Connection, Credentials, HubSettings, KafkaSecurity, Protocol, QueueBounds, Secret,
};
use sekisho_eventhubs::{HubPorts, Hubs, client_config};
use sekisho_policy::ports::{CallRecord, Clock, Event, Recorder, Tokens};
use sekisho_resources::model::{Configuration, EventHubConnection, EventHubCredentials, Logger, LoggerType};
use sekisho_resources::process::{self, EventHubProtocol, EventHubSettings, Process};
use sekisho_telemetry::Observer;

use crate::system::SystemEntropy;

/// How long events may take to reach their hubs when the process ends.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Hubs without any logger yet.
pub(super) fn hubs(
    process: &Process,
    clock: &Arc<dyn Clock>,
    tokens: &Arc<dyn Tokens>,
    recorder: &Arc<dyn Recorder>,
) -> Result<Hubs> {
    let tls = client_config(process.upstream.ca_file.as_deref()).context("`eventHubs` cannot work")?;
    Ok(Hubs::new(HubPorts {
        clock: Arc::clone(clock),
        entropy: Arc::new(SystemEntropy),
        tokens: Arc::clone(tokens),
        recorder: Arc::clone(recorder),
        tls,
    }))
}

/// How the events of each logger of a configuration are sent.
pub(super) fn settings(process: &Process, configuration: &Configuration) -> BTreeMap<String, HubSettings> {
    let hubs =
        configuration.loggers.iter().filter(|(_, logger)| logger.logger_type == LoggerType::AzureEventHub);
    hubs.map(|(name, logger)| {
        let settings = process.event_hubs.get(name).cloned().unwrap_or_default();
        (name.clone(), of_logger(logger, settings, configuration))
    })
    .collect()
}

/// Names under `eventHubs` that are no logger of the configuration.
pub(super) fn unknown<'p>(process: &'p Process, configuration: &Configuration) -> Vec<&'p str> {
    let names = process.event_hubs.keys().map(String::as_str);
    names.filter(|name| !configuration.loggers.contains_key(*name)).collect()
}

fn of_logger(logger: &Logger, settings: EventHubSettings, configuration: &Configuration) -> HubSettings {
    // What is wrong with a logger was a finding at load; its events are dropped and counted.
    let hub = logger.event_hub(&configuration.named_values).ok().flatten();
    HubSettings {
        connection: hub.map(|hub| connection(hub, settings.protocol)),
        is_buffered: logger.is_buffered,
        maximum_event_bytes: settings.maximum_event_bytes,
        queue: QueueBounds { events: settings.queue_events, bytes: settings.queue_bytes },
    }
}

fn connection(hub: EventHubConnection, protocol: EventHubProtocol) -> Connection {
    let credentials = match hub.credentials {
        EventHubCredentials::SharedKey { name, key, connection_string } => {
            Credentials::SharedKey { name, key: Secret(key), connection_string: Secret(connection_string) }
        }
        EventHubCredentials::Identity { client_id } => Credentials::Identity { client_id },
    };
    let protocol = match protocol {
        EventHubProtocol::Amqp => Protocol::Amqp,
        EventHubProtocol::Kafka { bootstrap_servers, security } => Protocol::Kafka {
            bootstrap_servers,
            security: match security {
                process::KafkaSecurity::SaslSsl => KafkaSecurity::SaslSsl,
                process::KafkaSecurity::Ssl => KafkaSecurity::Ssl,
                process::KafkaSecurity::Plaintext => KafkaSecurity::Plaintext,
            },
        },
    };
    let EventHubConnection { host, port, uses_tls, hub, .. } = hub;
    Connection { host, port, uses_tls, hub, credentials, protocol }
}

/// At most one line in this time about dropped events of a logger for the same reason.
const PAUSE: Duration = Duration::from_secs(60);
/// Loggers that lines are held back for; what comes from a caller may name any number.
const REMEMBERED: usize = 200;

/// Tells on standard error when hubs are lost and back, and that events are dropped.
#[derive(Default)]
pub(super) struct EventHubLog(Mutex<BTreeMap<(Arc<str>, &'static str), Instant>>);

impl EventHubLog {
    /// True when a line about this is due.
    fn is_due(&self, logger: &Arc<str>, what: &'static str, now: Instant) -> bool {
        let mut said = self.0.lock();
        let key = (Arc::clone(logger), what);
        match said.get(&key) {
            Some(at) if now.saturating_duration_since(*at) < PAUSE => false,
            None if said.len() >= REMEMBERED => {
                said.retain(|_, at| now.saturating_duration_since(*at) < PAUSE);
                false
            }
            _ => said.insert(key, now).is_none_or(|at| at < now),
        }
    }
}

impl Observer for EventHubLog {
    fn observe_call(&self, _record: &CallRecord) {}

    fn observe_event(&self, event: &Event) {
        match event {
            Event::EventHubLost { logger, reason } => anstream::eprintln!(
                "logger `{logger}`: its event hub cannot be reached, events wait in memory: {reason}"
            ),
            Event::EventHubRecovered { logger, duration } => anstream::eprintln!(
                "logger `{logger}`: its event hub takes events again after {:.1} s",
                duration.as_secs_f64()
            ),
            Event::HubEventsDropped { logger, reason, .. } if self.is_due(logger, reason, Instant::now()) => {
                // A logger may be named by a caller, with anything in it.
                let name = logger.escape_debug();
                anstream::eprintln!(
                    "logger `{name}`: events are dropped ({reason}); `sekisho_event_hub_events_dropped_total` counts them"
                );
            }
            Event::HubEventRefused { logger, message } if self.is_due(logger, "refused", Instant::now()) => {
                anstream::eprintln!("logger `{logger}`: {message}");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropped_events_are_one_line_a_minute_for_each_logger_and_reason() {
        let log = EventHubLog::default();
        let (hub, other): (Arc<str>, Arc<str>) = (Arc::from("hub"), Arc::from("other"));
        let start = Instant::now();
        assert!(log.is_due(&hub, "QueueFull", start));
        assert!(!log.is_due(&hub, "QueueFull", start + PAUSE / 2));
        assert!(log.is_due(&hub, "Refused", start) && log.is_due(&other, "QueueFull", start));
        assert!(log.is_due(&hub, "QueueFull", start + PAUSE));
    }

    #[test]
    fn names_that_callers_make_up_are_not_remembered_without_end() {
        let log = EventHubLog::default();
        let start = Instant::now();
        for number in 0..10_000 {
            log.is_due(&Arc::from(number.to_string()), "UnknownLogger", start);
        }
        assert_eq!(log.0.lock().len(), REMEMBERED);
        let late = start + 2 * PAUSE;
        assert!(!log.is_due(&Arc::from("a"), "UnknownLogger", late), "the old ones go first");
        assert!(log.is_due(&Arc::from("a"), "UnknownLogger", late));
    }
}
