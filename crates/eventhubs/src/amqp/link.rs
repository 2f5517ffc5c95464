//! A connection to a namespace: its session, its token, and its links to a hub and to partitions of it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use fe2o3_amqp::Sender;
use fe2o3_amqp::connection::{Connection as AmqpConnection, ConnectionHandle};
use fe2o3_amqp::link::delivery::DeliveryFut;
use fe2o3_amqp::link::{DetachError, LinkStateError, SendError, SenderAttachError};
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::session::{Session, SessionHandle};
use fe2o3_amqp::types::definitions::{AmqpError, Error as PeerError, ErrorCondition, LinkError};
use fe2o3_amqp::types::messaging::Outcome;
use fe2o3_amqp::types::primitives::Timestamp;
use fe2o3_amqp_cbs::client::CbsClient;
use fe2o3_amqp_cbs::token::CbsToken;
use rustls_pki_types::ServerName;
use sekisho_policy::ports::clock::within;
use sekisho_policy::ports::events::{HubEvent, Partition};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::message::{Transfer, sendable, transfers};
use super::token::{audience, now, token};
use crate::hub::BATCH_BYTES;
use crate::hubs::HubPorts;
use crate::settings::Connection;
use crate::transport::{Lost, Verdict, one_line};

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Links to partitions that are open at once; a hub has fewer partitions.
const PARTITION_LINKS: usize = 64;
/// What a batch has besides its events, at most, in bytes.
const ENVELOPE: usize = 1_024;
/// Nothing for so long means that the peer is gone; both sides send something before.
const IDLE_LIMIT_MILLISECONDS: u32 = 60_000;
/// As large as the service has them.
const FRAME_BYTES: u32 = 64 * 1024;

/// An open connection.
pub(super) struct Link {
    connection: ConnectionHandle<()>,
    session: SessionHandle<()>,
    security: CbsClient,
    /// When the next token is due; Unix time in seconds.
    renew_at: i64,
    hub: String,
    /// Links by address.
    senders: HashMap<String, Sender>,
    is_lost: bool,
}

/// What the hub will say of a transfer.
type Answer = DeliveryFut<Result<Outcome, SendError>>;

/// What the hub said of each event, as far as it did.
struct Verdicts(Vec<Option<Verdict>>);

