//! Events for Azure Event Hubs and for Kafka.
//!
//! - [`Hubs`]: the port that policies have; one queue and one sender for each logger
//! - [`settings`]: where a hub is, who comes to it, and what is bounded
//! - `queue`: events that wait, bounded in number and in bytes
//! - `worker`: takes them from the queue, and sends them again until the hub has them
//! - `transport`: what a way to a hub does; `amqp` and `kafka` are the two that there are
//! - `tls`: whom connections trust
//!
//! An event is delivered at least once: one whose answer got lost is sent again. A hub that is away costs no call
//! anything and no memory beyond the bounds of its queue; what does not fit is dropped and counted.

mod amqp;
mod backoff;
mod hub;
mod hubs;
mod kafka;
mod queue;
pub mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod transport;
mod worker;

pub use hubs::{HubPorts, Hubs};
pub use tls::{TlsError, client_config};

/// The application property, or record header, of an event that was cut: how many bytes are missing.
pub const TRUNCATED: &str = "sekisho-truncated-bytes";
