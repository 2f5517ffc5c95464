//! A call of a model on its way through the targets: the next one when the first fails.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use sekisho_llm::translate::ChatError;
use sekisho_policy::body::Body;
use sekisho_policy::exchange::Variables;
use sekisho_policy::metering::Metering;
use sekisho_policy::ports::backends::HttpVersion;
use sekisho_policy::ports::{
    Attempt, Backends, ClientCertificate, Clock, ForwardCall, ForwardError, ForwardFailure, ForwardReply,
    Proxy,
};

use super::models::{ModelTarget, UnifiedModels};
use super::reply::{Bounds, translate};
use super::target::Prepared;

/// A call of a model.
pub(super) struct ModelRun<'r> {
    pub(super) models: &'r UnifiedModels,
    pub(super) backends: &'r dyn Backends,
    pub(super) clock: &'r dyn Clock,
    /// The largest reply that is read as a whole.
    pub(super) buffered_body: usize,
    /// Monotonic time when the headers of the reply must be there.
    pub(super) deadline: Duration,
    /// The request in the client's format.
    pub(super) body: Bytes,
    pub(super) headers: HeaderMap,
    pub(super) method: &'r Method,
    pub(super) query: Cow<'r, str>,
    pub(super) http_version: HttpVersion,
    pub(super) proxy: Option<Arc<Proxy>>,
    pub(super) certificate: Option<Arc<ClientCertificate>>,
    pub(super) follow_redirects: bool,
    pub(super) variables: Option<&'r Variables>,
    /// The account of the call. Each target's reply goes there as the target sent it.
    pub(super) metering: Option<Metering>,
}

/// What came of a run.
pub(super) enum Ran {
    /// A target replied.
    Replied(ForwardReply),
    /// A target cannot take the request; what was tried before.
    Refused(ChatError, Vec<Attempt>),
}

impl ModelRun<'_> {
    /// Calls one target after the other until one does not fail. What the last one says counts in any case.
    pub(super) async fn through(&self, targets: &[ModelTarget]) -> Result<Ran, ForwardError> {
        let mut attempts = Vec::new();
        let mut targets = targets.iter().peekable();
        while let Some(target) = targets.next() {
            let is_last = targets.peek().is_none();
            let Prepared { headers, body, reply: form } =
                match target.prepare(self.headers.clone(), &self.body) {
                    Ok(prepared) => prepared,
                    Err(error) => return Ok(Ran::Refused(error, attempts)),
                };
            match self.call(target, headers, body).await {
                Ok(mut reply) => {
                    attempts.append(&mut reply.attempts);
                    if !is_last && self.models.fails_over(reply.response.status) {
                        continue;
                    }
                    if let Some(form) = form {
                        let bounds =
                            Bounds { clock: self.clock, time: self.time_left(), bytes: self.buffered_body };
                        reply.response = translate(reply.response, form, bounds).await;
                    }
                    return Ok(Ran::Replied(ForwardReply { attempts, ..reply }));
                }
                Err(mut error) => {
                    attempts.append(&mut error.attempts);
                    if is_last || !is_of_the_backend(&error.failure) {
                        return Err(ForwardError { attempts, ..error });
                    }
                }
            }
        }
        let message = "the model has no target".to_owned();
        Err(ForwardError { failure: ForwardFailure::UnknownBackend, message, attempts })
    }

    async fn call(
        &self,
        target: &ModelTarget,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<ForwardReply, ForwardError> {
        let left = self.time_left();
        let query = joined(&target.query, &self.query);
        let call = ForwardCall {
            target: &target.backend,
            method: self.method,
            path: &target.path,
            query: &query,
            headers,
            body: Body::Full(body),
            timeout: target.timeout.map_or(left, |timeout| timeout.min(left)),
            http_version: self.http_version,
            proxy: self.proxy.clone(),
            certificate: self.certificate.clone(),
            follow_redirects: self.follow_redirects,
            variables: self.variables,
            metering: self
                .metering
                .clone()
                .map(|metering| Metering { call: target.model_call(), ..metering }),
        };
        self.backends.forward(call).await
    }

    fn time_left(&self) -> Duration {
        self.deadline.saturating_sub(self.clock.monotonic())
    }
}

/// True for a failure that another backend need not have.
fn is_of_the_backend(failure: &ForwardFailure) -> bool {
    match failure {
        ForwardFailure::Connection
        | ForwardFailure::Credentials
        | ForwardFailure::Timeout
        | ForwardFailure::Unavailable { .. }
        | ForwardFailure::UnknownBackend => true,
        ForwardFailure::ClientBody => false,
    }
}

/// Two queries as one.
fn joined<'q>(own: &'q str, other: &'q str) -> Cow<'q, str> {
    match (own, other) {
        ("", one) | (one, "") => Cow::Borrowed(one),
        (own, other) => Cow::Owned(format!("{own}&{other}")),
    }
}
