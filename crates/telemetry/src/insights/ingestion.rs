//! The service that takes the items: `POST /v2.1/track` with one line of JSON for each item.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::request::Builder;
use http::{Method, Request, StatusCode, Uri, header};
use parking_lot::Mutex;
use sekisho_policy::ports::{PortFuture, Tokens};
use serde::Deserialize;

use super::Connection;
use super::connection::base;
use super::item::Item;
use crate::diagnostic::GatewayFacts;
use crate::export::{Answer, Destination, Verdict};

/// The path of the API.
const TRACK: &str = "/v2.1/track";
/// How often the service may point elsewhere until it takes something.
const MAX_REDIRECTS: usize = 10;
/// Hosts of the service, in all clouds. From one of them it may point to another.
const SERVICE_HOSTS: [&str; 7] = [
    ".applicationinsights.azure.com",
    ".applicationinsights.azure.us",
    ".applicationinsights.us",
    ".applicationinsights.azure.cn",
    ".services.visualstudio.com",
    ".monitor.azure.com",
    ".monitor.azure.us",
];

/// The service, for one logger.
pub struct IngestionService {
    connection: Connection,
    gateway: GatewayFacts,
    tokens: Arc<dyn Tokens>,
    /// Scheme and authority that are called: those of the connection until the service points elsewhere.
    endpoint: Mutex<Arc<str>>,
    redirects: AtomicUsize,
}

/// What the service says about a batch.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrackResponse {
    #[serde(default)]
    errors: Vec<ItemError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemError {
    index: usize,
    status_code: u16,
}

impl IngestionService {
    /// The service of a connection.
    pub fn new(connection: Connection, gateway: GatewayFacts, tokens: Arc<dyn Tokens>) -> Self {
        let endpoint = Mutex::new(Arc::clone(&connection.endpoint));
        Self { connection, gateway, tokens, endpoint, redirects: AtomicUsize::new(0) }
    }

    /// Where the service points to, if it may.
    fn follow(&self, answer: &Answer) -> Verdict {
        let status = answer.status.as_u16();
        let location = answer.headers.get(header::LOCATION).and_then(|location| location.to_str().ok());
        let target = location.and_then(|location| self.allowed(location));
        let Some(target) = target else {
            return Verdict::Refused(format!("it answered {status} and points to where nothing is sent"));
        };
        if self.redirects.fetch_add(1, Ordering::Relaxed) >= MAX_REDIRECTS {
            return Verdict::Refused(format!("it pointed elsewhere {MAX_REDIRECTS} times"));
        }
        *self.endpoint.lock() = target.into();
        Verdict::Again(format!("it answered {status}: another host is to be asked"))
    }

    /// The same host as that of the connection, or both are the service's; never from `https` to `http`.
    fn allowed(&self, location: &str) -> Option<String> {
        let target = base(location)?;
        let own: Uri = self.connection.endpoint.parse().ok()?;
        let there: Uri = target.parse().ok()?;
        let (own_host, host) = (own.host()?, there.host()?);
        let is_same = own_host.eq_ignore_ascii_case(host);
        let is_kept_safe = there.scheme_str() == Some("https") || own.scheme_str() == Some("http");
        (is_kept_safe && (is_same || (is_service(own_host) && is_service(host)))).then_some(target)
    }
}

fn is_service(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    SERVICE_HOSTS.iter().any(|suffix| host.ends_with(suffix))
}

/// True for a status after which a batch or an item is sent again: it is about the service, the resource's quota or
/// whoever sends, not about what was sent.
fn is_passing(status: u16) -> bool {
    matches!(status, 401 | 402 | 403 | 408 | 429 | 439 | 500 | 502 | 503 | 504)
}

/// All items but those with an error were taken.
fn partly(answer: &Answer) -> Verdict {
    let Ok(response) = serde_json::from_slice::<TrackResponse>(&answer.body) else {
        return Verdict::Again("it took a part without saying which".to_owned());
    };
    let (again, refused): (Vec<_>, Vec<_>) =
        response.errors.iter().partition(|error| is_passing(error.status_code));
    let mut again: Vec<usize> = again.iter().map(|error| error.index).collect();
    again.sort_unstable();
    again.dedup();
    Verdict::Partly { again, refused: refused.len() }
}

impl Destination for IngestionService {
    type Item = Item;

    fn encode(&self, batch: &[Item]) -> Vec<u8> {
        let lines = batch.iter().map(|item| item.line(&self.connection.instrumentation_key, &self.gateway));
        lines.fold(Vec::new(), |mut all, line| {
            if !all.is_empty() {
                all.push(b'\n');
            }
            all.extend_from_slice(&line);
            all
        })
    }

    fn request(&self) -> PortFuture<'_, Result<Builder, String>> {
        Box::pin(async {
            let endpoint = Arc::clone(&self.endpoint.lock());
            let builder = Request::builder()
                .method(Method::POST)
                .uri(format!("{endpoint}{TRACK}"))
                .header(header::CONTENT_TYPE, "application/x-json-stream")
                .header(header::ACCEPT, "application/json");
            let Some(identity) = &self.connection.identity else { return Ok(builder) };
            let token = self.tokens.token(&identity.audience, identity.client_id.as_deref());
            let token = token.await.map_err(|error| error.message)?;
            Ok(builder.header(header::AUTHORIZATION, format!("Bearer {token}")))
        })
    }

    fn judge(&self, answer: &Answer) -> Verdict {
        let status = answer.status.as_u16();
        match answer.status {
            StatusCode::PARTIAL_CONTENT => partly(answer),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => self.follow(answer),
            _ if answer.status.is_success() => {
                self.redirects.store(0, Ordering::Relaxed);
                Verdict::Taken
            }
            _ if is_passing(status) => Verdict::Again(format!("it answered {status}")),
            _ => Verdict::Refused(format!("it answered {status}")),
        }
    }
}
