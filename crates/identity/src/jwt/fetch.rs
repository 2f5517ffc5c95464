//! Fetches an OpenID configuration and its key set, within one deadline.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use sekisho_policy::body::Body;
use sekisho_policy::ports::Clock;
use sekisho_policy::ports::http::{Http, HttpOptions};
use url::Url;

use super::document::{self, Document};
use crate::endpoint::{self, PlainHttp};

/// Both documents with their redirects. Calls that wait for keys wait at most this long.
const DEADLINE: Duration = Duration::from_secs(10);
const MAX_BODY_BYTES: usize = 512 * 1024;
const MAX_REDIRECTS: usize = 5;

/// Why there are no keys. The text names the address without its query, and the cause.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct FetchError(pub(super) String);

/// Fetches what is needed to check tokens.
pub(super) async fn fetch(address: &Url, http: &dyn Http, clock: &dyn Clock) -> Result<Document, FetchError> {
    // Made when it is first waited for, so that an answer at hand costs no timer.
    let deadline = async { clock.sleep(DEADLINE).await };
    let result = tokio::select! {
        biased;
        result = both(address, http, clock) => result,
        () = deadline => Err(format!("it did not come within {} seconds", DEADLINE.as_secs())),
    };
    result.map_err(|cause| FetchError(format!("the OpenID configuration {}: {cause}", shown(address))))
}

async fn both(address: &Url, http: &dyn Http, clock: &dyn Clock) -> Result<Document, String> {
    let (body, address) = get(address.clone(), http).await?;
    let metadata = document::metadata(&body)?;
    if let Some(reason) = refusal(&metadata.key_set, &address) {
        return Err(format!("its `jwks_uri` may not be used: {reason}"));
    }
    let (body, _) = get(metadata.key_set, http).await.map_err(|cause| format!("its key set: {cause}"))?;
    let keys = document::keys(&body)?;
    Ok(Document { issuer: metadata.issuer, keys, fetched_at: clock.utc_ticks() })
}

/// The body at an address, and the address after redirects.
async fn get(mut address: Url, http: &dyn Http) -> Result<(Bytes, Url), String> {
    for _ in 0..=MAX_REDIRECTS {
        let request = Request::get(address.as_str())
            .header(header::ACCEPT, "application/json")
            .body(Body::Empty)
            .map_err(|error| error.to_string())?;
        let answer =
            http.send(request, HttpOptions::timeout(DEADLINE)).await.map_err(|error| error.message)?;
        let status = answer.status();
        if status.is_redirection() {
            let place = answer.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
            let next = place.and_then(|place| address.join(place).ok());
            let next = next.ok_or_else(|| format!("it answered {} without a place", status.as_u16()))?;
            if let Some(reason) = refusal(&next, &address) {
                return Err(format!("it redirects to where it may not: {reason}"));
            }
            address = next;
            continue;
        }
        if !status.is_success() {
            return Err(format!("it answered {}", status.as_u16()));
        }
        let mut body = answer.into_body();
        body.buffer(MAX_BODY_BYTES).await.map_err(|error| error.to_string())?;
        return Ok((body.read(false).unwrap_or_default(), address));
    }
    Err(format!("it redirects more than {MAX_REDIRECTS} times"))
}

/// Why an address may not be called after another one: what began with TLS stays with TLS.
fn refusal(next: &Url, before: &Url) -> Option<&'static str> {
    if before.scheme() == "https" && next.scheme() != "https" {
        return Some("it leaves https");
    }
    endpoint::refusal(next, PlainHttp::Loopback)
}

/// An address for messages: without user, query and fragment.
pub(super) fn shown(address: &Url) -> String {
    format!("{}{}", endpoint::origin(address), address.path())
}
