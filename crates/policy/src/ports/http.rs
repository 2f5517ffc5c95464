//! Calls that are not the client's call going on: to token endpoints, key sets, and the targets of `send-request`.

use std::time::Duration;

use super::PortFuture;
use crate::body::Body;

/// How one call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpOptions {
    /// How long the response headers may take, connecting included.
    pub timeout: Duration,
}

/// No answer. The text names the host and the cause, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HttpError {
    /// One lower-case sentence.
    pub message: String,
    /// The response headers did not arrive in time.
    pub timed_out: bool,
}

/// An HTTP client.
pub trait Http: Send + Sync {
    /// Sends a request with an absolute `http` or `https` URL. Redirects are answers like any other: they are not
    /// followed. The body of the answer still arrives; whoever reads it bounds its size and its time.
    fn send<'a>(
        &'a self,
        request: http::Request<Body>,
        options: HttpOptions,
    ) -> PortFuture<'a, Result<http::Response<Body>, HttpError>>;
}
