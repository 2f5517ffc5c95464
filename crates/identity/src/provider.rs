//! [`IdentityTokens`]: the `Tokens` port over the configured sources.

use std::collections::BTreeMap;
use std::sync::Arc;

use sekisho_policy::ports::http::Http;
use sekisho_policy::ports::{Clock, Event, PortFuture, Recorder, Spawner, TokenError, Tokens};
use tokio::sync::watch;

use crate::cache::{self, Cache, Key, KeyView};
use crate::config::{ConfigError, Environment, IdentityConfig};
use crate::fetch;
use crate::flight::{self, Join, Want};
use crate::source::{Ask, Source};

#[cfg(test)]
mod tests;

/// Resources times identities that are kept at hand.
const CACHE_CAPACITY: usize = 256;
/// The longest resource that is asked for, in bytes.
const MAX_RESOURCE_BYTES: usize = 2048;
/// The longest client id, in bytes.
const MAX_CLIENT_ID_BYTES: usize = 256;

type Entry = flight::Entry<Key, Arc<str>, TokenError>;
type Flight = flight::Flight<Key, Arc<str>, TokenError>;
type Outcome = flight::Outcome<Arc<str>, TokenError>;

/// A spawner for the tokio runtime that it is called on.
pub fn tokio_spawner() -> Spawner {
    Arc::new(|future| {
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            drop(runtime.spawn(future));
        }
    })
}

/// What the tokens need of the outside.
#[derive(Clone)]
pub struct IdentityPorts {
    /// Calls token endpoints.
    pub http: Arc<dyn Http>,
    /// Wall time, and waiting.
    pub clock: Arc<dyn Clock>,
    /// Is told when a source fails ([`Event::TokenFailed`]).
    pub recorder: Arc<dyn Recorder>,
    /// Runs requests apart from the calls that wait for them.
    pub spawner: Spawner,
}

/// Tokens of the gateway's own identities.
///
/// A token is refreshed ahead, in the background, once four fifths of its lifetime are over, and at the latest five
/// minutes before its end; when that fails, it is used on while it is valid. Calls that need a token that is not there
/// wait for one common request, which goes on when they go away. After a failure the same error is given for one
/// second, then two, up to half a minute, before the source is asked again.
pub struct IdentityTokens {
    inner: Arc<Inner>,
}

struct Inner {
    default: Source,
    /// Keys in lower case.
    by_client_id: BTreeMap<String, Source>,
    cache: Cache<Key, Arc<str>, TokenError>,
    ports: IdentityPorts,
}

impl IdentityTokens {
    /// Checks the configuration and makes the sources ready. Nothing is asked for yet.
    ///
    /// # Errors
    /// When a source misses a value or its endpoint is not allowed. [`crate::SourceConfig::Auto`] never fails here: it
    /// fails when a token is asked for.
    pub fn new(
        config: &IdentityConfig,
        environment: Environment<'_>,
        ports: IdentityPorts,
    ) -> Result<IdentityTokens, ConfigError> {
        let default = Source::resolve(&config.default, environment, "the identity")?;
        let mut by_client_id = BTreeMap::new();
        for (client_id, source) in &config.by_client_id {
            let source = Source::resolve(source, environment, &format!("the identity {client_id}"))?;
            by_client_id.insert(client_id.trim().to_ascii_lowercase(), source);
        }
        let cache = Cache::new(CACHE_CAPACITY, cache::TOKEN_PAUSES);
        Ok(IdentityTokens { inner: Arc::new(Inner { default, by_client_id, cache, ports }) })
    }

    /// Tokens of these sources alone, by client ids in lower case.
    pub(crate) fn of_sources(sources: BTreeMap<String, Source>, ports: IdentityPorts) -> IdentityTokens {
        let default = Source::Unavailable(ConfigError::Unsupported("another connection"));
        let cache = Cache::new(sources.len().max(1), cache::TOKEN_PAUSES);
        IdentityTokens { inner: Arc::new(Inner { default, by_client_id: sources, cache, ports }) }
    }

    /// True when a client id in lower case has a source of its own.
    pub(crate) fn has_source(&self, client_id: &str) -> bool {
        self.inner.by_client_id.contains_key(client_id)
    }
}

impl std::fmt::Debug for IdentityTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let by_client_id: BTreeMap<_, _> =
            self.inner.by_client_id.iter().map(|(client_id, source)| (client_id, source.name())).collect();
        f.debug_struct("IdentityTokens")
            .field("default", &self.inner.default.name())
            .field("by_client_id", &by_client_id)
            .finish_non_exhaustive()
    }
}

