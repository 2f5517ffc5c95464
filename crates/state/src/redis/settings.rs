//! How Redis servers are reached.

use std::time::Duration;

use secrecy::SecretString;

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisServer {
    /// Host name or address literal, without brackets around IPv6.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl std::fmt::Display for RedisServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let RedisServer { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// Servers, and how one speaks with them.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// The server, or some nodes of a cluster: enough that one of them answers.
    pub servers: Vec<RedisServer>,
    /// The servers are nodes of one cluster.
    pub is_cluster: bool,
    /// Connections are made with TLS.
    pub uses_tls: bool,
    /// Certificates in PEM that are trusted in place of those of the system.
    pub certificates: Option<Vec<u8>>,
    /// The ACL user; none for the default one.
    pub username: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// The number of the database; 0 on clusters.
    pub database: i64,
    /// In front of every key.
    pub key_prefix: String,
    /// How long one decision or one look-up may take. Large values get a second more for every 10 MB.
    pub timeout: Duration,
}

impl RedisSettings {
    /// `keyPrefix` when none is set.
    pub const KEY_PREFIX: &'static str = "sekisho:";
    /// `timeout` when none is set.
    pub const TIMEOUT: Duration = Duration::from_millis(100);

    /// A single server without TLS and without password.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            servers: vec![RedisServer { host: host.into(), port }],
            is_cluster: false,
            uses_tls: false,
            certificates: None,
            username: None,
            password: None,
            database: 0,
            key_prefix: Self::KEY_PREFIX.to_owned(),
            timeout: Self::TIMEOUT,
        }
    }
}

/// What happens when the state cannot be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnStateFailure {
    /// Each gateway counts for itself until the state is back.
    #[default]
    Local,
    /// The ask fails.
    Deny,
}
