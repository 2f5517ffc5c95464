//! Calls that are traced, and the traces that they leave.
//!
//! - this file: which calls, and what their clients are told
//! - [`credentials`]: what a client shows to have a call traced
//! - `store`: traces that wait to be fetched
//! - `ticket`: the trace of one call on its way there
//! - `configured`: what a trace needs of the configuration
//!
//! A token that is none of ours, or void, counts as no token: a client must not be able to tell one from the other.

mod configured;
pub mod credentials;
mod store;
mod ticket;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use http::{HeaderMap, HeaderName, HeaderValue};
use sekisho_expression::framework::round_trip_date;
use sekisho_expression::value::{DateTime, DateTimeKind};
use sekisho_policy::exchange::Exchange;
use sekisho_policy::ports::Clock;
use sekisho_policy::ports::clock::UNIX_EPOCH_TICKS;
use sekisho_policy::tracing::{SecretNames, Tracer};

pub(crate) use configured::{Configured, values_of_query};
use credentials::Verdict;
pub use credentials::{CredentialsError, DebugCredentials};
use store::TraceStore;
pub(crate) use ticket::Ticket;

use crate::subscription::KeyRules;

static DEBUG_AUTHORIZATION: HeaderName = HeaderName::from_static("apim-debug-authorization");
static TRACE_ID: HeaderName = HeaderName::from_static("apim-trace-id");
static EXPIRED: HeaderName = HeaderName::from_static("apim-debug-authorization-expired");
static WRONG_API: HeaderName = HeaderName::from_static("apim-debug-authorization-wrongapi");
static LEGACY_REQUEST: HeaderName = HeaderName::from_static("ocp-apim-trace");
static LEGACY_LOCATION: HeaderName = HeaderName::from_static("ocp-apim-trace-location");

/// Who may have calls traced, and their traces.
pub struct DebugTraces {
    credentials: DebugCredentials,
    store: TraceStore,
    clock: Arc<dyn Clock>,
    /// Where traces of `Ocp-Apim-Trace` are fetched, up to the id; not set: the header does nothing.
    legacy_base: OnceLock<String>,
}

/// What a client is told of the trace that it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    name: HeaderName,
    value: HeaderValue,
}

/// Who calls which API.
pub(crate) struct Asked<'a> {
    pub(crate) traces: &'a Arc<DebugTraces>,
    pub(crate) configured: &'a Arc<Configured>,
    pub(crate) keys: &'a KeyRules,
}

impl DebugTraces {
    /// No traces yet.
    pub fn new(credentials: DebugCredentials, clock: Arc<dyn Clock>) -> Self {
        Self { credentials, store: TraceStore::default(), clock, legacy_base: OnceLock::new() }
    }

    /// Answers `Ocp-Apim-Trace: true` of subscriptions that may trace with a URL that begins like this.
    pub fn answer_legacy_header(&self, base: String) {
        // Set once, by whoever opens the listener.
        let _ = self.legacy_base.set(base);
    }

    /// A token for calls to an API that is good for so long, at most an hour.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn issue(&self, api: &str, life: Duration) -> Result<String, CredentialsError> {
        let life = life.min(credentials::LONGEST_LIFE);
        self.credentials.issue(api, self.now().saturating_add(life.as_secs().max(1)))
    }

    /// Makes all tokens void that were given out before.
    ///
    /// # Errors
    /// The new key cannot be written; the tokens stay good then.
    pub fn invalidate(&self) -> Result<(), CredentialsError> {
        self.credentials.invalidate()
    }

    /// A trace as JSON by its id.
    pub fn trace(&self, id: &str) -> Option<Arc<str>> {
        self.store.get(id, self.clock.monotonic())
    }

    /// How many traces were dropped before their time because there were too many.
    pub fn dropped(&self) -> u64 {
        self.store.dropped()
    }

    /// Unix seconds.
    fn now(&self) -> u64 {
        u64::try_from((self.clock.utc_ticks() - UNIX_EPOCH_TICKS) / 10_000_000).unwrap_or(0)
    }
}

/// Takes the debug token off a request, whatever comes of it: it is for nobody behind the gateway.
pub(crate) fn take_token(headers: &mut HeaderMap) -> Option<HeaderValue> {
    headers.remove(&DEBUG_AUTHORIZATION)
}

/// Begins the trace of a call whose token allows it; what the client is told.
pub(crate) fn begin(
    asked: &Asked<'_>,
    token: Option<&HeaderValue>,
    exchange: &mut Exchange,
) -> (Option<Box<Ticket>>, Option<Notice>) {
    let (Some(token), Some(api)) = (token, &exchange.facts.api) else { return (None, None) };
    let now = asked.traces.now();
    match asked.traces.credentials.judge(token.to_str().unwrap_or(""), &api.id, now) {
        Verdict::Invalid => (None, None),
        Verdict::WrongApi => {
            let value = HeaderValue::from_static("The debug credentials were made for another API.");
            (None, Some(Notice { name: WRONG_API.clone(), value }))
        }
        Verdict::Expired(at) => {
            let value = HeaderValue::try_from(utc(at)).ok();
            (None, value.map(|value| Notice { name: EXPIRED.clone(), value }))
        }
        Verdict::Valid => match start(asked, exchange) {
            Some(ticket) => {
                let value = HeaderValue::try_from(&*ticket.id).ok();
                let notice = value.map(|value| Notice { name: TRACE_ID.clone(), value });
                (Some(ticket), notice)
            }
            None => (None, None),
        },
    }
}

/// The same for a subscription that may trace and asks for it in the old way.
pub(crate) fn begin_legacy(asked: &Asked<'_>, exchange: &mut Exchange) -> Option<(Box<Ticket>, Notice)> {
    let base = asked.traces.legacy_base.get()?;
    let wanted = exchange.request.headers.get(&LEGACY_REQUEST);
    if exchange.tracer.is_some()
        || !wanted.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
    {
        return None;
    }
    let ticket = start(asked, exchange)?;
    let value = HeaderValue::try_from(format!("{base}{}", ticket.id)).ok()?;
    Some((ticket, Notice { name: LEGACY_LOCATION.clone(), value }))
}

fn start(asked: &Asked<'_>, exchange: &mut Exchange) -> Option<Box<Ticket>> {
    let names =
        SecretNames { header: asked.keys.header.as_str().to_owned(), query: asked.keys.query.to_string() };
    let tracer = Tracer::begin(exchange, names, Arc::clone(asked.configured.secrets()));
    let ticket = Ticket {
        id: new_id()?.into(),
        service_name: Arc::clone(&exchange.facts.deployment.service_name),
        traces: Arc::clone(asked.traces),
        configured: Arc::clone(asked.configured),
        tracer: None,
    };
    exchange.trace_with(tracer);
    Some(Box::new(ticket))
}

impl Notice {
    /// Tells it to the client.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        headers.insert(self.name, self.value);
    }
}

/// 128 bits that nobody can guess.
fn new_id() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(const_hex::encode(bytes))
}

fn utc(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(0);
    let ticks = seconds.saturating_mul(10_000_000).saturating_add(UNIX_EPOCH_TICKS);
    round_trip_date(DateTime { ticks, kind: DateTimeKind::Utc })
}
