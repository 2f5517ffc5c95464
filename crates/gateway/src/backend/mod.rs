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
pub(crate) mod observed;
mod pool;
mod redirect;
mod retry_after;
mod rotation;
mod single;
mod window;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sekisho_expression::context::BackendFacts;
use sekisho_policy::ports::{BaseUrl, Ports};

pub(crate) use forward::{CallBackends, Forwarded};
use pool::Pool;
use single::Single;

use crate::upstream::{ClientSet, Endpoint, Upstream};

/// All backends of a configuration.
pub(crate) struct BackendSet {
    by_id: HashMap<Arc<str>, Backend>,
    upstream: Arc<Upstream>,
    /// For the service URLs of APIs.
    plain: Arc<ClientSet>,
    /// For plain URLs that policies choose.
    guarded: Arc<ClientSet>,
    /// Scheme, host and port of every service URL.
    service_origins: HashSet<Arc<str>>,
    ports: Ports,
}

/// A backend entity.
enum Backend {
    Single(Arc<Single>),
    Pool { pool: Arc<Pool>, facts: Arc<BackendFacts> },
}

impl BackendSet {
    /// Adds the service URL of an API: calls to its host are the configuration's choice, whatever policy asks for it.
    pub(crate) fn trust(&mut self, service_url: &Arc<BaseUrl>) {
        self.service_origins.extend(Endpoint::new(Arc::clone(service_url)).map(|endpoint| endpoint.origin));
    }

    /// Every text that backends are sent as credentials.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let singles = self.by_id.values().flat_map(|backend| match backend {
            Backend::Single(single) => std::slice::from_ref(single),
            Backend::Pool { pool, .. } => pool.members.as_slice(),
        });
        singles.flat_map(|single| single.credentials.secrets()).collect()
    }

    /// True when a backend, or every member of a pool, is sent credentials of its own.
    fn has_credentials(&self, id: &str) -> bool {
        match self.by_id.get(id) {
            None => false,
            Some(Backend::Single(single)) => single.has_credentials(),
            Some(Backend::Pool { pool, .. }) => {
                !pool.members.is_empty() && pool.members.iter().all(|member| member.has_credentials())
            }
        }
    }

    /// What policies see of a backend before the call.
    fn describe(&self, id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        Some(match self.by_id.get(id)? {
            Backend::Single(single) => (Arc::clone(&single.facts), Some(Arc::clone(&single.endpoint.base))),
            Backend::Pool { facts, .. } => (Arc::clone(facts), None),
        })
    }
}

#[cfg(test)]
mod choices;
#[cfg(test)]
mod tests;
