//! What semantic caching is joined to: local models, and external caches that single policies name.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use sekisho_embeddings::LocalModel;
use sekisho_policy::ports::{Embeddings, Neighbour, PortFuture, Vector, VectorCaches, Vectors};
use sekisho_policy::semantic::{SemanticSettings, Semantics};
use sekisho_resources::process::Process;
use sekisho_state::redis::store::StorePorts;
use sekisho_state::redis::{RedisSettings, RedisStore, RedisVectors};

/// Settings and models of the process.
pub(super) fn semantics(process: &Process, caches: VectorCaches) -> Result<Semantics> {
    let given = &process.semantic_cache;
    let settings = SemanticSettings {
        embedding_timeout: given.embedding_timeout,
        replays_streams: given.replays_streams,
        marks_hits: given.marks_hits,
        longest_wait: given.wait_for_first,
    };
    let mut local: BTreeMap<String, Arc<dyn Embeddings>> = BTreeMap::new();
    for model in &given.local_embeddings {
        let opened = LocalModel::open(&model.model).with_context(|| {
            format!("`localEmbeddings` for backend `{}` in {}", model.backend, model.model.display())
        })?;
        local.insert(model.backend.clone(), Arc::new(opened));
    }
    Ok(Semantics::new(caches, settings).with_local(local))
}

/// An external cache that policies may name in `cache-id`. It is connected to when one does: those of other regions are not
/// called for nothing.
pub(super) struct NamedVectors {
    name: String,
    settings: RedisSettings,
    ports: StorePorts,
    local: Arc<dyn Vectors>,
    vectors: OnceLock<RedisVectors>,
}

impl NamedVectors {
    /// Not connected yet. `local` is for a server that does not search vectors.
    pub(super) fn new(
        name: String,
        settings: RedisSettings,
        ports: StorePorts,
        local: Arc<dyn Vectors>,
    ) -> Self {
        Self { name, settings, ports, local, vectors: OnceLock::new() }
    }

    fn vectors(&self) -> &RedisVectors {
        self.vectors.get_or_init(|| {
            let store = RedisStore::start(self.name.clone(), self.settings.clone(), self.ports.clone());
            RedisVectors::new(store, Arc::clone(&self.local))
        })
    }
}

impl Vectors for NamedVectors {
    fn nearest<'a>(
        &'a self,
        partition: &'a str,
        vector: &'a Vector,
        within: f32,
    ) -> PortFuture<'a, Option<Neighbour>> {
        self.vectors().nearest(partition, vector, within)
    }

    fn put<'a>(
        &'a self,
        partition: &'a str,
        vector: &'a Vector,
        value: Bytes,
        duration: Duration,
    ) -> PortFuture<'a, ()> {
        self.vectors().put(partition, vector, value, duration)
    }
}
