//! One call to a backend.

use std::sync::Arc;
use std::time::Duration;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue};
use hyper::ext::ReasonPhrase;
use sekisho_expression::context::BackendFacts;
use sekisho_policy::body::Body;
use sekisho_policy::exchange::Response;
use sekisho_policy::metering::ReplyMeter;
use sekisho_policy::observation::Observation;
use sekisho_policy::payload::SharedPayload;
use sekisho_policy::ports::{
    Attempt, Backends, BaseUrl, ForwardCall, ForwardError, ForwardFailure, ForwardReply, PortFuture, Target,
    TraceContext,
};

use super::breaker::CallOutcome;
use super::observed::Observed;
use super::pool::Pool;
use super::redirect::send_following;
use super::single::Single;
use super::{Backend, BackendSet};
use crate::tunnel::Consent;
use crate::upstream::{ClientSet, Endpoint, SendFailure, UpstreamCall, UpstreamError, Way, send};

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
static X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// What backends are told about the client's connection.
#[derive(Clone, Debug)]
pub(crate) struct Forwarded {
    /// The address that connected.
    pub(crate) peer: HeaderValue,
    /// True when the client used HTTPS.
    pub(crate) secure: bool,
    /// The host that the client called.
    pub(crate) host: Option<HeaderValue>,
}

/// The backends of a configuration as one call uses them.
pub(crate) struct CallBackends {
    pub(crate) set: Arc<BackendSet>,
    pub(crate) forwarded: Forwarded,
    /// Where the consent of the backend goes, for a call that is to become a WebSocket.
    pub(crate) consent: Option<Arc<Consent>>,
    /// What is written down of the call.
    pub(crate) observation: Arc<Observation>,
    /// Where the body of the client's request is kept for it.
    pub(crate) request: Option<SharedPayload>,
    /// Where the call stands in a distributed trace; none when backends are not told.
    pub(crate) trace: Option<TraceContext>,
}

impl Backends for CallBackends {
    fn describe(&self, backend_id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        self.set.describe(backend_id)
    }

    fn has_credentials(&self, backend_id: &str) -> bool {
        self.set.has_credentials(backend_id)
    }

    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        Box::pin(self.forward_now(call, Base::Own))
    }
}

/// What the path of a call lies behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    /// The URL of the target.
    Own,
    /// Its host.
    Host,
}

/// Where a call goes after all choices.
struct Hop<'h> {
    endpoint: &'h Endpoint,
    clients: &'h ClientSet,
    single: Option<&'h Arc<Single>>,
    pool: Option<&'h Pool>,
}

