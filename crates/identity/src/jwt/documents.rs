//! The OpenID configurations at hand, by address.
//!
//! A configuration is used for one hour and refreshed in the background five minutes before that. While refreshing
//! fails, the old one is used on, at most for a day. One that lay unused for more than its hour is fetched again before
//! it is used. A token that names an unknown key causes one more fetch, once in five minutes for each configuration.

use std::sync::Arc;
use std::time::Duration;

use sekisho_policy::ports::Event;
use tokio::sync::watch;
use url::Url;

use super::document::Document;
use super::fetch::{self, FetchError};
use crate::cache::Cache;
use crate::endpoint::{self, PlainHttp};
use crate::flight::{self, Fetched, Join, Pauses, Want};
use crate::provider::IdentityPorts;
use crate::reply::TICKS_PER_SECOND;

const MINUTE: i64 = 60 * TICKS_PER_SECOND;
/// How long a configuration is used.
const FRESH: i64 = 60 * MINUTE;
/// How long it is used while no newer one can be had.
const USABLE: i64 = 24 * 60 * MINUTE;
/// When it is fetched again.
const REFRESH: i64 = 55 * MINUTE;
/// How often unknown keys cause a fetch.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(5 * 60);
/// How long an address that failed is left alone.
const PAUSES: Pauses = Pauses { first: Duration::from_secs(1), longest: Duration::from_secs(5 * 60) };
/// Configurations that are kept: addresses may come from expressions.
const CAPACITY: usize = 128;
/// The longest address, in bytes.
const LONGEST_ADDRESS: usize = 2048;

type Shared = Arc<Document>;
type Entry = flight::Entry<Arc<str>, Shared, FetchError>;
type Flight = flight::Flight<Arc<str>, Shared, FetchError>;

/// The configurations.
pub(super) struct Documents {
    cache: Cache<Arc<str>, Shared, FetchError>,
    ports: IdentityPorts,
}

impl Documents {
    pub(super) fn new(ports: IdentityPorts) -> Documents {
        Documents { cache: Cache::new(CAPACITY, PAUSES), ports }
    }

    /// The configuration at an address, if it may be used without waiting. Starts its refresh when that is due.
    pub(super) fn at_hand(self: &Arc<Self>, address: &str) -> Option<Shared> {
        let now = self.now();
        self.cache.with(address, |entry| {
            let document = entry.usable(now)?;
            if entry.is_refresh_due(now)
                && let Join::Start(flight, _) = entry.join(now, Want::Refreshed)
            {
                self.launch(flight);
            }
            let is_fresh = now < document.fetched_at.saturating_add(FRESH);
            (is_fresh || entry.is_failing()).then_some(document)
        })?
    }

    /// Begins to fetch a configuration that is not at hand, so that several are fetched at the same time.
    pub(super) fn start(self: &Arc<Self>, address: &str) {
        if self.at_hand(address).is_none()
            && let Ok(entry) = self.entry(address)
            && let Join::Start(flight, _) = entry.join(self.now(), Want::Refreshed)
        {
            self.launch(flight);
        }
    }

    /// The configuration at an address; waits for it where it is not at hand.
    pub(super) async fn get(self: &Arc<Self>, address: &str) -> Result<Shared, FetchError> {
        if let Some(document) = self.at_hand(address) {
            return Ok(document);
        }
        let entry = self.entry(address)?;
        let joined = entry.join(self.now(), Want::Refreshed);
        let result = self.landed(joined).await;
        result.or_else(|error| entry.usable(self.now()).ok_or(error))
    }

    /// The place of a configuration, which may be new.
    fn entry(&self, address: &str) -> Result<Arc<Entry>, FetchError> {
        check(address)?;
        self.cache.entry(address, || Arc::from(address)).ok_or_else(|| {
            FetchError("too many OpenID configurations are being fetched at the same time".to_owned())
        })
    }

    /// True when [`Documents::newer`] may find something for a token that names an unknown key.
    pub(super) fn may_be_newer(&self, address: &str) -> bool {
        let now = self.now();
        let look = |entry: &Arc<Entry>| entry.is_in_flight() || entry.is_early_refresh_due(now);
        self.cache.with(address, look).unwrap_or(true)
    }

    /// A configuration that is newer than `known`, which lacks a key; none when there is none, or it is too soon to ask.
    pub(super) async fn newer(self: &Arc<Self>, address: &str, known: &Shared) -> Option<Shared> {
        let entry = self.cache.with(address, Arc::clone)?;
        let now = self.now();
        let other = |document: &Shared| !Arc::ptr_eq(document, known);
        if let Some(document) = entry.usable(now).filter(other) {
            return Some(document);
        }
        if !entry.is_in_flight() && !entry.may_refresh_early(now, UNKNOWN_KEY_PAUSE) {
            return None;
        }
        let joined = entry.join(now, Want::Newer);
        self.landed(joined).await.ok().filter(other)
    }

    /// Waits for a flight, which has a deadline of its own.
    async fn landed(
        self: &Arc<Self>,
        joined: Join<Arc<str>, Shared, FetchError>,
    ) -> Result<Shared, FetchError> {
        let mut receiver: watch::Receiver<flight::Outcome<Shared, FetchError>> = match joined {
            Join::Ready(result) => return result,
            Join::Wait(receiver) => receiver,
            Join::Start(flight, receiver) => {
                self.launch(flight);
                receiver
            }
        };
        let given_up = || FetchError("fetching the OpenID configuration was given up".to_owned());
        let outcome = receiver.wait_for(Option::is_some).await.map_err(|_| given_up())?;
        outcome.clone().unwrap_or_else(|| Err(given_up()))
    }

    fn launch(self: &Arc<Self>, flight: Flight) {
        let documents = self.clone();
        (self.ports.spawner)(Box::pin(async move {
            let result = documents.fetch(flight.key()).await;
            if result.is_err() {
                let address = without_query(flight.key()).into();
                documents.ports.recorder.event(Event::OpenIdFailed { address });
            }
            flight.land(result, documents.now());
        }));
    }

    async fn fetch(&self, address: &str) -> Result<Fetched<Shared>, FetchError> {
        let url = check(address)?;
        let document = fetch::fetch(&url, &*self.ports.http, &*self.ports.clock).await?;
        let at = document.fetched_at;
        Ok(Fetched { value: Arc::new(document), usable_until: at + USABLE, refresh_at: at + REFRESH })
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.cache.len()
    }

    fn now(&self) -> i64 {
        self.ports.clock.utc_ticks()
    }
}

/// What metrics may show of an address.
fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or(address)
}

/// Addresses may come from expressions.
fn check(address: &str) -> Result<Url, FetchError> {
    if address.len() > LONGEST_ADDRESS {
        return Err(FetchError("the address of the OpenID configuration is too long".to_owned()));
    }
    let url = Url::parse(address)
        .map_err(|_| FetchError("the address of the OpenID configuration is no absolute URL".to_owned()))?;
    match endpoint::refusal(&url, PlainHttp::Loopback) {
        None => Ok(url),
        Some(reason) => Err(FetchError(format!(
            "the OpenID configuration {} may not be fetched: {reason}",
            fetch::shown(&url)
        ))),
    }
}
