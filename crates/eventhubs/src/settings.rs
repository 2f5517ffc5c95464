//! Where the hub of a logger is, who comes to it, and what is bounded.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// How the events of one logger are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct HubSettings {
    /// Where to; none when that is not known, and every event is dropped.
    pub connection: Option<Connection>,
    /// Events are sent in batches; each at once by itself otherwise.
    pub is_buffered: bool,
    /// Longer messages are cut, in bytes.
    pub maximum_event_bytes: usize,
    /// How much may wait.
    pub queue: QueueBounds,
}

/// How much may wait in a queue, also while it is being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueBounds {
    /// Events.
    pub events: usize,
    /// Bytes of their messages and keys, with [`EVENT_COST`](crate::settings::EVENT_COST) for each event.
    pub bytes: usize,
}

/// What an event takes besides its message and its key, about, in bytes: in the queue and in a batch.
pub const EVENT_COST: usize = 128;

/// A hub, and who comes to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// Host name or address literal, without brackets around IPv6.
    pub host: String,
    /// The port; that of the protocol when none.
    pub port: Option<u16>,
    /// Connections are made with TLS.
    pub uses_tls: bool,
    /// Name of the event hub, which is the topic in Kafka.
    pub hub: String,
    /// Who comes.
    pub credentials: Credentials,
    /// Which protocol is spoken.
    pub protocol: Protocol,
}

/// Which protocol is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// AMQP 1.0.
    Amqp,
    /// Kafka.
    Kafka {
        /// `host:port` each; port 9093 of the host when empty.
        bootstrap_servers: Vec<String>,
        /// What is around the protocol.
        security: KafkaSecurity,
    },
}

/// What is around the Kafka protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KafkaSecurity {
    /// TLS and the credentials.
    SaslSsl,
    /// TLS alone.
    Ssl,
    /// Nothing.
    Plaintext,
}

/// Who comes to a hub.
#[derive(Clone, Debug, PartialEq)]
pub enum Credentials {
    /// Whoever has the key.
    SharedKey {
        /// Name of the key.
        name: String,
        /// The key.
        key: Secret,
        /// All of the connection string.
        connection_string: Secret,
    },
    /// A managed identity of the gateway.
    Identity {
        /// The user-assigned identity; none for the system-assigned one.
        client_id: Option<String>,
    },
}

/// A secret that can be compared, to tell whether settings changed.
#[derive(Clone)]
pub struct Secret(pub SecretString);

impl Secret {
    /// The text.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
