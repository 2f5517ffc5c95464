//! Events over the Kafka protocol: to the endpoint that Event Hubs has for it, or to a cluster.

mod partitioner;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use rskafka::BackoffConfig;
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder, Credentials as Login, OauthBearerCredentials, SaslConfig};
use rskafka::record::Record;
use sekisho_policy::ports::PortFuture;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::ports::events::{HubEvent, Partition};

use crate::TRUNCATED;
use crate::hubs::HubPorts;
use crate::settings::{Connection, Credentials, KafkaSecurity};
use crate::transport::{Lost, Transport, Verdict, one_line};
use partitioner::partition_of;

/// The port of the Kafka endpoint of a namespace.
const PORT: u16 = 9093;
/// What the endpoint of Event Hubs takes as the user when the password is a connection string.
const USER: &str = "$ConnectionString";
/// The application that tokens of identities are for.
const RESOURCE: &str = "https://eventhubs.azure.net";
/// How long the library tries by itself; then the events are kept, and all begins anew.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer of a broker that is read, in bytes.
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// A topic.
pub(crate) struct Kafka {
    servers: Vec<String>,
    topic: String,
    security: KafkaSecurity,
    credentials: Credentials,
    ports: HubPorts,
    cluster: Option<Cluster>,
    /// Batches without a partition of their own, to spread them.
    batches: usize,
}

/// A client that is connected.
struct Cluster {
    client: Client,
    /// Ids of the partitions of the topic, in order; never empty.
    partitions: Vec<i32>,
    open: HashMap<i32, PartitionClient>,
}

impl Kafka {
    /// A way to the topic of a connection; nothing is connected yet.
    pub(crate) fn new(
        connection: &Connection,
        servers: &[String],
        security: KafkaSecurity,
        ports: HubPorts,
    ) -> Kafka {
        let servers = match servers {
            [] => vec![format!("{}:{}", connection.host, connection.port.unwrap_or(PORT))],
            servers => servers.to_vec(),
        };
        Kafka {
            servers,
            topic: connection.hub.clone(),
            security,
            credentials: connection.credentials.clone(),
            ports,
            cluster: None,
            batches: 0,
        }
    }

    async fn connect(&self) -> Result<Cluster, Lost> {
        let mut builder = ClientBuilder::new(self.servers.clone())
            .client_id("sekisho")
            .max_message_size(ANSWER_BYTES)
            .backoff_config(BackoffConfig { deadline: Some(PATIENCE), ..BackoffConfig::default() });
        if self.security != KafkaSecurity::Plaintext {
            builder = builder.tls_config(Arc::clone(&self.ports.tls));
        }
        if self.security == KafkaSecurity::SaslSsl {
            builder = builder.sasl_config(self.login());
        }
        let failed = |error: &dyn std::fmt::Display| Lost::new("cannot reach the Kafka cluster", error);
        let client = builder.build().await.map_err(|error| failed(&error))?;
        let topics = client.list_topics().await.map_err(|error| failed(&error))?;
        let topic = topics.into_iter().find(|topic| topic.name == self.topic);
        let partitions: Vec<i32> =
            topic.map(|topic| topic.partitions.into_iter().collect()).unwrap_or_default();
        if partitions.is_empty() {
            return Err(Lost::new("the Kafka cluster has no such topic", &self.topic));
        }
        Ok(Cluster { client, partitions, open: HashMap::new() })
    }

