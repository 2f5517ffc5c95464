//! What stands behind a unified model API in place of one backend: `forward-request` reaches it unless a policy chose a
//! backend. It sees what policies left of the request, and they see its reply: Chat Completions both times.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use percent_encoding::percent_decode_str;
use sekisho_expression::context::BackendFacts;
use sekisho_llm::translate::{ChatError, requested_model};
use sekisho_policy::body::{Body, BodyError};
use sekisho_policy::exchange::{Exchange, Response};
use sekisho_policy::ports::{
    Backends, BaseUrl, ForwardCall, ForwardError, ForwardFailure, ForwardReply, PortFuture, Ports, Target,
};

use super::answer::{json, refusal};
use super::credentials::ClientCredentials;
use super::models::{Model, UnifiedModels};
use super::run::{ModelRun, Ran};

const CHAT_COMPLETIONS: &str = "/chat/completions";
const MODELS: &str = "/models";

/// The models of an API as one call uses them.
pub(crate) struct UnifiedBackends {
    models: Arc<UnifiedModels>,
    backends: Arc<dyn Backends>,
    credentials: ClientCredentials,
    ports: Ports,
    /// The largest body that is read as a whole.
    buffered_body: usize,
    /// The URL as the client called it, for answers of the gateway's own.
    base: Arc<BaseUrl>,
}

impl UnifiedBackends {
    /// For a call as it stands before its policies run.
    pub(crate) fn new(models: Arc<UnifiedModels>, exchange: &Exchange) -> Self {
        let url = &exchange.request.original_url;
        let base = BaseUrl {
            scheme: Arc::clone(&url.scheme),
            host: Arc::clone(&url.host),
            port: url.port,
            ..BaseUrl::default()
        };
        Self {
            backends: Arc::clone(&exchange.backends),
            credentials: ClientCredentials::new(&models, &exchange.request.headers),
            models,
            ports: exchange.ports.clone(),
            buffered_body: exchange.limits.buffered_body,
            base: Arc::new(base),
        }
    }

    async fn dispatch(&self, call: ForwardCall<'_>) -> Result<ForwardReply, ForwardError> {
        let path = call.path.trim_end_matches('/');
        if *call.method == Method::POST && path == CHAT_COMPLETIONS {
            return self.complete(call).await;
        }
        let alias = path.strip_prefix(MODELS).filter(|_| *call.method == Method::GET);
        let answer = match alias {
            Some("") => json(200, self.models.list.clone()),
            Some(alias) if alias.starts_with('/') => self.card(alias.trim_start_matches('/')),
            _ => refusal(&ChatError {
                status: 404,
                ..ChatError::invalid(
                    "",
                    "unknown_url",
                    format!("Unknown request URL: {} {path}.", call.method),
                )
            }),
        };
        Ok(self.answered(answer))
    }

    fn card(&self, alias: &str) -> Response {
        let alias = percent_decode_str(alias).decode_utf8_lossy();
        match self.models.get(&alias) {
            Some(model) => json(200, model.card.clone()),
            None => refusal(&ChatError::model_not_found(&alias)),
        }
    }

    /// Runs a model.
    async fn complete(&self, call: ForwardCall<'_>) -> Result<ForwardReply, ForwardError> {
        let ForwardCall { mut body, mut headers, .. } = call;
        let body = match self.read(&mut body).await? {
            Ok(body) => body,
            Err(error) => return Ok(self.answered(refusal(&error))),
        };
        let model = match self.model(&body) {
            Ok(model) => model,
            Err(error) => return Ok(self.answered(refusal(&error))),
        };
        self.credentials.remove_from(&mut headers);
        let run = ModelRun {
            models: &self.models,
            backends: &*self.backends,
            clock: &*self.ports.clock,
            buffered_body: self.buffered_body,
            deadline: self.ports.clock.monotonic().saturating_add(call.timeout),
            body,
            headers,
            method: call.method,
            query: self.credentials.without_key(call.query),
            http_version: call.http_version,
            proxy: call.proxy,
            certificate: call.certificate,
            follow_redirects: call.follow_redirects,
            variables: call.variables,
            metering: call.metering,
        };
        match run.through(&model.targets).await? {
            Ran::Replied(reply) => Ok(reply),
            Ran::Refused(error, attempts) => Ok(ForwardReply { attempts, ..self.answered(refusal(&error)) }),
        }
    }

    /// The request as a whole; a refusal where it is too large.
    async fn read(&self, body: &mut Body) -> Result<Result<Bytes, ChatError>, ForwardError> {
        match body.buffer(self.buffered_body).await {
            Ok(()) => Ok(Ok(body.read(false).unwrap_or_default())),
            Err(error @ BodyError::TooLarge { .. }) => {
                let error = ChatError::invalid("", "request_too_large", error.to_string());
                Ok(Err(ChatError { status: 413, ..error }))
            }
            Err(error) => Err(ForwardError {
                failure: ForwardFailure::ClientBody,
                message: format!("the request could not be read: {error}"),
                attempts: Vec::new(),
            }),
        }
    }

    /// The model that a request names.
    fn model(&self, body: &[u8]) -> Result<&Model, ChatError> {
        let alias = requested_model(body)?;
        self.models.get(&alias).ok_or_else(|| ChatError::model_not_found(&alias))
    }

    /// An answer of the gateway's own.
    fn answered(&self, response: Response) -> ForwardReply {
        ForwardReply { response, attempts: Vec::new(), base_url: Arc::clone(&self.base), backend: None }
    }
}

impl Backends for UnifiedBackends {
    fn describe(&self, backend_id: &str) -> Option<(Arc<BackendFacts>, Option<Arc<BaseUrl>>)> {
        self.backends.describe(backend_id)
    }

    fn has_credentials(&self, backend_id: &str) -> bool {
        self.backends.has_credentials(backend_id)
    }

    fn forward<'a>(&'a self, call: ForwardCall<'a>) -> PortFuture<'a, Result<ForwardReply, ForwardError>> {
        if *call.target == Target::None && call.is_clients_own() {
            Box::pin(self.dispatch(call))
        } else {
            self.backends.forward(call)
        }
    }
}
