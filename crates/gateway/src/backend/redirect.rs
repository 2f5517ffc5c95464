//! Redirects that `forward-request follow-redirects="true"` follows.

use http::header::LOCATION;
use http::{Method, Response};
use sekisho_policy::body::Body;
use tokio::time::Instant;

use crate::upstream::{ClientSet, Endpoint, SendFailure, UpstreamCall, send};

/// The most redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Sends a call whose body is in memory, and again where the answer points to, all within the call's timeout. A
/// redirect to another origin is an answer like any other: the backend's credentials are not for strangers.
pub(super) async fn send_following(
    clients: &ClientSet,
    endpoint: &Endpoint,
    mut call: UpstreamCall<'_>,
) -> Result<Response<Body>, SendFailure> {
    let deadline = Instant::now() + call.timeout;
    let headers = call.headers.clone();
    let (mut method, mut body) = (call.method.clone(), call.body.take_for_sending(true));
    let mut full_path = format!("{}{}", endpoint.base.path, call.path);
    let mut response =
        send(clients, endpoint, UpstreamCall { body: body.take_for_sending(true), ..call }).await?;
    let root = endpoint.root();
    for _ in 0..MAX_REDIRECTS {
        let Some((path, query)) = target(endpoint, &full_path, &response) else { break };
        if matches!(response.status().as_u16(), 301..=303) && method != Method::HEAD {
            method = Method::GET;
            body = Body::Empty;
        }
        let again = UpstreamCall {
            method: &method,
            path: &path,
            query: &query,
            headers: headers.clone(),
            body: body.take_for_sending(true),
            timeout: deadline.saturating_duration_since(Instant::now()),
            version: call.version,
            is_handshake: false,
        };
        response = send(clients, &root, again).await?;
        full_path = path;
    }
    Ok(response)
}

/// Path and query that a redirect leads to; none when the answer is no redirect, or one to another origin.
fn target(endpoint: &Endpoint, path: &str, response: &Response<Body>) -> Option<(String, String)> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let location = location.split('#').next().unwrap_or(location);
    let target = match location.strip_prefix(&*endpoint.origin) {
        Some("") => "/".to_owned(),
        Some(rest) if rest.starts_with('/') => rest.to_owned(),
        Some(rest) if rest.starts_with('?') => format!("/{rest}"),
        Some(_) => return None,
        None if location.contains("://") || location.starts_with("//") => return None,
        None if location.starts_with('/') => location.to_owned(),
        None if location.starts_with('?') => format!("{path}{location}"),
        None => format!("{}/{location}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
    };
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some((path.to_owned(), query.to_owned()))
}
