//! Answers of models, found again by what was asked and not by its wording.
//!
//! - [`question`]: what a request asks; [`messages`]: where its words are; [`partition`]: who may share an answer
//! - [`embedding`]: the vector of a question, from a backend or from a model in this process; [`recent`]: the vectors of
//!   late, and one call for questions that come at once
//! - [`answer`]: what is kept of a response, and when
//! - [`flights`]: of calls that miss at once, one asks the model

pub(crate) mod answer;
pub(crate) mod embedding;
mod flights;
mod messages;
mod partition;
pub(crate) mod question;
mod recent;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::ports::{Clock, Embeddings, Vector, VectorCaches, Vectors};
use flights::Flights;
pub(crate) use flights::{Flight, Waited};
use recent::Recent;

/// What semantic caching needs beside the configuration. Shared by all calls.
pub struct Semantics {
    /// Where answers are kept.
    pub caches: VectorCaches,
    /// Models in this process, by the id of the backend that they stand in for.
    pub local: BTreeMap<String, Arc<dyn Embeddings>>,
    /// Settings of the process.
    pub settings: SemanticSettings,
    recent: Recent,
    flights: Arc<Flights>,
}

/// How a gateway caches by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SemanticSettings {
    /// How long the embedding of a question may take; the call goes on without the cache then.
    pub embedding_timeout: Duration,
    /// Event streams are kept and replayed too.
    pub replays_streams: bool,
    /// Responses of the cache say so: `x-cache: semantic-hit`.
    pub marks_hits: bool,
    /// Of calls that ask the same at once one goes to the backend, and the others wait so long for its answer; none: all go.
    pub longest_wait: Option<Duration>,
}

impl Default for SemanticSettings {
    fn default() -> Self {
        Self {
            embedding_timeout: Duration::from_secs(5),
            replays_streams: true,
            marks_hits: false,
            longest_wait: None,
        }
    }
}

impl Semantics {
    /// Nothing kept yet, and all embeddings from backends.
    pub fn new(caches: VectorCaches, settings: SemanticSettings) -> Self {
        Self { caches, local: BTreeMap::new(), settings, recent: Recent::default(), flights: Arc::default() }
    }

    /// Asks the model for all who ask the same now, or waits for whoever does.
    pub(crate) async fn join(&self, place: &Place, clock: &dyn Clock, longest_wait: Duration) -> Waited {
        self.flights.join(place, clock, longest_wait).await
    }

    /// The same with models in this process.
    pub fn with_local(self, local: BTreeMap<String, Arc<dyn Embeddings>>) -> Self {
        Self { local, ..self }
    }
}

/// What a lookup leaves for the rest of the call.
pub(crate) struct SemanticCaching {
    /// Where the answer may be kept.
    pub(crate) place: Place,
    /// True when the answer came from the cache.
    pub(crate) is_hit: bool,
    /// The right to ask the model for all who ask the same now. Goes with the call, or with the answer that is kept.
    pub(crate) flight: Option<Flight>,
}

/// A place in a cache of answers.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) cache: Arc<dyn Vectors>,
    pub(crate) partition: Arc<str>,
    pub(crate) vector: Vector,
    /// The request asks for an event stream.
    pub(crate) is_stream: bool,
}

impl fmt::Debug for SemanticCaching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SemanticCaching").field("is_hit", &self.is_hit).finish_non_exhaustive()
    }
}