impl CallBackends {
    /// Sends a call whose path lies beside the URL of its target: behind the host.
    pub(crate) fn forward_beside<'a>(
        &'a self,
        call: ForwardCall<'a>,
    ) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        Box::pin(self.forward_now(call, Base::Host))
    }

    async fn forward_now(&self, call: ForwardCall<'_>, behind: Base) -> Result<ForwardReply, ForwardError> {
        match call.target {
            Target::None => Err(nowhere(
                "there is no backend: the API has no service URL and no policy chose one".to_owned(),
            )),
            Target::Url(base) => {
                let endpoint = Endpoint::new(Arc::clone(base))
                    .ok_or_else(|| nowhere(format!("`{}` is not a host", base.host)))?;
                let is_configured = self.set.service_origins.contains(&*endpoint.origin);
                let clients = if is_configured { &self.set.plain } else { &self.set.guarded };
                let hop = Hop { endpoint: &endpoint, clients, single: None, pool: None };
                self.call(hop, call, behind).await
            }
            Target::Backend(id) => match self.set.by_id.get(id) {
                None => Err(nowhere(format!("backend `{id}` does not exist"))),
                Some(Backend::Single(single)) => self.call_single(single, call, behind).await,
                Some(Backend::Pool { pool, .. }) => self.call_pool(pool, call, behind).await,
            },
        }
    }

    async fn call_single(
        &self,
        single: &Arc<Single>,
        call: ForwardCall<'_>,
        behind: Base,
    ) -> Result<ForwardReply, ForwardError> {
        let ports = &self.set.ports;
        if let Some(breaker) = &single.breaker
            && let Some(left) = breaker.open_for(&*ports.clock, &*ports.recorder)
        {
            let message = format!("the circuit breaker of backend `{}` is open", single.id);
            return Err(unavailable(breaker.failure_status(), Some(left), message));
        }
        let hop =
            Hop { endpoint: &single.endpoint, clients: &single.clients, single: Some(single), pool: None };
        self.call(hop, call, behind).await
    }

    async fn call_pool(
        &self,
        pool: &Arc<Pool>,
        call: ForwardCall<'_>,
        behind: Base,
    ) -> Result<ForwardReply, ForwardError> {
        let ports = &self.set.ports;
        let choice = pool.choose(&call.headers, &*ports.clock, &*ports.recorder).map_err(|exhausted| {
            let message = format!("no member of backend pool `{}` is available", pool.id);
            unavailable(pool.failure_status, exhausted.recovery, message)
        })?;
        let single = pool.members.get(choice.member).ok_or_else(|| {
            unavailable(pool.failure_status, None, format!("backend pool `{}` is empty", pool.id))
        })?;
        let hop = Hop {
            endpoint: &single.endpoint,
            clients: &single.clients,
            single: Some(single),
            pool: Some(pool),
        };
        let mut reply = self.call(hop, call, behind).await?;
        if choice.new_session
            && let Some(affinity) = &pool.affinity
            && let Some(cookie) = affinity.set_cookie(choice.member, self.forwarded.secure)
        {
            reply.response.headers.append(SET_COOKIE, cookie);
        }
        Ok(reply)
    }

    async fn call(
        &self,
        hop: Hop<'_>,
        mut call: ForwardCall<'_>,
        behind: Base,
    ) -> Result<ForwardReply, ForwardError> {
        let ports = &self.set.ports;
        let mut span_id = None;
        // Who calls is no concern of the services that policies call beside the call.
        if call.is_clients_own() {
            self.forwarded.add_to(&mut call.headers);
            span_id = self.trace.as_ref().map(|trace| self.pass_on(trace, &mut call.headers));
        }
        let mut own_query = None;
        if let Some(single) = hop.single {
            own_query = single.credentials.query(call.query);
            single.credentials.apply(&mut call.headers, &*ports.tokens).await.map_err(|error| {
                ForwardError {
                    failure: ForwardFailure::Credentials,
                    message: error.message,
                    attempts: Vec::new(),
                }
            })?;
        }
        let started = ports.clock.monotonic();
        let query = own_query.as_deref().unwrap_or(call.query);
        let other_clients = self.other_clients(&hop, &call).map_err(|error| ForwardError {
            failure: ForwardFailure::Connection,
            message: format!("{} cannot be called: {error}", hop.endpoint.origin),
            attempts: Vec::new(),
        })?;
        let clients = other_clients.as_deref().unwrap_or(hop.clients);
        let is_own = call.is_clients_own();
        let is_written_down = is_own && self.observation.is_written_down;
        let ForwardCall {
            method,
            path,
            headers,
            mut body,
            timeout,
            http_version,
            follow_redirects,
            metering,
            ..
        } = call;
        let observed = match is_own {
            true => Observed::begin(&self.observation, &headers, &mut body, self.request.as_ref()),
            false => None,
        };
        let (meter, body) = ReplyMeter::begin(metering, body);
        let is_handshake = self.consent.is_some();
        let follow = follow_redirects && body.is_buffered() && !is_handshake;
        let at_host = (behind == Base::Host).then(|| hop.endpoint.without_path());
        let endpoint = at_host.as_ref().unwrap_or(hop.endpoint);
        let version = http_version;
        let call = UpstreamCall { method, path, query, headers, body, timeout, version, is_handshake };
        let mut sent = if follow {
            send_following(clients, endpoint, call).await
        } else {
            send(clients, endpoint, call).await
        };
        if let Some(consent) = &self.consent {
            consent.judge(sent.as_mut().ok());
        }
        let duration = ports.clock.monotonic().saturating_sub(started);
        let attempt = Attempt {
            started,
            method: method.clone(),
            path: if is_written_down {
                format!("{}{path}", endpoint.base.path).into()
            } else {
                Arc::default()
            },
            span_id,
            ..hop.attempt(duration)
        };
        match sent.map(convert) {
            Ok(mut response) => {
                let mut attempt = Attempt { status: Some(response.status), ..attempt };
                if let Some(meter) = meter {
                    meter.watch(&mut response, &mut attempt);
                }
                if let Some(observed) = observed {
                    attempt.messages = Some(observed.watch_response(&mut response));
                }
                self.observe(&hop, CallOutcome::Status(response.status, &response.headers));
                Ok(ForwardReply {
                    response,
                    attempts: vec![attempt],
                    base_url: Arc::clone(&hop.endpoint.base),
                    backend: hop.single.map(|single| Arc::clone(&single.facts)),
                })
            }
            Err(failure) => {
                let messages = observed.map(Observed::request_alone);
                Err(self.failed(&hop, Attempt { messages, ..attempt }, failure))
            }
        }
    }

    /// Tells the backend where the call stands: a span of its own below the call.
    fn pass_on(&self, trace: &TraceContext, headers: &mut HeaderMap) -> [u8; 8] {
        let random = self.set.ports.entropy.uuid();
        let span_id = std::array::from_fn(|place| random[place]);
        trace.pass_on(span_id, headers);
        span_id
    }

    /// The clients for a call whose proxy or certificate a policy chose; none for the usual ones.
    fn other_clients(
        &self,
        hop: &Hop<'_>,
        call: &ForwardCall<'_>,
    ) -> Result<Option<Arc<ClientSet>>, UpstreamError> {
        if call.proxy.is_none() && call.certificate.is_none() {
            return Ok(None);
        }
        let usual = hop.clients.way();
        let way = Way {
            proxy: call.proxy.as_ref().or(usual.proxy.as_ref()).cloned(),
            certificate: call.certificate.as_ref().or(usual.certificate.as_ref()).cloned(),
            ..*usual
        };
        self.set.upstream.clients(way).map(Some)
    }

    fn observe(&self, hop: &Hop<'_>, outcome: CallOutcome<'_>) {
        if let Some(breaker) = hop.single.and_then(|single| single.breaker.as_ref()) {
            breaker.observe(outcome, &*self.set.ports.clock, &*self.set.ports.recorder);
        }
    }

    fn failed(&self, hop: &Hop<'_>, attempt: Attempt, failure: SendFailure) -> ForwardError {
        let origin = &hop.endpoint.origin;
        let (failure, reason, message) = match failure {
            SendFailure::Connection(cause) => (
                ForwardFailure::Connection,
                "BackendConnectionFailure",
                format!("the call to {origin} failed: {cause}"),
            ),
            SendFailure::Timeout => {
                (ForwardFailure::Timeout, "Timeout", format!("{origin} sent no response headers in time"))
            }
            // The client's fault says nothing about the backend.
            SendFailure::ClientBody(error) => {
                let attempts = vec![Attempt { failure: Some("ClientConnectionFailure"), ..attempt }];
                let message = format!("the request could not be sent on: {error}");
                return ForwardError { failure: ForwardFailure::ClientBody, message, attempts };
            }
        };
        self.observe(hop, CallOutcome::Failed(reason));
        ForwardError { failure, message, attempts: vec![Attempt { failure: Some(reason), ..attempt }] }
    }
}