    fn login(&self) -> SaslConfig {
        match &self.credentials {
            Credentials::SharedKey { connection_string, .. } => {
                SaslConfig::Plain(Login::new(USER.to_owned(), connection_string.expose().to_owned()))
            }
            Credentials::Identity { client_id } => {
                let (tokens, client_id) = (Arc::clone(&self.ports.tokens), client_id.clone());
                let callback = move || -> PortFuture<'static, _> {
                    let (tokens, client_id) = (Arc::clone(&tokens), client_id.clone());
                    Box::pin(async move {
                        let token = tokens.token(RESOURCE, client_id.as_deref()).await;
                        token.map(|token| token.to_string()).map_err(Into::into)
                    })
                };
                SaslConfig::Oauthbearer(OauthBearerCredentials {
                    callback: Arc::new(callback),
                    authz_id: None,
                    bearer_kvs: Vec::new(),
                })
            }
        }
    }

    async fn send(&mut self, events: &[HubEvent]) -> Result<Vec<Verdict>, Lost> {
        // While it is used the cluster is not kept: what breaks off half-way is not used again.
        let mut cluster = match self.cluster.take() {
            Some(cluster) => cluster,
            None => self.connect().await?,
        };
        self.batches = self.batches.wrapping_add(1);
        let mut verdicts = Vec::with_capacity(events.len());
        let mut chosen: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            if let Some(partition) = cluster.choose(&event.partition, self.batches) {
                chosen.entry(partition).or_default().push(place);
            }
            verdicts.push(Verdict::Refused("the topic has no such partition".to_owned()));
        }
        let mut is_good = true;
        for (partition, places) in chosen {
            let records =
                places.iter().filter_map(|place| events.get(*place)).map(|event| self.record(event));
            let verdict = match cluster.produce(&self.topic, partition, records.collect()).await {
                Ok(_) => Verdict::Accepted,
                Err(error) if is_about_the_event(&error) => Verdict::Refused(one_line(&error.to_string())),
                Err(error) => {
                    is_good = false;
                    Verdict::Later(one_line(&format!("the Kafka cluster did not take events: {error}")))
                }
            };
            for place in places {
                if let Some(slot) = verdicts.get_mut(place) {
                    *slot = verdict.clone();
                }
            }
        }
        self.cluster = is_good.then_some(cluster);
        Ok(verdicts)
    }

    fn record(&self, event: &HubEvent) -> Record {
        let key = match &event.partition {
            Partition::Key(key) => Some(key.as_bytes().to_vec()),
            Partition::Any | Partition::Id(_) => None,
        };
        let mut headers = BTreeMap::new();
        if event.truncated > 0 {
            headers.insert(TRUNCATED.to_owned(), event.truncated.to_string().into_bytes());
        }
        let milliseconds = (self.ports.clock.utc_ticks() - UNIX_EPOCH_TICKS).div_euclid(10_000);
        let timestamp = DateTime::from_timestamp_millis(milliseconds).unwrap_or_default();
        Record { key, value: Some(event.body.to_vec()), headers, timestamp }
    }
}

impl Cluster {
    /// The partition of an event; none when there is no such one.
    fn choose(&self, partition: &Partition, turn: usize) -> Option<i32> {
        let count = self.partitions.len();
        match partition {
            Partition::Any => self.partitions.get(turn % count.max(1)).copied(),
            Partition::Key(key) => self.partitions.get(partition_of(key.as_bytes(), count)).copied(),
            Partition::Id(id) => id.parse().ok().filter(|id| self.partitions.contains(id)),
        }
    }

    async fn produce(
        &mut self,
        topic: &str,
        partition: i32,
        records: Vec<Record>,
    ) -> Result<Vec<i64>, Error> {
        let client = match self.open.remove(&partition) {
            Some(client) => client,
            None => self.client.partition_client(topic, partition, UnknownTopicHandling::Error).await?,
        };
        let answer = client.produce(records, Compression::NoCompression).await;
        self.open.insert(partition, client);
        answer
    }
}

/// True for what a broker says of a message that it will never take.
fn is_about_the_event(error: &Error) -> bool {
    matches!(
        error,
        Error::ServerError {
            protocol_error: ProtocolError::MessageTooLarge
                | ProtocolError::RecordListTooLarge
                | ProtocolError::InvalidRecord
                | ProtocolError::CorruptMessage,
            ..
        }
    )
}

impl Transport for Kafka {
    fn send<'a>(&'a mut self, events: &'a [HubEvent]) -> PortFuture<'a, Result<Vec<Verdict>, Lost>> {
        Box::pin(self.send(events))
    }

    fn reset(&mut self) {
        self.cluster = None;
    }

    fn close(&mut self) -> PortFuture<'_, ()> {
        self.cluster = None;
        Box::pin(std::future::ready(()))
    }
}
