//! What calls to models use: tokens, read from the replies of backends while they pass by.
//!
//! - [`ledger`]: the account of one call, and who is told
//! - [`reply`]: one reply, from the request that is sent to the last byte that comes back
//! - `body`: replies that are looked at on their way
//! - `decoding`: replies that are compressed on their way
//! - `resolve`: what was used, by what the reply reports or by counting
//!
//! Every reply of a backend that runs a model has an entry of its own, so that retries, responses of the cache, bodies
//! that policies replace and clients that go away count for what they were: what was used is what backends sent.

mod body;
mod decoding;
pub mod ledger;
pub mod reply;
mod resolve;

use std::sync::Arc;

use http::Method;
use sekisho_llm::Kind;

pub use ledger::{Ledger, ReplyTokens, TokenWatcher};
pub use reply::{Metering, ReplyMeter};

use crate::exchange::Request;

/// Which model a call is for, as far as its path tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelCall {
    /// The wire format.
    pub kind: Kind,
    /// `{id}` of `/openai/deployments/{id}/…`.
    pub deployment: Option<Arc<str>>,
}

impl ModelCall {
    /// Of a path. Models run by `POST` only.
    pub fn of(method: &Method, path: &str) -> Self {
        let kind = if *method == Method::POST { sekisho_llm::classify(path) } else { Kind::Other };
        if !kind.uses_tokens() {
            return Self::default();
        }
        Self { kind, deployment: sekisho_llm::deployment(path).map(Arc::from) }
    }

    /// Of the path as policies left it, else of the path that the client called.
    pub(crate) fn of_request(request: &Request) -> Self {
        let called = || Self::of(&request.method, &request.original_url.path);
        let now = Self::of(&request.method, request.url().path);
        match (now.kind.uses_tokens(), &now.deployment) {
            (true, Some(_)) => now,
            (true, None) => Self { deployment: called().deployment, ..now },
            (false, _) => called(),
        }
    }
}
