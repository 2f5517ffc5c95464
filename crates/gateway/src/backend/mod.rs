//! Backends and pools of one configuration: the adapter of [`sekisho_policy::ports::Backends`].
//!
//! - `build`: from the resource model; keeps the state of breakers and rotations over a reload
//! - `forward`: one call: member, breaker, credentials, upstream
//! - `pool`, `rotation`, `affinity`: which member
//! - `breaker`, `window`, `retry_after`: who is left alone for a while
//! - `credentials`: what a backend is sent to prove who calls

mod affinity;
mod breaker;
mod build;
mod credentials;
mod forward;
mod pool;
mod redirect;
mod retry_after;
mod rotation;
mod single;
mod window;

use std::collections::HashMap;
use std::sync::Arc;

use sekisho_expression::context::BackendFacts;
use sekisho_policy::ports::{BaseUrl, Ports};

pub(crate) use forward::{CallBackends, Forwarded};
use pool::Pool;
use single::Single;

use crate::upstream::ClientSet;

/// All backends of a configuration.
pub(crate) struct BackendSet {
    by_id: HashMap<Arc<str>, Backend>,
    /// For plain URLs.
    plain: Arc<ClientSet>,
    ports: Ports,
}

/// A backend entity.
enum Backend {
    Single(Arc<Single>),
    Pool { pool: Arc<Pool>, facts: Arc<BackendFacts> },
}

impl BackendSet {
    /// What policies see of a backend before the call.
    fn describe(&self, id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        Some(match self.by_id.get(id)? {
            Backend::Single(single) => (Arc::clone(&single.facts), Some(Arc::clone(&single.endpoint.base))),
            Backend::Pool { facts, .. } => (Arc::clone(facts), None),
        })
    }
}

#[cfg(test)]
mod tests;
