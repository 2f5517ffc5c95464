//! Sending a call to a backend: the port that `forward-request` uses.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::{HeaderMap, Method};
use sekisho_expression::context::BackendFacts;
use sekisho_llm::Usage;

use super::{ClientCertificate, Message, PortFuture, Proxy};
use crate::body::Body;
use crate::exchange::{Response, Variables};
use crate::metering::Metering;

/// The part of a URL that `set-backend-service` replaces: scheme, host, port and base path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    /// `http` or `https`.
    pub scheme: Arc<str>,
    /// Host name or address literal, without brackets around IPv6.
    pub host: Arc<str>,
    /// The port, also when it is the scheme's own.
    pub port: u16,
    /// The base path without a trailing slash; empty for the root.
    pub path: Arc<str>,
    /// The base query without `?`; empty for none.
    pub query: Arc<str>,
}

impl BaseUrl {
    /// Reads an absolute `http` or `https` URL.
    pub fn parse(text: &str) -> Option<BaseUrl> {
        let uri: http::Uri = text.trim().parse().ok()?;
        let scheme = uri.scheme_str()?.to_ascii_lowercase();
        let own_port = match scheme.as_str() {
            "http" | "ws" => 80,
            "https" | "wss" => 443,
            _ => return None,
        };
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
        Some(BaseUrl {
            scheme: scheme.into(),
            host: host.into(),
            port: uri.port_u16().unwrap_or(own_port),
            path: uri.path().trim_end_matches('/').into(),
            query: uri.query().unwrap_or("").into(),
        })
    }

    /// `host` or `host:port`, as a Host header has it.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.to_string() };
        match (&*self.scheme, self.port) {
            ("http" | "ws", 80) | ("https" | "wss", 443) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

/// Where a call goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Nowhere yet: the API has no service URL and no policy chose a backend.
    #[default]
    None,
    /// A plain URL: the API's `serviceUrl` or `set-backend-service base-url`.
    Url(Arc<BaseUrl>),
    /// A backend entity: `set-backend-service backend-id`.
    Backend(Arc<str>),
}

/// One call to a backend.
pub struct ForwardCall<'a> {
    /// Where to.
    pub target: &'a Target,
    /// The method.
    pub method: &'a Method,
    /// Path behind the base path, with leading slash, escaped as on the wire.
    pub path: &'a str,
    /// Query without `?`.
    pub query: &'a str,
    /// The headers after policies; hop-by-hop ones and `Host` are the adapter's business.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// How long the response headers may take.
    pub timeout: Duration,
    /// `http-version`.
    pub http_version: HttpVersion,
    /// The proxy on the way, in place of the backend's own.
    pub proxy: Option<Arc<Proxy>>,
    /// The certificate that the gateway shows, in place of the backend's own.
    pub certificate: Option<Arc<ClientCertificate>>,
    /// Follow 3xx answers (only possible with a buffered or absent body).
    pub follow_redirects: bool,
    /// The account that the reply of a model goes to; none for calls that run none.
    pub metering: Option<Metering>,
    /// `context.Variables` where the client's own call goes on, for backends that run policies themselves; none for a
    /// call that a policy makes beside it.
    pub variables: Option<&'a Variables>,
}

impl ForwardCall<'_> {
    /// True for the client's own call on its way to its backend; false for one that a policy makes beside it.
    pub fn is_clients_own(&self) -> bool {
        self.variables.is_some()
    }
}

/// `forward-request/@http-version`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2 where the backend offers it, else HTTP/1.1.
    Http2OrHttp1,
    /// HTTP/2 only.
    Http2,
}

/// One attempt, for records and metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// The backend entity that was called (the member, for a pool); none for a plain URL.
    pub backend_id: Option<Arc<str>>,
    /// The pool it was picked from.
    pub pool_id: Option<Arc<str>>,
    /// Scheme, host and port that were called.
    pub authority: Arc<str>,
    /// Monotonic time at which it began.
    pub started: Duration,
    /// Until the response headers, or the failure.
    pub duration: Duration,
    /// The method.
    pub method: Method,
    /// The path that was called, without the query.
    pub path: Arc<str>,
    /// The attempt as a span of the trace that the call stands in; none when it stands in none.
    pub span_id: Option<[u8; 8]>,
    /// The messages, as far as they are kept.
    pub messages: Option<Box<AttemptMessages>>,
    /// The status; none when there was no answer.
    pub status: Option<u16>,
    /// The failure, as `context.LastError.Reason` names it.
    pub failure: Option<&'static str>,
    /// What the reply of a model told, once it has ended; none for other calls.
    pub reply: Option<Arc<OnceLock<ReplyFacts>>>,
}

impl Attempt {
    /// Tokens, once the reply of a model has ended.
    pub fn usage(&self) -> Option<&Usage> {
        Some(&self.reply.as_ref()?.get()?.usage)
    }

    /// The model that answered, as the backend names it, once its reply has ended.
    pub fn response_model(&self) -> Option<&str> {
        self.reply.as_ref()?.get()?.model.as_deref()
    }
}

/// What the reply of a model told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplyFacts {
    /// Tokens, as reported or counted.
    pub usage: Usage,
    /// The model that answered, as the backend names it.
    pub model: Option<Box<str>>,
}

/// What went to a backend and came back, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptMessages {
    /// The request.
    pub request: Message,
    /// The response.
    pub response: Message,
}

/// An answer.
#[derive(Debug)]
pub struct ForwardReply {
    /// The answer; its body still arrives.
    pub response: Response,
    /// What was tried, in order; nothing when the gateway answered by itself.
    pub attempts: Vec<Attempt>,
    /// The base URL that was called, for `context.Request.Url`.
    pub base_url: Arc<BaseUrl>,
    /// The backend entity, for `context.Backend`.
    pub backend: Option<Arc<BackendFacts>>,
}

/// No answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ForwardError {
    /// What kind.
    pub failure: ForwardFailure,
    /// One sentence for `context.LastError.Message`; names no secret.
    pub message: String,
    /// What was tried, in order; nothing when nothing was sent.
    pub attempts: Vec<Attempt>,
}

/// The kinds of [`ForwardError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardFailure {
    /// Not reachable, reset, TLS refused, protocol broken: `BackendConnectionFailure`, 500.
    Connection,
    /// The backend's own credentials could not be had: `ManagedIdentityTokenFailure`, 500.
    Credentials,
    /// No response headers in time: `Timeout`, 500.
    Timeout,
    /// The breaker is open, or no member of the pool is available.
    Unavailable {
        /// 503 unless the backend configures `failureResponse`.
        status: u16,
        /// Seconds until the first recovery.
        retry_after: Option<u64>,
    },
    /// `backend-id` names nothing, or there is no target: 500.
    UnknownBackend,
    /// The client's body broke off or was too large while it was sent on.
    ClientBody,
}

/// The backends of one configuration.
pub trait Backends: Send + Sync {
    /// What `context.Backend` and `context.Request.Url` show for a backend id before the call; none for an unknown id.
    fn describe(&self, backend_id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)>;

    /// True when calls to a backend carry credentials of its own. Policies that call services of Azure send a token of the
    /// gateway's identity to those without.
    fn has_credentials(&self, backend_id: &str) -> bool;

    /// Sends a call. Chooses the pool member, checks the breaker, adds the backend's credentials, applies deadlines.
    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>>;
}
