//! `eventHubs`: how events of loggers are sent, which loggers themselves cannot say.

use std::collections::BTreeMap;

use crate::fields::{Fields, Unknown, text_of};
use crate::reading::Reading;

/// How the events of one logger are sent: an entry of `eventHubs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventHubSettings {
    /// `protocol`; `amqp` when not set.
    pub protocol: EventHubProtocol,
    /// `maximumEventBytes`: longer events are cut; 204,800 (API Management's 200 KB) when not set.
    pub maximum_event_bytes: usize,
    /// `queueEvents`: how many events wait at most; 10,000 when not set.
    pub queue_events: usize,
    /// `queueBytes`: how much they may be together; 32 MiB when not set.
    pub queue_bytes: usize,
}

/// `protocol`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EventHubProtocol {
    /// `amqp`: AMQP 1.0.
    #[default]
    Amqp,
    /// `kafka`: the Kafka protocol, with the name of the hub as the topic.
    Kafka {
        /// `bootstrapServers`: `host:port` each; port 9093 of the namespace when empty.
        bootstrap_servers: Vec<String>,
        /// `securityProtocol`; `SASL_SSL` when not set.
        security: KafkaSecurity,
    },
}

/// `securityProtocol`, in Kafka's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KafkaSecurity {
    /// `SASL_SSL`: TLS, and the credentials of the logger.
    #[default]
    SaslSsl,
    /// `SSL`: TLS alone.
    Ssl,
    /// `PLAINTEXT`: neither.
    Plaintext,
}

impl Default for EventHubSettings {
    fn default() -> Self {
        Self {
            protocol: EventHubProtocol::default(),
            maximum_event_bytes: 200 * 1024,
            queue_events: 10_000,
            queue_bytes: 32 * 1024 * 1024,
        }
    }
}

#[derive(Clone, Copy)]
enum Word {
    Amqp,
    Kafka,
}

/// Reads `eventHubs`, which is keyed by logger.
pub(super) fn read(top: &mut Fields<'_>, reading: &mut Reading<'_>) -> BTreeMap<String, EventHubSettings> {
    let mut loggers = BTreeMap::new();
    for entry in top.members("eventHubs", reading) {
        let Some(mut fields) = Fields::of(&entry.value, "eventHubs", reading) else { continue };
        let settings = logger(&mut fields, reading);
        fields.finish(Unknown::Refused, reading);
        loggers.insert(entry.key.clone(), settings);
    }
    loggers
}

fn logger(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> EventHubSettings {
    const MEBIBYTE: u64 = 1024 * 1024;
    let mut settings =
        EventHubSettings { protocol: protocol(fields, reading), ..EventHubSettings::default() };
    let targets = [
        // A hub takes 1 MB at most, and an event has more to it than its message.
        ("maximumEventBytes", &mut settings.maximum_event_bytes, 1024..=1_000_000),
        ("queueEvents", &mut settings.queue_events, 1..=10_000_000),
        ("queueBytes", &mut settings.queue_bytes, MEBIBYTE..=64 * 1024 * MEBIBYTE),
    ];
    for (key, target, range) in targets {
        let given = fields.whole_number(key, range, reading);
        if let Some(number) = given.and_then(|number| usize::try_from(number.value).ok()) {
            *target = number;
        }
    }
    settings
}

fn protocol(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> EventHubProtocol {
    let words = [("amqp", Word::Amqp), ("kafka", Word::Kafka)];
    match fields.choice("protocol", &words, reading) {
        Some(Word::Kafka) => {
            let security = [
                ("SASL_SSL", KafkaSecurity::SaslSsl),
                ("SSL", KafkaSecurity::Ssl),
                ("PLAINTEXT", KafkaSecurity::Plaintext),
            ];
            EventHubProtocol::Kafka {
                bootstrap_servers: bootstrap_servers(fields, reading),
                security: fields.choice("securityProtocol", &security, reading).unwrap_or_default(),
            }
        }
        Some(Word::Amqp) | None => EventHubProtocol::Amqp,
    }
}

/// One text with commas, as Kafka has it, or a list.
fn bootstrap_servers(fields: &mut Fields<'_>, reading: &mut Reading<'_>) -> Vec<String> {
    let Some(node) = fields.node("bootstrapServers") else { return Vec::new() };
    let texts: Vec<_> = match node.scalar() {
        Some(_) => text_of(node, "bootstrapServers", reading).into_iter().collect(),
        None => {
            node.elements().iter().filter_map(|node| text_of(node, "bootstrapServers", reading)).collect()
        }
    };
    let mut servers = Vec::new();
    for text in &texts {
        for server in text.value.split(',').map(str::trim).filter(|server| !server.is_empty()) {
            let port = server.rsplit_once(':').filter(|(host, _)| !host.is_empty());
            if port.is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
                let message = "a server of `bootstrapServers` has no host or no valid port";
                reading.error("invalid-value", text.span, message, "write it like `kafka.example:9092`");
            } else {
                servers.push(server.to_owned());
            }
        }
    }
    servers
}
