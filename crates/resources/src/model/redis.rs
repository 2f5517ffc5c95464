//! Connections to Redis servers.

use secrecy::SecretString;

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisServer {
    /// Host name or address literal, without brackets around IPv6.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Servers, and who comes to them.
#[derive(Clone, Debug)]
pub struct RedisConnection {
    /// The server, or nodes of a cluster; never empty.
    pub servers: Vec<RedisServer>,
    /// The servers are nodes of one cluster.
    pub is_cluster: bool,
    /// Connections are made with TLS.
    pub uses_tls: bool,
    /// The ACL user; the default one when none.
    pub username: Option<String>,
    /// The password.
    pub password: Option<SecretString>,
    /// The number of the database.
    pub database: i64,
}

/// Why a connection string cannot be read. Says what is wrong and quotes nothing: passwords stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionStringError {
    /// There is no `host:port` in it.
    #[error("the connection string has no server")]
    NoServer,
    /// What stands behind the colon of a server is no port.
    #[error("a server of the connection string has no valid port")]
    InvalidPort,
    /// `ssl` is neither true nor false, or `defaultDatabase` no number.
    #[error("an option of the connection string has a wrong value")]
    InvalidOption,
}

impl RedisConnection {
    /// Reads what StackExchange.Redis reads: `host:6380,password=…,ssl=True,abortConnect=False`. Several servers are
    /// taken as nodes of a cluster. Options that do not say where and as whom to connect are left alone.
    ///
    /// # Errors
    /// No server, a wrong port, or a wrong value of an option that matters.
    pub fn from_connection_string(text: &str) -> Result<RedisConnection, ConnectionStringError> {
        let parts = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let option = |name: &str| {
            let mut options = parts().filter_map(|part| part.split_once('='));
            let found = options.find(|(key, _)| key.trim().eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
        };
        let uses_tls = match option("ssl") {
            None => false,
            Some(word) => {
                word.to_ascii_lowercase().parse().map_err(|_| ConnectionStringError::InvalidOption)?
            }
        };
        let database = match option("defaultDatabase") {
            None => 0,
            Some(number) => number.parse().map_err(|_| ConnectionStringError::InvalidOption)?,
        };
        let servers: Vec<RedisServer> = parts()
            .filter(|part| !part.contains('='))
            .map(|part| server(part, if uses_tls { 6380 } else { 6379 }))
            .collect::<Result<_, _>>()?;
        if servers.is_empty() {
            return Err(ConnectionStringError::NoServer);
        }
        Ok(RedisConnection {
            is_cluster: servers.len() > 1,
            servers,
            uses_tls,
            username: option("user").map(str::to_owned),
            password: option("password").map(SecretString::from),
            database,
        })
    }
}

/// `host`, `host:port`, `[address]:port`.
fn server(text: &str, default_port: u16) -> Result<RedisServer, ConnectionStringError> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port {
        None => default_port,
        Some(port) => port.parse().map_err(|_| ConnectionStringError::InvalidPort)?,
    };
    match host.is_empty() {
        true => Err(ConnectionStringError::NoServer),
        false => Ok(RedisServer { host: host.to_owned(), port }),
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(text: &str) -> RedisConnection {
        RedisConnection::from_connection_string(text).unwrap()
    }

    #[test]
    fn the_string_that_azure_shows() {
        let read = read("cache.redis.cache.windows.net:6380,password=abc=,ssl=True,abortConnect=False");
        let expected = RedisServer { host: "cache.redis.cache.windows.net".to_owned(), port: 6380 };
        assert_eq!(read.servers, [expected]);
        assert!(read.uses_tls && !read.is_cluster);
        assert_eq!(read.password.unwrap().expose_secret(), "abc=");
        assert_eq!((read.username, read.database), (None, 0));
    }

    #[test]
    fn servers_ports_and_options() {
        assert_eq!(read("cache").servers[0].port, 6379);
        assert_eq!(read("cache,SSL=true").servers[0].port, 6380);
        assert_eq!(read("[::1]:7000").servers[0], RedisServer { host: "::1".to_owned(), port: 7000 });
        let several = read(" a:1 , b:2,user=team, name = x,defaultDatabase=3,connectTimeout=5000");
        assert_eq!((several.servers.len(), several.is_cluster, several.database), (2, true, 3));
        assert_eq!(several.username.as_deref(), Some("team"));
    }

    #[test]
    fn what_is_wrong_is_named_without_quoting() {
        for (text, expected) in [
            ("", ConnectionStringError::NoServer),
            ("password=secret", ConnectionStringError::NoServer),
            (":6380,password=secret", ConnectionStringError::NoServer),
            ("cache:port", ConnectionStringError::InvalidPort),
            ("cache,ssl=perhaps", ConnectionStringError::InvalidOption),
            ("cache,defaultDatabase=first", ConnectionStringError::InvalidOption),
        ] {
            let error = RedisConnection::from_connection_string(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
