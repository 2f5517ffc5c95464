//! Event Hubs over AMQP 1.0.
//!
//! - `link`: a connection with its session, its token and its links
//! - `message`: events as messages and batches
//! - `token`: shared access signatures and tokens of identities, for claims-based security

mod link;
mod message;
mod token;

use sekisho_policy::ports::PortFuture;
use sekisho_policy::ports::events::HubEvent;

use crate::hubs::HubPorts;
use crate::settings::Connection;
use crate::transport::{Lost, Transport, Verdict};
use link::Link;

/// A hub over AMQP.
pub(crate) struct Amqp {
    connection: Connection,
    is_buffered: bool,
    ports: HubPorts,
    link: Option<Link>,
}

impl Amqp {
    /// A way to the hub of a connection; nothing is connected yet.
    pub(crate) fn new(connection: Connection, is_buffered: bool, ports: HubPorts) -> Amqp {
        Amqp { connection, is_buffered, ports, link: None }
    }

    async fn send(&mut self, events: &[HubEvent]) -> Result<Vec<Verdict>, Lost> {
        // While it is used the link is not kept: what breaks off half-way is not used again.
        let mut link = match self.link.take() {
            Some(link) if link.is_open() => link,
            _ => Link::open(&self.connection, &self.ports).await?,
        };
        link.renew(&self.connection, &self.ports).await?;
        let verdicts = link.send(events, self.is_buffered).await?;
        self.link = Some(link);
        Ok(verdicts)
    }
}

impl Transport for Amqp {
    fn send<'a>(&'a mut self, events: &'a [HubEvent]) -> PortFuture<'a, Result<Vec<Verdict>, Lost>> {
        Box::pin(self.send(events))
    }

    fn reset(&mut self) {
        self.link = None;
    }

    fn close(&mut self) -> PortFuture<'_, ()> {
        let link = self.link.take();
        Box::pin(async move {
            if let Some(link) = link {
                link.close().await;
            }
        })
    }
}
