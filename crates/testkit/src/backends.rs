//! Backends that follow a script.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::embeddings::{EmbeddingSettings, ScriptedEmbeddings};
use bytes::Bytes;
use http::HeaderMap;
use http_body_util::BodyExt;
use parking_lot::Mutex;
use sekisho_expression::context::BackendFacts;
use sekisho_expression::dotnet::crypto::certificate::thumbprint;
use sekisho_policy::body::Body;
use sekisho_policy::exchange::Response;
use sekisho_policy::metering::ReplyMeter;
use sekisho_policy::ports::{
    Attempt, Backends, BaseUrl, ClientCertificate, ForwardCall, ForwardError, ForwardFailure, ForwardReply,
    Http, HttpOptions, PortFuture, Target,
};

use crate::services::FakeServices;

/// What a scripted backend does.
#[derive(Clone, Debug)]
pub enum Script {
    /// Answers.
    Reply {
        /// Status.
        status: u16,
        /// Reason phrase.
        reason: Option<Arc<str>>,
        /// Headers.
        headers: HeaderMap,
        /// Body.
        body: Bytes,
    },
    /// Cannot be reached.
    ConnectionFailure,
    /// Does not answer in time.
    Timeout,
}

/// A request as it reached a backend.
#[derive(Clone, Debug)]
pub struct Received {
    /// The backend id or the base URL.
    pub target: String,
    /// The method.
    pub method: String,
    /// Path and query behind the base URL.
    pub uri: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The deadline for the response headers.
    pub timeout: Duration,
    /// Host and port of the proxy.
    pub proxy: Option<String>,
    /// Thumbprint of the certificate that the gateway showed.
    pub certificate: Option<String>,
}

/// Backends that follow a script; the last entry repeats. A backend entity that is one of the services answers as such.
pub struct ScriptedBackends {
    ids: Vec<String>,
    script: Mutex<VecDeque<Script>>,
    services: Arc<FakeServices>,
    received: Mutex<Vec<Received>>,
    embeddings: Option<ScriptedEmbeddings>,
}

impl ScriptedBackends {
    /// Backends with these ids.
    pub fn new(ids: Vec<String>, script: Vec<Script>) -> Self {
        Self {
            ids,
            script: Mutex::new(script.into()),
            services: Arc::default(),
            received: Mutex::new(Vec::new()),
            embeddings: None,
        }
    }

    /// The same with a backend that makes embeddings.
    #[must_use]
    pub fn with_embeddings(mut self, settings: EmbeddingSettings) -> Self {
        self.embeddings = Some(ScriptedEmbeddings { settings, received: Mutex::default() });
        self
    }

    /// The same with services that some of them are.
    #[must_use]
    pub fn with_services(self, services: Arc<FakeServices>) -> Self {
        Self { services, ..self }
    }

    /// What reached them so far; it is forgotten.
    pub fn take_received(&self) -> Vec<Received> {
        std::mem::take(&mut *self.received.lock())
    }

    /// What reached the backend that makes embeddings; it is forgotten.
    pub fn take_embedded(&self) -> Vec<Received> {
        self.embeddings.as_ref().map(|known| std::mem::take(&mut *known.received.lock())).unwrap_or_default()
    }

    fn next(&self) -> Option<Script> {
        let mut script = self.script.lock();
        if script.len() > 1 { script.pop_front() } else { script.front().cloned() }
    }

    fn makes_embeddings(&self, id: &str) -> Option<&ScriptedEmbeddings> {
        self.embeddings.as_ref().filter(|known| known.settings.backend == id)
    }

    fn base(&self, id: &str) -> Arc<BaseUrl> {
        let query = self.makes_embeddings(id).map_or("", |known| &known.settings.query);
        Arc::new(BaseUrl {
            query: query.into(),
            scheme: "https".into(),
            host: format!("{id}.example").into(),
            port: 443,
            ..BaseUrl::default()
        })
    }
}

impl Backends for ScriptedBackends {
    fn describe(&self, backend_id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        let id = self.ids.iter().find(|id| *id == backend_id)?;
        let facts = BackendFacts { id: Arc::from(id.as_str()), ..BackendFacts::default() };
        Some((Arc::new(facts), Some(self.base(id))))
    }