impl Tokens for IdentityTokens {
    fn token<'a>(
        &'a self,
        resource: &'a str,
        client_id: Option<&'a str>,
    ) -> PortFuture<'a, Result<Arc<str>, TokenError>> {
        let key = KeyView::normalised(resource, client_id);
        if let Some(token) = self.inner.cached(key) {
            return Box::pin(std::future::ready(Ok(token)));
        }
        Box::pin(self.inner.fetched(key))
    }

    fn cached(&self, resource: &str, client_id: Option<&str>) -> Option<Arc<str>> {
        self.inner.cached(KeyView::normalised(resource, client_id))
    }
}

impl Inner {
    /// The token at hand. Starts its refresh when that is due, and does not wait for it.
    fn cached(self: &Arc<Inner>, key: KeyView<'_>) -> Option<Arc<str>> {
        let now = self.ports.clock.utc_ticks();
        self.cache.with(&key, |entry| {
            let token = entry.usable(now)?;
            if entry.is_refresh_due(now) {
                self.refresh(entry, now);
            }
            Some(token)
        })?
    }

    #[cold]
    fn refresh(self: &Arc<Inner>, entry: &Arc<Entry>, now: i64) {
        if let Join::Start(flight, _) = entry.join(now, Want::Refreshed) {
            self.launch(flight);
        }
    }

    async fn fetched(self: &Arc<Inner>, key: KeyView<'_>) -> Result<Arc<str>, TokenError> {
        check(key)?;
        self.source(key.client_id)?;
        let entry = self.cache.entry(&key, || key.to_owned()).ok_or_else(|| TokenError {
            message: format!("no token for {}: too many other tokens are being asked for", key.resource),
        })?;
        match entry.join(self.ports.clock.utc_ticks(), Want::Usable) {
            Join::Ready(result) => result,
            Join::Wait(receiver) => landed(receiver, key).await,
            Join::Start(flight, receiver) => {
                self.launch(flight);
                landed(receiver, key).await
            }
        }
    }

    fn launch(self: &Arc<Inner>, flight: Flight) {
        let inner = self.clone();
        (self.ports.spawner)(Box::pin(async move {
            let result = inner.fetch(&flight).await;
            if result.is_err() {
                let resource = flight.key().resource.clone();
                inner.ports.recorder.event(Event::TokenFailed { resource });
            }
            let now = inner.ports.clock.utc_ticks();
            flight.land(result.map(|reply| cache::fetched(reply, now)), now);
        }));
    }

    async fn fetch(&self, flight: &Flight) -> Result<crate::reply::Reply, TokenError> {
        let key = flight.key();
        let ask = Ask { resource: &key.resource, client_id: key.client_id.as_deref() };
        let source = self.source(ask.client_id)?;
        fetch::fetch(source, ask, &*self.ports.http, &*self.ports.clock).await
    }

    /// The source for a client id that a policy names.
    fn source(&self, client_id: Option<&str>) -> Result<&Source, TokenError> {
        let Some(client_id) = client_id else { return Ok(&self.default) };
        if let Some(source) = self.by_client_id.get(&client_id.to_ascii_lowercase()) {
            return Ok(source);
        }
        match &self.default {
            Source::ClientSecret(application) if !application.client_id().eq_ignore_ascii_case(client_id) => {
                Err(TokenError {
                    message: format!("no identity is configured for the client id {client_id}"),
                })
            }
            source => Ok(source),
        }
    }
}

/// Resource and client id may come from expressions, and they go into messages, metrics and URLs.
fn check(key: KeyView<'_>) -> Result<(), TokenError> {
    let refuse = |message: &str| Err(TokenError { message: message.to_owned() });
    let is_plain = |text: &str| !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if key.resource.is_empty() {
        return refuse("the resource to get a token for is empty");
    }
    if key.resource.len() > MAX_RESOURCE_BYTES || !is_plain(key.resource) {
        return refuse("the resource to get a token for is too long, or has white space in it");
    }
    match key.client_id {
        Some(id) if id.len() > MAX_CLIENT_ID_BYTES || !is_plain(id) => {
            refuse("the client id to get a token for is too long, or has white space in it")
        }
        _ => Ok(()),
    }
}

/// Waits for a flight. It has a deadline of its own, so this has one.
async fn landed(mut receiver: watch::Receiver<Outcome>, key: KeyView<'_>) -> Result<Arc<str>, TokenError> {
    let given_up =
        || TokenError { message: format!("no token for {}: the request was given up", key.resource) };
    let outcome = receiver.wait_for(Option::is_some).await.map_err(|_| given_up())?;
    outcome.clone().unwrap_or_else(|| Err(given_up()))
}
