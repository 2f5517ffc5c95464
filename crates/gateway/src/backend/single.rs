//! A backend with one URL.

use std::sync::Arc;
use std::time::Duration;

use sekisho_expression::context::BackendFacts;
use sekisho_policy::ports::{Clock, Recorder};

use super::breaker::Breaker;
use super::credentials::Credentials;
use crate::upstream::{ClientSet, Endpoint};

/// A backend with one URL.
pub(crate) struct Single {
    pub(crate) id: Arc<str>,
    pub(crate) facts: Arc<BackendFacts>,
    pub(crate) endpoint: Endpoint,
    pub(crate) clients: Arc<ClientSet>,
    pub(crate) credentials: Credentials,
    pub(crate) breaker: Option<Arc<Breaker>>,
}

impl Single {
    /// True when calls to it prove who calls.
    pub(crate) fn has_credentials(&self) -> bool {
        !self.credentials.is_empty() || self.clients.way().certificate.is_some()
    }

    /// How long its breaker stays open; none when calls may be sent.
    pub(crate) fn open_for(&self, clock: &dyn Clock, recorder: &dyn Recorder) -> Option<Duration> {
        self.breaker.as_ref()?.open_for(clock, recorder)
    }
}
