//! One connection, to a single server or to a cluster. Calls share it and do not wait for each other.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, ResponsePolicy, RoutingInfo};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    RedisConnectionInfo, RedisResult, TlsCertificates, Value,
};
use secrecy::ExposeSecret;

use super::key;
use super::script::DECIDE;
use super::settings::{RedisServer, RedisSettings};

/// How long a new connection may take, handshakes included.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// How often a cluster connection follows a redirection or asks another node, within the time of a decision.
const CLUSTER_RETRIES: u32 = 3;

/// A connection that was tried out.
pub(super) struct Link {
    connection: Connection,
    has_search: bool,
}

enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// Connects and tries it out: with the script that decides, so that a server that may not be written to, that is
    /// full, or that does not allow what is needed is found out.
    pub(super) async fn connect(settings: &RedisSettings) -> RedisResult<Link> {
        if settings.uses_tls {
            // The client takes the provider of the process; if there is one already, that is as good.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let connection = match settings.is_cluster {
            false => Connection::Single(single(settings).await?),
            true => Connection::Cluster(cluster(settings).await?),
        };
        let mut link = Link { connection, has_search: false };
        link.send(&DECIDE.probe(&key::probe(&settings.key_prefix))).await?;
        if let Connection::Cluster(connection) = &link.connection {
            let everywhere = RoutingInfo::MultiNode((
                MultipleNodeRoutingInfo::AllMasters,
                Some(ResponsePolicy::AllSucceeded),
            ));
            connection.clone().route_command(redis::cmd("PING"), everywhere).await?;
        } else if settings.database == 0 {
            // Indexes are of the whole server and know database 0 alone.
            link.has_search = link.send(&redis::cmd("FT._LIST")).await.is_ok();
        }
        Ok(link)
    }

    /// True when the server has the commands of RediSearch.
    pub(super) fn has_search(&self) -> bool {
        self.has_search
    }

    /// Sends a command and waits for its answer.
    pub(super) async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        match &self.connection {
            Connection::Single(connection) => command.query_async(&mut connection.clone()).await,
            Connection::Cluster(connection) => command.query_async(&mut connection.clone()).await,
        }
    }
}

async fn single(settings: &RedisSettings) -> RedisResult<MultiplexedConnection> {
    let mut last = None;
    // The deadline of answers is the caller's.
    let config =
        AsyncConnectionConfig::new().set_connection_timeout(Some(PATIENCE)).set_response_timeout(None);
    for server in &settings.servers {
        match client(settings, server)?.get_multiplexed_async_connection_with_config(&config).await {
            Ok(connection) => return Ok(connection),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| (redis::ErrorKind::InvalidClientConfig, "no server is given").into()))
}

fn client(settings: &RedisSettings, server: &RedisServer) -> RedisResult<Client> {
    let info = connection_info(settings, server)?;
    match certificates(settings) {
        Some(certificates) => Client::build_with_tls(info, certificates),
        None => Client::open(info),
    }
}

async fn cluster(settings: &RedisSettings) -> RedisResult<ClusterConnection> {
    let nodes: Vec<ConnectionInfo> = settings
        .servers
        .iter()
        .map(|server| connection_info(settings, server))
        .collect::<RedisResult<_>>()?;
    let mut builder = ClusterClient::builder(nodes)
        .connection_timeout(PATIENCE)
        .response_timeout(settings.timeout.max(PATIENCE))
        .retries(CLUSTER_RETRIES)
        .min_retry_wait(5)
        .max_retry_wait(20);
    if let Some(certificates) = certificates(settings) {
        builder = builder.certs(certificates);
    }
    builder.build()?.get_async_connection().await
}

fn certificates(settings: &RedisSettings) -> Option<TlsCertificates> {
    let root_cert = settings.certificates.clone().filter(|_| settings.uses_tls);
    root_cert.map(|root_cert| TlsCertificates { client_tls: None, root_cert: Some(root_cert) })
}

fn connection_info(settings: &RedisSettings, server: &RedisServer) -> RedisResult<ConnectionInfo> {
    let RedisServer { host, port } = server.clone();
    let address = match settings.uses_tls {
        false => ConnectionAddr::Tcp(host, port),
        true => ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None },
    };
    let mut login = RedisConnectionInfo::default().set_db(settings.database);
    if let Some(username) = &settings.username {
        login = login.set_username(username);
    }
    if let Some(password) = &settings.password {
        login = login.set_password(password.expose_secret());
    }
    Ok(address.into_connection_info()?.set_redis_settings(login))
}