impl Hop<'_> {
    fn attempt(&self, duration: Duration) -> Attempt {
        Attempt {
            backend_id: self.single.map(|single| Arc::clone(&single.id)),
            pool_id: self.pool.map(|pool| Arc::clone(&pool.id)),
            authority: Arc::clone(&self.endpoint.origin),
            duration,
            status: None,
            failure: None,
            ..Attempt::default()
        }
    }
}

impl Forwarded {
    /// `X-Forwarded-For` gets the peer appended; `X-Forwarded-Proto` and `X-Forwarded-Host` tell of this connection.
    fn add_to(&self, headers: &mut HeaderMap) {
        let peer = match headers.get(&X_FORWARDED_FOR) {
            None => self.peer.clone(),
            Some(_) => {
                let mut all = Vec::new();
                for value in headers.get_all(&X_FORWARDED_FOR) {
                    all.extend_from_slice(value.as_bytes());
                    all.extend_from_slice(b", ");
                }
                all.extend_from_slice(self.peer.as_bytes());
                HeaderValue::from_maybe_shared(bytes::Bytes::from(all)).unwrap_or_else(|_| self.peer.clone())
            }
        };
        headers.insert(&X_FORWARDED_FOR, peer);
        let scheme = if self.secure { "https" } else { "http" };
        headers.insert(&X_FORWARDED_PROTO, HeaderValue::from_static(scheme));
        if let Some(host) = &self.host {
            headers.insert(&X_FORWARDED_HOST, host.clone());
        }
    }
}

/// A response of the wire as policies have it.
fn convert(response: http::Response<Body>) -> Response {
    let (parts, body) = response.into_parts();
    let reason =
        parts.extensions.get::<ReasonPhrase>().and_then(|phrase| std::str::from_utf8(phrase.as_bytes()).ok());
    Response { status: parts.status.as_u16(), reason: reason.map(Arc::from), headers: parts.headers, body }
}

fn nowhere(message: String) -> ForwardError {
    ForwardError { failure: ForwardFailure::UnknownBackend, message, attempts: Vec::new() }
}

fn unavailable(status: u16, recovery: Option<Duration>, message: String) -> ForwardError {
    let retry_after = recovery.map(|left| left.as_secs() + u64::from(left.subsec_nanos() > 0));
    ForwardError {
        failure: ForwardFailure::Unavailable { status, retry_after },
        message,
        attempts: Vec::new(),
    }
}