impl Verdicts {
    fn say(&mut self, transfer: &Transfer<'_>, verdict: Verdict) {
        for place in &transfer.events {
            if let Some(slot) = self.0.get_mut(*place) {
                *slot = Some(verdict.clone());
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// All of them; events that nothing was said of are to be sent again, for this reason.
    fn complete(self, reason: &str) -> Vec<Verdict> {
        let unsaid = || Verdict::Later(reason.to_owned());
        self.0.into_iter().map(|verdict| verdict.unwrap_or_else(unsaid)).collect()
    }
}

/// Why there is no link, or no answer on it.
enum Failure {
    /// The connection is of no more use.
    Lost(Lost),
    /// The peer has closed this link alone, for a reason that will not go away.
    Refused(String),
}

impl Link {
    /// Connects, and shows who comes.
    pub(super) async fn open(connection: &Connection, ports: &HubPorts) -> Result<Link, Lost> {
        let host = connection.host.as_str();
        let port = connection.port.unwrap_or(if connection.uses_tls { 5671 } else { 5672 });
        let connecting = within(&*ports.clock, CONNECT_LIMIT, TcpStream::connect((host, port)));
        let failed =
            |why: &dyn std::fmt::Display| Lost::new(&format!("cannot connect to {host}:{port}"), why);
        let stream = match connecting.await {
            Some(Ok(stream)) => stream,
            Some(Err(error)) => return Err(failed(&error)),
            None => return Err(failed(&"it takes too long")),
        };
        // Small transfers go out at once; where that cannot be set they go a little later.
        let _ = stream.set_nodelay(true);
        if !connection.uses_tls {
            return Link::over(stream, connection, ports).await;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(&error))?;
        let handshake = TlsConnector::from(Arc::clone(&ports.tls)).connect(name, stream);
        match within(&*ports.clock, CONNECT_LIMIT, handshake).await {
            Some(Ok(stream)) => Link::over(stream, connection, ports).await,
            Some(Err(error)) => Err(failed(&error)),
            None => Err(failed(&"the TLS handshake takes too long")),
        }
    }

    async fn over<S>(stream: S, connection: &Connection, ports: &HubPorts) -> Result<Link, Lost>
    where
        S: AsyncRead + AsyncWrite + Debug + Send + Unpin + 'static,
    {
        let container = format!("sekisho-{:016x}", ports.entropy.next());
        let mut open = AmqpConnection::builder()
            .container_id(container)
            .scheme("amqp")
            .hostname(connection.host.as_str())
            .sasl_profile(SaslProfile::Anonymous)
            .max_frame_size(FRAME_BYTES)
            .idle_time_out(IDLE_LIMIT_MILLISECONDS)
            .open_with_stream(stream)
            .await
            .map_err(|error| Lost::new("the hub refuses the connection", error))?;
        let mut session =
            Session::begin(&mut open).await.map_err(|error| Lost::new("the hub refuses a session", error))?;
        let security = CbsClient::attach(&mut session)
            .await
            .map_err(|error| Lost::new("the hub refuses the link for tokens", error))?;
        let hub = connection.hub.clone();
        let mut link = Link {
            connection: open,
            session,
            security,
            renew_at: i64::MIN,
            hub,
            senders: HashMap::new(),
            is_lost: false,
        };
        link.renew(connection, ports).await?;
        Ok(link)
    }

    /// False when the connection or the session is closed, or was lost.
    pub(super) fn is_open(&self) -> bool {
        !self.is_lost && !self.connection.is_closed() && !self.session.is_ended()
    }

    /// Shows a fresh token when one is due.
    pub(super) async fn renew(&mut self, connection: &Connection, ports: &HubPorts) -> Result<(), Lost> {
        if now(&*ports.clock) < self.renew_at {
            return Ok(());
        }
        let token = token(connection, &*ports.clock, &*ports.tokens).await?;
        let expires = Timestamp::from_milliseconds(token.expires.saturating_mul(1_000));
        let shown = CbsToken::new(token.value.expose(), token.kind, Some(expires));
        let put = self.security.put_token(audience(connection), shown).await;
        put.map_err(|error| Lost::new("the hub refuses the token", error))?;
        self.renew_at = token.renew_at;
        Ok(())
    }

    /// Sends events, all of them before the first answer is waited for. Once the connection is lost nothing more is sent,
    /// and what was said until then counts: an event that the hub has is not sent again.
    pub(super) async fn send(&mut self, events: &[HubEvent], is_batched: bool) -> Result<Vec<Verdict>, Lost> {
        let mut verdicts = Verdicts(vec![None; events.len()]);
        let transfers = transfers(events, is_batched, self.largest_batch());
        let mut under_way = Vec::with_capacity(transfers.len());
        let mut lost = None;
        for transfer in &transfers {
            match self.hand_over(transfer, events, is_batched).await {
                Ok(answer) => under_way.push((transfer, answer)),
                Err(Failure::Refused(reason)) => verdicts.say(transfer, Verdict::Refused(reason)),
                Err(Failure::Lost(reason)) => {
                    lost = Some(reason);
                    break;
                }
            }
        }
        for (transfer, answer) in under_way {
            match answer.await {
                Ok(outcome) => verdicts.say(transfer, verdict(outcome)),
                Err(error) => match self.failure(transfer.partition, &error) {
                    Failure::Refused(reason) => verdicts.say(transfer, Verdict::Refused(reason)),
                    Failure::Lost(reason) => lost = Some(reason),
                },
            }
        }
        match lost {
            None => Ok(verdicts.complete("the hub said nothing of the event")),
            Some(lost) if verdicts.is_empty() => Err(lost),
            Some(lost) => {
                self.is_lost = true;
                Ok(verdicts.complete(&lost.to_string()))
            }
        }
    }

    /// Sends the message of a transfer; what the hub says of it comes later.
    async fn hand_over(
        &mut self,
        transfer: &Transfer<'_>,
        events: &[HubEvent],
        is_batched: bool,
    ) -> Result<Answer, Failure> {
        let message = sendable(transfer, events, is_batched)
            .map_err(|error| Failure::Refused(format!("the event cannot be encoded: {error}")))?;
        let sent = self.sender(transfer.partition).await?.send_batchable(message).await;
        sent.map_err(|error| self.failure(transfer.partition, &error))
    }

    /// The most that fits into a message, as far as the links that are open say.
    fn largest_batch(&self) -> usize {
        let limits = self.senders.values().filter_map(Sender::max_message_size).filter(|limit| *limit > 0);
        let smallest = limits.min().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        smallest.saturating_sub(ENVELOPE).min(BATCH_BYTES)
    }

    /// The link to a partition, or to the hub.
    async fn sender(&mut self, partition: &Partition) -> Result<&mut Sender, Failure> {
        let address = self.address(partition);
        if !self.senders.contains_key(&address) {
            if self.senders.len() > PARTITION_LINKS {
                return Err(Failure::Refused(format!("more than {PARTITION_LINKS} partitions are in use")));
            }
            let name = format!("{address}-{}", self.senders.len());
            let attached = Sender::builder()
                .name(name)
                .target(address.as_str())
                .attach(&mut self.session)
                .await
                .map_err(|error| attach_failure(partition, &error))?;
            self.senders.insert(address.clone(), attached);
        }
        let gone = || Failure::Lost(Lost::new("the link is gone", &address));
        self.senders.get_mut(&address).ok_or_else(gone)
    }

    fn address(&self, partition: &Partition) -> String {
        match partition {
            Partition::Any | Partition::Key(_) => self.hub.clone(),
            Partition::Id(id) => format!("{}/Partitions/{id}", self.hub),
        }
    }

    /// What a failed transfer means. A link that the peer has closed is not used again.
    fn failure(&mut self, partition: &Partition, error: &SendError) -> Failure {
        let lost = || Failure::Lost(Lost::new("the hub did not take events", error));
        match error {
            SendError::MessageSizeExceeded(_) | SendError::MessageEncodeError => {
                Failure::Refused(one_line(&error.to_string()))
            }
            SendError::Detached(
                DetachError::RemoteClosedWithError(peer) | DetachError::RemoteDetachedWithError(peer),
            )
            | SendError::LinkStateError(
                LinkStateError::RemoteClosedWithError(peer) | LinkStateError::RemoteDetachedWithError(peer),
            ) => {
                let address = self.address(partition);
                self.senders.remove(&address);
                refusal(partition, peer).map_or_else(lost, Failure::Refused)
            }
            _ => lost(),
        }
    }

    /// Says goodbye; whether the peer hears it does not matter.
    pub(super) async fn close(mut self) {
        for (_, sender) in self.senders.drain() {
            let _ = sender.close().await;
        }
        let _ = self.security.close().await;
        let _ = self.session.end().await;
        let _ = self.connection.close().await;
    }
}

fn attach_failure(partition: &Partition, error: &SenderAttachError) -> Failure {
    if let SenderAttachError::RemoteClosedWithError(peer) = error
        && let Some(reason) = refusal(partition, peer)
    {
        return Failure::Refused(reason);
    }
    Failure::Lost(Lost::new("the hub refuses a link", error))
}

/// Why a peer closed a link, when that is about the events that were for it: a partition that is not there, or a message
/// that is too large. None when it is about the hub, which may be back later.
fn refusal(partition: &Partition, error: &PeerError) -> Option<String> {
    let is_too_large = error.condition == ErrorCondition::LinkError(LinkError::MessageSizeExceeded);
    let is_no_partition = matches!(partition, Partition::Id(_))
        && matches!(
            error.condition,
            ErrorCondition::AmqpError(
                AmqpError::NotFound
                    | AmqpError::InvalidField
                    | AmqpError::NotAllowed
                    | AmqpError::PreconditionFailed
            )
        );
    (is_too_large || is_no_partition).then(|| one_line(&error.to_string()))
}

fn verdict(outcome: Outcome) -> Verdict {
    match outcome {
        Outcome::Accepted(_) => Verdict::Accepted,
        Outcome::Rejected(rejected) => {
            let Some(error) = rejected.error else {
                return Verdict::Refused("the hub refuses the event".to_owned());
            };
            let reason = one_line(&error.to_string());
            match may_pass(&error.condition) {
                true => Verdict::Later(reason),
                false => Verdict::Refused(reason),
            }
        }
        Outcome::Released(_) | Outcome::Modified(_) => {
            Verdict::Later("the hub gave the event back".to_owned())
        }
    }
}

/// True for conditions that are about the hub at this moment, and not about the event.
fn may_pass(condition: &ErrorCondition) -> bool {
    match condition {
        ErrorCondition::AmqpError(error) => {
            matches!(
                error,
                AmqpError::InternalError | AmqpError::ResourceLimitExceeded | AmqpError::UnauthorizedAccess
            )
        }
        ErrorCondition::Custom(word) => {
            matches!(word.as_str(), "com.microsoft:server-busy" | "com.microsoft:timeout")
        }
        _ => false,
    }
}
