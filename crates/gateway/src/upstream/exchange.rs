//! One request to a backend and its answer.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT, HOST, TE};
use http::uri::Uri;
use http::{Extensions, HeaderMap, HeaderValue, Method, Request, Response, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::client::legacy::Error as ClientError;
use sekisho_policy::body::{Body, BodyError, Stream};
use sekisho_policy::ports::backends::HttpVersion;
use sekisho_policy::ports::{BaseUrl, HttpError, HttpOptions};

use super::clients::{ClientSet, HyperClient};
use super::connector::History;
use super::headers::{ask_for_web_socket, remove_hop_by_hop, takes_trailers};
use super::idle::TimedBody;

/// A base URL, ready to be called.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// As policies see it.
    pub(crate) base: Arc<BaseUrl>,
    /// Scheme, host and port.
    pub(crate) origin: Arc<str>,
    host: HeaderValue,
}

impl Endpoint {
    /// None when the host cannot stand in a header.
    pub(crate) fn new(base: Arc<BaseUrl>) -> Option<Self> {
        let scheme = match &*base.scheme {
            "https" | "wss" => "https",
            _ => "http",
        };
        let authority = base.authority();
        let host = HeaderValue::from_str(&authority).ok()?;
        Some(Self { origin: format!("{scheme}://{authority}").into(), host, base })
    }

    /// The same origin without base path and base query.
    pub(crate) fn root(&self) -> Self {
        let base = BaseUrl { path: Arc::default(), query: Arc::default(), ..BaseUrl::clone(&self.base) };
        Self { base: Arc::new(base), origin: Arc::clone(&self.origin), host: self.host.clone() }
    }

    /// The same without the base path.
    pub(crate) fn without_path(&self) -> Self {
        let base = BaseUrl { path: Arc::default(), ..BaseUrl::clone(&self.base) };
        Self { base: Arc::new(base), origin: Arc::clone(&self.origin), host: self.host.clone() }
    }

    fn uri(&self, path: &str, query: &str) -> Option<Uri> {
        let base = &*self.base;
        let length = self.origin.len() + base.path.len() + path.len() + base.query.len() + query.len() + 3;
        let mut text = String::with_capacity(length);
        text.push_str(&self.origin);
        text.push_str(&base.path);
        text.push_str(path);
        if path.is_empty() && base.path.is_empty() {
            text.push('/');
        }
        let mut separator = '?';
        for query in [&*base.query, query] {
            if !query.is_empty() {
                text.push(separator);
                text.push_str(query);
                separator = '&';
            }
        }
        Uri::from_maybe_shared(Bytes::from(text)).ok()
    }
}

/// What is sent.
pub(crate) struct UpstreamCall<'c> {
    pub(crate) method: &'c Method,
    pub(crate) path: &'c str,
    pub(crate) query: &'c str,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    pub(crate) timeout: Duration,
    pub(crate) version: HttpVersion,
    /// Asks for a WebSocket, which takes HTTP/1.1.
    pub(crate) is_handshake: bool,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SendFailure {
    /// Not reachable, or the connection broke; the text names the cause.
    Connection(String),
    /// No response headers in time.
    Timeout,
    /// The client's body broke off or was too large.
    ClientBody(BodyError),
}

/// Sends a request; the answer is there with its headers, its body still arrives.
///
/// A request that no byte of was sent is sent again by itself on a fresh connection. One that met a connection the
/// backend had just closed is sent again once when its body is in memory.
pub(crate) async fn send(
    clients: &ClientSet,
    endpoint: &Endpoint,
    call: UpstreamCall<'_>,
) -> Result<Response<Body>, SendFailure> {
    let timeout = call.timeout;
    let request =
        prepare(endpoint, call).ok_or_else(|| SendFailure::Connection("the URL is not valid".to_owned()))?;
    let (version, mut request) = request;
    clients.authorize(&mut request, version);
    match tokio::time::timeout(timeout, send_again(clients.client(version), request)).await {
        Ok(answer) => Ok(finish(answer?, clients.body_idle_timeout)),
        Err(_) => Err(SendFailure::Timeout),
    }
}

