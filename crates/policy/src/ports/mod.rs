//! The I/O that policies may do. Nothing else in this crate touches the outside.
//!
//! Adapters implement these traits; the binary joins them. Tests use fakes, so every policy test is hermetic.

pub mod backends;
pub mod clock;
pub mod http;
pub mod record;
pub mod tokens;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use self::http::{Http, HttpError, HttpOptions};
pub use backends::{
    Attempt, Backends, BaseUrl, ForwardCall, ForwardError, ForwardFailure, ForwardReply, Target,
};
pub use clock::{Clock, Entropy};
pub use record::{CallRecord, Event, Recorder};
pub use tokens::{TokenError, Tokens};

/// What a port call returns: a boxed future, so that the traits stay object safe.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The ports of a gateway that outlive any one configuration.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness and ids.
    pub entropy: Arc<dyn Entropy>,
    /// Identity tokens.
    pub tokens: Arc<dyn Tokens>,
    /// Where records and events go.
    pub recorder: Arc<dyn Recorder>,
}
