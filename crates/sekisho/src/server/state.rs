//! Where counters and cached values are kept.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use sekisho_identity::tokio_spawner;
use sekisho_policy::ports::{
    self, Caches, CallRecord, Clock, Counters, Event, Recorder, VectorCaches, Vectors,
};
use sekisho_resources::model::{Cache, Configuration, RedisConnection};
use sekisho_resources::process::{self, InternalCache, Process, RedisState};
use sekisho_state::memory::{MemoryBounds, MemoryCache, MemoryCounters, MemoryVectors};
use sekisho_state::redis::OnStateFailure;
use sekisho_state::redis::store::StorePorts;
use sekisho_state::redis::{RedisCache, RedisCounters, RedisServer, RedisSettings, RedisStore, RedisVectors};
use sekisho_telemetry::Observer;

use super::semantics::NamedVectors;
use crate::system::SystemEntropy;

/// The name of the state that `state.redis` is, in events and metrics.
const SHARED: &str = "state";

/// The adapters, and the stores that they are on.
pub(super) struct State {
    pub(super) counters: Arc<dyn Counters>,
    pub(super) caches: Caches,
    /// Answers of the semantic cache.
    pub(super) vectors: VectorCaches,
    stores: Vec<Arc<RedisStore>>,
}

impl State {
    /// State in the memory of this process alone.
    pub(super) fn in_memory(
        process: &Process,
        clock: &Arc<dyn Clock>,
        recorder: &Arc<dyn Recorder>,
    ) -> State {
        State {
            counters: Arc::new(memory_counters(process, clock, recorder)),
            caches: Caches { internal: memory_cache(process, clock, recorder), external: None },
            vectors: VectorCaches { usual: memory_vectors(process, clock, recorder), named: BTreeMap::new() },
            stores: Vec::new(),
        }
    }

    /// State where the settings want it. Connections are made in the background; see [`State::tried`].
    pub(super) fn start(
        process: &Process,
        configuration: &Configuration,
        clock: &Arc<dyn Clock>,
        recorder: &Arc<dyn Recorder>,
    ) -> Result<State> {
        let ports =
            StorePorts { clock: Arc::clone(clock), recorder: Arc::clone(recorder), spawner: tokio_spawner() };
        let mut state = State::in_memory(process, clock, recorder);
        let vectors = Arc::clone(&state.vectors.usual);
        if let Some(redis) = &process.state.redis {
            let store = RedisStore::start(SHARED, settings(redis)?, ports.clone());
            state.stores.push(Arc::clone(&store));
            let on_failure = match process.state.on_failure {
                process::OnStateFailure::Local => OnStateFailure::Local,
                process::OnStateFailure::Deny => OnStateFailure::Deny,
            };
            let local = memory_counters(process, clock, recorder);
            state.counters = Arc::new(RedisCounters::new(Arc::clone(&store), local, on_failure));
            if process.state.internal_cache == InternalCache::Shared {
                state.vectors.usual = Arc::new(RedisVectors::new(Arc::clone(&store), Arc::clone(&vectors)));
                state.caches.internal = Arc::new(RedisCache::new(store, &SystemEntropy));
            }
        }
        let external = external_cache(process, configuration)?;
        if let Some((name, connection)) = &external {
            let store = RedisStore::start(of_cache(name), of(connection), ports.clone());
            state.stores.push(Arc::clone(&store));
            state.vectors.usual = Arc::new(RedisVectors::new(Arc::clone(&store), Arc::clone(&vectors)));
            state.caches.external = Some(Arc::new(RedisCache::new(store, &SystemEntropy)));
        }
        for cache in configuration.caches.values() {
            let name = &cache.name.value;
            let is_usual = external.as_ref().is_some_and(|(usual, _)| usual == name);
            let named: Arc<dyn Vectors> = match connection(cache, configuration)? {
                _ if is_usual => Arc::clone(&state.vectors.usual),
                Some(connection) => Arc::new(NamedVectors::new(
                    of_cache(name),
                    of(&connection),
                    ports.clone(),
                    Arc::clone(&vectors),
                )),
                None => continue,
            };
            state.vectors.named.insert(name.clone(), named);
        }
        Ok(state)
    }