/// Sends a request that is not the client's own: see [`sekisho_policy::ports::Http`].
pub(super) async fn send_plain(
    clients: &ClientSet,
    mut request: Request<Body>,
    options: HttpOptions,
) -> Result<Response<Body>, HttpError> {
    let host = request.uri().host().unwrap_or("").to_owned();
    let failed = |cause: String, timed_out| plain_failure(&host, &cause, timed_out);
    remove_hop_by_hop(request.headers_mut());
    request.headers_mut().remove(CONTENT_LENGTH);
    *request.version_mut() = Version::HTTP_11;
    clients.authorize(&mut request, options.version);
    let client = clients.client(options.version);
    match tokio::time::timeout(options.timeout, send_again(client, request)).await {
        Ok(Ok(answer)) => Ok(finish(answer, clients.body_idle_timeout)),
        Ok(Err(SendFailure::Connection(cause))) => Err(failed(cause, false)),
        Ok(Err(SendFailure::ClientBody(error))) => Err(failed(error.to_string(), false)),
        Ok(Err(SendFailure::Timeout)) | Err(_) => {
            Err(failed(format!("no answer within {} s", options.timeout.as_secs_f64()), true))
        }
    }
}

/// The error of a call that is not the client's own.
pub(super) fn plain_failure(host: &str, cause: &str, timed_out: bool) -> HttpError {
    HttpError { message: format!("the call to `{host}` failed: {cause}"), timed_out }
}

fn prepare(endpoint: &Endpoint, call: UpstreamCall<'_>) -> Option<(HttpVersion, Request<Body>)> {
    let UpstreamCall { method, path, query, mut headers, body, is_handshake, .. } = call;
    let version = if is_handshake { HttpVersion::Http1 } else { call.version };
    let trailers = version != HttpVersion::Http1 && takes_trailers(&headers);
    remove_hop_by_hop(&mut headers);
    headers.remove(EXPECT);
    // The body knows its length, also after a policy changed it.
    headers.remove(CONTENT_LENGTH);
    headers.remove(HOST);
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    if version == HttpVersion::Http1 {
        headers.insert(HOST, endpoint.host.clone());
    }
    if is_handshake {
        ask_for_web_socket(&mut headers);
    }
    let mut request = Request::new(body);
    *request.method_mut() = method.clone();
    *request.uri_mut() = endpoint.uri(path, query)?;
    *request.headers_mut() = headers;
    Some((version, request))
}

async fn send_again(client: &HyperClient, request: Request<Body>) -> Result<Response<Incoming>, SendFailure> {
    let spare = copy(&request);
    let error = match client.request(request).await {
        Ok(response) => return Ok(response),
        Err(error) => error,
    };
    match spare {
        Some(spare) if went_stale(&error) => client.request(spare).await.map_err(|error| failure(&error)),
        _ => Err(failure(&error)),
    }
}

/// A copy of a request whose body is in memory.
fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    let body = match request.body() {
        Body::Empty => Body::Empty,
        Body::Full(bytes) => Body::Full(bytes.clone()),
        Body::Stream(_) | Body::Consumed => return None,
    };
    let mut copy = Request::new(body);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    copy.headers_mut().clone_from(request.headers());
    Some(copy)
}

fn went_stale(error: &ClientError) -> bool {
    let Some(connection) = error.connect_info().filter(|connection| !connection.is_negotiated_h2()) else {
        return false;
    };
    let mut extras = Extensions::new();
    connection.get_extras(&mut extras);
    extras.get::<History>().is_some_and(History::went_stale)
}

fn failure(error: &ClientError) -> SendFailure {
    let mut cause: &(dyn Error + 'static) = error;
    loop {
        if let Some(error) = cause.downcast_ref::<BodyError>() {
            return SendFailure::ClientBody(error.clone());
        }
        match cause.source() {
            Some(deeper) => cause = deeper,
            None => return SendFailure::Connection(cause.to_string()),
        }
    }
}

fn finish(response: Response<Incoming>, idle: Duration) -> Response<Body> {
    let (mut parts, incoming) = response.into_parts();
    remove_hop_by_hop(&mut parts.headers);
    let body = if incoming.is_end_stream() {
        Body::Empty
    } else {
        Body::Stream(Stream::new(TimedBody::new(incoming, idle)))
    };
    Response::from_parts(parts, body)
}
