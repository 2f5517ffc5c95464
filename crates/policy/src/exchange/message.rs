//! The request and the response as policies change them.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use sekisho_expression::context::{ResponseView, UrlFacts, UrlView};

use super::branch::{fork_body, merge_body, merge_headers};
use crate::body::Body;
use crate::ports::BaseUrl;

/// `context.Request.OriginalUrl`.
pub type OriginalUrl = UrlFacts;

/// The request.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// The URL as the client called it. Its query has a leading `?`.
    pub original_url: OriginalUrl,
    /// The caller's address.
    pub ip_address: IpAddr,
    /// The same as text.
    pub ip_text: Arc<str>,
    /// Parameters of the operation's template.
    pub matched_parameters: Vec<(Arc<str>, Arc<str>)>,
    /// The client certificate, DER.
    pub certificate: Option<Arc<[u8]>>,
    /// The certificates that the client sent with it, DER: links of the chain to whoever signed it.
    pub certificate_issuers: Arc<[Arc<[u8]>]>,
    base: Arc<BaseUrl>,
    /// Path behind the base path.
    path: String,
    /// Query without `?`.
    query: String,
    /// Base path and path, for expressions.
    full_path: String,
    /// Query with `?`, for expressions.
    query_string: String,
}

impl Request {
    /// A request as it came in. `path` and `query` are what lies behind the API's own path.
    pub fn new(
        method: Method,
        headers: HeaderMap,
        body: Body,
        original_url: OriginalUrl,
        ip_address: IpAddr,
        path: String,
        query: String,
    ) -> Self {
        let base = as_called(&original_url);
        let mut request = Self {
            method,
            headers,
            body,
            original_url,
            ip_address,
            ip_text: ip_address.to_string().into(),
            matched_parameters: Vec::new(),
            certificate: None,
            certificate_issuers: Arc::default(),
            base,
            full_path: path.clone(),
            path,
            query: String::new(),
            query_string: String::new(),
        };
        request.set_query(query);
        request
    }

    /// The path behind the base path, with a leading slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query without `?`.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Replaces the path.
    pub fn set_path(&mut self, path: String) {
        self.full_path = format!("{}{path}", self.base.path);
        self.path = path;
    }

    /// Replaces the query; `query` has no `?`.
    pub fn set_query(&mut self, query: String) {
        self.query_string.clear();
        if !query.is_empty() {
            self.query_string.push('?');
            self.query_string.push_str(&query);
        }
        self.query = query;
    }

    /// Shows another base URL in `context.Request.Url`; none shows the URL as called.
    pub fn set_base(&mut self, base: Option<&Arc<BaseUrl>>) {
        if base.is_some_and(|base| Arc::ptr_eq(base, &self.base)) {
            return;
        }
        self.base = base.map_or_else(|| as_called(&self.original_url), Arc::clone);
        self.full_path = format!("{}{}", self.base.path, self.path);
    }

    /// The request as a branch of the call has it.
    pub(super) fn fork(&self) -> Self {
        Self {
            method: self.method.clone(),
            headers: self.headers.clone(),
            body: fork_body(&self.body),
            original_url: self.original_url.clone(),
            ip_address: self.ip_address,
            ip_text: Arc::clone(&self.ip_text),
            matched_parameters: self.matched_parameters.clone(),
            certificate: self.certificate.clone(),
            certificate_issuers: self.certificate_issuers.clone(),
            base: Arc::clone(&self.base),
            path: self.path.clone(),
            query: self.query.clone(),
            full_path: self.full_path.clone(),
            query_string: self.query_string.clone(),
        }
    }

    /// Takes over what a branch changed.
    pub(super) fn merge(&mut self, branch: Request, original: &Request) {
        if branch.method != original.method {
            self.method = branch.method;
        }
        merge_headers(&mut self.headers, &branch.headers, &original.headers);
        merge_body(&mut self.body, branch.body, &original.body);
        if branch.base != original.base {
            self.set_base(Some(&branch.base));
        }
        if branch.path != original.path {
            self.set_path(branch.path);
        }
        if branch.query != original.query {
            self.set_query(branch.query);
        }
    }

    /// `context.Request.Url`.
    pub fn url(&self) -> UrlView<'_> {
        UrlView {
            scheme: &self.base.scheme,
            host: &self.base.host,
            port: self.base.port,
            path: &self.full_path,
            query: &self.query_string,
        }
    }
}

/// The base of a request that goes nowhere yet: the one the client called.
fn as_called(url: &OriginalUrl) -> Arc<BaseUrl> {
    Arc::new(BaseUrl {
        scheme: Arc::clone(&url.scheme),
        host: Arc::clone(&url.host),
        port: url.port,
        ..BaseUrl::default()
    })
}

const EVENT_STREAM: &[u8] = b"text/event-stream";

/// A response.
#[derive(Debug)]
pub struct Response {
    /// The status code, 100 to 999.
    pub status: u16,
    /// The reason phrase, where it is not the standard one.
    pub reason: Option<Arc<str>>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
}

impl Default for Response {
    fn default() -> Self {
        Self { status: 200, reason: None, headers: HeaderMap::new(), body: Body::Empty }
    }
}

impl Response {
    /// A response without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The reason phrase: the set one, else the standard one of the status.
    pub fn reason(&self) -> &str {
        match &self.reason {
            Some(reason) => reason,
            None => StatusCode::from_u16(self.status)
                .ok()
                .and_then(|status| status.canonical_reason())
                .unwrap_or(""),
        }
    }

    /// True for an event stream, of which nothing may be held back.
    pub fn is_event_stream(&self) -> bool {
        let kind = self.headers.get(CONTENT_TYPE).map(|value| value.as_bytes().trim_ascii_start());
        let start = kind.and_then(|kind| kind.get(..EVENT_STREAM.len()));
        start.is_some_and(|start| start.eq_ignore_ascii_case(EVENT_STREAM))
    }

    /// What expressions see.
    pub fn view(&self) -> ResponseView<'_> {
        ResponseView {
            status: self.status,
            reason: self.reason(),
            headers: &self.headers,
            has_body: !matches!(self.body, Body::Empty),
        }
    }
}
