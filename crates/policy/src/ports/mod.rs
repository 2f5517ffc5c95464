//! The I/O that policies may do. Nothing else in this crate touches the outside.
//!
//! Adapters implement these traits; the binary joins them. Tests use fakes, so every policy test is hermetic.

pub mod authorizations;
pub mod backends;
pub mod cache;
pub mod clock;
pub mod correlation;
pub mod counters;
pub mod events;
pub mod http;
pub mod jwts;
pub mod permits;
pub mod record;
pub mod tokens;
pub mod vectors;

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

pub use self::http::{ClientCertificate, Http, HttpError, HttpOptions, Proxy};
use crate::semantic::Semantics;
pub use authorizations::{Authorization, AuthorizationError, Authorizations};
pub use backends::{
    Attempt, Backends, BaseUrl, ForwardCall, ForwardError, ForwardFailure, ForwardReply, ReplyFacts, Target,
};
pub use cache::{Cache, Caches};
pub use clock::{Clock, Entropy};
pub use correlation::TraceContext;
pub use counters::Counters;
pub use events::{EventHubs, HubEvent, Partition};
pub use jwts::Jwts;
pub use permits::Permits;
pub use record::{CallRecord, Event, Hold, McpMessage, Message, Metric, Recorder};
pub use tokens::{TokenError, Tokens};
pub use vectors::{Embeddings, Neighbour, Vector, VectorCaches, Vectors};

/// What a port call returns: a boxed future, so that the traits stay object safe.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs a future on its own, until its end.
pub type Spawner = Arc<dyn Fn(PortFuture<'static, ()>) + Send + Sync>;

/// The ports of a gateway that outlive any one configuration. A copy is cheap: every call has one.
#[derive(Clone)]
pub struct Ports(Arc<PortSet>);

/// What [`Ports`] are made of.
pub struct PortSet {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness and ids.
    pub entropy: Arc<dyn Entropy>,
    /// Identity tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Where records and events go.
    pub recorder: Arc<dyn Recorder>,
    /// Calls that policies make beside the call to the backend.
    pub http: Arc<dyn Http>,
    /// Where `log-to-eventhub` sends its events.
    pub event_hubs: Arc<dyn EventHubs>,
    /// Counters of rate limits and quotas.
    pub counters: Arc<dyn Counters>,
    /// Values and responses that policies keep.
    pub caches: Caches,
    /// Checks of JSON web tokens.
    pub jwts: Arc<dyn Jwts>,
    /// Tokens of the credential manager's connections.
    pub authorizations: Arc<dyn Authorizations>,
    /// How many may be in a place at once.
    pub permits: Arc<Permits>,
    /// Answers of models by their meaning.
    pub semantics: Arc<Semantics>,
    /// Runs what goes on after the call that asked for it.
    pub spawner: Spawner,
}

impl From<PortSet> for Ports {
    fn from(ports: PortSet) -> Self {
        Self(Arc::new(ports))
    }
}

impl Ports {
    /// Runs what the call does not wait for. What needs no waiting is done when this returns; the rest goes on by itself.
    pub fn detach(&self, mut future: PortFuture<'static, ()>) {
        let mut context = Context::from_waker(Waker::noop());
        if future.as_mut().poll(&mut context).is_pending() {
            (self.spawner)(future);
        }
    }
}

impl Deref for Ports {
    type Target = PortSet;

    fn deref(&self) -> &PortSet {
        &self.0
    }
}