    fn has_credentials(&self, backend_id: &str) -> bool {
        self.makes_embeddings(backend_id).is_some_and(|known| known.settings.has_credentials)
    }

    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        Box::pin(async move {
            let (target, base_url) = match call.target {
                Target::None => return Err(unknown_backend()),
                Target::Url(url) => {
                    (format!("{}://{}{}", url.scheme, url.authority(), url.path), Arc::clone(url))
                }
                Target::Backend(id) => (id.to_string(), self.base(id)),
            };
            let uri = if call.query.is_empty() {
                call.path.to_owned()
            } else {
                format!("{}?{}", call.path, call.query)
            };
            if matches!(call.target, Target::Backend(_)) {
                let url = format!("https://{}{uri}", base_url.authority());
                if self.services.answers_for(&url) {
                    return self.ask_service(&url, call, base_url).await;
                }
            }
            let (meter, body) = ReplyMeter::begin(call.metering, call.body);
            let body = body.collect().await.map(|collected| collected.to_bytes()).unwrap_or_default();
            let method = call.method.to_string();
            let authority: Arc<str> = base_url.authority().into();
            let embeddings = match call.target {
                Target::Backend(id) => self.makes_embeddings(id),
                _ => None,
            };
            let script = match embeddings {
                Some(known) => Some(known.answer(&body)),
                None => self.next(),
            };
            let received = embeddings.map_or(&self.received, |known| &known.received);
            received.lock().push(Received {
                target,
                method,
                uri,
                headers: call.headers,
                body,
                timeout: call.timeout,
                proxy: call.proxy.map(|proxy| proxy.url.authority()),
                certificate: call.certificate.and_then(|certificate| shown(&certificate)),
            });
            let backend_id = match call.target {
                Target::Backend(id) => Some(Arc::clone(id)),
                _ => None,
            };
            let attempt = Attempt { authority, backend_id, ..Attempt::default() };
            let failed = |failure, reason: &'static str, message: &str| ForwardError {
                failure,
                message: message.to_owned(),
                attempts: vec![Attempt { failure: Some(reason), ..attempt.clone() }],
            };
            match script {
                Some(Script::Reply { status, reason, headers, body }) => {
                    let body = Body::stream(http_body_util::Full::new(body));
                    let mut response = Response { status, reason, headers, body };
                    let mut attempt = Attempt { status: Some(status), ..attempt };
                    if let Some(meter) = meter {
                        meter.watch(&mut response, &mut attempt);
                    }
                    Ok(ForwardReply { response, attempts: vec![attempt], base_url, backend: None })
                }
                Some(Script::Timeout) => {
                    Err(failed(ForwardFailure::Timeout, "Timeout", "no response headers in time"))
                }
                Some(Script::ConnectionFailure) | None => Err(failed(
                    ForwardFailure::Connection,
                    "BackendConnectionFailure",
                    "the backend is not reachable",
                )),
            }
        })
    }
}

impl ScriptedBackends {
    /// Sends a call to the service that the backend is.
    async fn ask_service(
        &self,
        url: &str,
        call: ForwardCall<'_>,
        base_url: Arc<BaseUrl>,
    ) -> Result<ForwardReply, ForwardError> {
        let failed = |failure, message: String| ForwardError { failure, message, attempts: Vec::new() };
        let mut request = http::Request::new(call.body);
        *request.method_mut() = call.method.clone();
        *request.headers_mut() = call.headers;
        *request.uri_mut() =
            url.parse().map_err(|_| failed(ForwardFailure::Connection, format!("`{url}` is no URL")))?;
        let answer = self.services.send(request, HttpOptions::timeout(call.timeout)).await;
        let (parts, body) = answer
            .map_err(|error| {
                let timed_out = error.timed_out;
                let failure = if timed_out { ForwardFailure::Timeout } else { ForwardFailure::Connection };
                failed(failure, error.message)
            })?
            .into_parts();
        let response = Response { status: parts.status.as_u16(), reason: None, headers: parts.headers, body };
        let attempt = Attempt {
            authority: base_url.authority().into(),
            status: Some(response.status),
            ..Attempt::default()
        };
        Ok(ForwardReply { response, attempts: vec![attempt], base_url, backend: None })
    }
}

/// The thumbprint of a certificate that was shown.
pub(crate) fn shown(certificate: &ClientCertificate) -> Option<String> {
    certificate.chain.first().map(|der| thumbprint(der))
}

fn unknown_backend() -> ForwardError {
    ForwardError {
        failure: ForwardFailure::UnknownBackend,
        message: "the API has no service URL and no policy chose a backend".to_owned(),
        attempts: Vec::new(),
    }
}