    /// Waits until the first attempt of each connection is over, so that the first calls find what is there.
    pub(super) async fn tried(&self) {
        for store in &self.stores {
            store.tried().await;
        }
    }
}

fn memory_counters(
    process: &Process,
    clock: &Arc<dyn Clock>,
    recorder: &Arc<dyn Recorder>,
) -> MemoryCounters {
    let memory = &process.state.memory;
    let bounds = MemoryBounds { entries: memory.counters, bytes: memory.counter_bytes };
    MemoryCounters::bounded(Arc::clone(clock), bounds, Arc::clone(recorder))
}

fn memory_cache(
    process: &Process,
    clock: &Arc<dyn Clock>,
    recorder: &Arc<dyn Recorder>,
) -> Arc<dyn ports::Cache> {
    let memory = &process.state.memory;
    let bounds = MemoryBounds { entries: memory.values, bytes: memory.value_bytes };
    Arc::new(MemoryCache::bounded(Arc::clone(clock), bounds, Arc::clone(recorder)))
}

fn memory_vectors(
    process: &Process,
    clock: &Arc<dyn Clock>,
    recorder: &Arc<dyn Recorder>,
) -> Arc<dyn Vectors> {
    let memory = &process.state.memory;
    let bounds = MemoryBounds { entries: memory.vectors, bytes: memory.vector_bytes };
    Arc::new(MemoryVectors::new(Arc::clone(clock), bounds, Arc::clone(recorder)))
}

/// The name of an external cache, in events and metrics.
fn of_cache(name: &str) -> String {
    format!("cache {name}")
}

fn settings(redis: &RedisState) -> Result<RedisSettings> {
    let read = |path: &Path| {
        std::fs::read(path).with_context(|| format!("cannot read `caFile` of `state`: {}", path.display()))
    };
    Ok(RedisSettings {
        certificates: redis.ca_file.as_deref().map(read).transpose()?,
        key_prefix: redis.key_prefix.clone(),
        timeout: redis.timeout,
        ..of(&redis.connection)
    })
}

fn of(connection: &RedisConnection) -> RedisSettings {
    let server = |server: &sekisho_resources::model::RedisServer| RedisServer {
        host: server.host.clone(),
        port: server.port,
    };
    RedisSettings {
        servers: connection.servers.iter().map(server).collect(),
        is_cluster: connection.is_cluster,
        uses_tls: connection.uses_tls,
        username: connection.username.clone(),
        password: connection.password.clone(),
        database: connection.database,
        ..RedisSettings::new("", 0)
    }
}

/// The external cache for this gateway: the one for its region or for itself, else the default one.
fn external_cache(
    process: &Process,
    configuration: &Configuration,
) -> Result<Option<(String, RedisConnection)>> {
    let locations = [process.gateway.region.as_str(), process.gateway.id.as_str(), "default"];
    for location in locations {
        for cache in configuration.caches.values().filter(|cache| cache.is_for(location)) {
            if let Some(connection) = connection(cache, configuration)? {
                return Ok(Some((cache.name.value.clone(), connection)));
            }
        }
    }
    Ok(None)
}

/// Where an external cache is; none when that was left out.
fn connection(cache: &Cache, configuration: &Configuration) -> Result<Option<RedisConnection>> {
    cache
        .connection(&configuration.named_values)
        .with_context(|| format!("cache `{}` cannot be used", cache.name.value))
}

/// Tells on standard error when shared state is lost and when it is back: one line each.
pub(super) struct StateLog;

impl Observer for StateLog {
    fn observe_call(&self, _record: &CallRecord) {}

    fn observe_event(&self, event: &Event) {
        match event {
            Event::StateLost { store, reason } => anstream::eprintln!(
                "{store}: shared state cannot be reached, this gateway goes on without it: {reason}"
            ),
            Event::StateRecovered { store, duration } => anstream::eprintln!(
                "{store}: shared state is reached again after {:.1} s",
                duration.as_secs_f64()
            ),
            Event::SearchMissing { store } => anstream::eprintln!(
                "{store}: it does not search vectors (RediSearch, not on a cluster), the semantic cache is in memory"
            ),
            _ => {}
        }
    }
}
